"""Gives log entries their places in the tree and signs checkpoints; apart from whoever writes entries.

One at a time over all machines, each round one transaction: places, tiles and checkpoint are committed
together or not at all, and nothing is shown before. Killed at any moment and run again, it goes on with the
same tree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from threading import Lock
from typing import Final

import structlog

from certsvc.domain.clock import Clock
from certsvc.errors import CertsvcError, RecordDamagedError, UnavailableError
from certsvc.issuing.anchor import Anchor
from certsvc.registry.port import ReadSession, Registry, WriteSession
from certsvc.registry.port_log import LOGGING, StoredCheckpoint
from certsvc.sealing.port import Signer
from certsvc.translog.checkpoint import Checkpoint, sign_checkpoint
from certsvc.translog.fault import LogFaultError
from certsvc.translog.growing import Growth, cut, grow
from certsvc.translog.hashing import EMPTY_ROOT, leaf_hash
from certsvc.translog.note import key_of
from certsvc.translog.proofs import check_consistency
from certsvc.translog.tiles import Tile, TiledTree

ROUND: Final = 1000
"""Entries of one transaction: who issues waits for it no longer than for another chunk."""
_LATE: Final = 200
"""Facts that are looked at, and logged late, in one transaction."""
_LOOKED_AT: Final = 5000
"""Facts that are looked at by one statement, which has seconds, where nothing is written."""

_log = structlog.get_logger("certsvc.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """What advancing the log did."""

    placed: int
    """Entries that were given a place."""
    size: int
    """Leaves of the tree now."""


class Sequencer:
    """Advances the log of one registry; any number of processes may have one."""

    def __init__(
        self,
        *,
        registry: Registry,
        signer: Callable[[], Signer],
        origin: str,
        clock: Clock,
        anchor: Anchor,
        before: Callable[[], object] | None = None,
    ) -> None:
        """Take what it works with; nothing is started yet.

        Args:
            registry: holds entries, tiles and checkpoints.
            signer: returns the log's Ed25519 key.
            origin: names the log.
            clock: stamps checkpoints.
            anchor: what this machine remembers.
            before: done with each turn, before it looks whether anything waits.
        """
        self._before = before
        self._registry = registry
        self._signer = signer
        self._origin = origin
        self._clock = clock
        self._anchor = anchor
        self._size: int | None = None
        """Of the tree that was last compared with what this machine remembers."""
        self._turn = Lock()
        self._fault: CertsvcError | None = None

    def advance(self, rounds: int | None = None) -> Advance:
        """Give every entry that waits a place, and sign what the tree then is.

        Args:
            rounds: do so for ROUND entries as often at most; None until nothing waits. The first round of a
                log takes all there are.

        Raises:
            KeyMaterialError: there is no key for the log.
            RecordDamagedError: the log is not what was signed before: rolled back, or changed by hand.
            UnavailableError: the database is away, or what was made before the log was not adopted.
        """
        placed = 0
        with self._turn:
            for turn in count(1):
                done, size = self._round()
                placed += done
                if done < ROUND or turn == rounds:
                    break
        return Advance(placed=placed, size=size)

    def adopt(self) -> int:
        """Log copies and events of before there was a log; returns how many.

        A stretch of them at a time is committed. Ended in between and begun again, it passes over what it
        logged before.

        Raises:
            UnavailableError: the log holds something already: what is missing now was taken out of it.
        """
        adopted, behind = 0, ""
        while True:
            with self._registry.writing() as session:
                session.hold([LOGGING])
                newest = session.newest_checkpoint()
                stretch = session.unlogged(behind, _LATE)
                # A server beside begins the log as soon as nothing is missing: what is looked at after that
                # has its entry.
                if newest is not None and newest.size > 0 and (not behind or stretch.unlogged):
                    raise UnavailableError("the log has leaves; facts without an entry are for an inquiry")
                for fact in stretch.unlogged:
                    session.log_late(fact)
            adopted += len(stretch.unlogged)
            behind = stretch.last
            if not behind:
                return adopted

    def check(self) -> None:
        """Raise what keeps the log of this process from advancing, if anything does."""
        if self._fault is not None:
            raise self._fault

    def take_turn(self) -> None:
        """Advance if anything waits; what keeps it from that is logged, and kept for check()."""
        try:
            if self._before is not None:
                self._before()
            if self._is_wanted():
                self.advance()
            self._fault = None
        except CertsvcError as error:
            if self._fault is None or (self._fault.code, self._fault.note) != (error.code, error.note):
                _log.warning("the log does not advance", code=error.code, note=error.note)
            self._fault = error
        except Exception as error:  # noqa: BLE001  # a defect must not end the log for good
            _log.error("the log does not advance", error=type(error).__name__)
            self._fault = UnavailableError("a defect keeps the log from advancing")

    def _is_wanted(self) -> bool:
        """Look without holding anybody up."""
        with self._registry.reading() as session:
            newest = session.newest_checkpoint()
            if newest is None or newest.size == 0:
                # All rows are gone through for this: not each second while others wait to write.
                self._check_remembered(session, newest)
                self._check_adopted(session)
            return newest is None or newest.size != self._size or bool(session.log_waiting(1))

    def _round(self) -> tuple[int, int]:
        placed = 0
        with self._registry.writing() as session:
            session.hold([LOGGING])
            newest = session.newest_checkpoint()
            self._check_remembered(session, newest)
            begun = newest is not None and newest.size > 0
            if not begun:
                self._check_adopted(session)
            size, root = (newest.size, newest.root) if newest is not None else (0, EMPTY_ROOT)
            while entries := session.log_to_place(ROUND):
                growth = _grown(session, size, root, [leaf_hash(entry.commitment) for entry in entries])
                session.place_log_entries(entries, size)
                size, root, placed = growth.size, growth.root, placed + len(entries)
                # The first checkpoint holds all there was before it: a copy made before the log was begun
                # is told by that from one whose entry came late.
                if begun or len(entries) < ROUND:
                    break
            note = newest.note if newest is not None and not placed else self._sign(session, size, root)
        if size != self._size:
            self._anchor.write(note)
        self._size = size
        return placed, size

    def _check_adopted(self, session: ReadSession) -> None:
        """Refuse to begin a log that would leave out for ever what was made before it."""
        # Without a key nothing is signed: no need to look at every row for that, each second anew.
        self._signer()
        behind = ""
        while (stretch := session.unlogged(behind, _LOOKED_AT)).last:
            behind = stretch.last
            if stretch.unlogged:
                raise UnavailableError("the register has facts of before the log; run: certsvc log adopt")

    def _sign(self, session: WriteSession, size: int, root: bytes) -> str:
        """Write the checkpoint of the tree as it is now; return the signed note."""
        signer = self._signer()
        checkpoint = Checkpoint(origin=self._origin, size=size, root=root)
        note = sign_checkpoint(checkpoint, key_of(signer.certificate, self._origin), signer.sign)
        session.add_checkpoint(StoredCheckpoint(size=size, root=root, note=note, at=self._clock.now()))
        return note

    def _check_remembered(self, session: ReadSession, newest: StoredCheckpoint | None) -> None:
        """Refuse to go on with a log that is not the one this machine signed last."""
        remembered = self._anchor.read()
        if remembered is None:
            return
        if newest is None or newest.size < remembered.size:
            raise RecordDamagedError(
                f"the log was rolled back: this machine signed {remembered.size} leaves, the database has "
                f"{0 if newest is None else newest.size}; an older copy was restored. Signing on would make "
                "two histories: see docs/transparency-log.md"
            )
        try:
            tree = TiledTree(newest.size, partial(_stored_tile, session))
            proof = tree.consistency(remembered.size)
            check_consistency(remembered.size, newest.size, proof, remembered.root, newest.root)
        except LogFaultError as fault:
            raise RecordDamagedError(
                f"the log is not the one this machine signed at {remembered.size} leaves: {fault}"
            ) from fault


def _grown(session: WriteSession, size: int, root: bytes, leaves: list[bytes]) -> Growth:
    """Write the tiles of a tree with more leaves."""
    fetch = partial(_stored_tile, session)
    try:
        if TiledTree(size, fetch).root() != root:
            raise LogFaultError(f"the tiles do not lead to the root signed for {size} leaves")
        growth = grow(size, leaves, fetch)
    except LogFaultError as fault:
        raise RecordDamagedError(f"the log is damaged: {fault}") from fault
    for (level, number), hashes in growth.tiles.items():
        session.put_log_tile(level, number, hashes)
    return growth


def _stored_tile(session: ReadSession, tile: Tile) -> bytes:
    content = session.log_tile(tile.level, tile.number)
    found = None if content is None else cut(content, tile)
    if found is None:
        raise LogFaultError(f"tile {tile.path} is missing")
    return found
