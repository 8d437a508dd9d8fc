"""An authority that is away while many copies of dead workers wait to be settled."""

from __future__ import annotations

from pathlib import Path

from tests.flows.press_room import reserved, sealed
from tests.flows.stamped_world import a_stamped_world


def test_the_authority_is_asked_once_by_a_recovery(tmp_path: Path, dev_keys: Path, font_cache: Path) -> None:
    """Each of the others would wait as long for the same answer, and leases run out meanwhile."""
    numbers = ["京1112020202200001", "京1112020202200002", "京1112020202200003"]
    with a_stamped_world(tmp_path, dev_keys, font_cache, "b-t") as stamped:
        world = stamped.world
        for order, number in enumerate(numbers[1:], start=2):
            world.initial(number, order=order)
        press = world.services.desk._press
        for number in numbers:
            _, files = sealed(world, press, reserved(world, press, who=number))
            world.services.storage.put(files)
        world.jump(seconds=61)
        before = stamped.desk.asked
        stamped.desk.manners = "error"

        assert dict(world.services.desk.recover())["failed"] == len(numbers)
        assert stamped.desk.asked == before + 1

        # Nobody's day was lost with it.
        stamped.desk.manners = ""
        again = [world.endorse(number, key=f"again {order}") for order, number in enumerate(numbers)]
        assert all(copy["token"] for copy in again)
