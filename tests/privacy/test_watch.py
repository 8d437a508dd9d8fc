"""The watch over the run: it must see what is planted, or its silence says nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.privacy.watch import Watch
from tests.world import a_resident_id

NUMBER = a_resident_id(date(1979, 8, 17), 462)


def test_number_in_a_file_of_ours_is_seen_and_in_a_request_is_not(tmp_path: Path) -> None:
    """A database row and a log are ours; what a test hands in is not."""
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (x TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", [NUMBER])
    (tmp_path / "server.log").write_text(f'{{"event": "x", "y": "{NUMBER}"}}', encoding="utf-8")
    (tmp_path / "event.json").write_text(NUMBER, encoding="utf-8")
    (tmp_path / "clean.pdf").write_bytes(b"%PDF-1.7")
    watch = Watch()

    watch.look_into(tmp_path)

    assert {Path(place).name for place in watch.found} == {"a.db", "server.log"}
    assert watch.files == 3
    for path in tmp_path.iterdir():
        path.unlink()  # or the watch over this very run would find them


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_run_that_logs_a_number_fails(tmp_path: Path, workers: list[str]) -> None:
    """All its tests passed; the run did not. Also where the tests run in other processes."""
    leaking = tmp_path / "test_leak.py"
    leaking.write_text(
        "from tests.privacy.watch import Watch\ndef test_prints(): print('9900001979081' + '7925X')\n",
        encoding="utf-8",
    )
    hook = tmp_path / "conftest.py"
    hook.write_text(
        "from tests.privacy.watch import Watch\n"
        "def pytest_configure(config):\n"
        "    if not hasattr(config, 'workerinput'):\n"
        "        config.pluginmanager.register(Watch(), 'identity-numbers')\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *workers]

    done = subprocess.run(
        [*command, "--rootdir", tmp_path, "--basetemp", tmp_path / "base", leaking],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DRILL_BOOK"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "identity numbers where none may be" in done.stdout
    assert NUMBER not in done.stdout
