"""Signed checkpoints (C2SP tlog-checkpoint, signed-note), opened by cryptography's Ed25519."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certsvc.audit.judges.broken import JudgeError

_ED25519: Final = b"\x01"
_ID_BYTES: Final = 4
_DASH: Final = "\N{EM DASH} "


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a checkpoint says."""

    origin: str
    size: str
    root: bytes


def read_note(note: str, certificates: Sequence[bytes]) -> Told:
    """Read a checkpoint that one of several keys signed.

    Args:
        note: any text.
        certificates: of the keys (DER).

    Raises:
        JudgeError: it is no checkpoint, or none of the keys signed it.
    """
    text, blank, below = note.rpartition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) != 3:
        raise JudgeError("not three lines above a blank one")
    message = f"{text}\n".encode()
    signatures = [
        line.removeprefix(_DASH).split(" ") for line in below.splitlines() if line.startswith(_DASH)
    ]
    if not any(_signed(message, lines[0], words, one) for words in signatures for one in certificates):
        raise JudgeError("no key of the trust list signed it")
    return Told(origin=lines[0], size=lines[1], root=_bytes(lines[2]))


def _signed(message: bytes, origin: str, words: Sequence[str], certificate: bytes) -> bool:
    key = x509.load_der_x509_certificate(certificate).public_key()
    if len(words) != 2 or words[0] != origin or not isinstance(key, Ed25519PublicKey):
        return False
    content = _bytes(words[1])
    named = sha256(f"{origin}\n".encode() + _ED25519 + key.public_bytes_raw()).digest()[:_ID_BYTES]
    if content[:_ID_BYTES] != named:
        return False
    try:
        key.verify(content[_ID_BYTES:], message)
    except InvalidSignature:
        return False
    return True


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise JudgeError("no base64") from error
