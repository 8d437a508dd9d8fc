"""The proof file: a leaf's opening, its place, the way to the root and the checkpoint, in one text.

The text is a C2SP tlog-proof, so that other programs check inclusion and signature; what opens the leaf
stands in the line that format leaves to applications.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from certsvc.domain.log_facts import SALT_BYTES, Opening, facts_text
from certsvc.translog.checkpoint import SignedCheckpoint, open_checkpoint
from certsvc.translog.fault import LogFaultError
from certsvc.translog.hashing import leaf_hash
from certsvc.translog.note import NoteKey, decoded
from certsvc.translog.proofs import check_inclusion

MEDIA_TYPE: Final = "text/plain; charset=utf-8"
LARGEST: Final = 128 * 1024
"""Bytes of a proof file that is read at all."""
_HEAD: Final = "c2sp.org/tlog-proof@v1"
_FORMAT: Final = 1
_LONGEST: Final = 63
_INDEX: Final = re.compile("index (0|[1-9][0-9]{0,18})", re.ASCII)
_EXTRA: Final = "extra "


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFile:
    """A proof file as it was read; nothing is checked yet."""

    opening: Opening
    place: int
    """Of the leaf, from 0."""
    proof: tuple[bytes, ...]
    """From the leaf's sibling up."""
    note: str
    """The signed checkpoint."""

    def __str__(self) -> str:
        """Return the file's text."""
        extra = {
            "format": _FORMAT,
            "salt": self.opening.salt.hex(),
            "facts": dict(self.opening.facts),
        }
        lines = [
            _HEAD,
            _EXTRA + _base64(json.dumps(extra, sort_keys=True, separators=(",", ":")).encode()),
            f"index {self.place}",
            *(_base64(one) for one in self.proof),
        ]
        return "\n".join(lines) + f"\n\n{self.note}"

    def check(self, keys: Sequence[NoteKey]) -> SignedCheckpoint:
        """Check the whole: the log's signature, the way to the root, and that the facts are the leaf's.

        Args:
            keys: those of the log that is trusted.

        Raises:
            LogFaultError: something does not hold; the text says what.
        """
        signed = open_checkpoint(self.note.encode(), keys)
        leaf = leaf_hash(self.opening.commitment)
        check_inclusion(leaf, self.place, signed.checkpoint.size, self.proof, signed.checkpoint.root)
        return signed


def read_proof(content: bytes) -> ProofFile:
    """Read a proof file; any bytes may be given. LogFaultError when it is none."""
    if len(content) > LARGEST:
        raise LogFaultError("larger than any proof")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise LogFaultError("a proof is UTF-8") from fault
    above, blank, note = text.partition("\n\n")
    head, *lines = above.split("\n")
    if not blank or head != _HEAD or len(lines) < 2 or not lines[0].startswith(_EXTRA):
        raise LogFaultError(f"a proof of this log begins with {_HEAD}, and the opening of its leaf")
    index = _INDEX.fullmatch(lines[1])
    if index is None or len(lines) - 2 > _LONGEST:
        raise LogFaultError("a proof names the place of its leaf, and then at most 63 hashes")
    return ProofFile(
        opening=_opening(decoded(lines[0].removeprefix(_EXTRA))),
        place=int(index[1]),
        proof=tuple(decoded(line) for line in lines[2:]),
        note=note,
    )


def _opening(content: bytes) -> Opening:
    try:
        said = json.loads(content, object_pairs_hook=_once)
        salt, facts = bytes.fromhex(said["salt"]), said["facts"]
        if said.keys() != {"format", "salt", "facts"} or said["format"] != _FORMAT or len(salt) != SALT_BYTES:
            raise ValueError("an opening of another kind")
        if not isinstance(facts, Mapping) or not all(_is_plain(one) for one in facts.values()):
            raise ValueError("facts are names and plain values")
        facts_text(facts)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as fault:
        raise LogFaultError(f"the opening of the leaf cannot be read: {fault}") from fault
    return Opening(salt=salt, facts=facts)


def _is_plain(value: object) -> bool:
    return value is None or (isinstance(value, str | int) and not isinstance(value, bool))


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _base64(content: bytes) -> str:
    return b64encode(content).decode("ascii")
