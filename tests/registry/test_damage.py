"""An insider with SQL: whatever is changed by hand is noticed by who reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import insert

from certsvc.errors import NotFoundError, RecordDamagedError
from certsvc.registry.crypto import Vault
from certsvc.registry.port import IdempotentRequest
from certsvc.registry.rows import instant_text
from certsvc.registry.sql import SQLRegistry, migrate, open_registry
from certsvc.registry.tables import IMAGE, METADATA
from tests.factories import NOW
from tests.registry.insider import Insider, Row
from tests.registry.probes import FAR, LOGIN, PROBES, other_values
from tests.registry.shelf import (
    SECRET,
    a_wanted_timestamp,
    fill_batch,
    fill_feed,
    fill_log,
    issue,
    register,
)
from tests.registry.test_access import a_session, an_action, an_operator

COLUMNS = [
    (table.name, column.name)
    for table in METADATA.sorted_tables
    for column in table.c
    # A renamed counter is one that was deleted: test_damage_moves says what stops it.
    if (table.name, column.name) != ("counter", "name")
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SQLRegistry]:
    """Keep one registry with one row in every table; each test puts back what it changed."""
    url = f"sqlite:///{tmp_path_factory.mktemp('damage') / 'registry.db'}"
    migrate(url)
    registry = open_registry(url, SECRET)
    with registry.writing() as session:
        who = register(session)
        session.put_image(who.holder_id, "f" * 64, b"photo", NOW)
        client = session.add_client("client", frozenset({"read"}), "key", NOW)
        assert session.bind_certificate(client.client_id, "c" * 64, NOW)
    # An image of before there were keys.
    old = Vault(SECRET).sealed(IMAGE, {"sha256": "e" * 64, "content": b"old", "added_at": instant_text(NOW)})
    with registry.database.engine.begin() as connection:
        connection.execute(insert(IMAGE).values(old))
    copy = issue(registry, who)
    with registry.writing() as session:
        request = IdempotentRequest(body_digest="d", copy_id=copy.copy_id)
        assert session.put_idempotent("client", "key", request, NOW)
    fill_feed(registry, who, copy)
    fill_batch(registry)
    with registry.writing() as session:
        session.add_timestamp(a_wanted_timestamp(copy))
    fill_log(registry)
    with registry.writing() as session:
        session.add_operator(an_operator())
        session.add_session(LOGIN, a_session())
        session.add_action(an_action())
        assert session.end_action(an_action().action_id, "DONE", NOW)
        session.add_holder_link(LOGIN, who.holder_id, "", NOW, FAR)
        assert session.use_assertion("portal", "1", who.holder_id, NOW, FAR)
    yield registry
    registry.close()


@dataclass
class Outcome:
    """What all the probes of a table gave."""

    damaged: int
    answers: list[object]


def probe(registry: SQLRegistry, table: str, row: Row) -> Outcome:
    """Read a row in every way there is; what changes is undone."""
    outcome = Outcome(0, [])
    for ask in PROBES[table]:
        try:
            with registry.writing() as session:
                outcome.answers.append(ask(session, row))
                raise NotFoundError  # undo
        except RecordDamagedError:
            outcome.damaged += 1
        except NotFoundError:
            pass
    return outcome


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_every_column_edited_by_sql_is_noticed(filled: SQLRegistry, table: str, column: str) -> None:
    """Under the old and the new value of the column, no look-up gives anything but the truth or nothing."""
    insider = Insider(filled)
    row = next(row for row in insider.rows(table) if table != "counter" or row["name"] == "serial 2026")
    truth = probe(filled, table, row)
    assert truth.damaged == 0
    for value in other_values(table, column, row[column]):
        insider.edit(table, row, {column: value})
        try:
            seen = [probe(filled, table, row), probe(filled, table, {**row, column: value})]
        finally:
            insider.edit(table, {**row, column: value}, {column: row[column]})
        assert any(outcome.damaged for outcome in seen), value
        for answer in (answer for outcome in seen for answer in outcome.answers):
            assert answer in (None, [], *truth.answers), value
    assert probe(filled, table, row).damaged == 0


def test_text_that_is_no_text_is_damage(filled: SQLRegistry) -> None:
    """SQLite keeps any bytes in a text column; the driver then fails before any MAC is reached."""
    insider = Insider(filled)
    row = insider.row("copy")
    insider.run("UPDATE copy SET purpose = CAST(x'ff' AS TEXT)")
    try:
        assert probe(filled, "copy", row).damaged
    finally:
        insider.run("UPDATE copy SET purpose = ?", row["purpose"])


def test_an_instant_put_into_the_future_is_damage(filled: SQLRegistry) -> None:
    """It would stop issuing for ever, with a message that blames the clock."""
    insider = Insider(filled)
    row = insider.row("event")
    insider.run("UPDATE event SET recorded_at = '2999-01-01T00:00:00.000000Z'")
    try:
        with pytest.raises(RecordDamagedError), filled.reading() as session:
            session.last_recorded_at()
    finally:
        insider.run("UPDATE event SET recorded_at = ?", row["recorded_at"])


def test_every_value_written_under_another_secret_is_damage(filled: SQLRegistry, tmp_path: Path) -> None:
    """A database without its keystore proves nothing."""
    stranger = open_registry(filled.database.engine.url.render_as_string(), b"\x01" * 32)
    insider = Insider(filled)
    for table in ("copy", "event", "certificate_version", "image", "registration_number"):
        assert probe(stranger, table, insider.row(table)).damaged
    stranger.close()
