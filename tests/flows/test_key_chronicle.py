"""What happens to keys stands in the log, once, whoever looks first, also when the register was away."""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from shutil import copytree

import pytest

from certsvc.domain.key_events import KeyEvent
from certsvc.errors import UnavailableError
from certsvc.issuing.key_chronicle import KeyChronicle
from certsvc.registry.log_rows import LogChanges
from certsvc.wiring.keys import compromise, rotate_key
from tests.factories import FixedClock
from tests.flows.conftest import close
from tests.flows.logs import checked, entries
from tests.world import World, settings_in


def told(world: World) -> Counter[tuple[str, str]]:
    """Count what the log says of keys: action and key."""
    world.services.sequencer.advance()
    facts = [json.loads(entry.kept) for entry in entries(world) if entry.kept is not None]
    return Counter((str(one["action"]), str(one["key_id"])) for one in facts)


@pytest.fixture
def own_keys(tmp_path: Path, dev_keys: Path, font_cache: Path) -> World:
    """Make an instance whose keys may be changed."""
    copytree(dev_keys, tmp_path / "keys")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    return World(settings_in(tmp_path / "var", tmp_path / "keys"), FixedClock())


def test_each_change_has_one_entry(own_keys: World) -> None:
    """The first keys, the next one, those it follows, and one that leaked; told again, nothing is added."""
    world = own_keys
    chronicle = world.services.key_chronicle
    first = {key.key_id for key in world.services.keystore.keys}
    assert chronicle.note() == len(first)
    assert chronicle.note() == 0
    assert told(world) == Counter({("rotate", key_id): 1 for key_id in first})

    world.jump(days=1)
    old = world.services.keystore.signer(world.settings.signature).key_id
    new = rotate_key(world.settings, "pdf", world.clock)
    compromise(world.settings, old, world.clock.now() - timedelta(hours=1), world.clock)
    assert chronicle.note() == 3
    expected = Counter({("rotate", key_id): 1 for key_id in (*first, new.key_id)})
    assert told(world) == expected + Counter({("retire", old): 1, ("compromise", old): 1})

    # Another process, or this one after a restart, finds it all there.
    again = KeyChronicle(
        registry=world.services.registry, keys=lambda: world.services.keystore.keys, clock=world.clock
    )
    assert again.note() == 0
    assert checked(world).faults == []
    close(world)


def test_two_processes_that_find_the_same_at_once_do_not_quarrel(
    anywhere: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each process looks once a second: neither may fail, for readiness would turn red."""
    met = threading.Barrier(2)
    record = LogChanges.record_key_event

    def slowly(self: LogChanges, event: KeyEvent) -> bool:
        found = record(self, event)
        # Time enough for who does not wait to have looked, too.
        with suppress(threading.BrokenBarrierError):
            met.wait(0.5)
        return found

    monkeypatch.setattr(LogChanges, "record_key_event", slowly)
    keystore = anywhere.services.keystore
    rivals = [
        KeyChronicle(registry=anywhere.services.registry, keys=lambda: keystore.keys, clock=anywhere.clock)
        for _ in range(2)
    ]

    with ThreadPoolExecutor(2) as pool:
        noted = list(pool.map(KeyChronicle.note, rivals))

    assert sorted(noted) == [0, len(keystore.keys)]


def test_a_register_that_is_away_hears_of_it_later(own_keys: World, tmp_path: Path) -> None:
    """The key is withdrawn at once; the log follows when it can."""
    world = own_keys
    file = tmp_path / "var" / "registry.db"
    close(world)
    file.rename(tmp_path / "aside.db")
    key = world.services.keystore.signer(world.settings.signature).key_id
    rotate_key(world.settings, "pdf", world.clock)
    compromise(world.settings, key, world.clock.now(), world.clock)
    with pytest.raises(UnavailableError):
        world.services.key_chronicle.note()
    (tmp_path / "aside.db").rename(file)
    world.services.key_chronicle.note()
    assert told(world)["compromise", key] == 1
    close(world)


def test_a_theft_spares_what_the_log_held_before(own_keys: World) -> None:
    """A row can be dated back by who gets into the register, a checkpoint by nobody."""
    world = own_keys
    world.initial()
    world.initial("京1112020202200002", order=2)
    world.services.sequencer.advance()
    world.jump(seconds=1)
    held = world.endorse(key="held")
    world.services.sequencer.advance()
    world.jump(seconds=10)
    late = world.endorse("京1112020202200002", key="late")
    key = world.services.keystore.signer(world.settings.signature).key_id
    world.jump(seconds=10)
    theft = world.clock.now() - timedelta(seconds=5)
    compromise(world.settings, key, theft, world.clock)

    for _ in ("not in the log yet", "in a checkpoint of after the theft"):
        assert world.verify(token=held["token"]).status == "VALID"
        report = world.verify(token=late["token"])
        assert report.status == "NOT_OURS"
        assert "KEY_COMPROMISED" in {finding.code for finding in report.findings}
        world.services.sequencer.advance()
    close(world)
