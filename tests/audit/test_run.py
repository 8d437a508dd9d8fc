"""How an audit goes: by which processes, over which part, beside a service at work, where something lacks."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from certsvc.audit import lots
from certsvc.audit.defect import Defect, Finding, Unchecked
from certsvc.audit.judges import openssl, sm2
from certsvc.audit.run import Summary, Wish, audit
from certsvc.cli.program import program
from certsvc.registry.sql import SQLRegistry
from certsvc.wiring.auditing import open_bench
from tests.audit.store import Spoiler, log
from tests.factories import FixedClock
from tests.world import World, settings_in

HOLDERS = 3


@pytest.fixture
def small(world: World) -> World:
    """Make a store of five copies, one of them an original, and an hour later."""
    for one in range(1, HOLDERS + 1):
        world.initial(f"京111202020220000{one}", order=one)
        world.jump(seconds=30)
        world.endorse(f"京111202020220000{one}")
    world.original("京1112020202200001")
    log(world)
    world.jump(seconds=3600)
    return world


def _audited(
    world: World,
    wish: Wish = Wish(),  # noqa: B008  it is frozen
    *,
    workers: int = 1,
    step: Callable[[int, int], object] = lambda done, total: None,
) -> tuple[Summary, list[Finding]]:
    findings: list[Finding] = []
    summary = audit(
        partial(open_bench, world.settings),
        wish,
        now=world.clock.now(),
        workers=workers,
        tell=findings.append,
        step=step,
    )
    return summary, findings


def test_a_sound_store_is_sound(small: World) -> None:
    """Nothing is complained of, everything was looked at, and nothing was written."""
    before = small.settings.data_dir.joinpath("registry.db").read_bytes()

    summary, findings = _audited(small, Wish(thorough=True))

    assert findings == []
    assert summary.counts == {
        "registrations": HOLDERS,
        "copies": HOLDERS + 1,
        "files": 2 * (HOLDERS + 1),
        "symbols": 2 * (HOLDERS + 1),
        "given to openssl": 2 * (HOLDERS + 1),
        "entries of the log": 2 * HOLDERS + 1,
    }
    assert small.settings.data_dir.joinpath("registry.db").read_bytes() == before


def test_on_postgresql_too(tmp_path: Path, dev_keys: Path, font_cache: Path, database_url: str) -> None:
    """The same questions on either database, each asked at least once."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    world = World(settings_in(tmp_path / "var", dev_keys, database_url=database_url), FixedClock())
    world.initial()
    world.jump(seconds=30)
    copy = world.endorse()
    log(world)
    world.jump(seconds=30)

    _, sound = _audited(world, Wish(since=world.clock.now().replace(hour=0)))
    world.services.storage.remove([f"{copy['endorsement_id']}.ofd"])
    summary, found = _audited(world, Wish(sample=1))

    assert sound == []
    assert [(one.code, one.id) for one in found if isinstance(one, Defect)] == [
        ("FILE_MISSING", copy["endorsement_id"])
    ]
    assert summary.places == {("copy", copy["endorsement_id"])}
    assert isinstance(world.services.registry, SQLRegistry)
    world.services.registry.close()


def test_processes_find_what_one_finds(small: World) -> None:
    """The findings and their order do not depend on who looks."""
    Spoiler(small).run("UPDATE holder SET created_at = '' WHERE rowid = 1")
    path = next(Path(small.settings.storage_url).rglob("*.pack"))
    path.with_name("stray").write_bytes(b"")
    seen: list[tuple[int, int]] = []

    alone, findings = _audited(small)
    several, same = _audited(small, workers=2, step=lambda done, total: seen.append((done, total)))

    assert len(findings) == 2
    assert (same, several.counts, several.defects) == (findings, alone.counts, alone.defects)
    assert seen[-1] == (HOLDERS, HOLDERS)


def test_a_sample_opens_just_so_many_and_the_same_ones_again(small: World) -> None:
    """A number is exact; the seed alone decides which."""
    copies = [str(number) for number in range(1_000)]
    bound = lots.lowest("a", "sample", copies, 10)

    assert sum(lots.lot("a", "sample", copy) < bound for copy in copies) == 10
    assert lots.lowest("a", "sample", copies, 1_000) == lots.ALL
    assert _audited(small, Wish(sample=2, seed="a"))[0].counts["files"] == 4
    assert _audited(small, Wish(sample=Fraction(1)))[0].counts["files"] == 2 * (HOLDERS + 1)
    third = lots.share(Fraction(1, 20), 30, 90)
    assert abs(sum(lots.lot("b", "x", copy) < third for copy in copies) - 333) < 60


