"""The text of the offline symbol: our link, and behind its ``#`` the face of the paper, signed, in digits.

A browser opens the link and keeps what stands behind the ``#`` to itself. Digits, because a QR symbol holds
ten bits in three of them, so nothing is lost against bytes, and every reader gives them back unharmed.
The format is written down, with an example, in docs/offline-code.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple, Protocol

import cbor2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from certsvc.domain.events import Sex
from certsvc.domain.licence import ROOT
from certsvc.domain.offline_claims import DIGEST_BYTES, Claims, Told
from certsvc.domain.registration import Specialty
from certsvc.qr.encode import side_of
from certsvc.qr.payload import OFFLINE, offline_link
from certsvc.qr.token import canonical_token

FORMAT: Final = 1
"""First byte of the content; another one is another format."""
SIGNATURE_BYTES: Final = 64
"""r and s, 32 bytes each, big-endian."""
_HALF: Final = SIGNATURE_BYTES // 2
_EPOCH: Final = date(1970, 1, 1)
_SEX: Final = (Sex.MALE, Sex.FEMALE)
"""1 and 2. Source: GB/T 2261.1."""
_FIELDS: Final = 15
_LAST_INSTANT: Final = 253_402_300_799
"""The end of the year 9999, in seconds since 1970."""


class OfflineSigner(Protocol):
    """A P-256 key for offline codes; only its signatures come out."""

    @property
    def key_id(self) -> str:
        """Name in the trust list."""

    def sign(self, message: bytes) -> bytes:
        """Sign with SHA-256: DER ECDSA."""


class OfflineCode(NamedTuple):
    """What was read; **nothing of it counts** before ``signature_holds``."""

    claims: Claims
    signed: bytes
    """What the signature speaks of: the link with its ``#``, and the content without the signature."""
    signature: bytes
    """Raw r and s."""
    key_id: str
    """The key the code names."""


def encode_claims(claims: Claims, signer: OfflineSigner, *, public_url: str) -> str:
    """Return the text of the symbol: ``https://HOST/c/TOKEN#DIGITS``.

    Raises:
        SettingsError: *public_url* is not scheme, ASCII host and port alone.
    """
    link = offline_link(public_url, claims.token)
    content = _content(claims, signer.key_id)
    r, s = decode_dss_signature(signer.sign(link.encode() + content))
    return link + _digits(content + r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big"))


def fitted(claims: Claims, key_id: str, *, public_url: str, most_modules: int) -> Claims:
    """Return the claims with as many texts in full as a symbol of *most_modules* on a side has room for.

    Raises:
        ValueError: it has no room even for the digests.
    """
    link = offline_link(public_url, claims.token)
    shorter: Claims | None = claims
    while shorter is not None:
        digits = _digits(_content(shorter, key_id) + bytes(SIGNATURE_BYTES))
        if side_of(link, digits) <= most_modules:
            return shorter
        shorter = shorter.shorter()
    raise ValueError(f"no offline code of this copy fits a symbol of {most_modules} modules")


def decode(text: str) -> OfflineCode:
    """Read the text of an offline symbol, of whatever host; any text may be given.

    Raises:
        ValueError: it is none.
    """
    match = OFFLINE.fullmatch(text.strip(" \r\n"))
    token = canonical_token(match["token"]) if match else None
    if match is None or token is None:
        raise ValueError("not the text of an offline code")
    number = int(match["digits"])
    body = number.to_bytes((number.bit_length() + 7) // 8, "big")
    content, signature = body[:-SIGNATURE_BYTES], body[-SIGNATURE_BYTES:]
    if not content or content[0] != FORMAT:
        raise ValueError("an offline code of another format")
    key_id, claims = _read_content(content, token)
    link = offline_link(match["origin"], token)
    return OfflineCode(claims, link.encode() + content, signature, key_id)


def signature_holds(code: OfflineCode, certificate: bytes) -> bool:
    """Tell whether the code was signed by the key of a certificate (DER)."""
    public = x509.load_der_x509_certificate(certificate).public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        return False
    r, s = (int.from_bytes(half, "big") for half in (code.signature[:_HALF], code.signature[_HALF:]))
    try:
        public.verify(encode_dss_signature(r, s), code.signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _content(claims: Claims, key_id: str) -> bytes:
    fields = [
        key_id,
        claims.status_index,
        claims.copy_number,
        int(claims.issued_at.timestamp()),
        claims.licence_id.removeprefix(f"{ROOT}."),
        claims.profession,
        claims.registration_number,
        claims.name,
        _SEX.index(claims.sex) + 1,
        _days(claims.birth_date),
        claims.employer,
        claims.purpose,
        _days(claims.use_from),
        _days(claims.use_until),
        [[one.name, _days(one.valid_from), _days(one.valid_to)] for one in claims.specialties],
    ]
    return bytes([FORMAT]) + cbor2.dumps(fields, canonical=True)


def _read_content(content: bytes, token: str) -> tuple[str, Claims]:
    try:
        fields = cbor2.loads(content[1:], max_depth=4, allow_indefinite=False)
    except Exception as fault:  # a reader of binary data meets a stranger's bytes
        raise ValueError("the content of an offline code is damaged") from fault
    if not isinstance(fields, list) or len(fields) != _FIELDS:
        raise ValueError("the content of an offline code has other fields")
    sex = _whole(fields[8], 1, len(_SEX))
    claims = Claims(
        token=token,
        status_index=_whole(fields[1], 0, 2**40),
        copy_number=_whole(fields[2], 1, 2**40),
        issued_at=datetime.fromtimestamp(_whole(fields[3], 0, _LAST_INSTANT), UTC),
        licence_id=f"{ROOT}.{_text(fields[4])}",
        profession=_text(fields[5]),
        registration_number=_text(fields[6]),
        name=_told(fields[7]),
        sex=_SEX[sex - 1],
        birth_date=_day(fields[9]),
        employer=_told(fields[10]),
        purpose=_told(fields[11]),
        use_from=_day(fields[12]),
        use_until=_day(fields[13]),
        specialties=tuple(map(_specialty, _list(fields[14]))),
    )
    key_id = _text(fields[0])
    if _content(claims, key_id) != content:
        # One content has one spelling: tags, long forms and bytes behind the end are not ours.
        raise ValueError("the content of an offline code is not spelt as it is written here")
    return key_id, claims


def _digits(body: bytes) -> str:
    return str(int.from_bytes(body, "big"))


def _days(day: date) -> int:
    return (day - _EPOCH).days


def _day(value: object) -> date:
    first, last = _days(date.min), _days(date.max)
    return _EPOCH + timedelta(days=_whole(value, first, last))


def _specialty(value: object) -> Specialty:
    fields = _list(value)
    if len(fields) != 3:
        raise ValueError("a specialty has a name and two days")
    return Specialty(name=_text(fields[0]), valid_from=_day(fields[1]), valid_to=_day(fields[2]))


def _list(value: object) -> Sequence[object]:
    if isinstance(value, list):
        return value
    raise ValueError("a list was expected")


def _text(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise ValueError("a text was expected")


def _told(value: object) -> Told:
    if isinstance(value, bytes):
        if len(value) == DIGEST_BYTES:
            return value
        raise ValueError(f"a digest has {DIGEST_BYTES} bytes")
    return _text(value)


def _whole(value: object, least: int, most: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise ValueError("a whole number was expected, within its bounds")
