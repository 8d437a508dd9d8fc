"""SM2 beside ``openssl speed sm2``, which signs and verifies 20 bytes as well."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from bench.measure import timed
from bench.openssl import OpenSSLSpeed
from bench.row import Aim, Row
from bench.stage import Stage
from certsvc.gm.sm2 import PrivateKey, PublicKey, digest_of, sign_digest_unchecked

TITLE: Final = "SM2"
PLACE: Final = 10
MESSAGE_BYTES: Final = 20

Claim = tuple[PublicKey, bytes, bytes]
"""Key, message, signature."""


def rows(stage: Stage) -> Sequence[Row]:
    """Sign and verify."""
    del stage
    speed = OpenSSLSpeed()
    key = PrivateKey.generate()
    key.public.prepare()

    def message() -> bytes:
        return os.urandom(MESSAGE_BYTES)

    def sign_unchecked(text: bytes) -> bytes:
        return sign_digest_unchecked(key, digest_of(key.public, text))

    def pinned() -> Claim:
        text = message()
        return key.public, text, sign_unchecked(text)

    def fresh() -> Claim:
        stranger, text = PrivateKey.generate(), message()
        public = PublicKey.from_point(stranger.public.point)
        return public, text, sign_digest_unchecked(stranger, digest_of(public, text))

    def verify(claim: Claim) -> None:
        if not claim[0].verify(claim[1], claim[2]):
            raise ValueError("a signature just made does not verify")

    return [
        Row(
            name="openssl sign",
            includes="`openssl speed sm2`: SM3 of 20 bytes and the signature",
            turn=speed.turns_of("sign"),
        ),
        Row(
            name="SM2 sign, unchecked",
            includes="SM3 with Z, nonce from key, message and fresh randomness, blinded multiplication, DER",
            turn=timed(message, sign_unchecked),
            reference="openssl sign",
            aim=Aim(at_least=2, of="ratio"),
        ),
        Row(
            name="SM2 sign",
            includes="the same, and the signature verified before it leaves: what the service does",
            turn=timed(message, key.sign),
            reference="openssl sign",
        ),
        Row(
            name="openssl verify",
            includes="`openssl speed sm2`: SM3 of 20 bytes and the check",
            turn=speed.turns_of("verify"),
        ),
        Row(
            name="SM2 verify, pinned key",
            includes="SM3 with Z, strict DER, the check by a key whose table is ready, as pinned ones are",
            turn=timed(pinned, verify),
            reference="openssl verify",
        ),
        Row(
            name="SM2 verify, new key",
            includes="the same by a key not seen before",
            turn=timed(fresh, verify),
            reference="openssl verify",
        ),
    ]
