"""The transparency log: entries placed and signed, and a proof out of a large tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Final

from bench.measure import timed
from bench.row import Aim, Row
from bench.stage import Stage
from certsvc.domain.key_events import KeyEvent
from certsvc.issuing.anchor import Anchor
from certsvc.issuing.sequencer import ROUND, Sequencer
from certsvc.registry.port_log import StoredCheckpoint
from certsvc.registry.sql import SQLRegistry, migrate, open_registry
from certsvc.translog.checkpoint import Checkpoint, origin_of, sign_checkpoint
from certsvc.translog.growing import grow
from certsvc.translog.hashing import leaf_hash
from certsvc.translog.note import key_of
from certsvc.translog.proofs import check_inclusion
from certsvc.translog.tiles import Tile
from certsvc.translog.witness import look
from certsvc.verification.log_book import LogBook
from certsvc.wiring import SystemClock

TITLE: Final = "Transparency log of 1,000,000 leaves (SQLite)"
PLACE: Final = 85
HEAVY: Final = "a tree of 1,000,000 leaves"
LEAVES: Final = 1_000_000
_CHUNK: Final = 200


def rows(stage: Stage) -> Sequence[Row]:
    """Measure the log from both ends."""
    log = cache(partial(_Log, stage))
    return [
        Row(
            name="entries noted with their facts",
            includes=f"{_CHUNK} entries in one transaction that writes nothing else, committed",
            turn=timed(log, lambda held: held.note(_CHUNK, held.apart)),
            durable=True,
            unit="entries/s",
            amount=_CHUNK,
        ),
        Row(
            name="entries placed in the tree",
            includes=f"{ROUND:,} entries in one transaction: rows checked, places, tiles, checkpoint signed "
            "(Ed25519), committed",
            turn=timed(lambda: log().with_waiting(ROUND), lambda held: held.advance()),
            durable=True,
            unit="entries/s",
            amount=ROUND,
        ),
        Row(
            name="inclusion proof",
            includes="of a random leaf: tiles read out of the database, their MACs checked, all hashed",
            turn=timed(_place(stage), lambda place: log().fresh_book().inclusion(place)),
            aim=Aim(at_least=1000, of="rate"),
        ),
        Row(
            name="whole look of a witness",
            includes="every leaf hash read out of the database, every tile and the root recomputed",
            turn=timed(log, lambda held: held.watch()),
            most_turns=3,
            unit="leaves/s",
            amount=LEAVES,
        ),
        Row(
            name="inclusion proof checked",
            includes="the way to the root hashed; the checkpoint's signature is not in it",
            turn=timed(lambda: log().proof(_place(stage)()), lambda proof: check_inclusion(*proof)),
        ),
    ]


def _place(stage: Stage) -> Callable[[], int]:
    return lambda: stage.random.randrange(LEAVES)


class _Log:
    """A register of its own with a grown log."""

    def __init__(self, stage: Stage) -> None:
        folder = stage.settings.data_dir / "log-rows"
        folder.mkdir(parents=True)
        self._registry, self.apart = (_registry(folder / name, stage) for name in ("log.db", "apart.db"))
        self._clock = SystemClock()
        self._order = count(1)
        self._keystore = stage.keystore
        self._origin = origin_of(stage.settings.public_url)
        self._fill()
        self._sequencer = Sequencer(
            registry=self._registry,
            signer=lambda: self._keystore.service_signer("log", self._clock.now()),
            origin=self._origin,
            clock=self._clock,
            anchor=Anchor(folder / "checkpoint"),
        )
        self.book = self.fresh_book()
        """A reader that keeps what it has met."""

    def _fill(self) -> None:
        """Grow the tree without entries: what is measured reads tiles and appends."""
        growth = grow(0, [leaf_hash(b"%d" % place) for place in range(LEAVES)], _no_tile)
        signer = self._keystore.service_signer("log", self._clock.now())
        note = sign_checkpoint(
            Checkpoint(origin=self._origin, size=growth.size, root=growth.root),
            key_of(signer.certificate, self._origin),
            signer.sign,
        )
        with self._registry.writing() as session:
            for (level, number), hashes in growth.tiles.items():
                session.put_log_tile(level, number, hashes)
            session.add_checkpoint(
                StoredCheckpoint(size=growth.size, root=growth.root, note=note, at=self._clock.now())
            )

    def fresh_book(self) -> LogBook:
        """Return a reader that has met no tile yet."""
        keys = partial(self._keystore.service_keys, "log")
        return LogBook(registry=self._registry, keys=keys, origin=self._origin)

    def with_waiting(self, many: int) -> _Log:
        """Return the log with so many more entries that wait."""
        self.note(many, self._registry)
        return self

    def note(self, many: int, registry: SQLRegistry) -> None:
        """Write entries."""
        now = self._clock.now()
        with registry.writing() as session:
            for _ in range(many):
                # Another event each time: one that is known is not logged again.
                since = now + timedelta(microseconds=next(self._order))
                session.record_key_event(
                    KeyEvent(action="rotate", key_id="p256-0123456789ab", at=now, since=since)
                )

    def advance(self) -> None:
        """Place what one transaction places."""
        self._sequencer.advance(rounds=1)

    def watch(self) -> None:
        """Look as a witness does at the first time."""
        stored = self.book.checkpoint()
        look(stored.note.encode(), None, self.book.keys, self._tile)

    def _tile(self, tile: Tile) -> bytes:
        return self.book.tile(tile.level, tile.number, tile.width)

    def proof(self, place: int) -> tuple[bytes, int, int, Sequence[bytes], bytes]:
        """Return a proof as check_inclusion takes it."""
        leaf, proof, checkpoint = self.book.inclusion(place)
        return leaf, place, checkpoint.size, proof, checkpoint.root


def _registry(path: Path, stage: Stage) -> SQLRegistry:
    url = f"sqlite:///{path}"
    migrate(url)
    opened = open_registry(url, bytes(32))
    stage.exits.callback(opened.close)
    return opened


def _no_tile(tile: Tile) -> bytes:
    raise AssertionError(f"an empty tree was asked for tile {tile.path}")
