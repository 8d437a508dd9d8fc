"""Seals an OFD: one SM2 signature with our electronic seal (GB/T 38540, version 4) over every file in it.

Each part is made once, its digest taken from the very bytes that go into the package, and nothing is written
anew after that. Nothing depends on clock or chance but the number an SM2 signature draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from isal.isal_zlib import crc32

from certsvc.errors import DefectError
from certsvc.gm.certificate import read_certificate
from certsvc.gm.seal import read_seal
from certsvc.gm.seal_signature import make_seal_signature
from certsvc.gm.sm3 import sm3
from certsvc.ofd.container import write_container
from certsvc.ofd.draft import Draft
from certsvc.ofd.names import SEAL, SIGNATURE, SIGNATURES, SIGNED_VALUE
from certsvc.ofd.parts import STORED, Part, make_part
from certsvc.ofd.signature import StampAnnot, signature_xml, signatures_xml
from certsvc.page.model import Stamp
from certsvc.sealing.port import SealSigner

_STAMP_ID: Final = "1"
_LIST: Final = make_part(SIGNATURES, signatures_xml(), once=True)
"""The list of the one signature; covered too, since nobody signs after us."""


def seal_ofd(
    draft: Draft, *, signer: SealSigner, stamp: Stamp, at: datetime, verified_later: bool = False
) -> bytes:
    """Return the sealed OFD.

    Args:
        draft: every part but OFD.xml, final.
        signer: the SM2 key with its certificate and electronic seal.
        stamp: where the page leaves room for the seal; the seal's own picture is centred there.
        at: instant of sealing written into the file, aware; the machine's clock is not read, and parts of a
            second are dropped.
        verified_later: whoever takes the file lets the strict checker verify the signature in it before
            anybody else gets it; it is then not verified here.

    Raises:
        DefectError: the seal does not fit the signer or the instant, and nothing was signed; or the draft is
            not such a one.
    """
    if at.tzinfo is None:
        raise DefectError("the instant of sealing has no offset")
    whole_second = at.replace(microsecond=0)
    seal = _seal_of(signer.seal, signer.certificate)
    if not seal.valid_from <= whole_second <= seal.valid_to:
        raise DefectError("the seal or its signer's certificate is not valid at the instant of sealing")
    covered = (draft.entrance, *draft.parts, _LIST, seal.part)
    listed = signature_xml(
        [part.line for part in covered],
        at=whole_second,
        stamp=StampAnnot(id=_STAMP_ID, page_id=draft.page_id, boundary=seal.boundary(stamp)),
    )
    value = make_seal_signature(
        seal=signer.seal,
        certificate=signer.certificate,
        at=whole_second,
        digest=sm3(listed),
        property_info=f"/{SIGNATURE}",
        sign=signer.sign_unverified if verified_later else signer.sign,
    )
    # Most of a signature value is the seal's picture and keys: it would not get smaller.
    last = Part(name=SIGNED_VALUE, content=value, packed=value, method=STORED, crc=crc32(value))
    return write_container((*covered, make_part(SIGNATURE, listed), last))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seal:
    """What every file sealed by one signer has in common."""

    part: Part
    width_mm: int
    height_mm: int
    valid_from: datetime
    """Since when seal and certificate are both valid."""
    valid_to: datetime

    def boundary(self, stamp: Stamp) -> tuple[float, float, float, float]:
        """Return the picture's box on the page: readers draw it to this size, so it is the seal's own."""
        return (
            stamp.x_mm + (stamp.width_mm - self.width_mm) / 2,
            stamp.y_mm + (stamp.height_mm - self.height_mm) / 2,
            self.width_mm,
            self.height_mm,
        )


@lru_cache(maxsize=32)
def _seal_of(seal: bytes, certificate: bytes) -> _Seal:
    try:
        read = read_seal(seal)
        signer = read_certificate(certificate)
    except ValueError as fault:
        raise DefectError(f"the signer's seal or certificate cannot be read: {fault}") from fault
    if certificate not in read.certificates:
        raise DefectError("the signer is not on the list of its own seal")
    return _Seal(
        part=make_part(SEAL, seal, once=True),
        width_mm=read.picture.width_mm,
        height_mm=read.picture.height_mm,
        valid_from=max(read.valid_from, signer.not_before),
        valid_to=min(read.valid_to, signer.not_after),
    )
