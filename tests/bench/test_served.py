"""The parts of the benchmark around a server and a grown register, each for itself."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench.baselines import FLOOR, NAIVE
from bench.chart import Bar, draw
from bench.check import Wanted, failures, read_wanted
from bench.place import Place, like_on_postgresql, make_place
from bench.row import Measured, Row, Turn
from bench.rows.batches import run
from bench.serving import read_wrk
from certsvc.config import load_settings
from certsvc.domain.report import Status
from certsvc.verification.question import Question
from certsvc.wiring import build

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "requests"
HOLDERS = 12


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Make a small place."""
    with ExitStack() as exits:
        return make_place(tmp_path_factory.mktemp("place"), SAMPLES, exits, HOLDERS)


def test_people_filled_in_are_as_good_as_registered_ones(place: Place) -> None:
    """A look-up that found damaged rows, or none, would be measured at something else."""
    services = build(load_settings(place.environ))
    tokens = place.tokens.read_text(encoding="ascii").split()

    assert len(set(tokens)) == HOLDERS == place.rows // 7
    for token in tokens:
        report = services.verifier.verify(Question(token=token))
        assert report.status in {Status.VALID, Status.USE_EXPIRED}
        assert report.entry is not None and report.entry.copy is not None


def test_the_same_people_are_found_on_postgresql(tmp_path: Path) -> None:
    """Both databases are measured over the same rows, and people on either can be endorsed."""
    with ExitStack() as exits:
        other = make_place(tmp_path / "one", SAMPLES, exits, HOLDERS)
        place = like_on_postgresql(other, tmp_path / "two")
        services = build(load_settings(place.environ))
        tokens = place.tokens.read_text(encoding="ascii").split()
        verdicts = {services.verifier.verify(Question(token=token)).status for token in tokens}
        turn = run(place, 2)

    assert place.kind == "PostgreSQL" and len(set(tokens)) == HOLDERS
    assert verdicts <= {Status.VALID, Status.USE_EXPIRED}
    assert turn.calls == 2 and len(place.numbers) == HOLDERS - 2
    assert len(other.numbers) == HOLDERS


def test_a_batch_endorses_each_once_in_two_processes(place: Place) -> None:
    """Those people can be endorsed, and whoever was taken is not taken again."""
    turn = run(place, 4)

    assert (turn.calls, len(turn.walls_s)) == (4, 2)
    assert turn.cpu_s > 0 and (turn.wall_s or 0) > 0 and (turn.peak_bytes or 0) > 50_000_000
    assert len(place.numbers) == HOLDERS - 4


@pytest.mark.parametrize("text", ["", "told 10 1000 1" + " 5" * 100, "told 0 1000 0" + " 5" * 100])
def test_a_run_with_failed_requests_is_no_figure(text: str) -> None:
    """A server that refuses is fast."""
    with pytest.raises(ValueError, match=r"told nothing|failed"):
        read_wrk(text, 1.0)


def test_wrk_is_read_with_its_percentiles() -> None:
    """Latencies come in microseconds, one a per cent."""
    turn = read_wrk("told 300 2000000 0" + "".join(f" {number}" for number in range(1000, 1100)), 1.5)

    assert (turn.calls, turn.cpu_s, turn.wall_s) == (300, 1.5, 2.0)
    one = Measured(row=Row(name="one", includes="words", turn=lambda _: turn), turns=[turn])
    assert (one.percentile(50), one.percentile(99)) == (0.001049, 0.001098)


def _measured(name: str, rate: float, reference: str | None = None) -> Measured:
    turn = Turn(calls=round(rate * 10), cpu_s=10.0, walls_s=(0.005,), wall_s=5.0, peak_bytes=100)
    return Measured(
        row=Row(name=name, includes="words", turn=lambda _: turn, reference=reference), turns=[turn]
    )


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        (Wanted(row="whole PDF, P-256", of="naive", at_least=150), True),
        (Wanted(row="whole PDF, P-256", of="naive", at_least=150.1), False),
        (Wanted(row="whole PDF, P-256", of="floor", at_least=0.3), True),
        (Wanted(row="whole PDF, P-256", of="floor", at_least=0.31), False),
        (Wanted(row="other", of="reference", at_least=0.5), True),
        (Wanted(row="other", of="in all", at_least=1501), False),
        (Wanted(row="other", of="row", other="whole PDF, P-256", at_most=0.5), True),
        (Wanted(row="other", of="row", other="whole PDF, P-256", at_most=0.49), False),
        (Wanted(row="other", of="p99", at_most=0.005), True),
        (Wanted(row="other", of="memory", at_most=99), False),
        (Wanted(row="gone", of="rate", at_least=0), False),
        (Wanted(row="other", of="naive", at_least=0), False),
    ],
)
def test_a_figure_below_its_floor_is_named(wanted: Wanted, reached: bool) -> None:
    """Both sides of each bound; a row or a divisor that is missing is not reached, never passed over."""
    run_of = [
        _measured("naive PDF, P-256", 10),
        _measured("floor, P-256", 5000),
        _measured("whole PDF, P-256", 1500),
        _measured("other", 750, "whole PDF, P-256"),
    ]

    told = failures(run_of, [wanted])

    assert (told == []) is reached
    assert all(sentence.startswith(wanted.row) for sentence in told)


def test_floors_are_figures_that_can_be_checked(tmp_path: Path) -> None:
    """The file holds the promises, and no line of it is one that could never fail."""
    wanted = read_wanted()

    assert len({(one.row, one.of, one.at_most is None) for one in wanted}) == len(wanted) >= 10
    assert all(one.row in NAIVE for one in wanted if one.of == "naive")
    assert all(one.row in FLOOR for one in wanted if one.of == "floor")
    for line in (
        'row = "a"\nof = "rate"',
        'row = "a"\nof = "row"\nat_least = 1',
        'row = "a"\nof = "?"\nat_most = 1',
    ):
        (tmp_path / "floor.toml").write_text(f"[[floor]]\n{line}\n")
        with pytest.raises(ValueError, match=r"floor\.toml"):
            read_wanted(tmp_path / "floor.toml")


def test_chart_is_drawn_to_a_logarithmic_scale() -> None:
    """Ten times is as long from 1 to 10 as from 10 to 100, and what is said stands in it escaped."""
    bars = [Bar(name=f"<{ratio}>", ratio=ratio, rate=ratio) for ratio in (1, 10, 100)]

    drawn = ET.fromstring(draw(bars, "a & b"))

    space = "{http://www.w3.org/2000/svg}"
    wide = [float(bar.attrib["width"]) for bar in drawn.iter(f"{space}rect")]
    assert wide[0] == 3 and wide[2] == pytest.approx(2 * wide[1], abs=0.2)
    assert {"<1>", "<10>", "<100>", "a & b"} <= {text.text for text in drawn.iter(f"{space}text")}
