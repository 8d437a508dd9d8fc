"""What a child says of a file: facts, never a verdict, and no more of them than is written here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError

from certsvc.domain.report import FileCheck
from certsvc.domain.texts_findings import FINDINGS

LARGEST: Final = 10 * 1024 * 1024
"""Bytes of one file."""
MAX_TEXTS: Final = 16
"""QR texts told of one file."""
MAX_ANSWER: Final = 512 * 1024
"""Bytes of one answer: the longest texts, and JSON's escapes."""

Fault = Literal["", "damaged", "pixels", "size", "time", "memory", "crash", "busy"]
"""Why a file was not read. ``busy`` alone speaks of us; the others speak of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read in one file."""

    check: FileCheck | None = None
    """The strict check of a PDF or OFD."""
    texts: tuple[str, ...] = ()
    """Texts of the QR symbols in a picture, each once."""
    fault: Fault = ""


_ADAPTER: Final = TypeAdapter(Reading)


def parse_reading(said: bytes) -> Reading:
    """Read a child's answer with distrust: it looked at a stranger's file.

    Raises:
        ValueError: it is not one, or holds what no child of ours says.
    """
    try:
        reading = _ADAPTER.validate_json(said)
    except ValidationError as error:
        raise ValueError("not a reading") from error
    findings = reading.check.findings if reading.check is not None else ()
    known = all(finding.code in FINDINGS and len(finding.detail) <= 200 for finding in findings)
    if not known or len(reading.texts) > MAX_TEXTS:
        raise ValueError("a reading no child of ours makes")
    return reading
