"""Checkpoints: what the log promises of its whole content at one size (C2SP tlog-checkpoint)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from certsvc.translog.fault import LogFaultError
from certsvc.translog.hashing import HASH_BYTES
from certsvc.translog.note import Note, NoteKey, Sign, check_any, decoded, read_note, sign_note

PATH: Final = "/.well-known/certsvc/log"
"""Where a service serves its log."""
_SIZE: Final = re.compile("0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One state of a log."""

    origin: str
    """Names the log."""
    size: int
    """Leaves."""
    root: bytes
    """Root of their tree, 32 bytes."""

    @property
    def text(self) -> str:
        """What is signed: three lines."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode('ascii')}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """A checkpoint with the note that it came in."""

    checkpoint: Checkpoint
    note: Note
    key: NoteKey
    """The key of the log whose signature held."""


def sign_checkpoint(checkpoint: Checkpoint, key: NoteKey, sign: Sign) -> str:
    """Return the signed note of a checkpoint."""
    return str(Note(text=checkpoint.text, signatures=(sign_note(checkpoint.text, key, sign),)))


def read_checkpoint(text: str) -> Checkpoint:
    """Read what is signed; lines beyond the third are another program's business. LogFaultError."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines) or _SIZE.fullmatch(lines[1]) is None:
        raise LogFaultError("a checkpoint is an origin, a size and a root, each on a line")
    root = decoded(lines[2])
    if len(root) != HASH_BYTES:
        raise LogFaultError("the root of a checkpoint has 32 bytes")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def open_checkpoint(content: bytes, keys: Sequence[NoteKey]) -> SignedCheckpoint:
    """Read a signed checkpoint.

    Args:
        content: any bytes.
        keys: those of one log, which is named as they are.

    Raises:
        StrangeKeyError: no key of *keys* signed it.
        LogFaultError: it is none, or it is of another log.
    """
    note = read_note(content)
    key = check_any(note, keys)
    checkpoint = read_checkpoint(note.text)
    if checkpoint.origin != key.name:
        raise LogFaultError(f"a checkpoint of another log: {checkpoint.origin}")
    return SignedCheckpoint(checkpoint=checkpoint, note=note, key=key)


def origin_of(public_url: str) -> str:
    """Return the name of a service's log: where it is served, without the scheme."""
    return public_url.split("://", 1)[-1].rstrip("/") + PATH
