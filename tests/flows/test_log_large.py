"""The whole log of a register recomputed: of very many entries, each that was tampered with is named."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from certsvc.domain.key_events import KeyEvent
from certsvc.verification.log_check import LogReport
from tests import drills
from tests.audit.store import Spoiler
from tests.flows.conftest import close
from tests.flows.logs import checked, key_event
from tests.world import World

ENTRIES: Final = 1_000_000 if drills.FULL else 3_000
AT_ONCE: Final = 5_000
ALTERED, REMOVED, MOVED = (ENTRIES * part // 10 for part in (2, 5, 8))


def _events(world: World) -> Iterable[KeyEvent]:
    event = key_event("rotate", "", world)
    return (replace(event, key_id=f"p256-{number:012d}") for number in range(ENTRIES))


def _fill(world: World) -> None:
    """Log so many changes of keys, the entries that need no other row, and sign one checkpoint."""
    events = list(_events(world))
    for start in range(0, ENTRIES, AT_ONCE):
        with world.services.registry.writing() as session:
            for event in events[start : start + AT_ONCE]:
                session.record_key_event(event)
    world.services.sequencer.advance()


def test_what_was_tampered_with_among_all_is_named(world: World) -> None:
    """By somebody with the register's secret, so that every row keeps its MAC: the tree knows better."""
    _fill(world)
    close(world)
    insider = Spoiler(world, picking=False)
    (altered,), (first,), (second,) = (
        insider.rows("log_entry", place=place) for place in (ALTERED, MOVED, MOVED + 1)
    )
    insider.edit("log_entry", altered, facts=str(altered["facts"]).replace("rotate", "retire"))
    insider.remove("log_entry", place=REMOVED)
    # The place is a row's own.
    insider.edit("log_entry", first, place=2 * ENTRIES)
    insider.edit("log_entry", second, place=MOVED)
    insider.edit("log_entry", first, place=MOVED + 1)
    began = time.process_time()

    report = checked(world)

    took_s = time.process_time() - began
    wanted = {
        ("FACT_ALTERED", f"leaf {ALTERED},"),
        ("ENTRY_MISSING", f"the entry of leaf {REMOVED} "),
        ("TILE_DIFFERS", f"tile 0/{MOVED // 256} "),
        ("CHECKPOINT_DIFFERS", f"the {ENTRIES} leaves "),
    }
    found = {one for one in wanted if _tells(report, *one)}
    drills.record(
        "certsvc log verify",
        entries=ENTRIES,
        tampered=len(wanted),
        named=len(found),
        cpu_s=f"{took_s:.1f}",
    )
    assert wanted - found == set()
    # Above a tile that differs others do: nothing else is accused.
    others = [one for one in report.faults if not any(_is(one.code, one.detail, *two) for two in wanted)]
    assert {one.code for one in others} <= {"TILE_DIFFERS"}
    assert all(not one.detail.startswith("tile 0/") for one in others)
    assert report.opened == ENTRIES - 2


def _tells(report: LogReport, code: str, detail: str) -> bool:
    return any(_is(one.code, one.detail, code, detail) for one in report.faults)


def _is(code: str, detail: str, wanted: str, start: str) -> bool:
    return code == wanted and detail.startswith(start)
