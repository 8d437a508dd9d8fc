"""Verification without a register and without a connection: a trust bundle and a clock decide.

The online way asks the register; this one can only tell what was signed and what the status list said when it
was made. Both end in a Report. docs/offline-code.md is the rule book.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from certsvc.domain.key_times import KeyTimes, fault_at
from certsvc.domain.offline import Listed, Signed, judge_offline
from certsvc.domain.offline_claims import Claims
from certsvc.domain.report import Check, Clue, FileOutcome, Finding, Kind, Report, Result
from certsvc.qr.offline import OfflineCode, decode, signature_holds
from certsvc.qr.payload import read_payload
from certsvc.verification.licence_data import LicenceData, read_licence_data
from certsvc.verification.pool import ReaderPool
from certsvc.verification.reading import Reading
from certsvc.verification.scan import PICTURE, kind_of
from certsvc.verification.trust_bundle import Bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineReport:
    """A report, with what the thing in hand says itself; shown only when its signature held."""

    report: Report
    claims: Claims | None = None
    """Of an offline code."""
    data: LicenceData | None = None
    """Of a file."""
    list_issued_at: datetime | None = None
    """When the status list was signed that speaks of this copy; None when none does."""


@dataclass(frozen=True, slots=True)
class _Symbols:
    """What the QR texts in hand say."""

    findings: tuple[Finding, ...]
    code: OfflineCode | None = None
    """A code whose signature held; else nothing of it is believed."""


_PASSED: Final = (
    Finding(check=Check.SIGNATURE, result=Result.PASS, code="OK"),
    Finding(check=Check.SIGNER_PINNED, result=Result.PASS, code="SIGNER_PINNED"),
    Finding(check=Check.QR_MATCHES, result=Result.PASS, code="OK"),
)


class OfflineVerifier:
    """Answers by a bundle alone."""

    def __init__(self, bundle: Bundle, readers: ReaderPool) -> None:
        """Take the bundle whose keys and lists count; *readers* open strangers' files."""
        self._bundle = bundle
        self._readers = readers

    def verify_text(self, text: str, *, now: datetime, specialty: str | None = None) -> OfflineReport:
        """Judge the text of a QR symbol; any text may be given."""
        return self._by_symbols(Clue(kind=Kind.QR, specialty=specialty), [text], now)

    def verify_file(self, content: bytes, *, now: datetime, specialty: str | None = None) -> OfflineReport:
        """Judge a PDF, an OFD, or a picture of the offline symbol; any bytes may be given."""
        clue = Clue(kind=kind_of(content), specialty=specialty)
        if clue.kind is Kind.PHOTO and not content.startswith(PICTURE):
            return _refused(clue, now, Check.QR_MATCHES, Result.UNKNOWN, "KIND_NOT_READ")
        reading = self._read(clue.kind, content)
        if reading.check is None:
            check = Check.QR_MATCHES if clue.kind is Kind.PHOTO else Check.SIGNATURE
            if reading.fault:
                code = "CANNOT_READ_NOW" if reading.fault == "busy" else "UNREADABLE_FILE"
                return _refused(clue, now, check, Result.UNKNOWN, code)
            if not reading.texts:
                return _refused(clue, now, check, Result.UNKNOWN, "NO_QR_FOUND")
            return self._by_symbols(clue, reading.texts, now)
        clue = replace(clue, file=reading.check)
        if reading.check.outcome is FileOutcome.INTACT:
            return self._by_seal(clue, content, now)
        if reading.check.outcome is FileOutcome.NO_SIGNATURE and reading.texts:
            return self._by_symbols(clue, reading.texts, now)
        return OfflineReport(report=judge_offline(clue, None, None, now=now))

    def _read(self, kind: Kind, content: bytes) -> Reading:
        if kind is Kind.OFD:
            return self._readers.read_ofd(content, self._bundle.pinned_seals)
        if kind is Kind.PDF:
            pinned = (*self._bundle.pinned, *self._bundle.keys_for("receipt"))
            return self._readers.read_pdf(content, pinned)
        return self._readers.read_picture(content)

    def _by_symbols(self, clue: Clue, texts: Sequence[str], now: datetime) -> OfflineReport:
        symbols = read_symbols(texts, self._bundle)
        clue = replace(clue, findings=symbols.findings)
        if symbols.code is None:
            return OfflineReport(report=judge_offline(clue, None, None, now=now))
        claims = symbols.code.claims
        signed = Signed(
            issued_at=claims.issued_at,
            use_from=claims.use_from,
            use_until=claims.use_until,
            specialties=claims.specialties,
            left_out=claims.left_out,
        )
        listed = self._listed(claims.status_index)
        return OfflineReport(
            report=judge_offline(clue, signed, listed, now=now),
            claims=claims,
            list_issued_at=listed.issued_at if listed is not None else None,
        )

    def _by_seal(self, clue: Clue, content: bytes, now: datetime) -> OfflineReport:
        assert clue.file is not None
        key_id = clue.file.key_id
        if any(key.key_id == key_id for key in self._bundle.keys_for("receipt")):
            return _refused(clue, now, Check.FILE_IS_OURS, Result.FAIL, "RECEIPT_NOT_CERTIFICATE")
        try:
            data = read_licence_data(content, clue.kind)
        except ValueError:
            # Sealed by our key, and not as this version writes a certificate.
            return _refused(clue, now, Check.REGISTRY, Result.UNKNOWN, "STATUS_LIST_MISSING")
        key = next(key for key in self._bundle.keys if key.key_id == key_id)
        if fault := _key_fault(key, data.signed.issued_at):
            check = Check.SEAL_PINNED if clue.kind is Kind.OFD else Check.SIGNER_PINNED
            return _refused(clue, now, check, Result.FAIL, fault)
        listed = self._listed(data.status_index)
        return OfflineReport(
            report=judge_offline(clue, data.signed, listed, now=now),
            data=data,
            list_issued_at=listed.issued_at if listed is not None else None,
        )

    def _listed(self, index: int | None) -> Listed | None:
        one = self._bundle.list_of(index) if index is not None else None
        value = self._bundle.status_of(index) if index is not None else None
        return Listed(value=value, issued_at=one.issued_at) if one is not None and value is not None else None


