"""Where tries are counted: one budget, whoever asks, on both databases."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from certsvc.errors import UnavailableError
from certsvc.registry.limits import SLACK_US, Allowance, LimitStore, open_limits
from certsvc.registry.sql import SQLRegistry, open_registry
from tests.drills import record
from tests.postgres import Server
from tests.registry.limit_rival import ALLOWANCE, BUCKET, BURST, NOW_US, passed
from tests.registry.shelf import SECRET

ROOT = Path(__file__).resolve().parents[2]
PROCESSES, THREADS = 4, 4
STEP_US = ALLOWANCE.step_us


@pytest.fixture
def store(registry: SQLRegistry) -> Iterator[LimitStore]:
    """Open the store beside a registry, of each kind."""
    opened = open_limits(registry)
    yield opened
    opened.close()


@pytest.fixture
def postgresql_registry(postgresql: Server) -> Iterator[SQLRegistry]:
    """Open an empty registry on PostgreSQL, for what only PostgreSQL does."""
    opened = open_registry(postgresql.emptied(), SECRET)
    yield opened
    opened.close()


def test_exactly_the_burst_passes_and_then_one_a_step(store: LimitStore) -> None:
    """The wait that is told is the one that helps, and a microsecond less does not."""
    assert passed(store, BURST + 5) == BURST
    wait = store.take(BUCKET, ALLOWANCE, NOW_US)

    assert wait == STEP_US
    assert store.take(BUCKET, ALLOWANCE, NOW_US + wait - 1) == 1
    assert store.take(BUCKET, ALLOWANCE, NOW_US + wait) == 0
    assert store.take(BUCKET, ALLOWANCE, NOW_US + wait) == STEP_US


def test_buckets_do_not_share(store: LimitStore) -> None:
    """A guesser must not lock out everybody."""
    passed(store, BURST + 5)

    assert store.take(b"x" * 16, ALLOWANCE, NOW_US) == 0


def test_sixteen_rivals_in_four_processes_share_one_budget(registry: SQLRegistry, registry_url: str) -> None:
    """With a bucket in each process, four processes gave a guesser four times the tries."""
    command = [sys.executable, "-m", "tests.registry.limit_rival", registry_url, str(THREADS), "10"]
    rivals = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    for rival in rivals:
        assert rival.stdout is not None and rival.stdout.readline() == "ready\n"
    for rival in rivals:
        assert rival.stdin is not None
        print("go", file=rival.stdin, flush=True)
    won = [int(rival.communicate(timeout=60)[0]) for rival in rivals]
    record(
        f"one budget, {registry.database.dialect.name}",
        rivals=PROCESSES * THREADS,
        tries=PROCESSES * THREADS * 10,
        burst=BURST,
        passed=sum(won),
    )

    assert sum(won) == BURST


def test_a_clock_that_is_set_back_locks_nobody_out(store: LimitStore) -> None:
    """By a day, the bucket is empty but goes on at its pace; by a little, it waits that little longer."""
    passed(store, BURST)
    day_us = 86_400_000_000

    assert store.take(BUCKET, ALLOWANCE, NOW_US - SLACK_US // 2) == SLACK_US // 2 + STEP_US
    assert store.take(BUCKET, ALLOWANCE, NOW_US - day_us) == 0
    assert store.take(BUCKET, ALLOWANCE, NOW_US - day_us) == STEP_US
    assert store.take(BUCKET, ALLOWANCE, NOW_US - day_us + STEP_US) == 0


def test_full_buckets_are_forgotten_and_others_are_not(store: LimitStore) -> None:
    """Addresses come and go; a bucket that is being emptied must not be given anew."""
    for number in range(20):
        store.take(number.to_bytes(16, "big"), ALLOWANCE, NOW_US)
    passed(store, BURST)
    store.take(b"future" + bytes(10), ALLOWANCE, NOW_US + 10**12)

    assert store.sweep(NOW_US + 2 * STEP_US, ALLOWANCE.burst_us) == 21
    assert store.take(BUCKET, ALLOWANCE, NOW_US) == STEP_US
    assert store.sweep(NOW_US + ALLOWANCE.burst_us + 1, ALLOWANCE.burst_us) == 1


def test_the_budget_survives_a_restart_of_the_server(store: LimitStore, registry: SQLRegistry) -> None:
    """A worker that is replaced must not hand out a new one."""
    passed(store, BURST)
    again = open_limits(registry)

    assert again.take(BUCKET, ALLOWANCE, NOW_US) == STEP_US
    again.close()


def test_sqlite_keeps_tries_out_of_the_record(sqlite_registry: SQLRegistry, tmp_path: Path) -> None:
    """Counting must not wait for who records; and the file may be read by its owner only."""
    store = open_limits(sqlite_registry)
    with sqlite_registry.writing():
        assert store.take(BUCKET, ALLOWANCE, NOW_US) == 0
    files = sorted(tmp_path.glob("registry.limits.db*"))

    assert files and {file.stat().st_mode & 0o077 for file in files} == {0}
    store.close()


def test_postgresql_keeps_tries_in_a_table_that_is_not_logged(postgresql_registry: SQLRegistry) -> None:
    """They are worth nothing after a crash, and a log of them would cost what every try costs."""
    open_limits(postgresql_registry).take(BUCKET, ALLOWANCE, NOW_US)
    with postgresql_registry.database.engine.connect() as connection:
        kind = connection.execute(sa.text("SELECT relpersistence FROM pg_class WHERE relname = 'bucket'"))

        assert kind.scalar_one() in ("u", b"u")


def test_a_table_that_went_away_is_made_again(postgresql_registry: SQLRegistry) -> None:
    """A restored database has none; one try is refused, the next one is counted."""
    store = open_limits(postgresql_registry)
    store.take(BUCKET, ALLOWANCE, NOW_US)
    with postgresql_registry.database.engine.connect() as connection:
        connection.exec_driver_sql("DROP TABLE bucket")

    with pytest.raises(UnavailableError):
        store.take(BUCKET, ALLOWANCE, NOW_US)
    assert store.take(BUCKET, ALLOWANCE, NOW_US) == 0


def _hold(file: Path) -> sqlite3.Connection:
    """Stand where a rival stands that is about to turn a new file's journal into a log."""
    rival = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    rival.execute("BEGIN IMMEDIATE")
    return rival


