"""The time stamps of a sealed PDF: the one of its signature (B-T), and the one over all of it (B-LTA)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from certsvc.domain.report import Check, Finding, Result
from certsvc.domain.timestamps import TimestampLevel
from certsvc.errors import DefectError
from certsvc.pdf.update import Evidence, Update, hollow_update
from certsvc.sealing.cms_token import TOKEN_ROOM
from certsvc.sealing.der import first_element
from certsvc.sealing.revocation import signed_by
from certsvc.sealing.tokens import Token, TokenError, read_token
from certsvc.sealing.tsa_chain import issued

_DIGITS: Final = 2 * TOKEN_ROOM


class BrokenStampError(Exception):
    """A time stamp is there and is not what it has to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """What the time stamps of an intact file say."""

    findings: tuple[Finding, ...] = ()
    level: TimestampLevel | None = None
    at: datetime | None = None
    """By the time stamp of the signature."""


def stamps_of(
    signature: bytes,
    certificates: Sequence[bytes],
    token: bytes | None,
    update: Update | None,
    roots: Sequence[bytes],
) -> Stamped:
    """Check the time stamps of a file whose seal holds.

    Args:
        signature: of the seal, as it stands in its container.
        certificates: of the seal, DER.
        token: the time stamp of the signature, if it has one.
        update: the document time stamp behind the file, if it has one.
        roots: pinned, DER.

    Raises:
        BrokenStampError: one of them is broken, or not about this file, or by nobody who is pinned.
    """
    if token is None:
        if update is not None:
            raise BrokenStampError("a document time stamp without one of the signature")
        return Stamped()
    read = _read(token, hashlib.sha256(signature).digest(), roots)
    level, instants = TimestampLevel.B_T, [read]
    if update is not None:
        _check_evidence(update.evidence, {*certificates, *read.certificates})
        level = TimestampLevel.B_LTA
        instants.append(_read(_unpadded(update.container), update.digest, roots))
    if not roots:
        return Stamped(findings=(Finding(check=Check.TIMESTAMP, result=Result.SKIP, code="TSA_NOT_PINNED"),))
    told = ", ".join(one.gen_time.isoformat().replace("+00:00", "Z") for one in instants)
    passed = Finding(
        check=Check.TIMESTAMP, result=Result.PASS, code="TIMESTAMP_VALID", detail=f"{level.upper()} {told}"
    )
    return Stamped(findings=(passed,), level=level, at=read.gen_time)


def add_document_stamp(sealed: bytes, evidence: Evidence, stamp: Callable[[bytes], bytes]) -> bytes:
    """Return a file of level B-T with evidence and a document time stamp behind it: level B-LTA.

    Args:
        sealed: laid out like ours.
        evidence: the certificates of the seal and of the time stamp of its signature up to their roots, and a
            revocation list for each but the roots.
        stamp: SHA-256 of the file with its update -> token, DER.

    Raises:
        DefectError: *sealed* is no such file.
        TimestampUnavailableError: as *stamp* raises it.
    """
    try:
        hollow = hollow_update(sealed, evidence, digits=_DIGITS)
        return hollow.filled(stamp(hollow.digest))
    except ValueError as fault:
        raise DefectError(f"the file cannot be stamped: {fault}") from fault


def _check_evidence(evidence: Evidence, carried: set[bytes]) -> None:
    """Refuse bytes in the security store that are not about the file's own certificates.

    A certificate is one the seal or the token carries, or the issuer of one; a list is signed by one of them.
    So there is no room for anybody else's bytes.
    """
    certificates, lists = evidence.certificates, evidence.lists
    if len({*certificates, *lists}) < len(certificates) + len(lists):
        raise BrokenStampError("the security store holds something twice")
    for one in certificates:
        if one not in carried and not any(issued(one, below) for below in carried):
            raise BrokenStampError("the security store holds a certificate of somebody else")
    for crl in lists:
        if not any(signed_by(crl, issuer) for issuer in certificates):
            raise BrokenStampError("the security store holds a revocation list of somebody else")


def _read(token: bytes, digest: bytes, roots: Sequence[bytes]) -> Token:
    try:
        return read_token(token, digest=digest, roots=roots)
    except TokenError as fault:
        raise BrokenStampError(str(fault)) from fault


def _unpadded(container: bytes) -> bytes:
    try:
        token = first_element(container)
    except ValueError as fault:
        raise BrokenStampError("no time stamp where one belongs") from fault
    if container[len(token) :].strip(b"\0"):
        raise BrokenStampError("something follows the time stamp")
    return token
