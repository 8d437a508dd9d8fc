"""A canary: one identity number through everything the service does, right and wrong; then the search."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest

from certsvc.errors import RecordDamagedError
from certsvc.registry.crypto import Vault
from certsvc.sealing.keystore import Keystore
from tests.drills import record
from tests.privacy.requests import NAME
from tests.privacy.scene import CANARY, Scene, in_a_server, in_process, on_the_command_line
from tests.privacy.traces import Trace, unpacked

TRACE = Trace(CANARY)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Scene:
    """Play everything once."""
    made = Scene(folder=tmp_path_factory.mktemp("state"))
    in_process(made, dev_keys, font_cache)
    on_the_command_line(made, dev_keys, font_cache, tmp_path_factory.mktemp("inputs"))
    in_a_server(made, dev_keys, font_cache)
    return made


def test_no_answer_holds_the_number(scene: Scene) -> None:
    """Bodies and headers, pages and files, of every request with the number in it."""
    found = {place: forms for place, body in scene.answers if (forms := TRACE.find(body))}
    record(
        "canary in answers",
        answers=len(scene.answers),
        bytes=sum(len(body) for _, body in scene.answers),
        found=len(found),
    )

    assert found == {}
    assert any(NAME.encode() in body for _, body in scene.answers), "the holder was shown, the number was not"
    by_status = Counter(scene.statuses)
    assert by_status[200] > 100 and by_status[201] >= 4 and by_status[422] > 100 and by_status[404] > 20
    assert by_status[500] == 2, "those planted"
    assert by_status[503] == 1


def test_nothing_said_holds_the_number(scene: Scene) -> None:
    """Logs at DEBUG, also those of libraries, stdout, stderr and tracebacks of three runs."""
    found = {who: forms for who, text in scene.said.items() if (forms := TRACE.find(text.encode()))}
    record(
        "canary in logs",
        sources=len(scene.said),
        bytes=sum(len(text.encode()) for text in scene.said.values()),
        found=len(found),
    )

    assert found == {}
    assert "unforeseen" in scene.said["in process"] and "ValueError" in scene.said["in process"]
    assert scene.said["server"].count('"answered"') > 150
    assert scene.said["in process, before the filter"].count("answered") > 150


def test_no_file_left_behind_holds_the_number(scene: Scene) -> None:
    """Databases with their write-ahead logs, issued files unpacked, temporary files, logs."""
    files = scene.files()
    kinds = Counter(path.suffix for path in files)
    found, seen, named = {}, 0, 0
    for path in files:
        for content in unpacked(path):
            seen += len(content)
            named += NAME.encode() in content
            if forms := TRACE.find(content):
                found[str(path.relative_to(scene.folder))] = forms
    record(
        "canary in files",
        files=len(files),
        packs=kinds[".pack"],
        bytes=seen,
        found=len(found),
    )

    assert found == {}
    names = Counter(path.name for path in files)
    assert kinds[".pack"] >= 5 and kinds[".db-wal"] >= 1
    assert (names["registry.db"], names["registry.limits.db"]) == (3, 2)
    assert named > 10, "the name beside it lies in databases and files"


def test_number_opens_in_its_column_alone(scene: Scene, dev_keys: Path) -> None:
    """It is in one column of one table, for secret and holder's key together; no plain hash tells it."""
    vault = Vault(Keystore.open(dev_keys).registry_secret)
    opened, tried = Counter[tuple[str, str]](), 0
    with closing(sqlite3.connect(scene.folder / "site" / "registry.db")) as connection:
        connection.row_factory = sqlite3.Row
        dump = "\n".join(connection.iterdump())
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        keys = [
            vault.holder_key(*row) for row in connection.execute("SELECT holder_id, wrapped FROM holder_key")
        ]
        places = [f"event {row[0]} id_number" for row in connection.execute("SELECT event_id FROM event")]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for column in row.keys():  # noqa: SIM118  # iterating a Row gives its values
                    for sealed in _bytes_in(row[column]):
                        for key, place in product((None, *keys), places):
                            tried += 1
                            try:
                                inner = sealed if key is None else key.open(sealed, place)
                                text = vault.decrypt(inner, place)
                            except RecordDamagedError:
                                continue
                            assert key is not None, "it opens without its holder's key"
                            assert text == CANARY
                            opened[table, column] += 1
    record("canary in columns", tables=len(tables), tries=tried, opened=sum(opened.values()))

    assert set(opened) == {("event", "id_number")}
    plain = json.dumps(scene.good, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    assert hashlib.sha256(plain.encode()).hexdigest() not in dump


def _bytes_in(value: object) -> list[bytes]:
    """Return a value as bytes, a text also as the bytes its hex digits stand for."""
    if isinstance(value, bytes):
        return [value]
    if isinstance(value, str):
        try:
            return [value.encode(), bytes.fromhex(value)]
        except ValueError:
            return [value.encode()]
    return []
