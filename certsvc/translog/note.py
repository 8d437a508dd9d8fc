"""Signed notes and their keys, as C2SP signed-note and tlog-cosignature describe them: Ed25519 and no other.

A note is a text and, below a blank line, signature lines; lines by keys nobody asked about are passed over.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certsvc.translog.fault import LogFaultError, StrangeKeyError

LARGEST: Final = 64 * 1024
"""Bytes of a note that is read at all."""
ED25519: Final = 1
COSIGNATURE: Final = 4
"""Kinds of signatures: of the text alone; of the text and the instant at which a witness saw it."""
_SIGNATURES: Final = 64
_KEY_BYTES: Final = 32
_ID_BYTES: Final = 4
_TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64
_LINE: Final = re.compile("\N{EM DASH} ([^ \n]+) ([A-Za-z0-9+/=]+)")
_NAME: Final = re.compile(r"[^\s+]+")
_CONTROL: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f]")

Sign = Callable[[bytes], bytes]
"""Signs a message with an Ed25519 key (RFC 8032): 64 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKey:
    """A key that signs notes, under its name."""

    name: str
    public: bytes
    """Ed25519, 32 bytes."""
    kind: int = ED25519

    def __post_init__(self) -> None:
        """Refuse what no note could name."""
        if not _NAME.fullmatch(self.name) or not self.name.isprintable():
            raise LogFaultError("the name of a key has no blank and no plus in it")
        if len(self.public) != _KEY_BYTES or self.kind not in (ED25519, COSIGNATURE):
            raise LogFaultError("only Ed25519 keys are read")

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        """Return the key as one line of text: name, id and key with plus signs between."""
        return (
            f"{self.name}+{self.key_id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode('ascii')}"
        )


def key_of(certificate: bytes, name: str) -> NoteKey:
    """Return the key of a certificate (DER) under a name. LogFaultError when it is no Ed25519 key."""
    public = x509.load_der_x509_certificate(certificate).public_key()
    if not isinstance(public, Ed25519PublicKey):
        raise LogFaultError("only Ed25519 keys are read")
    return NoteKey(name=name, public=public.public_bytes_raw())


def read_key(text: str) -> NoteKey:
    """Read a key as ``str(key)`` writes it. LogFaultError for anything else."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise LogFaultError("a key is a name, an id and a key with plus signs between")
    material = decoded(parts[2])
    key = NoteKey(name=parts[0], public=material[1:], kind=material[0] if material else 0)
    if str(key) != text:
        raise LogFaultError("the id of the key is not the one of its name and bytes")
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line."""

    name: str
    key_id: bytes
    content: bytes

    def __str__(self) -> str:
        """Return the line, without its line break."""
        return f"\N{EM DASH} {self.name} {b64encode(self.key_id + self.content).decode('ascii')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note as it was read; whether a signature holds is not known yet."""

    text: str
    """With the line break at its end."""
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        """Return the whole note."""
        return f"{self.text}\n" + "".join(f"{one}\n" for one in self.signatures)

    def check(self, key: NoteKey) -> int | None:
        """Check that *key* signed the note.

        Returns:
            For a cosignature the instant it names, in seconds since 1970; else None.

        Raises:
            LogFaultError: it did not, or one of its signatures does not hold.
        """
        mine = [one for one in self.signatures if (one.name, one.key_id) == (key.name, key.key_id)]
        if not mine:
            raise LogFaultError(f"not signed by {key.name} ({key.key_id.hex()})")
        instants = [_check(self.text, one, key) for one in mine]
        return instants[0]

    def with_signature(self, signature: Signature) -> Note:
        """Return the note with one more signature."""
        return Note(text=self.text, signatures=(*self.signatures, signature))


def read_note(content: bytes) -> Note:
    """Read a note; any bytes may be given. LogFaultError when it is none."""
    if len(content) > LARGEST:
        raise LogFaultError("larger than any note")
    try:
        whole = content.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise LogFaultError("a note is UTF-8") from fault
    above, blank, below = whole.rpartition("\n\n")
    if not blank or not below.endswith("\n") or _CONTROL.search(whole):
        raise LogFaultError("a note is a text, a blank line and signatures")
    lines = below.removesuffix("\n").split("\n")
    if len(lines) > _SIGNATURES:
        raise LogFaultError("more signatures than are read")
    return Note(text=f"{above}\n", signatures=tuple(_signature(line) for line in lines))


def sign_note(text: str, key: NoteKey, sign: Sign) -> Signature:
    """Sign a note's text, which ends with a line break."""
    return Signature(name=key.name, key_id=key.key_id, content=sign(text.encode()))


def cosign(text: str, key: NoteKey, sign: Sign, *, at: int) -> Signature:
    """Sign as a witness that saw a checkpoint's *text* at an instant, in seconds since 1970."""
    content = at.to_bytes(_TIME_BYTES, "big") + sign(_cosigned(text, at))
    return Signature(name=key.name, key_id=key.key_id, content=content)


def decoded(text: str) -> bytes:
    """Decode base64 (RFC 4648, section 4); only the one spelling of the bytes is taken. LogFaultError."""
    try:
        content = b64decode(text, validate=True)
    except (ValueError, binascii.Error) as fault:
        raise LogFaultError("not base64") from fault
    if b64encode(content).decode("ascii") != text:
        raise LogFaultError("base64 in another spelling than the one that is written")
    return content


def _signature(line: str) -> Signature:
    found = _LINE.fullmatch(line)
    if found is None:
        raise LogFaultError("a signature line is a dash, a name and base64")
    content = decoded(found[2])
    if len(content) <= _ID_BYTES:
        raise LogFaultError("a signature line without a signature")
    return Signature(name=found[1], key_id=content[:_ID_BYTES], content=content[_ID_BYTES:])


def _check(text: str, signature: Signature, key: NoteKey) -> int | None:
    content, message, instant = signature.content, text.encode(), None
    if key.kind == COSIGNATURE:
        instant = int.from_bytes(content[:_TIME_BYTES], "big")
        content, message = content[_TIME_BYTES:], _cosigned(text, instant)
    if len(content) != _SIGNATURE_BYTES:
        raise LogFaultError(f"the signature of {key.name} has another length")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(content, message)
    except (InvalidSignature, ValueError) as fault:
        raise LogFaultError(f"the signature of {key.name} does not hold") from fault
    return instant


def _cosigned(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def check_any(note: Note, keys: Sequence[NoteKey]) -> NoteKey:
    """Return the first of *keys* that signed the note.

    Raises:
        StrangeKeyError: none did.
        LogFaultError: a signature by one of them does not hold.
    """
    mine = {(one.name, one.key_id) for one in note.signatures}
    signed = [key for key in keys if (key.name, key.key_id) in mine]
    if not signed:
        raise StrangeKeyError("signed by no key that is trusted for this log")
    for key in signed:
        note.check(key)
    return signed[0]
