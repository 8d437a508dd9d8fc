"""Keys change while copies are being made: nobody who asked hears of it, and no withdrawn key signs."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from certsvc.domain.endorsement import FORMATS
from certsvc.errors import HSMUnavailableError, KeyCapReachedError
from certsvc.issuing.press import Press
from certsvc.registry.sql import SQLRegistry
from certsvc.sealing.trust import mark_compromised, retire_key
from certsvc.wiring import Services, build, rotate_key
from tests.factories import FixedClock
from tests.flows.press_room import WatchedPress, a_desk
from tests.flows.test_chunks import endorsing, number, original, told
from tests.world import World, settings_in

PEOPLE = 6


@pytest.fixture
def keys(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Path:
    """Copy the keys, so that a test may change them."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    return Path(shutil.copytree(dev_keys, tmp_path / "keys"))


@pytest.fixture
def world(tmp_path: Path, keys: Path) -> World:
    """Some people, nothing issued yet."""
    world = World(settings_in(tmp_path / "var", keys), FixedClock())
    for order in range(1, PEOPLE + 1):
        world.initial(number(order), order=order)
    return world


def _press_of(services: Services) -> Press:
    """The service's own press: compiled templates, live keys."""
    return services.desk._press


def key_ids(world: World) -> tuple[str, str]:
    """The two keys in use."""
    keystore, now = world.services.keystore, world.clock.now()
    seal = keystore.seal_signer(world.settings.issuer_name, now)
    return keystore.signer("p256", now).key_id, seal.key_id


def _rotate(name: str) -> Callable[[World], None]:
    return lambda world: void(rotate_key(world.settings, name, world.clock))


def _compromise(name: str) -> Callable[[World], None]:
    def leak(world: World) -> None:
        old = dict(zip(FORMATS, key_ids(world), strict=True))[name]
        rotate_key(world.settings, name, world.clock)
        mark_compromised(world.settings.keys_dir, old, world.clock.now())

    return leak


