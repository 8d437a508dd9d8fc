"""Checks our own log against the register: every row, leaf, tile and checkpoint ever signed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from certsvc.domain.log_facts import Opening
from certsvc.errors import NotFoundError, RecordDamagedError
from certsvc.registry.port import ReadSession, Registry
from certsvc.registry.port_log import LogEntry, StoredCheckpoint
from certsvc.translog.checkpoint import open_checkpoint
from certsvc.translog.fault import LogFaultError
from certsvc.translog.hashing import EMPTY_ROOT, HASH_BYTES, leaf_hash, node_hash, root_of
from certsvc.translog.note import NoteKey
from certsvc.translog.tiles import WIDTH

_PAGE: Final = 2000
_FAULTS: Final = 100
"""Faults that are told; a log with more is lost in any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFault:
    """One thing wrong with the log or the register."""

    code: str
    """``ENTRY_DAMAGED``, ``ENTRY_MISSING``, ``FACT_ALTERED``, ``FACT_DAMAGED``, ``FACT_REMOVED``,
    ``FACT_UNLOGGED``, ``TILE_DIFFERS``, ``CHECKPOINT_DIFFERS`` or ``CHECKPOINT_UNSIGNED``."""
    detail: str


@dataclass(slots=True, kw_only=True)
class LogReport:
    """What a check of the whole log found."""

    size: int = 0
    """Leaves of the newest signed tree."""
    checkpoints: int = 0
    opened: int = 0
    """Entries whose commitment opened to the row of the register."""
    erased: int = 0
    """Entries whose salt was erased: their leaves are checked, what they say cannot be."""
    waiting: int = 0
    """Entries without a place yet, 1,000 at most are counted."""
    faults: list[LogFault] = field(default_factory=list)

    def add(self, code: str, detail: str) -> None:
        """Note a fault."""
        if len(self.faults) < _FAULTS:
            self.faults.append(LogFault(code=code, detail=detail))


def check_log(registry: Registry, keys: Sequence[NoteKey]) -> LogReport:
    """Recompute the whole tree from the rows and compare it with everything that was signed.

    Args:
        registry: the register and its log, read at one moment.
        keys: every key that is or was the log's.

    Raises:
        UnavailableError: the database is away.
    """
    report = LogReport()
    with registry.reading() as session:
        newest = session.newest_checkpoint()
        report.size = newest.size if newest is not None else 0
        tree = _Tree(session, report)
        signed = _signed(session)
        following = next(signed, None)
        for place, entry in _entries(session, report.size, report):
            if following is not None and place == following.size:
                following = _compare(tree, following, keys, report, signed)
            tree.add(_leaf(session, place, entry, report))
        while following is not None:
            following = _compare(tree, following, keys, report, signed)
        tree.end()
        report.waiting = len(session.log_waiting(1000))
        behind = ""
        while (stretch := session.unlogged(behind, _PAGE)).last:
            behind = stretch.last
            for fact in stretch.unlogged:
                report.add("FACT_UNLOGGED", f"nothing was logged about {fact}")
    return report


class _Tree:
    """The tree as the leaves make it, compared with the stored tiles as it grows."""

    def __init__(self, session: ReadSession, report: LogReport) -> None:
        self._session = session
        self._report = report
        self._levels: list[list[bytes]] = [[]]
        """The tile at the right edge of each level."""
        self._numbers: list[int] = [0]
        self._edge: list[tuple[int, bytes]] = []
        """Full subtrees from the left, each with its height."""

    def add(self, leaf: bytes) -> None:
        """Add a leaf."""
        height = 0
        found = leaf
        while self._edge and self._edge[-1][0] == height:
            found = node_hash(self._edge.pop()[1], found)
            height += 1
        self._edge.append((height, found))
        self._put(0, leaf)

    def root(self) -> bytes:
        """Return the root of what was added so far."""
        if not self._edge:
            return EMPTY_ROOT
        parts = [one for _, one in self._edge]
        found = parts.pop()
        while parts:
            found = node_hash(parts.pop(), found)
        return found

    def end(self) -> None:
        """Compare the tiles at the right edge."""
        for level, row in enumerate(self._levels):
            if row:
                self._compare(level, row)

    def _put(self, level: int, one: bytes) -> None:
        if level == len(self._levels):
            self._levels.append([])
            self._numbers.append(0)
        row = self._levels[level]
        row.append(one)
        if len(row) == WIDTH:
            self._compare(level, row)
            self._levels[level] = []
            self._numbers[level] += 1
            self._put(level + 1, root_of(row))

    def _compare(self, level: int, row: Sequence[bytes]) -> None:
        number = self._numbers[level]
        try:
            stored = self._session.log_tile(level, number)
        except RecordDamagedError:
            stored = None
        if stored != b"".join(row):
            self._report.add("TILE_DIFFERS", f"tile {level}/{number} is not the one its leaves make")


