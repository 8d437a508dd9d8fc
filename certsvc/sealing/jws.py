"""Signed statements of the service: JSON Web Signatures (RFC 7515) with ES256, and nothing else of JOSE.

The header holds ``alg``, ``kid`` and ``typ``, each once, and no further member. So whatever a header could
ask of its reader (another algorithm, a key to fetch, an extension to understand) is refused by being there.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jwt.algorithms import ECAlgorithm

from certsvc.errors import DefectError
from certsvc.sealing.port import PinnedKey, Signer

LONGEST: Final = 4_000_000
"""Characters of a statement that is read at all; the longest we make, a full status list, has 60 thousand."""
_ALGORITHM: Final = "ES256"
_ES256: Final = ECAlgorithm(ECAlgorithm.SHA256)
_HALF: Final = 32
"""Bytes of each of the two numbers of a signature."""
_MEMBERS: Final = ("payload", "protected", "signature")


class JWSError(ValueError):
    """A statement that is not ours, is damaged, or is for another purpose; the text says which."""


class UnknownKeyError(JWSError):
    """A statement by a key that is not among those given; newer keys may know it."""


def sign_jws(payload: Mapping[str, object], signer: Signer, *, typ: str) -> str:
    """Sign *payload* and return the compact form: header, payload and signature joined by dots.

    Args:
        payload: JSON values; whole numbers beyond 2^53 would not survive a reader in JavaScript.
        signer: a P-256 key; its ``key_id`` becomes ``kid``.
        typ: what kind of statement it is, e.g. ``certsvc-trust+jws``.

    Raises:
        DefectError: the signer's key is not P-256.
    """
    if signer.algorithm != "p256":
        raise DefectError(f"{signer.key_id} is no key for {_ALGORITHM}")
    header = {"alg": _ALGORITHM, "kid": signer.key_id, "typ": typ}
    said = f"{_encoded(_json(header))}.{_encoded(_json(payload))}"
    r, s = decode_dss_signature(signer.sign(said.encode("ascii")))
    return f"{said}.{_encoded(r.to_bytes(_HALF, 'big') + s.to_bytes(_HALF, 'big'))}"


def read_jws(text: str, keys: Sequence[PinnedKey], *, typ: str) -> tuple[Mapping[str, object], str]:
    """Return what a compact statement says, and the key that signed it.

    Whether the key may still be relied on is for the caller to judge (``key_times.fault_at``).

    Args:
        text: any text.
        keys: the keys for this use, and no others.
        typ: the kind of statement that is expected.

    Raises:
        JWSError: anything is wrong with it.
    """
    if len(text) > LONGEST:
        raise JWSError("longer than anything this service signs")
    header_part, payload_part, signature_part = _three(text)
    header = read_object(_decoded(header_part), "header")
    if header.keys() != {"alg", "kid", "typ"}:
        raise JWSError("the header must hold alg, kid and typ, and nothing else")
    if header["alg"] != _ALGORITHM:
        raise JWSError(f"only {_ALGORITHM} is read")
    if header["typ"] != typ:
        raise JWSError(f"it is no {typ}")
    key = next((one for one in keys if one.key_id == header["kid"]), None)
    if key is None:
        raise UnknownKeyError("signed by no key that is known for this use")
    if not _ES256.verify(
        f"{header_part}.{payload_part}".encode(), _public_key(key), _decoded(signature_part)
    ):
        raise JWSError("the signature does not hold")
    return read_object(_decoded(payload_part), "payload"), key.key_id


def flattened(text: str) -> dict[str, str]:
    """Return the flattened JSON form of a compact statement: ``protected``, ``payload``, ``signature``.

    Raises:
        JWSError: it has not three parts.
    """
    protected, payload, signature = _three(text)
    return {"payload": payload, "protected": protected, "signature": signature}


def compact(document: object) -> str:
    """Return the compact form of a flattened document, already parsed from JSON.

    Raises:
        JWSError: it has other members than the three, or one is no text.
    """
    if not isinstance(document, Mapping) or document.keys() != set(_MEMBERS):
        raise JWSError(f"a signed document holds {', '.join(_MEMBERS)}, and nothing else")
    parts = [document[name] for name in ("protected", "payload", "signature")]
    if not all(isinstance(part, str) and "." not in part for part in parts):
        raise JWSError("a part of the signed document is no text")
    return ".".join(parts)


def unchecked_payload(text: str) -> Mapping[str, object]:
    """Return what a compact statement says **without** checking who signed it.

    Only to find the keys in a statement that names its own; what it says counts after ``read_jws``.

    Raises:
        JWSError: it is no statement at all.
    """
    if len(text) > LONGEST:
        raise JWSError("longer than anything this service signs")
    return read_object(_decoded(_three(text)[1]), "payload")


def read_object(content: bytes, part: str) -> dict[str, object]:
    """Parse one JSON object in UTF-8 in which no member stands twice.

    Raises:
        JWSError: it is something else; *part* names it.
    """
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as fault:
        raise JWSError(f"the {part} is not one JSON object: {fault}") from fault
    if not isinstance(value, dict):
        raise JWSError(f"the {part} is not one JSON object")
    return value


def _three(text: str) -> tuple[str, str, str]:
    parts = text.split(".", 3)
    if len(parts) != 3:
        raise JWSError("it has not three parts")
    return parts[0], parts[1], parts[2]


def _public_key(key: PinnedKey) -> EllipticCurvePublicKey:
    public = x509.load_der_x509_certificate(key.certificate).public_key()
    if not isinstance(public, EllipticCurvePublicKey) or not isinstance(public.curve, SECP256R1):
        raise JWSError(f"{key.key_id} is no key for {_ALGORITHM}")
    return public


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes:
    """Decode base64url without padding; only the one text that encodes the bytes is taken."""
    try:
        content = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (ValueError, binascii.Error) as fault:
        raise JWSError("a part is not base64url") from fault
    if _encoded(content) != text:
        # Other alphabets, padding, blanks, and bits beyond the last byte: one statement has one spelling.
        raise JWSError("a part is not base64url as it is written here")
    return content


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
