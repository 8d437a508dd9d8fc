"""What a platform asks about, and how many questions go into one request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict

from certsvc.client.report import Report

_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


class Terms(TypedDict, total=False):
    """What may go with any question; Question says what each means."""

    as_of: datetime | None
    specialty: str | None
    receipt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Exactly one of *qr*, *code*, *sha256*, or *registration_number* with *name*."""

    qr: str | None = None
    """Whole text of the symbol."""
    code: str | None = None
    """The 12 characters (核验码), with or without hyphens."""
    sha256: str | None = None
    """Hex, of a file's bytes."""
    registration_number: str | None = None
    name: str | None = None
    as_of: datetime | None = None
    """The instant that counts, e.g. of the bid opening; aware. None: now."""
    specialty: str | None = None
    """The one specialty that must be valid."""
    receipt: bool = False
    """Whether to ask for signed evidence of the answer."""

    def __post_init__(self) -> None:
        """Refuse what would be another question than the one meant."""
        if (
            sum(thing is not None for thing in (self.qr, self.code, self.sha256, self.registration_number))
            != 1
        ):
            raise ValueError("ask about exactly one of qr, code, sha256, registration_number")
        if (self.registration_number is None) != (self.name is None):
            raise ValueError("a registration number is asked about together with the holder's name")
        if self.sha256 is not None and not _SHA256.fullmatch(self.sha256):
            raise ValueError("a sha256 has 64 hexadecimal digits")
        check_instant(self.as_of)

    @property
    def kind(self) -> str:
        """Return the kind the report on it has."""
        if self.registration_number is not None:
            return "number"
        return "qr" if self.qr is not None else "code" if self.code is not None else "sha256"

    def body(self) -> dict[str, object]:
        """Return the JSON form."""
        given = {
            "qr": self.qr,
            "code": self.code,
            "sha256": self.sha256,
            "registration_number": self.registration_number,
            "name": self.name,
            "as_of": self.as_of.isoformat() if self.as_of is not None else None,
            "specialty": self.specialty,
            "receipt": True if self.receipt else None,
        }
        return {name: value for name, value in given.items() if value is not None}


def check_instant(as_of: datetime | None) -> None:
    """Refuse an instant without offset: it would mean another one on every machine."""
    if as_of is not None and as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone")


def check_answers(report: Report, kinds: Iterable[str], as_of: datetime | None, *, receipt: bool) -> Report:
    """Return *report* when it answers what was asked; ValueError for another question's."""
    if report.kind not in kinds:
        raise ValueError(f"the report is about another kind of thing: {report.kind[:20]!r}")
    if as_of is not None and report.as_of != as_of:
        raise ValueError("the report is about another instant")
    if receipt and report.receipt is None:
        raise ValueError("the report has no receipt")
    return report


def answer_to(question: Question, report: Report) -> Report:
    """Return *report* when it answers *question*; ValueError when it cannot."""
    return check_answers(report, {question.kind}, question.as_of, receipt=question.receipt)


def json_bytes(value: object) -> bytes:
    """Write JSON in UTF-8; ValueError for what JSON has no word for."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
