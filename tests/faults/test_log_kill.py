"""SIGKILL at every state-changing call of advancing the log: the tree goes on as if nothing had been."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from certsvc.registry.port import ReadSession
from certsvc.registry.port_log import StoredCheckpoint
from certsvc.translog.tiles import Tile
from certsvc.translog.witness import Memory, look
from certsvc.verification.log_check import check_log
from tests.drills import record, some
from tests.faults.place import Place, number_of
from tests.faults.standby import ADVANCE, Standby, Step, points_of

LEAST = 10
PEOPLE = 4
ADVANCING = Step(ADVANCE)


def _tile(session: ReadSession, tile: Tile) -> bytes:
    content = session.log_tile(tile.level, tile.number)
    assert content is not None
    return content[: tile.width * 32]


def _newest(place: Place) -> StoredCheckpoint | None:
    with place.world.services.registry.reading() as session:
        return session.newest_checkpoint()


@pytest.fixture
def logged(place: Place) -> Place:
    """Leave one signed checkpoint and a few entries that wait behind it."""
    place.restore("base")
    services = place.world.services
    services.sequencer.advance()
    for order in range(2, 2 + PEOPLE):
        place.world.initial(number_of(order), order=order)
    place.close()
    place.save("waiting")
    return place


def test_killed_anywhere_the_log_neither_forks_nor_loses(logged: Place, standby: Standby) -> None:
    """Whatever was shown before the kill is the beginning of what is shown after it."""
    place, services = logged, logged.world.services
    whole = standby.trace([ADVANCING], datetime.now(UTC))
    assert whole.exit_code == 0, whole
    points = points_of(whole.trace)
    chosen = some(points, "kill in advancing the log", least=LEAST)
    forks = lost = committed = 0
    for point in chosen:
        place.restore("waiting")
        outcome = standby.trace([ADVANCING], datetime.now(UTC), f"{point.call}:signal=KILL:when={point.nth}")
        assert outcome.killed, f"{point} was not met"
        shown = _newest(place)
        assert shown is not None
        committed += shown.size > 1
        size = services.sequencer.advance().size
        lost += size != 1 + PEOPLE
        memory = Memory(note=shown.note, keys=services.log_book.keys)
        with services.registry.reading() as session:
            newest = session.newest_checkpoint()
            assert newest is not None
            look(newest.note.encode(), memory, services.log_book.keys, partial(_tile, session))
        forks += bool(check_log(services.registry, services.log_book.keys).faults)
        place.close()
    record("kill in advancing the log", points=f"{len(chosen)} of {len(points)}", forks=forks, lost=lost)
    assert (forks, lost) == (0, 0)
    assert len(chosen) >= min(LEAST, len(points)) > 0, "the drill tests nothing"
