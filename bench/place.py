"""Whole instances with a grown register, on SQLite and on PostgreSQL, and a server in front of each."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

from bench.filling import fill
from bench.moving import move
from bench.serving import Server, serving
from certsvc.config import load_settings
from certsvc.registry.sql import SQLRegistry
from certsvc.wiring import build, initialise
from tests.postgres import running_server

Kind = Literal["SQLite", "PostgreSQL"]
KINDS: Final[tuple[Kind, ...]] = ("SQLite", "PostgreSQL")
HOLDERS: Final = 167_000
"""Six rows each: a million rows and a little more."""
_SAMPLE: Final = "01-initial-two-specialties.json"


@dataclass(kw_only=True)
class Place:
    """One instance."""

    kind: Kind
    environ: dict[str, str]
    folder: Path
    numbers: list[str]
    """Registrations nobody has endorsed today; rows take them from either end."""
    api_key: str
    rows: int
    """In the register."""
    exits: ExitStack = field(repr=False)

    @property
    def tokens(self) -> Path:
        """A file with one token a line."""
        return self.folder / "tokens"

    @cached_property
    def server(self) -> Server:
        """Its server, started when it is first asked for."""
        return self.exits.enter_context(serving(self.environ))


def make_place(folder: Path, samples: Path, exits: ExitStack, holders: int = HOLDERS) -> Place:
    """Make an instance on SQLite in an empty *folder* and fill its register.

    Args:
        folder: where it keeps everything.
        samples: the sample requests.
        exits: what stops its servers at the end.
        holders: people in the register.
    """
    environ = {"CERTSVC_DATA_DIR": str(folder)}
    settings = load_settings(environ)
    initialise(settings, dev=True)
    services = build(settings)
    body = json.loads((samples / _SAMPLE).read_text(encoding="utf-8"))
    services.recorder.record(body)
    services.desk.endorse(body["registration_number"], {"purpose": "示例"}, client_id="bench", key="model")
    _, api_key = services.clients.add("bench", ("endorse", "read"))
    if not isinstance(services.registry, SQLRegistry):
        raise TypeError("only a register of ours can be filled")
    # The log is begun while all there is stands in it; what is filled in is nobody's and never logged.
    services.sequencer.advance()
    filled = fill(services.registry.database, services.keystore.registry_secret, holders)
    services.registry.close()
    (folder / "tokens").write_text("\n".join(filled.tokens), encoding="ascii")
    return Place(
        kind="SQLite",
        environ=environ,
        folder=folder,
        numbers=filled.numbers,
        api_key=api_key,
        rows=filled.rows,
        exits=exits,
    )


def like_on_postgresql(other: Place, folder: Path) -> Place:
    """Make an instance in an empty *folder* with the keys and the register of *other*, which is on SQLite.

    Filling a second register row by row would take minutes and give the same rows. PostgreSQL keeps its
    cluster in a place of its own.
    """
    url = other.exits.enter_context(running_server(durable=True)).url
    environ = {"CERTSVC_DATA_DIR": str(folder), "CERTSVC_DATABASE_URL": url}
    settings = load_settings(environ)
    folder.mkdir()
    shutil.copytree(load_settings(other.environ).keys_dir, settings.keys_dir)
    initialise(settings, dev=True)
    services = build(load_settings(other.environ))
    if not isinstance(services.registry, SQLRegistry):
        raise TypeError("only a register of ours can be moved")
    move(services.registry.database, url)
    services.registry.close()
    shutil.copy(other.tokens, folder / "tokens")
    return replace(other, kind="PostgreSQL", environ=environ, folder=folder, numbers=list(other.numbers))
