"""Whose seal is it? Signer, seal and seal maker of one OFD signature, held against those we have pinned.

What a signature carries is compared with the pinned seals byte by byte. A name, a chain or a date inside a
stranger's certificate proves nothing, so no stranger's certificate is trusted, and none is even read for more
than the names it copies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from certsvc.domain.report import Check, Finding, Result
from certsvc.gm.certificate import Certificate, read_certificate
from certsvc.gm.seal import Seal, maker_signed, read_seal
from certsvc.gm.seal_signature import SealSignature
from certsvc.sealing.lookalikes import imitates
from certsvc.sealing.port import PinnedSeal


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose one signature is."""

    key_id: str | None
    """Our key that made it or is named as having made it; None for a stranger's."""
    verified: bool
    """That key made this signature over these very bytes."""
    findings: tuple[Finding, ...]
    """What speaks against it; () when signer and seal are ours and were valid when it was made."""


def find_owner(value: SealSignature, pinned: Sequence[PinnedSeal]) -> Owner:
    """Say whose *value* is. Never raises on hostile bytes.

    Args:
        value: as read.
        pinned: every seal of ours, also retired ones.
    """
    # One look: a trust list that changes meanwhile counts for the next file.
    # Without iter() its length would be asked for too, which is another look at the disk.
    pinned = tuple(iter(pinned))
    signers = {pin.certificate: pin for pin in pinned}
    # The one whose certificate it carries comes first: of two certificates for one key that is the signer's.
    likely = sorted(signers, key=lambda certificate: certificate != value.certificate)
    maker = next((signers[certificate] for certificate in likely if _signed_by(certificate, value)), None)
    owner = maker or signers.get(value.certificate)
    findings: list[Finding] = []
    if owner is None:
        copied = imitates(value.certificate, signers)
        findings.append(_fault(Check.SIGNER_PINNED, "SIGNER_LOOKALIKE" if copied else "SIGNER_NOT_OURS"))
    elif maker is None or value.certificate != maker.certificate:
        # Ours by the key or by the certificate, and the two do not belong together.
        findings.append(_fault(Check.SIGNATURE, "SIGNATURE_BROKEN"))
    elif not _valid_then(_certificate(maker.certificate), value):
        findings.append(_fault(Check.SIGNER_PINNED, "SIGNED_OUTSIDE_VALIDITY"))
    signer = value.certificate if owner is None else owner.certificate
    findings += (_fault(Check.SEAL_PINNED, code) for code in _seal_faults(value, signer, pinned))
    return Owner(
        key_id=None if owner is None else _key_id(owner, value, pinned),
        verified=maker is not None,
        findings=tuple(findings),
    )


def prepare(pinned: Iterable[PinnedSeal]) -> None:
    """Make now what the first file sealed with each of *pinned* would wait for: tables, the seal read."""
    for pin in pinned:
        _certificate(pin.certificate)
        _maker_signed(pin.seal)


def _seal_faults(value: SealSignature, signer: bytes, pinned: Sequence[PinnedSeal]) -> Iterator[str]:
    ours = [_seal(pin.seal) for pin in pinned]
    seal = next((seal for seal in ours if seal.der == value.seal_der), None)
    if seal is None:
        yield "SEAL_NOT_OURS"
        try:
            seal = read_seal(value.seal_der)
        except ValueError:
            # Another version or another's idea of one: that it is not ours is all there is to say.
            return
        if all(seal.maker != own.maker for own in ours) or not maker_signed(seal):
            yield "MAKER_NOT_OURS"
    elif not _maker_signed(seal.der):
        yield "MAKER_NOT_OURS"
    # A stranger's seal may list digests instead; whose they are is then not looked at.
    listed = signer in seal.certificates or (seal not in ours and bool(seal.digests))
    if not listed:
        yield "SIGNER_NOT_IN_SEAL"
    if not seal.valid_from <= value.at <= seal.valid_to:
        yield "SEAL_EXPIRED"


def _signed_by(certificate: bytes, value: SealSignature) -> bool:
    return _certificate(certificate).public_key.verify(value.signed, value.signature)


def _valid_then(certificate: Certificate, value: SealSignature) -> bool:
    return certificate.not_before <= value.at <= certificate.not_after


def _key_id(owner: PinnedSeal, value: SealSignature, pinned: Sequence[PinnedSeal]) -> str:
    """Return the id of the very seal where one certificate may use several."""
    exact = (p for p in pinned if p.certificate == owner.certificate and p.seal == value.seal_der)
    return next(exact, owner).key_id


def _fault(check: Check, code: str) -> Finding:
    return Finding(check=check, result=Result.FAIL, code=code)


@lru_cache(maxsize=64)
def _certificate(pinned: bytes) -> Certificate:
    certificate = read_certificate(pinned)
    certificate.public_key.prepare()
    return certificate


@lru_cache(maxsize=64)
def _seal(pinned: bytes) -> Seal:
    return read_seal(pinned)


@lru_cache(maxsize=64)
def _maker_signed(pinned: bytes) -> bool:
    return maker_signed(_seal(pinned))
