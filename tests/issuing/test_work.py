"""Copies abreast: each step is taken for all of them before the next, and one that fails goes no further."""

from __future__ import annotations

from collections.abc import Callable

from certsvc.errors import CertsvcError, DefectError, StorageFullError
from certsvc.issuing.work import Work, take_steps
from tests.flows.press_room import a_press, a_work, reserved
from tests.world import World


def some_works(world: World, count: int) -> list[Work]:
    """Make works of one row; only their places differ."""
    world.initial()
    row = reserved(world, a_press(world))
    return [a_work(row, (None, None), place=place) for place in range(count)]


def test_a_step_is_taken_for_all_before_the_next(world: World) -> None:
    """That is what makes it quick; and the order of the steps of one copy is what makes it right."""
    done: list[tuple[str, int]] = []
    asked: list[int] = []

    def step(name: str, failing: int | None = None, error: Exception | None = None) -> Callable[[Work], None]:
        def take(work: Work) -> None:
            done.append((name, work.place))
            if work.place == failing and error is not None:
                raise error

        return take

    told: dict[int, CertsvcError] = {}

    def tell(work: Work, why: CertsvcError) -> None:
        told[work.place] = why

    works = some_works(world, 4)
    steps = [step("a", 1, StorageFullError("test")), step("b", 3, ZeroDivisionError()), step("c")]
    left = take_steps(steps, works, tell, before=lambda: asked.append(len(done)))

    assert done == [
        *(("a", 0), ("a", 1), ("a", 2), ("a", 3)),
        *(("b", 0), ("b", 2), ("b", 3)),
        *(("c", 0), ("c", 2)),
    ]
    assert left == [works[0], works[2]]
    assert {place: type(error) for place, error in told.items()} == {1: StorageFullError, 3: DefectError}
    assert asked == list(range(9)), "asked before each step of each"


def test_what_goes_wrong_before_a_step_is_the_works_own_reason(world: World) -> None:
    """A register that is away is no reason to lose the others of the chunk without a word."""
    told: list[int] = []

    def away() -> None:
        raise StorageFullError("test")

    left = take_steps([lambda _: None], some_works(world, 2), lambda work, _: told.append(work.place), away)

    assert (left, told) == ([], [0, 1])