def test_since_leaves_the_older_ones_closed(small: World) -> None:
    """What was audited last month need not be opened again."""
    now = small.clock.now()
    small.jump(days=1)
    small.endorse("京1112020202200002")
    small.jump(seconds=60)

    summary, findings = _audited(small, Wish(since=now))

    assert findings == []
    assert (summary.counts["registrations"], summary.counts["files"]) == (1, 2)


def test_beside_a_service_at_work_nothing_new_is_a_defect(small: World) -> None:
    """Copies are made, finished and superseded between any two looks of the audit."""
    more = iter(range(5, 9))

    def work(done: int, total: int) -> None:
        one = next(more, None)
        if one is not None:
            small.jump(seconds=30)
            small.initial(f"京111202020220000{one}", order=one)
            small.endorse(f"京111202020220000{one}")
            employer = {"name": "示例乙公司", "uscc": "91990000MA0000015Q"}
            small.record(small.event("amend_employer", f"京111202020220000{one}", employer=employer))

    summary, findings = _audited(small, step=work)

    assert findings == []
    assert summary.counts["registrations"] >= HOLDERS
    assert next(more, None) is None


def test_a_store_that_is_away_is_said_once_and_no_file_is_called_missing(small: World) -> None:
    """An unmounted disk is not 900,000 defects; "cannot tell" is never a defect."""
    folder = Path(small.settings.storage_url)
    folder.rename(folder.with_name("elsewhere"))

    _, gone = _audited(small)
    folder.mkdir()
    _, empty = _audited(small)

    assert [one.code for one in gone] == ["NO_STORE"]
    assert [one.code for one in empty] == ["NO_STORE"]


def test_a_judge_that_is_not_there_is_named(small: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not checked is said in words, and nothing that rests on it is called sound or unsound."""
    monkeypatch.setattr(openssl, "_program", lambda: None)
    monkeypatch.setattr(sm2, "_library", lambda: None)

    summary, findings = _audited(small, Wish(thorough=True))

    assert {one.code for one in findings} == {"NO_SM2_LIBRARY", "NO_OPENSSL_PROGRAM"}
    assert all(isinstance(one, Unchecked) for one in findings)
    assert summary.counts["given to openssl"] == 0


def test_the_command_tells_all_of_it_and_ends_by_what_it_found(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 sound, 1 defects, 3 not checked, 2 a slip; nothing of a person in what is printed."""
    for name, value in (("DATA_DIR", small.settings.data_dir), ("KEYS_DIR", small.settings.keys_dir)):
        monkeypatch.setenv(f"CERTSVC_{name}", str(value))

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(program, ["audit", "--workers", "1", *words])
        return done.exit_code, done.output

    assert run()[0] == 0
    with closing(sqlite3.connect(small.settings.data_dir / "registry.db", isolation_level=None)) as database:
        database.execute("UPDATE copy SET purpose = 'x'")
    code, text = run()
    told, lines = run("--json", "--sample", "50%")
    objects = [json.loads(line) for line in lines.splitlines()]

    assert (code, told) == (1, 1)
    assert "ROW_DAMAGED  copy" in text
    assert "从备份恢复该行" in text
    assert "样本甲" not in text + lines
    assert "京111" not in text + lines
    assert objects[-1]["finding"] == "summary"
    assert objects[-1]["by_code"] == {"ROW_DAMAGED": HOLDERS + 1}
    assert {one["kind"] for one in objects[:-1]} == {"copy"}
    shutil.rmtree(small.settings.storage_url)
    with closing(sqlite3.connect(small.settings.data_dir / "registry.db", isolation_level=None)) as database:
        database.execute("DELETE FROM copy")
        # A log that was never begun cannot be told from one that was thrown away: never sound.
        for table in ("log_entry", "log_tile", "log_checkpoint"):
            database.execute(f"DELETE FROM {table}")
        database.execute("DELETE FROM idempotency_key")
    assert run()[0] == 3
    assert run("--sample", "0")[0] == 2
    assert run("--sample", "120%")[0] == 2
    assert run("--sample", "many")[0] == 2