def void(_: object) -> None:
    """Forget a value."""


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("change", [_rotate, _compromise])
def test_keys_that_change_within_a_chunk_fail_nobody(
    fmt: str, change: Callable[[str], Callable[[World], None]], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows name their key before it is used; those that named the old one are given up and made anew."""
    monkeypatch.setattr("certsvc.issuing.press_run.ABREAST", 2)
    before = key_ids(world)
    act = change(fmt)
    press = WatchedPress(_press_of(world.services), lambda turn: act(world) if turn == 3 else None)
    desk = a_desk(world, press=press)

    outcomes = desk.take([endorsing(number(order), f"k{order}") for order in range(1, PEOPLE + 1)])

    assert told(outcomes) == ["CREATED"] * PEOPLE
    after = key_ids(world)
    assert before[FORMATS.index(fmt)] != after[FORMATS.index(fmt)]
    with world.services.registry.reading() as session:
        copies = [session.get_copy(str(one.get().body["endorsement_id"])) for one in outcomes]  # type: ignore[arg-type]  # an id
    # The first two were sealed before the change; whatever comes after it has the next key.
    used = [(copy.key_id, copy.seal_key_id) for copy in copies]
    assert Counter(used) == {before: 2, after: PEOPLE - 2}
    for copy in copies:
        for kind in FORMATS:
            content = world.services.enquiry.endorsement_file(copy.copy_id, kind).content
            stolen = kind == fmt and change is _compromise and (copy.key_id, copy.seal_key_id) == before
            assert world.verify(file=content).status == ("NOT_OURS" if stolen else "VALID")
    again = desk.take([endorsing(number(order), f"k{order}") for order in range(1, PEOPLE + 1)])
    assert told(again) == ["REPEATED"] * PEOPLE


def test_a_planned_change_comes_by_the_clock_within_a_chunk(world: World) -> None:
    """Nobody runs a command at that moment, and nobody's request fails."""
    new = rotate_key(world.settings, "pdf", world.clock, at=world.clock.now() + timedelta(seconds=30))
    (old, _) = key_ids(world)
    press = WatchedPress(
        _press_of(world.services), lambda turn: world.jump(seconds=30) if turn == 2 else None
    )

    outcomes = a_desk(world, press=press).take([endorsing(number(order), "k") for order in (1,)])
    outcomes += a_desk(world, press=press).take([endorsing(number(order), f"k{order}") for order in (2, 3)])

    assert told(outcomes) == ["CREATED"] * 3
    files = [
        world.services.enquiry.endorsement_file(str(one.get().body["endorsement_id"]), "pdf").content
        for one in outcomes
    ]
    assert [world.verify(file=file).status for file in files] == ["VALID"] * 3
    assert (old, new.key_id) != (new.key_id, old) and key_ids(world)[0] == new.key_id


def test_a_key_withdrawn_without_a_next_one_fails_in_words(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is signed with it, and the day is free for when there is a key again."""
    monkeypatch.setattr("certsvc.issuing.press_run.ABREAST", 1)
    old, _ = key_ids(world)

    def retire(turn: int) -> None:
        if turn == 2:
            retire_key(world.settings.keys_dir, old, world.clock.now())

    orders = [endorsing(number(order), f"k{order}") for order in (1, 2)]
    outcomes = a_desk(world, press=WatchedPress(_press_of(world.services), retire)).take(orders)

    assert sorted(told(outcomes)) == ["CREATED", "KEY_MATERIAL"]
    rotate_key(world.settings, "pdf", world.clock)
    assert sorted(told(a_desk(world).take(orders))) == ["CREATED", "REPEATED"]


def test_hardware_that_goes_away_fails_the_rest_of_a_chunk_at_once(world: World) -> None:
    """Each of two hundred would wait as long as the first one to hear the same; their days are free."""
    genuine = world.services.keystore.signer("p256")
    asked: list[int] = []

    class Away:
        key_id, certificate, chain = genuine.key_id, genuine.certificate, genuine.chain
        algorithm = genuine.algorithm

        def sign(self, message: bytes) -> bytes:
            asked.append(1)
            if len(asked) > 1:
                raise HSMUnavailableError("gone")
            return genuine.sign(message)

    press = WatchedPress(_press_of(world.services), lambda _: None)
    press._signer = Away
    orders = [endorsing(number(order), f"k{order}") for order in range(1, PEOPLE + 1)]
    outcomes = a_desk(world, press=press).take(orders)

    assert sorted(told(outcomes)) == ["CREATED"] + ["HSM_UNAVAILABLE"] * (PEOPLE - 1)
    assert len(asked) == 2
    assert sorted(told(world.services.desk.take(orders))) == ["CREATED"] * (PEOPLE - 1) + ["REPEATED"]


def capped(world: World, cap: int) -> Services:
    """The same place with a cap."""
    settings = world.settings.model_copy(update={"key_daily_cap": cap})
    return build(settings, world.clock)


def test_a_key_has_so_many_uses_a_day_and_no_more(world: World) -> None:
    """Originals and endorsed copies count alike, repetitions do not, and tomorrow it begins anew."""
    desk = capped(world, 3).desk
    first = desk.take([original(number(1)), endorsing(number(1), "a"), endorsing(number(2), "b")])
    again = desk.take([endorsing(number(2), "b"), endorsing(number(3), "c")])

    assert told(first) == ["CREATED"] * 3
    assert told(again) == ["REPEATED", "KEY_CAP_REACHED"]
    error = again[1].error
    assert isinstance(error, KeyCapReachedError) and error.retry_after_s is not None
    midnight = (world.clock.now() + timedelta(seconds=error.retry_after_s)).isoformat()
    assert midnight.startswith(f"{world.today.isoformat()}T16:00:00")
    with world.services.registry.reading() as session:
        assert session.key_uses(key_ids(world), world.today) == dict.fromkeys(key_ids(world), 3)
    world.jump(seconds=error.retry_after_s)
    assert told(desk.take([endorsing(number(3), "c")])) == ["CREATED"]


def test_one_chunk_takes_what_is_left_and_no_more(world: World) -> None:
    """The cap falls within a chunk: those before it have their copies, those after it their days."""
    outcomes = capped(world, 4).desk.take(
        [endorsing(number(order), f"k{order}") for order in range(1, PEOPLE + 1)]
    )

    assert sorted(told(outcomes)) == ["CREATED"] * 4 + ["KEY_CAP_REACHED"] * 2
    late = [endorsing(number(order), f"k{order}") for order in range(1, PEOPLE + 1)]
    assert sorted(told(world.services.desk.take(late))) == ["CREATED"] * 2 + ["REPEATED"] * 4


def test_the_next_key_has_a_count_of_its_own(world: World) -> None:
    """Whoever rotates because a cap is reached goes on at once."""
    services = capped(world, 1)
    assert told(services.desk.take([endorsing(number(1), "a")])) == ["CREATED"]
    assert told(services.desk.take([endorsing(number(2), "b")])) == ["KEY_CAP_REACHED"]

    rotate_key(world.settings, "pdf", world.clock)
    assert told(services.desk.take([endorsing(number(2), "b")])) == ["KEY_CAP_REACHED"]
    rotate_key(world.settings, "ofd", world.clock)

    assert told(services.desk.take([endorsing(number(2), "b")])) == ["CREATED"]


def test_rivals_never_use_a_key_more_often_than_it_may_be_used(anywhere: World) -> None:
    """On PostgreSQL they decide at the same time; who would go over the cap decides again with the rest."""
    world, cap, rivals = anywhere, 7, 4
    people = range(1, 13)
    for order in people:
        world.initial(number(order), order=order)
    services = [capped(world, cap) for _ in range(rivals)]
    start = Barrier(rivals)

    def rival(which: int) -> list[str]:
        start.wait()
        own = [order for order in people if order % rivals == which]
        return told(services[which].desk.take([endorsing(number(order), f"k{order}") for order in own]))

    with ThreadPoolExecutor(rivals) as threads:
        outcomes = Counter(one for told_ in threads.map(rival, range(rivals)) for one in told_)

    assert outcomes == {"CREATED": cap, "KEY_CAP_REACHED": len(people) - cap}
    with world.services.registry.reading() as session:
        assert session.key_uses(key_ids(world), world.today) == dict.fromkeys(key_ids(world), cap)
    for one in services:
        assert isinstance(one.registry, SQLRegistry)
        one.registry.close()
