"""A log begun over a register that is older: what was there before is logged first, all of it."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import count

import pytest

from certsvc.errors import UnavailableError
from certsvc.registry.log_rows import LogRows
from certsvc.registry.port import WriteSession
from certsvc.registry.port_log import Stretch
from tests.flows.logs import checked, lived, sql
from tests.world import World


def test_facts_of_before_the_log_are_adopted_once(anywhere: World) -> None:
    """After an upgrade what was there is logged, in one go, and only into an empty log."""
    lived(anywhere)
    sql(anywhere, "DELETE FROM log_entry")
    assert Counter(fault.code for fault in checked(anywhere).faults) == {"FACT_UNLOGGED": 7}

    assert anywhere.services.sequencer.adopt() == 7

    anywhere.services.sequencer.advance()
    report = checked(anywhere)
    assert (report.size, report.opened, report.faults) == (7, 7, [])
    with pytest.raises(UnavailableError):
        anywhere.services.sequencer.adopt()


def test_a_look_for_facts_without_entry_goes_over_each_once(anywhere: World) -> None:
    """However many there are: a statement looks at so many and no more, whatever it finds among them."""
    lived(anywhere)
    sql(anywhere, "DELETE FROM log_entry WHERE kind IN ('suspend', 'issue')")
    looked: list[tuple[str, int]] = []
    behind = ""
    with anywhere.services.registry.reading() as session:
        while (stretch := session.unlogged(behind, 2)).last:
            looked.append((stretch.table, len(stretch.unlogged)))
            assert stretch.last > behind
            behind = stretch.last

    # One endorsed copy and one original, then five events.
    assert [table for table, _ in looked] == ["copy", "event", "event", "event"]
    assert (looked[0][1], sum(found for _, found in looked)) == (1, 2)


def test_an_adoption_that_was_killed_is_gone_on_with(
    anywhere: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed stays; the next one logs the rest, nothing twice, and looks at no row again."""
    monkeypatch.setattr("certsvc.issuing.sequencer._LATE", 2)
    lived(anywhere)
    sql(anywhere, "DELETE FROM log_entry")
    looks: list[str] = []
    look = LogRows.unlogged

    def killed_at_the_third(self: LogRows, behind: str, limit: int) -> Stretch:
        looks.append(behind)
        if len(looks) == 3:
            raise KeyboardInterrupt
        return look(self, behind, limit)

    monkeypatch.setattr(LogRows, "unlogged", killed_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        anywhere.services.sequencer.adopt()

    assert anywhere.services.sequencer.adopt() == 7 - 4
    assert len(looks) == len(set(looks[3:])) + 3
    assert anywhere.services.sequencer.advance().size == 7
    assert checked(anywhere).faults == []


def test_a_log_begins_only_with_all_there_was_before_it(anywhere: World) -> None:
    """Begun without them, facts of before would be left out for ever: adopting them is refused afterwards."""
    lived(anywhere)
    sql(anywhere, "DELETE FROM log_entry")
    anywhere.initial("京1112020202200009", order=9)

    with pytest.raises(UnavailableError, match="certsvc log adopt"):
        anywhere.services.sequencer.advance()

    assert anywhere.services.sequencer.adopt() == 7
    assert anywhere.services.sequencer.advance().size == 8


def test_who_waits_to_write_does_not_wait_for_what_is_not_adopted(
    anywhere: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each process looks each second: going through a large register it must not hold the place to write."""
    lived(anywhere)
    sql(anywhere, "DELETE FROM log_entry")
    sequencer, registry = anywhere.services.sequencer, anywhere.services.registry
    monkeypatch.setattr(sequencer, "_before", None)
    with monkeypatch.context() as patch:
        patch.setattr(registry, "writing", lambda: pytest.fail("the place to write was taken"))
        sequencer.take_turn()
    with pytest.raises(UnavailableError, match="certsvc log adopt"):
        sequencer.check()

    assert sequencer.adopt() == 7
    sequencer.take_turn()
    sequencer.check()
    assert checked(anywhere).faults == []


def test_a_theft_before_the_adoption_accuses_no_older_copy(
    anywhere: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many were adopted: the first checkpoint holds them all, and their own rows decide."""
    monkeypatch.setattr("certsvc.issuing.sequencer.ROUND", 2)
    for order in range(1, 4):
        anywhere.initial(f"京111202020220000{order}", order=order)
    copies = [anywhere.endorse(f"京111202020220000{order}", key=f"k{order}") for order in range(1, 4)]
    anywhere.jump(days=1)
    theft = anywhere.clock.now()
    anywhere.jump(days=1)
    sql(anywhere, "DELETE FROM log_entry")
    anywhere.services.sequencer.adopt()

    while anywhere.services.sequencer.advance(rounds=1).placed:
        anywhere.jump(seconds=1)

    for pin in ("pinned", "pinned_seals"):
        live = getattr(anywhere.services.verifier, f"_{pin}")
        stolen = [replace(one, compromised_since=theft) for one in live]
        monkeypatch.setattr(anywhere.services.verifier, f"_{pin}", stolen)
    assert {anywhere.verify(file=anywhere.file(copy)).status for copy in copies} == {"VALID"}


def test_a_log_that_begins_before_an_adoption_has_ended_is_no_fault(
    anywhere: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server waits for its turn: it gets it when all is logged, before the last look for more."""
    lived(anywhere)
    sql(anywhere, "DELETE FROM log_entry")
    registry = anywhere.services.registry
    turns = count(1)
    genuine = registry.writing

    def with_a_server_beside() -> AbstractContextManager[WriteSession]:
        # Copies, events, and the look that finds nothing more.
        if next(turns) == 3:
            monkeypatch.undo()
            anywhere.services.sequencer.advance()
        return genuine()

    monkeypatch.setattr(registry, "writing", with_a_server_beside)

    assert anywhere.services.sequencer.adopt() == 7
    assert checked(anywhere).faults == []
