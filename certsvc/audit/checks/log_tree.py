"""The tree of the log, grown again from the entries: places, tiles, and every checkpoint that was signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from certsvc.audit.defect import Defect, plain
from certsvc.audit.judges.broken import JudgeError
from certsvc.audit.judges.note import read_note
from certsvc.audit.merkle import WIDTH, Tree
from certsvc.audit.premises import Bench, Scope
from certsvc.domain.clock import CLOCK_SLACK
from certsvc.registry.rows import Record

_HASH_BYTES = 32


def check_log_tree(bench: Bench, scope: Scope) -> Iterator[Defect]:
    """Grow the tree up to the newest checkpoint. What is placed meanwhile is beyond it, and not looked at."""
    del scope
    log = bench.review.log
    for number, place in log.misplaced():
        yield Defect(code="LOG_PLACE_WRONG", kind="log_entry", id=str(number), detail=f"place {place}")
    size = log.newest()
    if size is None:
        return
    signed = _Signed(bench, size)
    tree = Tree()
    yield from signed.reached(tree)
    for place, number, entry in log.leaves(size):
        if place < tree.size:
            yield Defect(
                code="LOG_PLACE_WRONG", kind="log_entry", id=str(number), detail=f"place {place} twice"
            )
            continue
        if place > tree.size:
            yield from _missing(bench, signed, tree, place)
        # That a row is damaged is told already; what was published of it stands in for it.
        full = (
            tree.add_hash(_published(bench, place))
            if entry is None
            else tree.add(entry.content("commitment"))
        )
        yield from _full(bench, full)
        yield from signed.reached(tree)
    if tree.size < size:
        yield from _missing(bench, signed, tree, size)
    yield from _edge(bench, tree)
    yield from signed.told()


class _Signed:
    """The checkpoints, met one after the other as the tree grows."""

    def __init__(self, bench: Bench, size: int) -> None:
        self._keys = bench.premises.log_keys
        self._rows = bench.review.log.checkpoints(size)
        self._next = next(self._rows, None)
        self._latest: datetime | None = None
        self._origin: str | None = None
        self._differs: list[int] = []

    def reached(self, tree: Tree) -> Iterator[Defect]:
        """Judge the checkpoint of the tree's size, if one was signed."""
        while self._next is not None and self._next.whole("size") <= tree.size:
            yield from self._judged(self._next, tree)
            self._next = next(self._rows, None)

    def told(self) -> Iterator[Defect]:
        """Tell of the roots that differ once: what is wrong with a leaf is wrong with every later tree."""
        if self._differs:
            first, *others = self._differs
            detail = f"and {len(others)} later ones" if others else ""
            yield Defect(code="LOG_ROOT_DIFFERS", kind="log_checkpoint", id=str(first), detail=detail)

    def _judged(self, record: Record, tree: Tree) -> Iterator[Defect]:
        size, at = record.whole("size"), record.instant("at")
        if record.content("root") != tree.root:
            self._differs.append(size)
        if wrong := self._wrong(record):
            yield _checkpoint("LOG_CHECKPOINT_UNSIGNED", size, wrong)
        if self._latest is not None and at < self._latest - CLOCK_SLACK:
            yield _checkpoint("LOG_CHECKPOINT_ORDER", size, "")
        self._latest = at if self._latest is None else max(at, self._latest)

    def _wrong(self, record: Record) -> str:
        try:
            told = read_note(record.text("note"), self._keys)
        except JudgeError as error:
            return error.why
        if (told.size, told.root) != (str(record.whole("size")), record.content("root")):
            return "of another tree"
        if self._origin not in (None, told.origin):
            return plain(f"of another log: {told.origin}")
        self._origin = told.origin
        return ""


def _missing(bench: Bench, signed: _Signed, tree: Tree, end: int) -> Iterator[Defect]:
    """Tell of places that no entry has, and fill them with what was published of them."""
    first, last = tree.size, end - 1
    where = f"place {first}" if first == last else f"places {first} to {last}"
    yield Defect(code="LOG_PLACE_WRONG", kind="log_entry", id=where)
    for place in range(first, end):
        yield from _full(bench, tree.add_hash(_published(bench, place)))
        yield from signed.reached(tree)


def _published(bench: Bench, place: int) -> bytes:
    number, within = divmod(place, WIDTH)
    _, hashes = bench.review.log.tile(0, number)
    return hashes[within * _HASH_BYTES :][:_HASH_BYTES]


def _full(bench: Bench, tiles: Iterator[tuple[int, int, bytes]]) -> Iterator[Defect]:
    for level, number, made in tiles:
        there, hashes = bench.review.log.tile(level, number)
        # Without hashes its row is damaged, which is told already.
        if not there or hashes not in (b"", made):
            yield _tile(level, number)


def _edge(bench: Bench, tree: Tree) -> Iterator[Defect]:
    """Judge tiles that are not full, and look for those of no leaf: the log may grow meanwhile."""
    log = bench.review.log
    for level, number, made in tree.edge():
        there, hashes = log.tile(level, number)
        grown = log.newest() != tree.size and hashes[: len(made)] == made
        if not there or (hashes not in (b"", made) and not grown):
            yield _tile(level, number)
    beyond = [(level, number) for level, number in log.tiles() if number >= tree.width(level)]
    if log.newest() == tree.size:
        for level, number in beyond:
            yield _tile(level, number, "of no leaf")


def _tile(level: int, number: int, detail: str = "") -> Defect:
    return Defect(code="LOG_TILE_DIFFERS", kind="log_tile", id=f"{level}, {number}", detail=detail)


def _checkpoint(code: str, size: int, detail: str) -> Defect:
    return Defect(code=code, kind="log_checkpoint", id=str(size), detail=detail)
