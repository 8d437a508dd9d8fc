"""What is planted, and what must be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from certsvc.audit.defect import Defect
from tests.audit.store import Spoiler

Said = tuple[str, str, str, str]
"""Code, kind, id, form."""
Expected = frozenset[Said]


@dataclass(frozen=True, slots=True)
class Plant:
    """One way to spoil a store."""

    name: str
    spoil: Callable[[Spoiler], Expected]
    """Spoils something nobody has touched; returns just what must be said."""


def found(code: str, kind: str, id: str, form: str = "") -> Expected:  # the field's own name
    """Return one defect that must be said."""
    return frozenset({(code, kind, id, form)})


def altered(*copy_ids: str) -> Expected:
    """Return what the log says of copies whose rows tell something else than when they were made."""
    return frozenset(("LOG_FACT_ALTERED", "copy", copy_id, "") for copy_id in copy_ids)


def both(code: str, copy_id: str) -> Expected:
    """Return a defect of both files of a copy."""
    return found(code, "copy", copy_id, "pdf") | found(code, "copy", copy_id, "ofd")


def said(defect: Defect) -> Said:
    """Return what tells one defect from another."""
    return defect.code, defect.kind, defect.id, defect.form