def _signed(session: ReadSession) -> Iterator[StoredCheckpoint]:
    size = -1
    while page := session.checkpoints_above(size, _PAGE):
        yield from page
        size = page[-1].size


def _compare(
    tree: _Tree,
    signed: StoredCheckpoint,
    keys: Sequence[NoteKey],
    report: LogReport,
    rest: Iterator[StoredCheckpoint],
) -> StoredCheckpoint | None:
    """Compare one checkpoint with the tree of its size; return the next one."""
    report.checkpoints += 1
    if tree.root() != signed.root:
        report.add("CHECKPOINT_DIFFERS", f"the {signed.size} leaves do not lead to the root signed for them")
    try:
        told = open_checkpoint(signed.note.encode(), keys).checkpoint
        if (told.size, told.root) != (signed.size, signed.root):
            raise LogFaultError("it is of another tree")
    except LogFaultError as fault:
        report.add("CHECKPOINT_UNSIGNED", f"the checkpoint of {signed.size} leaves: {fault}")
    return next(rest, None)


def _entries(session: ReadSession, size: int, report: LogReport) -> Iterator[tuple[int, LogEntry | None]]:
    """Yield every place of the tree with its entry, None where there is no sound one."""
    place = 0
    while place < size:
        limit = min(_PAGE, size - place)
        try:
            page = session.log_entries_from(place, limit)
        except RecordDamagedError:
            page = _one_by_one(session, place, limit)
        found = {entry.place: entry for entry in page}
        for at in range(place, place + limit):
            yield at, found.get(at)
        place += limit


def _one_by_one(session: ReadSession, place: int, limit: int) -> list[LogEntry]:
    found: list[LogEntry] = []
    for at in range(place, place + limit):
        try:
            found += session.log_entries_from(at, 1)
        except RecordDamagedError:
            continue
    return found


def _leaf(session: ReadSession, place: int, entry: LogEntry | None, report: LogReport) -> bytes:
    """Return the leaf of a place as its entry has it, having compared the entry with the register."""
    if entry is None:
        report.add("ENTRY_MISSING", f"the entry of leaf {place} is gone, or fails its MAC")
        number, within = divmod(place, WIDTH)
        try:
            hashes = session.log_tile(0, number) or b""
        except RecordDamagedError:
            hashes = b""
        # The rest of the tree is checked all the same, with what was published of this leaf.
        return hashes[within * HASH_BYTES :][:HASH_BYTES] or bytes(HASH_BYTES)
    about = f"leaf {place}, {entry.kind} {entry.fact}"
    if entry.salt is None:
        report.erased += 1
    else:
        try:
            opening = Opening(salt=entry.salt, facts=session.log_facts_of(entry))
        except NotFoundError:
            report.add("FACT_REMOVED", f"{about}: its row is gone from the register")
        except RecordDamagedError as error:
            report.add("FACT_DAMAGED", f"{about}: {error.note}")
        else:
            if opening.commitment == entry.commitment:
                report.opened += 1
            else:
                report.add("FACT_ALTERED", f"{about}: the register says something else than was logged")
    return leaf_hash(entry.commitment)
