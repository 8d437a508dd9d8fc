"""From the thing in hand to a clue, and to what the registry shall be asked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from certsvc.domain.report import Check, Clue, FileCheck, FileOutcome, Finding, Kind, Result
from certsvc.qr.payload import read_payload
from certsvc.qr.token import canonical_code, canonical_token
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.port import PinnedKey
from certsvc.verification.question import Question

_NOT_READ: Final = (
    (b"PK\x03\x04", Kind.OFD, "OFD_NOT_SUPPORTED"),
    (b"\x89PNG", Kind.PHOTO, "PHOTO_NOT_SUPPORTED"),
    (b"\xff\xd8\xff", Kind.PHOTO, "PHOTO_NOT_SUPPORTED"),
)
"""First bytes of what this version recognises and does not read, with the finding that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A clue and the one key to look it up by; no key means the clue alone decides."""

    clue: Clue
    sha256: str | None = None
    token: str | None = None
    code: str | None = None
    number: str | None = None
    name: str | None = None


def scan(question: Question, public_url: str) -> Scan:
    """Turn a question into a scan; nothing is looked up and no file is parsed yet."""
    if question.file is not None:
        kind, _ = _kind_of(question.file)
        return Scan(clue=_clue(kind, question), sha256=hashlib.sha256(question.file).hexdigest())
    if question.sha256 is not None:
        return Scan(clue=_clue(Kind.SHA256, question), sha256=question.sha256)
    if question.qr is not None:
        read = read_payload(question.qr, public_url)
        if read.token is None:
            return Scan(clue=_faulty(_clue(Kind.QR, question), read.fault or "MALFORMED_QR"))
        return Scan(clue=_clue(Kind.QR, question), token=read.token)
    if question.token is not None:
        token = canonical_token(question.token)
        clue = _clue(Kind.QR, question)
        return Scan(clue=clue, token=token) if token else Scan(clue=_faulty(clue, "MALFORMED_QR"))
    if question.code is not None:
        code = canonical_code(question.code)
        clue = _clue(Kind.CODE, question)
        return Scan(clue=clue, code=code) if code else Scan(clue=_faulty(clue, "MALFORMED_CODE"))
    return Scan(clue=_clue(Kind.NUMBER, question), number=question.number, name=question.name)


def examine(clue: Clue, content: bytes, pinned: tuple[PinnedKey, ...]) -> Clue:
    """Add the strict check of a file whose hash is not one we issued."""
    _, code = _kind_of(content)
    if code:
        finding = Finding(check=Check.SIGNATURE, result=Result.UNKNOWN, code=code)
        return replace(clue, file=FileCheck(outcome=FileOutcome.UNREADABLE, findings=(finding,)))
    return replace(clue, file=check_pdf(content, pinned))


def _kind_of(content: bytes) -> tuple[Kind, str]:
    """Tell a file's kind by its first bytes, and why it is not read; a PDF, and what may be one, is read."""
    for magic, kind, code in _NOT_READ:
        if content.startswith(magic):
            return kind, code
    return Kind.PDF, ""


def _clue(kind: Kind, question: Question) -> Clue:
    return Clue(kind=kind, specialty=question.specialty)


def _faulty(clue: Clue, code: str) -> Clue:
    return replace(clue, findings=(Finding(check=Check.QR_MATCHES, result=Result.FAIL, code=code),))
