"""What is wrong with a bad sample, and what verification must answer to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from certsvc.domain.report import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """The genuine files that bad ones are made from."""

    original_pdf: bytes
    original_ofd: bytes
    endorsed_pdf: bytes
    endorsed_ofd: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One bad sample: a genuine file but for exactly this."""

    name: str
    """Its file's name without the ending."""
    says: str
    """What was done to the file, for people."""
    status: Status
    """What verification must answer."""
    code: str
    """A finding that must be in the answer."""
    made: Callable[[Good], bytes]
