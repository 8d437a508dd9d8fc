"""The whole register as one file, taken while others write, and put back where there is none.

SQLite copies its own pages under one reading transaction; PostgreSQL's own programs write and read its dumps.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from certsvc.errors import (
    BackupDamagedError,
    PlaceNotEmptyError,
    SettingsError,
    StorageFullError,
    UnavailableError,
)
from certsvc.registry.database import Database
from certsvc.registry.dialects import SQLITE, WAIT_S, dialect_of, translated

_ELSEWHERE: Final = (Path("/usr/lib/postgresql"),)
"""Where Debian keeps the programs of each release of PostgreSQL, off the PATH."""
_RELEASE: Final = re.compile(r"\(PostgreSQL\) (\d+)", re.ASCII)
_NO_ROOM: Final = "No space left on device"


def kind_of(url: str) -> str:
    """Return ``sqlite`` or ``postgresql``. SettingsError when *url* names neither."""
    return dialect_of(url).name


def copy_register(url: str, file: Path) -> None:
    """Write the register as of one moment into a new *file*; it is on the disk on return.

    Writers go on meanwhile: what they commit after that moment is not in it.

    Raises:
        UnavailableError: the register cannot be read, or (StorageFullError) there is no room.
        SettingsError: a program of PostgreSQL is needed and not there.
    """
    if dialect_of(url) is SQLITE:
        _copy_sqlite(_sqlite_file(url), file)
    else:
        _run("pg_dump", url, "--format=custom", f"--file={file}")
        file.chmod(0o600)
    _sync(file)


def register_is_there(url: str) -> bool:
    """Tell whether something stands at *url* that a restored register would replace.

    Raises:
        UnavailableError: it cannot be told.
    """
    if dialect_of(url) is SQLITE:
        file = _sqlite_file(url)
        return file.exists() and file.stat().st_size > 0
    database = Database(url)
    try:
        with database.transaction(writing=False) as connection:
            tables = "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() LIMIT 1"
            return bool(connection.execute(tables).fetchall())
    finally:
        database.close()


def bring_register(url: str, file: Path) -> None:
    """Put the register of *file* where there is none; all of it or nothing.

    Raises:
        PlaceNotEmptyError: there is one.
        BackupDamagedError: *file* does not hold a register.
        UnavailableError: the database cannot be reached, or (StorageFullError) there is no room.
    """
    if register_is_there(url):
        raise PlaceNotEmptyError("there is a register already: restore beside it, then change the setting")
    if dialect_of(url) is SQLITE:
        _bring_sqlite(_sqlite_file(url), file)
    else:
        _run(
            "pg_restore",
            url,
            "--no-owner",
            "--no-privileges",
            "--single-transaction",
            "--exit-on-error",
            file,
        )


def _sqlite_file(url: str) -> Path:
    return Path(sa.make_url(url).database or "")


def _copy_sqlite(source: Path, file: Path) -> None:
    if not source.is_file():
        raise UnavailableError("there is no register to copy")
    try:
        with (
            closing(
                sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=WAIT_S)
            ) as held,
            closing(sqlite3.connect(_private(file))) as copy,
        ):
            # All pages in one step: between two steps a writer would make it begin anew.
            held.backup(copy, pages=-1)
            # One file, without a log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise translated(error) from error


def _bring_sqlite(target: Path, file: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    coming = target.with_name(f".{target.name}.coming")
    try:
        # A log that was left beside a register taken away would be played into the new one.
        for left in (coming, *(target.with_name(target.name + end) for end in ("-wal", "-shm", "-journal"))):
            left.unlink(missing_ok=True)
        source = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
        with (
            closing(sqlite3.connect(source, uri=True)) as held,
            closing(sqlite3.connect(_private(coming))) as whole,
        ):
            held.backup(whole, pages=-1)
            found = whole.execute("PRAGMA integrity_check(1)").fetchall()
            if found != [("ok",)]:
                raise BackupDamagedError("the register in it fails SQLite's own check")
        _sync(coming)
        coming.rename(target)
        _sync(target.parent)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise translated(error) from error
        raise BackupDamagedError("the register in it is no SQLite file") from error
    finally:
        coming.unlink(missing_ok=True)


def _private(file: Path) -> Path:
    """Create *file* so that only its owner reads it."""
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    return file


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _run(program: str, url: str, *arguments: str | Path) -> None:
    """Run a program of PostgreSQL's on the database at *url*; the password goes by the environment."""
    parsed = sa.make_url(url)
    query = {name: value for name, value in parsed.query.items() if name != "password"}
    # Not set(password=None), which leaves the password as it is.
    where = sa.URL.create(
        "postgresql", parsed.username, None, parsed.host, parsed.port, parsed.database, query
    )
    environment = {**os.environ, "PGCONNECT_TIMEOUT": "10"}
    password = parsed.query.get("password", parsed.password)
    if password is not None:
        environment["PGPASSWORD"] = str(password)
    found = _program(program, _release_of(url))
    ended = subprocess.run(
        [found, f"--dbname={where.render_as_string(hide_password=False)}", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        if _NO_ROOM in ended.stderr:
            raise StorageFullError(f"{program}: no room")
        if "not appear to be a valid archive" in ended.stderr or "could not read from input" in ended.stderr:
            raise BackupDamagedError(f"{program} cannot read it")
        # Its message may quote rows; the first line of a dump's fault does not.
        raise UnavailableError(f"{program} ended with {ended.returncode}; run it by hand to see why")


def _release_of(url: str) -> int:
    """Return the release of the server, e.g. 15: an older program refuses a newer server."""
    database = Database(url)
    try:
        with database.transaction(writing=False) as connection:
            ((number,),) = connection.execute("SHOW server_version_num").fetchall()
            return int(str(number)) // 10_000
    finally:
        database.close()


def _program(name: str, release: int) -> str:
    """Find PostgreSQL's own program *name*, of the server's *release* or newer.

    Raises:
        SettingsError: there is none.
    """
    on_path = shutil.which(name)
    candidates = [on_path] if on_path else []
    candidates += [str(one) for folder in _ELSEWHERE for one in sorted(folder.glob(f"*/bin/{name}"))]
    for candidate in candidates:
        told = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False).stdout
        match = _RELEASE.search(told)
        if match is not None and int(match[1]) >= release:
            return candidate
    raise SettingsError(f"{name} of PostgreSQL {release} or newer is needed on the PATH")
