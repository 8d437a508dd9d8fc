"""Recoveries beside each other and beside slow workers; durable before it is called finished."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from certsvc.issuing.recover import Recovery
from certsvc.storage.local import LocalStorage
from tests.faults.census import faults_of, take_census
from tests.faults.place import Place
from tests.faults.standby import RECOVER, Standby, Step
from tests.packs import packs_in, unpacked

LEASE_OVER = timedelta(seconds=62)


class SlowStorage(LocalStorage):
    """A store whose caller sleeps after having looked for a file."""

    def __init__(self, folder: Path, meanwhile: Callable[[], None]) -> None:
        """Let *meanwhile* happen during that sleep, the first time."""
        super().__init__(folder)
        self._meanwhile = [meanwhile]

    def exists(self, name: str) -> bool:
        """Look, then sleep."""
        found = super().exists(name)
        if self._meanwhile:
            self._meanwhile.pop()()
        return found


def strand(place: Place, standby: Standby) -> datetime:
    """Leave a PENDING copy whose whole, sealed files are stored; returns when."""
    place.restore("base")
    now = datetime.now(UTC)
    assert standby.trace([place.endorsement()], now, "fsync:signal=KILL:when=5").killed
    return now


def pack_in(place: Place) -> Path:
    """Return the one pack there is."""
    (found,) = packs_in(Path(place.world.settings.storage_url))
    return found


def test_a_recovery_that_overslept_removes_nothing(place: Place, standby: Standby) -> None:
    """A pack was not there; then the slow worker stored it and another recovery finished the copy."""
    now = strand(place, standby)
    services = place.world.services
    stored, _ = unpacked(Path(place.world.settings.storage_url))
    pack_in(place).unlink()
    later = now + LEASE_OVER

    def meanwhile() -> None:
        services.storage.put(stored)
        place.world.clock.instant = later + LEASE_OVER
        assert services.desk.recover() == {"finished": 1, "failed": 0}

    sleepy = Recovery(
        registry=services.registry,
        storage=SlowStorage(Path(place.world.settings.storage_url), meanwhile),
        pinned=services.keystore.pinned,
        pinned_seals=services.keystore.pinned_seals,
    )
    assert sleepy.run(later) == {"finished": 0, "failed": 0}
    place.close()

    census = take_census(place.data, services.keystore)
    assert len(census.copies("DONE")) == 1
    assert not +faults_of(census, (), services.keystore)


def test_a_found_file_is_made_durable_before_its_copy_is_done(place: Place, standby: Standby) -> None:
    """Its writer may have died between link and sync: after a power cut the folder would not hold it."""
    now = strand(place, standby)
    file = pack_in(place)
    outcome = standby.trace([Step(RECOVER)], now + LEASE_OVER)

    assert outcome.answers[0]["body"] == {"finished": 1, "failed": 0}
    synced = [
        re.search(r" (\w+)\(\d+<([^>]*)>", line) for line in outcome.trace if re.search(" f(data)?sync", line)
    ]
    order = [found.groups() for found in synced if found is not None]
    folder = order.index(("fsync", str(file.parent)))
    assert [call for call, path in order[:folder] if path.endswith("-wal")], "the take-over comes first"
    assert [call for call, path in order[folder:] if path.endswith("-wal")], "DONE comes last"


def test_a_file_that_cannot_be_made_durable_stays_pending(place: Place, standby: Standby) -> None:
    """A copy on a failing disk is not called finished; the next recovery, on a sound one, may."""
    now = strand(place, standby)
    count = standby.trace([Step(RECOVER)], now + LEASE_OVER)
    nth = sum(line.split("(")[0].endswith(" fsync") for line in count.trace)
    now = strand(place, standby)
    failed = standby.trace([Step(RECOVER)], now + LEASE_OVER, f"fsync:error=EIO:when={nth}")

    assert (failed.answers[0]["status"], failed.answers[0]["body"]["code"]) == (503, "UNAVAILABLE")
    assert len(take_census(place.data, place.world.services.keystore).copies("PENDING")) == 1
    (healed,) = standby.take([Step(RECOVER)], now + 3 * LEASE_OVER)
    assert healed["body"] == {"finished": 1, "failed": 0}
