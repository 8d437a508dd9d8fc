"""The arithmetic of the benchmark: figures are only worth the care taken with them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

import bench.rows
from bench.measure import Effort, measure, timed
from bench.openssl import read_speed
from bench.photographs import CHAT_SIDE, CLASSES, STRENGTHS, WIDE, photograph
from bench.report import COLUMNS, cells, duration
from bench.row import Aim, Measured, Row, Turn
from bench.rows import groups
from tests.drills import some

SPEED = """+DTP:256:sign:CurveSM2:1
+R10:2079:256:CurveSM2:0.98
+DTP:256:verify:CurveSM2:1
+R11:2838:256:CurveSM2:1.00
+F7:0:256:CurveSM2:2121.428571:2838.000000
"""


def _measured(*turns: Turn, aim: Aim | None = None, reference: str | None = None) -> Measured:
    row = Row(
        name="one", includes="words", turn=lambda seconds: turns[0], aim=aim, reference=reference, amount=2
    )
    return Measured(row=row, turns=turns)


def test_rate_is_the_median_of_the_turns_by_processor_time() -> None:
    """One disturbed turn must not move it; time in which another program ran is not ours."""
    turns = [Turn(calls=calls, cpu_s=2.0, walls_s=(9.0,)) for calls in (10, 1000, 12)]

    assert _measured(*turns).rate == 12 / 2.0 * 2


def test_percentiles_are_nearest_rank_over_all_turns() -> None:
    """p99 of a hundred calls is the ninety-ninth, not the worst and not between two."""
    walls = [float(number) for number in range(1, 101)]
    one = _measured(
        Turn(calls=50, cpu_s=1, walls_s=tuple(walls[50:])), Turn(calls=50, cpu_s=1, walls_s=tuple(walls[:50]))
    )

    assert (one.percentile(50), one.percentile(99), one.percentile(100)) == (50, 99, 100)
    assert _measured(Turn(calls=1, cpu_s=1)).percentile(50) is None


def test_each_call_has_a_subject_of_its_own() -> None:
    """A subject used twice would be measured on what its first use left in a cache."""
    fresh = itertools.count()
    seen: list[int] = []

    turn = timed(lambda: next(fresh), seen.append)(0.002)

    assert seen == list(range(turn.calls))
    assert len(turn.walls_s) == turn.calls >= 1
    assert turn.cpu_s > 0


def test_rows_take_turns_and_the_first_does_not_count() -> None:
    """Noise of the machine hits all rows of a group alike; caches are warm when it counts."""
    order: list[str] = []

    def row(name: str) -> Row:
        def turn(seconds: float) -> Turn:
            order.append(name)
            return Turn(calls=len(order), cpu_s=seconds)

        return Row(name=name, includes="words", turn=turn)

    results = measure([row("a"), row("b")], Effort(turns=2, turn_s=0.5))

    assert order == ["a", "b", "a", "b", "b", "a"]
    assert [[turn.calls for turn in one.turns] for one in results] == [[3, 6], [4, 5]]


def test_a_row_that_takes_minutes_takes_few_turns_and_none_to_warm_up() -> None:
    """Forty thousand certificates nine times over would be nobody's benchmark."""
    calls: list[float] = []

    def turn(seconds: float) -> Turn:
        calls.append(seconds)
        return Turn(calls=1, cpu_s=1)

    measure([Row(name="long", includes="words", turn=turn, most_turns=1)], Effort(turns=3, turn_s=0.5))

    assert calls == [0.5]


def test_openssl_is_read_for_both_operations() -> None:
    """It is the reference: its counts and seconds are taken as it prints them."""
    assert read_speed(SPEED) == {
        "sign": Turn(calls=2079, cpu_s=0.98),
        "verify": Turn(calls=2838, cpu_s=1.0),
    }


@pytest.mark.parametrize("text", ["", SPEED.replace("CurveSM2", "nistp256"), SPEED.replace("R11", "R99")])
def test_openssl_without_sm2_is_an_error(text: str) -> None:
    """An empty reference row would make every ratio look fine."""
    with pytest.raises(ValueError, match="no SM2 results"):
        read_speed(text)


