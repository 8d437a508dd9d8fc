"""What a child says of a file: facts, never a verdict, and no more of them than is written here."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError

from certsvc.domain.report import FileCheck
from certsvc.domain.texts_findings import FINDINGS
from certsvc.photo.rules import LARGEST_FIXED, Fixed

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
    fixed: Fixed | None = None
    """What the photo tool found and did; never with the content."""
    file: str = ""
    """The file the photo tool made, base64; empty when there was none to make."""
    fault: Fault = ""

    @property
    def made(self) -> bytes:
        """The file the photo tool made; empty when there was none to make."""
        return base64.b64decode(self.file)


_LONGEST: Final = 200
"""Characters of a text the photo tool says."""
_MAGIC: Final = {"photo": b"\xff\xd8\xff", "signature": b"\x89PNG\r\n\x1a\n"}

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
    if not _is_picture(reading) or any(len(text) > _LONGEST for text in _photo_texts(reading.fixed)):
        raise ValueError("no answer of the photo tool")
    known = all(finding.code in FINDINGS and len(finding.detail) <= 200 for finding in findings)
    if not known or len(reading.texts) > MAX_TEXTS:
        raise ValueError("a reading no child of ours makes")
    return reading


def _is_picture(reading: Reading) -> bool:
    """Tell whether a file that was made is there exactly where one was, and of the kind it should be."""
    fixed = reading.fixed
    if not reading.file:
        return fixed is None or (not fixed.changes and fixed.content is None)
    try:
        made = base64.b64decode(reading.file, validate=True)
    except binascii.Error:
        return False
    return (
        fixed is not None
        and fixed.after is not None
        and bool(fixed.changes)
        and fixed.content is None
        and len(made) <= LARGEST_FIXED
        and made.startswith(_MAGIC[fixed.before.kind])
    )


def _photo_texts(fixed: Fixed | None) -> Iterator[str]:
    for report in (fixed.before, fixed.after) if fixed is not None else ():
        for one in report.findings if report is not None else ():
            yield from (one.value, one.unit, one.wanted, one.zh, one.en)
