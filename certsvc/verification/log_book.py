"""Reading the transparency log: what is published of it, the proof of one entry, and a report's finding."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import Final

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy
from certsvc.domain.log_facts import Opening
from certsvc.domain.report import Check, Finding, Result
from certsvc.errors import NotFoundError, RecordDamagedError, UnavailableError
from certsvc.registry.noting import facts_of_copy
from certsvc.registry.port import ReadSession, Registry
from certsvc.registry.port_log import LogEntry, StoredCheckpoint
from certsvc.sealing.port import PinnedKey
from certsvc.translog.fault import LogFaultError
from certsvc.translog.growing import cut
from certsvc.translog.hashing import HASH_BYTES, leaf_hash
from certsvc.translog.note import NoteKey, key_of
from certsvc.translog.proof_file import ProofFile
from certsvc.translog.tiles import WIDTH, Tile, TiledTree, tile_at

_KEPT: Final = 1024
"""Full tiles held in memory, 8 KB each; a full tile never changes."""
_LENGTH_BYTES: Final = 2
_NOT_YET_S: Final = 2
"""Seconds after which an entry has its place: what is added within a second is signed at its end."""


class LogBook:
    """The log as it is now; threads may share it."""

    def __init__(self, *, registry: Registry, keys: Callable[[], Sequence[PinnedKey]], origin: str) -> None:
        """Take where the log lies, who returns its keys, and its name."""
        self.origin = origin
        self._registry = registry
        self._keys = keys
        self._full: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._lock = Lock()

    @property
    def keys(self) -> tuple[NoteKey, ...]:
        """Every key that is or was the log's."""
        return tuple(key_of(key.certificate, self.origin) for key in self._keys())

    def checkpoint(self) -> StoredCheckpoint:
        """Return the newest checkpoint.

        Raises:
            NotFoundError: nothing was signed yet.
        """
        with self._registry.reading() as session:
            newest = session.newest_checkpoint()
        if newest is None:
            raise NotFoundError
        return newest

    def tile(self, level: int, number: int, width: int) -> bytes:
        """Return *width* hashes of a tile.

        Raises:
            NotFoundError: the signed tree does not have it, or not so wide.
        """
        with self._registry.reading() as session:
            self._check_signed(session, level, number, width)
            return self._fetch(session, Tile(level=level, number=number, width=width))

    def entries(self, number: int, width: int) -> bytes:
        """Return *width* entries, 256 to a bundle: each its length in two bytes, then the commitment.

        Raises:
            NotFoundError: the signed tree does not have them.
        """
        with self._registry.reading() as session:
            self._check_signed(session, 0, number, width)
            found = session.log_entries_from(number * WIDTH, width)
        if [entry.place for entry in found] != list(range(number * WIDTH, number * WIDTH + width)):
            raise RecordDamagedError("entries of the log are missing")
        return b"".join(
            len(entry.commitment).to_bytes(_LENGTH_BYTES, "big") + entry.commitment for entry in found
        )

    def proof_of_token(self, token: str) -> ProofFile:
        """Return the proof that a copy was logged, found by its canonical token; errors as proof()."""
        with self._registry.reading() as session:
            copy = session.find_copy_by_token(token)
            if copy is None:
                raise NotFoundError
            return self._proof(session, copy.copy_id)

    def proof(self, fact: str) -> ProofFile:
        """Return the proof that a copy, an event or what befell a key was logged.

        Args:
            fact: id of the copy or event.

        Raises:
            NotFoundError: nothing was logged about it, or what opens the entry was erased.
            UnavailableError: the entry has no place in a signed tree yet; it has within seconds.
            RecordDamagedError: the entry does not say what the register says.
        """
        with self._registry.reading() as session:
            return self._proof(session, fact)

    def inclusion(self, place: int) -> tuple[bytes, tuple[bytes, ...], StoredCheckpoint]:
        """Return a leaf, the way from its sibling to the root, and the checkpoint with that root.

        Raises:
            NotFoundError: the signed tree has no such place.
            RecordDamagedError: a tile is missing.
        """
        with self._registry.reading() as session:
            checkpoint = session.newest_checkpoint()
            if checkpoint is None or not 0 <= place < checkpoint.size:
                raise NotFoundError
            return (*self._way(session, place, checkpoint.size), checkpoint)

    def finding(self, copy: Copy, version: CertificateVersion) -> Finding:
        """Tell whether a DONE copy stands in the tree as the register has it."""
        try:
            with self._registry.reading() as session:
                return self.finding_in(session, copy, version)
        except UnavailableError:
            return _finding(Result.UNKNOWN, "LOG_AWAY")

    def finding_in(self, session: ReadSession, copy: Copy, version: CertificateVersion) -> Finding:
        """Tell the same by a view of the register that is open already; UnavailableError when it is lost."""
        try:
            entry = session.find_log_entry(copy.copy_id)
            leaf = None if entry is None or entry.place is None else self._leaf(session, entry.place)
        except RecordDamagedError:
            return _finding(Result.UNKNOWN, "LOG_DAMAGED")
        if entry is None:
            return _finding(Result.UNKNOWN, "LOG_WITHOUT_ENTRY")
        if entry.salt is not None:
            opening = Opening(salt=entry.salt, facts=facts_of_copy(copy, version))
            if opening.commitment != entry.commitment:
                return _finding(Result.FAIL, "LOG_CONTRADICTS")
        if leaf is None:
            return _finding(Result.UNKNOWN, "LOG_NOT_YET")
        if leaf != leaf_hash(entry.commitment):
            return _finding(Result.FAIL, "LOG_CONTRADICTS")
        return _finding(Result.PASS, "LOGGED")

    def _proof(self, session: ReadSession, fact: str) -> ProofFile:
        entry = session.find_log_entry(fact)
        if entry is None or entry.salt is None:
            raise NotFoundError
        if entry.place is None:
            raise UnavailableError("the entry is not in a signed checkpoint yet", retry_after_s=_NOT_YET_S)
        checkpoint = session.newest_checkpoint()
        if checkpoint is None:
            raise RecordDamagedError("an entry has a place and nothing was signed")
        opening = _opening(session, entry, entry.salt)
        leaf, proof = self._way(session, entry.place, checkpoint.size)
        if leaf != leaf_hash(entry.commitment):
            raise RecordDamagedError("the tree holds another leaf than the entry")
        return ProofFile(opening=opening, place=entry.place, proof=proof, note=checkpoint.note)

    def _way(self, session: ReadSession, place: int, size: int) -> tuple[bytes, tuple[bytes, ...]]:
        try:
            tree = TiledTree(size, partial(self._fetch, session))
            return tree.leaf(place), tuple(tree.inclusion(place))
        except LogFaultError as fault:
            raise RecordDamagedError(f"the log is damaged: {fault}") from fault

    def _leaf(self, session: ReadSession, place: int) -> bytes:
        number, within = divmod(place, WIDTH)
        hashes = self._fetch(session, Tile(level=0, number=number, width=within + 1))
        return hashes[within * HASH_BYTES : (within + 1) * HASH_BYTES]

    def _check_signed(self, session: ReadSession, level: int, number: int, width: int) -> None:
        """Refuse what no signed tree had: NotFoundError."""
        newest = session.newest_checkpoint()
        try:
            widest = tile_at(level, number, newest.size if newest is not None else 0).width
        except LogFaultError as fault:
            raise NotFoundError from fault
        if width > widest:
            raise NotFoundError

    def _fetch(self, session: ReadSession, tile: Tile) -> bytes:
        """Return a tile, cut to the width asked for."""
        place = tile.level, tile.number
        with self._lock:
            content = self._full.get(place)
            if content is not None:
                self._full.move_to_end(place)
        if content is None:
            content = session.log_tile(tile.level, tile.number)
            if content is not None and len(content) == WIDTH * HASH_BYTES:
                self._keep(place, content)
        found = None if content is None else cut(content, tile)
        if found is None:
            raise RecordDamagedError(f"tile {tile.path} of the log is missing")
        return found

    def _keep(self, place: tuple[int, int], content: bytes) -> None:
        with self._lock:
            self._full[place] = content
            while len(self._full) > _KEPT:
                self._full.popitem(last=False)


def _opening(session: ReadSession, entry: LogEntry, salt: bytes) -> Opening:
    opening = Opening(salt=salt, facts=session.log_facts_of(entry))
    if opening.commitment != entry.commitment:
        raise RecordDamagedError("the register says something else than what was logged")
    return opening


def _finding(result: Result, code: str) -> Finding:
    return Finding(check=Check.LOG, result=result, code=code)