@pytest.mark.parametrize(("at_least", "told"), [(3, "≥ 3 ×: met"), (3.1, "≥ 3.1 ×: NOT MET")])
def test_aim_is_told_beside_the_figure(at_least: float, told: str) -> None:
    """A missed aim must be seen, not looked for."""
    one = _measured(Turn(calls=3, cpu_s=1), aim=Aim(at_least=at_least, of="ratio"), reference="other")

    shown = dict(zip(COLUMNS, cells(one, {"other": 2.0, "one": 6.0}), strict=True))

    assert (shown["ratio"], shown["aim"]) == ("3.00 × other", told)


def test_aim_without_its_reference_is_not_called_met() -> None:
    """A run of a few groups measures no reference."""
    one = _measured(Turn(calls=3, cpu_s=1), aim=Aim(at_least=1, of="ratio"), reference="other")

    shown = dict(zip(COLUMNS, cells(one, {}), strict=True))

    assert (shown["ratio"], shown["aim"]) == ("", "not measured")


def test_rows_of_several_processes_are_told_by_the_wall_clock_too() -> None:
    """Per core divides by the processor time of all; in all is what a caller sees; memory is of one."""
    turns = [Turn(calls=30, cpu_s=2.0, wall_s=1.0, peak_bytes=5), Turn(calls=30, cpu_s=2.0, wall_s=3.0)]
    one = _measured(*turns)

    assert (one.rate, one.in_all, one.peak_bytes) == (30, 40, 5)
    assert _measured(Turn(calls=1, cpu_s=1)).in_all is None


def test_a_row_is_shown_beside_the_naive_way_and_the_floor_of_its_key() -> None:
    """Both divisors belong to the same kind of key: an RSA row beside a P-256 baseline would flatter."""
    row = Row(name="whole PDF, RSA-2048", includes="words", turn=lambda seconds: Turn(calls=1, cpu_s=1))
    one = Measured(row=row, turns=[Turn(calls=6, cpu_s=1)])
    rates = {
        "naive PDF, RSA-2048": 2.0,
        "naive PDF, P-256": 1.0,
        "floor, RSA-2048": 12.0,
        "floor, P-256": 60.0,
    }

    shown = dict(zip(COLUMNS, cells(one, rates, 0.002), strict=True))

    assert (shown["× naive"], shown["of floor"], shown["fsync"]) == ("3 ×", "50.0%", "")
    durable = Measured(row=replace(row, durable=True), turns=one.turns)
    assert dict(zip(COLUMNS, cells(durable, rates, 0.002), strict=True))["fsync"] == "2 ms"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "–"), (1.234e-6, "1.23 µs"), (0.000999, "999 µs"), (0.0123, "12.3 ms"), (1.78, "1.78 s")],
)
def test_times_have_their_unit(seconds: float | None, shown: str) -> None:
    """Rows differ by four orders of magnitude."""
    assert duration(seconds) == shown


def test_every_module_of_the_folder_is_a_group() -> None:
    """A row is added by adding a file; a forgotten list would drop it silently."""
    modules = {file.stem for file in Path(bench.rows.__file__).parent.glob("*.py")}

    found = groups()

    assert {group.name for group in found} == modules - {"__init__"}
    assert len({group.place for group in found}) == len(found)
    assert all((group.rows is None) != (group.tally is None) for group in found)


@pytest.mark.parametrize("kind", some(list(CLASSES), "photographs", least=2))
def test_a_photograph_is_the_same_at_every_run(kind: str) -> None:
    """A rate is only comparable when the photographs are; chance decides by class and number alone."""
    page = Image.new("RGB", (1654, 2339), "white")
    page.paste("black", (200, 1900, 400, 2100))
    first = photograph(page, kind, 0)

    assert photograph(page, kind, 0) == first
    assert photograph(page, kind, 1) != first
    assert min(Image.open(BytesIO(first)).size) >= (CHAT_SIDE if kind == "chat-size JPEG" else WIDE)
    assert STRENGTHS.keys() == CLASSES.keys()