def test_a_new_file_is_shared_with_whoever_makes_it_at_the_same_time(
    sqlite_registry: SQLRegistry, tmp_path: Path
) -> None:
    """SQLite refuses the second one at once, whatever its busy_timeout; four servers start together."""
    rival = _hold(tmp_path / "registry.limits.db")
    store = open_limits(sqlite_registry)
    with ThreadPoolExecutor(1) as pool:
        wait = pool.submit(store.take, BUCKET, ALLOWANCE, NOW_US)
        time.sleep(0.3)
        assert not wait.done()
        rival.rollback()
        assert wait.result() == 0
    rival.close()
    store.close()


def test_a_new_file_that_is_never_let_go_is_given_up(sqlite_registry: SQLRegistry, tmp_path: Path) -> None:
    """After two seconds: a caller is told to come again rather than left hanging."""
    rival = _hold(tmp_path / "registry.limits.db")
    store = open_limits(sqlite_registry)
    started = time.monotonic()
    with pytest.raises(UnavailableError):
        store.take(BUCKET, ALLOWANCE, NOW_US)
    assert time.monotonic() - started >= 2
    rival.rollback()

    assert store.take(BUCKET, ALLOWANCE, NOW_US) == 0
    rival.close()
    store.close()


def test_a_store_that_cannot_be_reached_says_so(sqlite_registry: SQLRegistry, tmp_path: Path) -> None:
    """And counts again as soon as it can be."""
    blocked = tmp_path / "registry.limits.db"
    blocked.mkdir()
    store = open_limits(sqlite_registry)
    with pytest.raises(UnavailableError):
        store.take(BUCKET, ALLOWANCE, NOW_US)
    blocked.rmdir()

    assert store.take(BUCKET, Allowance(step_us=1, burst_us=1), NOW_US) == 0
    store.close()
