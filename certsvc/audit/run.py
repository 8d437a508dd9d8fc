"""The audit as a whole: portions handed to processes, findings told in one order, counts at the end."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from multiprocessing import get_context
from typing import Final

from certsvc.audit.checklist import store_checks
from certsvc.audit.defect import Defect, Finding, Unchecked
from certsvc.audit.judges import openssl, sm2
from certsvc.audit.lots import ALL, lowest, share
from certsvc.audit.portion import Auditor, Portion, Told
from certsvc.audit.premises import Bench, Scope
from certsvc.errors import UnavailableError

_TOGETHER: Final = 20
"""Registrations of one portion."""
_AHEAD: Final = 3
"""Portions for each process that wait or are worked on: enough to keep all busy, and memory flat."""
_SYMBOLS: Final = (Fraction(1, 20), 200)
_PROGRAMS: Final = (Fraction(1, 200), 20)
"""Part of the copies drawn by lot, and how many at least."""

OpenBench = Callable[[], Bench]
"""Opens the bench of a process; a function that can be sent to one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants audited."""

    since: datetime | None = None
    """Only copies made, and registrations changed, at this instant or later."""
    sample: int | Fraction | None = None
    """So many of the copies, or such a part of them; None for all."""
    seed: str = ""
    thorough: bool = False
    """Read every symbol and ask the openssl program about every signature."""


@dataclass(slots=True)
class Summary:
    """What an audit found, in numbers."""

    counts: Counter[str] = field(default_factory=Counter)
    """Of what was looked at, by name."""
    defects: Counter[str] = field(default_factory=Counter)
    """By code."""
    places: set[tuple[str, str]] = field(default_factory=set)
    """Rows, copies and packs with defects: kind and id."""
    unchecked: Counter[str] = field(default_factory=Counter)
    """By code."""

    def add(self, finding: Finding) -> None:
        """Count one finding."""
        if isinstance(finding, Defect):
            self.defects[finding.code] += 1
            self.places.add((finding.kind, finding.id))
        else:
            self.unchecked[finding.code] += 1


def audit(
    open_bench: OpenBench,
    wish: Wish,
    *,
    now: datetime,
    workers: int,
    tell: Callable[[Finding], object],
    step: Callable[[int, int], object],
    in_each: Callable[[], object] | None = None,
) -> Summary:
    """Audit a store; nothing of it is changed, and it may be in use.

    Args:
        open_bench: opens what a process needs.
        wish: what to look at.
        now: the present instant.
        workers: processes; 1 works in this one.
        tell: is given each finding as soon as it is known, always in the same order.
        step: is told how many registrations are done, of how many.
        in_each: called first in each process.

    Raises:
        UnavailableError: the register cannot be read.
    """
    bench = open_bench()
    summary = Summary()

    told_before: set[Finding] = set()

    def say(finding: Finding) -> None:
        if isinstance(finding, Unchecked) and finding.code == "NO_POLICY":
            # Met again with every portion; once is enough.
            if finding in told_before:
                return
            told_before.add(finding)
        summary.add(finding)
        tell(finding)

    files = _has_store(bench)
    if not files:
        say(Unchecked(code="NO_STORE"))
    scope = _scope(bench, wish, now, files=files)
    if not sm2.is_here():
        say(Unchecked(code="NO_SM2_LIBRARY"))
    if not openssl.is_here():
        say(Unchecked(code="NO_OPENSSL_PROGRAM"))
    total, done = bench.review.count("registration"), 0
    for portion, told in _carried_out(open_bench, bench, scope, workers, in_each):
        for finding in told.findings:
            say(finding)
        summary.counts += told.counts
        done += len(portion.registrations)
        step(done, max(total, done))
    bench.review.close()
    return summary


def _has_store(bench: Bench) -> bool:
    """Tell whether there are files to look at: beside issued copies, an empty folder is a disk away."""
    try:
        found = next(bench.listing(), None)
    except UnavailableError:
        return False
    return found is not None or next(bench.review.issued(), None) is None


def _scope(bench: Bench, wish: Wish, now: datetime, *, files: bool) -> Scope:
    count = bench.review.count("copy")
    drawn: int | None = None
    if isinstance(wish.sample, Fraction):
        drawn = int(wish.sample * ALL)
    elif wish.sample is not None:
        drawn = lowest(wish.seed, "sample", bench.review.issued(wish.since), wish.sample)
    programs = ALL if wish.thorough else share(*_PROGRAMS, count)
    return Scope(
        now=now,
        since=wish.since,
        drawn_below=drawn,
        seed=wish.seed,
        files=files,
        symbols_below=ALL if wish.thorough else share(*_SYMBOLS, count),
        programs_below=programs if openssl.is_here() else 0,
    )


def _portions(bench: Bench, scope: Scope) -> Iterator[Portion]:
    for name in store_checks(bench):
        if scope.files or name != "folder of issued files":
            yield Portion(store=name)
    after = ""
    while ids := bench.review.registrations_after(after, _TOGETHER, scope.since):
        yield Portion(registrations=tuple(ids))
        after = ids[-1]


def _carried_out(
    open_bench: OpenBench, bench: Bench, scope: Scope, workers: int, in_each: Callable[[], object] | None
) -> Iterator[tuple[Portion, Told]]:
    portions = _portions(bench, scope)
    if workers == 1:
        auditor = Auditor(bench, scope)
        yield from ((portion, auditor.take(portion)) for portion in portions)
        return
    # Not by fork: what this process has open, the children must not share.
    pool = ProcessPoolExecutor(
        workers,
        mp_context=get_context("spawn"),
        initializer=_begin,
        initargs=(open_bench, scope, in_each),
    )
    with pool:
        yield from _in_order(pool, portions, workers * _AHEAD)


def _in_order(
    pool: ProcessPoolExecutor, portions: Iterable[Portion], ahead: int
) -> Iterator[tuple[Portion, Told]]:
    waiting: deque[tuple[Portion, Future[Told]]] = deque()
    try:
        for portion in portions:
            waiting.append((portion, pool.submit(_take, portion)))
            if len(waiting) >= ahead:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        for _, future in waiting:
            future.cancel()


_own: list[Auditor] = []
"""The auditor of this process, where it is one that was started for it."""


def _begin(open_bench: OpenBench, scope: Scope, in_each: Callable[[], object] | None) -> None:
    if in_each is not None:
        in_each()
    _own.append(Auditor(open_bench(), scope))


def _take(portion: Portion) -> Told:
    return _own[0].take(portion)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))
