"""The public keys of the upstream portal: a JSON Web Key Set in a file, read strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from certsvc.errors import SettingsError

_ALGORITHMS: Final = {("EC", "P-256"): "ES256", ("RSA", None): "RS256", ("OKP", "Ed25519"): "EdDSA"}
"""What a key of this kind signs with; nothing else is taken, whatever a token says of itself."""
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_RSA_BITS: Final = 2048
_FILE_MAX: Final = 200_000
"""Bytes; a key has some hundred."""


@dataclass(frozen=True, slots=True)
class PortalKey:
    """One public key, and the one algorithm it is for."""

    key: Any
    algorithm: str


def read_portal_keys(file: Path) -> Mapping[str, PortalKey]:
    """Return the keys by ``kid``; read anew for each assertion, as the portal may change them.

    Raises:
        SettingsError: the file cannot be read, or holds anything but public keys we can use.
    """
    name = f"CERTSVC_PORTAL_JWKS {file.name}"
    try:
        content = file.read_bytes()
        keys = json.loads(content)["keys"] if len(content) <= _FILE_MAX else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SettingsError(f"{name} is no JSON Web Key Set: {type(error).__name__}") from error
    if not isinstance(keys, list) or not keys:
        raise SettingsError(f"{name} holds no keys")
    found: dict[str, PortalKey] = {}
    for place, described in enumerate(keys):
        where = f"{name}, key {place + 1}"
        if not isinstance(described, dict) or not isinstance(described.get("kid"), str):
            raise SettingsError(f"{where} has no kid")
        if described["kid"] in found:
            raise SettingsError(f"{where} has the kid of another key")
        found[described["kid"]] = _key(described, where)
    return found


def _key(described: Mapping[str, Any], where: str) -> PortalKey:
    if described.keys() & _PRIVATE:
        raise SettingsError(f"{where} holds a secret; a service that checks needs the public key alone")
    algorithm = _ALGORITHMS.get((str(described.get("kty")), described.get("crv")))
    if algorithm is None or described.get("alg", algorithm) != algorithm:
        raise SettingsError(f"{where} is none for ES256, RS256 or EdDSA")
    if described.get("use", "sig") != "sig":
        raise SettingsError(f"{where} is not for signatures")
    try:
        key = jwt.PyJWK(dict(described), algorithm).key
    except (jwt.PyJWTError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{where} cannot be read: {type(error).__name__}") from error
    if isinstance(key, RSAPublicKey) and key.key_size < _RSA_BITS:
        raise SettingsError(f"{where} has fewer than {_RSA_BITS} bits")
    return PortalKey(key, algorithm)
