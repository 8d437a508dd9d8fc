"""From the thing in hand to a clue, and to what the registry shall be asked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from certsvc.domain.report import Check, Clue, Finding, Kind, Result
from certsvc.ofd.headers import CENTRAL_MAGIC, END
from certsvc.qr.payload import read_payload
from certsvc.qr.token import canonical_code, canonical_token
from certsvc.sealing.port import PinnedKey, PinnedSeal
from certsvc.verification.pool import ReaderPool
from certsvc.verification.question import Question

_PDF: Final = b"%PDF-"
_ZIP: Final = b"PK\x03\x04"
_ZIP_END: Final = b"PK\x05\x06"
_HEAD: Final = 1024
"""Bytes in which PDF readers look for their mark; we look for a ZIP's as far."""
_TAIL: Final = 22 + 0xFFFF
"""Bytes in which ZIP readers look for the end of the directory."""
PICTURE: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_OTHER_PICTURE: Final = re.compile(rb"GIF8|RIFF....WEBP|II\*\x00|MM\x00\*|....ftyp", re.DOTALL)
"""First bytes of pictures phones and browsers make and we do not open: GIF, WebP, TIFF, HEIC, AVIF."""


_SYMBOL: Final = Clue(kind=Kind.QR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A clue and the one key to look it up by; no key means the clue alone decides."""

    clue: Clue
    sha256: str | None = None
    token: str | None = None
    code: str | None = None
    number: str | None = None
    name: str | None = None
    offline: str | None = None
    """Text of an offline code of the same token: what is signed in it must agree with the record."""


def scan(question: Question, public_url: str) -> Scan:
    """Turn a question into a scan; nothing is looked up and no file is parsed yet."""
    if question.file is not None:
        kind = kind_of(question.file)
        return Scan(clue=_clue(kind, question), sha256=hashlib.sha256(question.file).hexdigest())
    if question.sha256 is not None:
        return Scan(clue=_clue(Kind.SHA256, question), sha256=question.sha256)
    if question.qr is not None:
        return _scan_symbols(_clue(Kind.QR, question), [question.qr], public_url)
    if question.token is not None:
        token = canonical_token(question.token)
        clue = _clue(Kind.QR, question) if question.specialty is not None else _SYMBOL
        return Scan(clue=clue, token=token) if token else Scan(clue=_faulty(clue, "MALFORMED_QR"))
    if question.code is not None:
        code = canonical_code(question.code)
        clue = _clue(Kind.CODE, question)
        return Scan(clue=clue, code=code) if code else Scan(clue=_faulty(clue, "MALFORMED_CODE"))
    return Scan(clue=_clue(Kind.NUMBER, question), number=question.number, name=question.name)


def examine(
    clue: Clue,
    content: bytes,
    *,
    pinned: Sequence[PinnedKey],
    pinned_seals: Sequence[PinnedSeal],
    receipt_keys: Sequence[PinnedKey],
    readers: ReaderPool,
    public_url: str,
    roots: Sequence[bytes] = (),
) -> Scan:
    """Open a file whose hash is not one we issued; a token it names is what to look up next."""
    if clue.kind is Kind.OFD:
        reading = readers.read_ofd(content, pinned_seals)
        clue = replace(clue, file=reading.check)
    elif clue.kind is Kind.PDF:
        reading = readers.read_pdf(content, (*pinned, *receipt_keys), roots)
        clue = replace(clue, file=reading.check)
        if reading.check is not None and reading.check.key_id in {key.key_id for key in receipt_keys}:
            clue = _with(
                clue,
                Finding(check=Check.FILE_IS_OURS, result=Result.FAIL, code="RECEIPT_NOT_CERTIFICATE"),
            )
    elif content.startswith(PICTURE):
        reading = readers.read_picture(content)
    else:
        return Scan(clue=_unread(clue, "KIND_NOT_READ"))
    if reading.fault == "busy":
        return Scan(clue=_unread(clue, "CANNOT_READ_NOW"))
    if reading.fault:
        return Scan(clue=_unread(clue, "UNREADABLE_FILE", reading.fault))
    if reading.texts:
        return _scan_symbols(clue, reading.texts, public_url)
    return Scan(clue=_unread(clue, "NO_QR_FOUND") if clue.kind is Kind.PHOTO else clue)


def kind_of(content: bytes) -> Kind:
    """Tell a file's kind by its bytes, as lenient readers do; what may be a PDF is read as one.

    A ZIP may have anything before and after it and still open: such a file is an OFD that was changed.
    """
    if content.startswith(_ZIP):
        return Kind.OFD
    if _PDF in content[:_HEAD]:
        return Kind.PDF
    if content.startswith(PICTURE):
        # Its record may be shown as genuine, so no other program may show a document instead of the picture.
        return Kind.OFD if _ends_in_package(content) else Kind.PHOTO
    if _OTHER_PICTURE.match(content):
        return Kind.PHOTO
    return Kind.OFD if _ZIP in content[:_HEAD] or _ZIP_END in content[-_TAIL:] else Kind.PDF


def _ends_in_package(content: bytes) -> bool:
    """Tell whether a program that opens packages by their end would find a directory there."""
    at = content.rfind(_ZIP_END, -_TAIL)
    if at < 0 or at + END.size > len(content):
        return False
    size: int = END.unpack_from(content, at)[5]
    return 0 < size <= at and content.startswith(CENTRAL_MAGIC, at - size)


def _scan_symbols(clue: Clue, texts: Sequence[str], public_url: str) -> Scan:
    """Choose among the QR texts found: ours decides when exactly one is ours."""
    read = [read_payload(text, public_url) for text in texts]
    if any(one.fault == "HOMOGLYPH_DOMAIN" for one in read):
        # Nobody comes by this one by chance, whatever else is on the picture.
        return Scan(clue=_faulty(clue, "HOMOGLYPH_DOMAIN"))
    tokens = {one.token for one in read if one.token is not None}
    if len(tokens) == 1:
        codes = [text for text, one in zip(texts, read, strict=True) if one.offline]
        return Scan(clue=clue, token=tokens.pop(), offline=codes[0] if codes else None)
    if len(read) > 1:
        return Scan(clue=_unread(clue, "MANY_QR", f"{len(read)} QR"))
    return Scan(clue=_faulty(clue, read[0].fault or "MALFORMED_QR"))


def _clue(kind: Kind, question: Question) -> Clue:
    return Clue(kind=kind, specialty=question.specialty)


def _faulty(clue: Clue, code: str) -> Clue:
    return _with(clue, Finding(check=Check.QR_MATCHES, result=Result.FAIL, code=code))


def _unread(clue: Clue, code: str, detail: str = "") -> Clue:
    """Add that something could not be read: of a record the symbol, of a file the file itself."""
    check = Check.QR_MATCHES if clue.kind is Kind.PHOTO or clue.file is not None else Check.SIGNATURE
    return _with(clue, Finding(check=check, result=Result.UNKNOWN, code=code, detail=detail))


def _with(clue: Clue, finding: Finding) -> Clue:
    return replace(clue, findings=(*clue.findings, finding))
