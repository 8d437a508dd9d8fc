"""A real PostgreSQL server for one test run: a socket, a throw-away folder, gone with the tests."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

SUPERUSER: Final = "certsvc_test"
START_S: Final = 30
_PR_SET_PDEATHSIG: Final = 1


def find_binaries() -> Path | None:
    """Return the folder of the machine's newest initdb and postgres, None when there is none."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: folder.parent.name.zfill(4),
        reverse=True,
    )
    on_path = shutil.which("postgres")
    folders = [*([Path(on_path).resolve().parent] if on_path else []), *installed]
    return next((folder for folder in folders if _complete(folder)), None)


def _complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres"))


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root: name somebody else then."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _die_with_parent() -> None:
    # Runs in the child after the change of user, which would have cleared the setting.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


@contextmanager
def running_server(binaries: Path) -> Iterator[Path]:
    """Run a server; yields the folder of its socket."""
    # Not under pytest's folder: a socket's path has at most 107 bytes, and another user must get there.
    place = Path(tempfile.mkdtemp(prefix="certsvc-pg-"))
    user = _server_user()
    if user is not None:
        owner = pwd.getpwnam(user)
        os.chown(place, owner.pw_uid, owner.pw_gid)
    environment = {"PATH": f"{binaries}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    try:
        subprocess.run(
            [
                binaries / "initdb",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-sync",
                "--locale=C.UTF-8",
                f"--username={SUPERUSER}",
                f"--pgdata={place / 'data'}",
            ],
            user=user,
            cwd=place,
            env=environment,
            check=True,
            capture_output=True,
        )
        with (place / "log").open("wb") as log:
            server = subprocess.Popen(
                [
                    binaries / "postgres",
                    *("-D", place / "data"),
                    *("-k", place),
                    *("-c", "listen_addresses="),
                    *("-c", "fsync=off"),
                    *("-c", "max_connections=200"),
                ],
                user=user,
                cwd=place,
                env=environment,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - the fixture starts before any thread
            )
        try:
            _wait_until_ready(place, server)
            yield place
        finally:
            # At once: nothing in there is worth a checkpoint.
            server.send_signal(signal.SIGQUIT)
            server.wait(timeout=START_S)
    finally:
        shutil.rmtree(place)


def _wait_until_ready(place: Path, server: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(host=str(place), user=SUPERUSER, dbname="postgres").close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > ends:
                raise RuntimeError((place / "log").read_text()) from None
            time.sleep(0.05)
        else:
            return


def empty_database(socket_folder: Path) -> str:
    """Empty the server's one database; returns its URL. A new one per test would cost 7 MB each."""
    with psycopg.connect(
        host=str(socket_folder), user=SUPERUSER, dbname="postgres", autocommit=True
    ) as connection:
        # A test that left a connection open shall fail the next one, not hang it.
        connection.execute("SET lock_timeout = '5s'")
        connection.execute("SET client_min_messages = 'error'")
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return f"postgresql+psycopg://{SUPERUSER}@/postgres?host={socket_folder}"