def read_symbols(texts: Sequence[str], bundle: Bundle) -> _Symbols:
    """Choose among the QR texts found and check the signature of the offline code.

    Args:
        texts: at least one, of whatever host.
        bundle: whose public URL and keys count.
    """
    read = [read_payload(text, bundle.public_url) for text in texts]
    if any(one.fault == "HOMOGLYPH_DOMAIN" for one in read):
        # Nobody comes by this one by chance, whatever else is on the picture.
        return _fault("HOMOGLYPH_DOMAIN")
    tokens = {one.token for one in read if one.token is not None}
    codes = [text for text, one in zip(texts, read, strict=True) if one.offline]
    if len(tokens) > 1 or len(codes) > 1 or (not tokens and len(read) > 1):
        return _unknown("MANY_QR", f"{len(read)} QR")
    if not tokens:
        return _fault(read[0].fault or "MALFORMED_QR")
    if not codes:
        # The symbol for checking online: ours, but it says nothing by itself.
        return _unknown("NO_OFFLINE_CODE")
    return _check_code(codes[0], bundle)


def _check_code(text: str, bundle: Bundle) -> _Symbols:
    try:
        code = decode(text)
    except ValueError:
        return _fault("MALFORMED_QR")
    key = next((key for key in bundle.keys_for("offline") if key.key_id == code.key_id), None)
    if key is None:
        # Whoever wrote it may claim any instant: believed only as far as to ask for newer keys.
        if code.claims.issued_at > bundle.issued_at:
            return _unknown("KEYS_OLDER", check=Check.SIGNER_PINNED)
        return _fault("SIGNER_NOT_OURS", check=Check.SIGNER_PINNED)
    if fault := _key_fault(key, code.claims.issued_at):
        return _fault(fault, check=Check.SIGNER_PINNED)
    if not signature_holds(code, key.certificate):
        return _fault("SIGNATURE_BROKEN", check=Check.SIGNATURE)
    return _Symbols(_PASSED, code)


def _key_fault(key: KeyTimes, claimed: datetime) -> str | None:
    """Judge a key by what it signed itself; the register, which knows better, is not at hand.

    A leaked key says nothing any more, whatever instant is claimed: who has it writes any instant.
    """
    return "KEY_COMPROMISED" if key.compromised_since is not None else fault_at(key, claimed)


def _refused(clue: Clue, now: datetime, check: Check, result: Result, code: str) -> OfflineReport:
    finding = Finding(check=check, result=result, code=code)
    clue = replace(clue, findings=(*clue.findings, finding))
    return OfflineReport(report=judge_offline(clue, None, None, now=now))


def _fault(code: str, *, check: Check = Check.QR_MATCHES) -> _Symbols:
    return _Symbols((Finding(check=check, result=Result.FAIL, code=code),))


def _unknown(code: str, detail: str = "", *, check: Check = Check.QR_MATCHES) -> _Symbols:
    return _Symbols((Finding(check=check, result=Result.UNKNOWN, code=code, detail=detail),))
