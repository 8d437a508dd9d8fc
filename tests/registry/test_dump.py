"""What of a database's address other people of the machine may see while a dump runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from certsvc.registry.dump import copy_register
from tests.postgres import Server

_PROGRAM = """#!/bin/sh
case "$1" in
  --version) echo 'pg_dump (PostgreSQL) 99.1';;
  *) printf '%s\\n' "$@" > {told}; printf '%s' "$PGPASSWORD" > {password}
     for one; do case "$one" in --file=*) : > "${{one#--file=}}";; esac; done;;
esac
"""


def test_a_password_is_on_no_command_line(
    postgresql: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In either place of the address."""
    told, password = tmp_path / "told", tmp_path / "password"
    program = tmp_path / "pg_dump"
    program.write_text(_PROGRAM.format(told=told, password=password))
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    url = postgresql.emptied()
    for number, address in enumerate((f"{url}&password=geheim", url.replace("@/", ":geheim@/", 1))):
        copy_register(address, tmp_path / f"{number}.dump")
        assert password.read_text() == "geheim"
        assert "geheim" not in told.read_text()
        assert postgresql.socket_folder.name in told.read_text(), "the rest of the address is gone"
