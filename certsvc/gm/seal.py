"""Electronic seals (电子印章): SESeal version 4 of GB/T 38540.

A seal is a picture and the certificates of those who may use it, signed by its maker (制章人).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from certsvc.gm import der
from certsvc.gm.certificate import SM2_WITH_SM3, read_certificate
from certsvc.gm.keys import KeyProvider

VERSION: Final = 4
VENDOR: Final = "certsvc"
PICTURE_KIND: Final = "png"
EXTENSION: Final = 0xA0
"""Tag of the optional parts of seals and signatures."""

_MARK: Final = "ES"
_ORGANISATION: Final = 1
_CERTIFICATES: Final = 1
_DIGESTS: Final = 2
_MOST_MM: Final = 1000
_PRINTABLE_STRING: Final = 0x13


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a seal looks like on the page."""

    content: bytes
    """PNG bytes, in the seals that we make."""
    width_mm: int
    height_mm: int
    kind: str = PICTURE_KIND
    """Format of *content*, as the seal names it."""

    def __post_init__(self) -> None:
        if not (0 < self.width_mm <= _MOST_MM and 0 < self.height_mm <= _MOST_MM):
            raise ValueError("a picture larger than any page, or without extent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """An electronic seal as read. Nobody has checked its maker's signature yet."""

    der: bytes
    info: bytes
    """What the maker signed: eSealInfo, DER exactly as read."""
    vendor: str
    """Vid: whose software made it."""
    seal_id: str
    """esID: its number, unique with one maker."""
    name: str
    certificates: tuple[bytes, ...]
    """DER certificates of those who may use it; empty when the seal lists only their digests."""
    digests: tuple[bytes, ...]
    """Digests of those certificates, when the seal lists digests."""
    created_at: datetime
    valid_from: datetime
    """First instant of validity, included."""
    valid_to: datetime
    """Last instant of validity, included."""
    picture: Picture
    maker: bytes
    """The maker's certificate, DER."""
    signature: bytes
    """The maker's, DER, over *info*."""


def make_seal(
    *,
    seal_id: str,
    name: str,
    certificates: Sequence[bytes],
    created_at: datetime,
    valid_from: datetime,
    valid_to: datetime,
    picture: Picture,
    maker: bytes,
    key: KeyProvider,
) -> bytes:
    """Make a seal, DER.

    Args:
        seal_id: ASCII.
        name: shown by readers.
        certificates: of those who may use it, DER; at least one.
        created_at: instant of making; parts of a second are dropped, here and below.
        valid_from: first instant of validity, included.
        valid_to: last instant of validity, included.
        picture: PNG.
        maker: the maker's certificate, DER.
        key: the maker's.

    Raises:
        ValueError: *key* is not the one in *maker*, nobody may use the seal, or it is never valid.
    """
    if key.public != read_certificate(maker).public_key:
        raise ValueError("the key that signs is not the seal maker's")
    if not certificates or valid_from >= valid_to:
        raise ValueError("a seal that nobody may use, or never")
    info = der.sequence(
        der.sequence(der.ia5_string(_MARK), der.integer(VERSION), der.ia5_string(VENDOR)),
        der.ia5_string(seal_id),
        der.sequence(
            der.integer(_ORGANISATION),
            der.utf8_string(name),
            der.integer(_CERTIFICATES),
            der.sequence(*map(der.octet_string, certificates)),
            der.generalized_time(created_at),
            der.generalized_time(valid_from),
            der.generalized_time(valid_to),
        ),
        der.sequence(
            der.ia5_string(picture.kind),
            der.octet_string(picture.content),
            der.integer(picture.width_mm),
            der.integer(picture.height_mm),
        ),
    )
    return der.sequence(info, der.octet_string(maker), SM2_WITH_SM3, der.bit_string(key.sign(info)))


def read_seal(content: bytes) -> Seal:
    """Read a seal of version 4, ours or another maker's.

    Raises:
        ValueError: anything else, also a seal whose maker did not sign with SM2 and SM3. Certificates inside
            stay unread.
    """
    frame = der.Reader(content)
    whole = frame.sequence()
    frame.finish()
    info = whole.element(der.SEQUENCE)
    maker = whole.octet_string()
    whole.expect(SM2_WITH_SM3)
    signature = whole.bit_string()
    whole.finish()

    part = der.Reader(info).sequence()
    header = part.sequence()
    header.expect(der.ia5_string(_MARK))
    header.expect(der.integer(VERSION))
    vendor = header.ia5_string()
    header.finish()
    seal_id = part.ia5_string()
    about = part.sequence()
    about.integer()  # of an organisation or a person: only its maker cares
    name = about.utf8_string()
    kind = about.integer()
    if kind not in (_CERTIFICATES, _DIGESTS):
        raise ValueError("a seal with a list of neither certificates nor digests")
    listed = tuple(_read_list(about.sequence(), digests=kind == _DIGESTS))
    created_at, valid_from, valid_to = (about.generalized_time() for _ in range(3))
    about.finish()
    picture = _read_picture(part.sequence())
    if part.peek() == EXTENSION:
        part.content(EXTENSION)
    part.finish()
    return Seal(
        der=bytes(content),
        info=info,
        vendor=vendor,
        seal_id=seal_id,
        name=name,
        certificates=listed if kind == _CERTIFICATES else (),
        digests=listed if kind == _DIGESTS else (),
        created_at=created_at,
        valid_from=valid_from,
        valid_to=valid_to,
        picture=picture,
        maker=maker,
        signature=signature,
    )


def maker_signed(seal: Seal) -> bool:
    """Say whether the maker named in the seal signed it. Whether that maker is ours, it leaves open."""
    try:
        maker = read_certificate(seal.maker)
    except ValueError:
        return False
    return maker.public_key.verify(seal.info, seal.signature)


def _read_list(listed: der.Reader, *, digests: bool) -> Iterator[bytes]:
    while listed.peek() >= 0:
        if digests:
            entry = listed.sequence()
            entry.content(_PRINTABLE_STRING)
            yield entry.octet_string()
            entry.finish()
        else:
            yield listed.octet_string()


def _read_picture(part: der.Reader) -> Picture:
    kind, content = part.ia5_string(), part.octet_string()
    width_mm, height_mm = part.integer(), part.integer()
    part.finish()
    return Picture(kind=kind, content=content, width_mm=width_mm, height_mm=height_mm)
