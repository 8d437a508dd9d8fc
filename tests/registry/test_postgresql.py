"""What only PostgreSQL does: its limits, its end in the middle of work, and its return."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import psycopg
import pytest
import sqlalchemy as sa

from certsvc.errors import SettingsError, UnavailableError
from certsvc.registry import postgresql as bounded
from certsvc.registry.database import Connection
from certsvc.registry.sql import SQLRegistry, migrate, open_registry
from certsvc.registry.tables import METADATA
from tests.factories import NOW
from tests.postgres import SUPERUSER, Server
from tests.registry.shelf import SECRET, register

ROUNDS = 20


@pytest.fixture
def url(postgresql: Server) -> str:
    """Name an empty database with the schema."""
    url = postgresql.emptied()
    migrate(url)
    return url


@pytest.fixture
def registry(url: str) -> Iterator[SQLRegistry]:
    """Open it."""
    opened = open_registry(url, SECRET)
    yield opened
    opened.close()


def administrate(server: Server, *statements: str) -> None:
    """Do what an operator would do."""
    with psycopg.connect(
        host=str(server.socket_folder), user=SUPERUSER, dbname="postgres", autocommit=True
    ) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def setting(registry: SQLRegistry, name: str) -> str:
    """Ask what is in force on our connections."""
    with registry.database.transaction(writing=True) as connection:
        return str(connection.execute(f"SHOW {name}").fetchall()[0][0])


def settle(registry: SQLRegistry, statement: str) -> None:
    """Send *statement* on every connection from now on."""
    registry.database.engine.dispose()

    def send(connection: Connection, _record: object) -> None:
        connection.execute(statement)

    sa.event.listen(registry.database.engine, "connect", send)


def test_each_connection_has_its_limits(registry: SQLRegistry) -> None:
    """A caller is told to come again within seconds, whatever holds the database up."""
    expected = {
        "lock_timeout": "4s",
        "statement_timeout": "5s",
        "idle_in_transaction_session_timeout": "10s",
        "application_name": "certsvc",
        "client_encoding": "UTF8",
        "synchronous_commit": "on",
        "transaction_isolation": "read committed",
    }
    assert {name: setting(registry, name) for name in expected} == expected


def test_reading_sees_one_moment_and_cannot_write(registry: SQLRegistry) -> None:
    """A report is made from several look-ups; an event between two of them must not show in half of it."""
    with registry.database.transaction(writing=False) as connection:
        assert connection.execute("SHOW transaction_isolation").fetchall()[0][0] == "repeatable read"
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("DELETE FROM counter")


@pytest.mark.parametrize(("theirs", "ours"), [("off", "on"), ("remote_apply", "remote_apply")])
def test_an_acknowledged_event_is_on_disk(postgresql: Server, url: str, theirs: str, ours: str) -> None:
    """With synchronous_commit off a power cut would take back what we said was done."""
    administrate(postgresql, f"ALTER ROLE {SUPERUSER} SET synchronous_commit = '{theirs}'")
    try:
        registry = open_registry(url, SECRET)
        assert setting(registry, "synchronous_commit") == ours
        registry.close()
    finally:
        administrate(postgresql, f"ALTER ROLE {SUPERUSER} RESET synchronous_commit")


def test_what_the_url_says_is_left_alone(url: str) -> None:
    """An operator who names the application, or waits longer, has a reason."""
    registry = open_registry(f"{url}&application_name=branch-2", SECRET)
    assert setting(registry, "application_name") == "branch-2"
    registry.close()


def test_a_database_in_another_encoding_is_refused(postgresql: Server) -> None:
    """It would fail at the first Chinese name, long after the start."""
    administrate(
        postgresql,
        "DROP DATABASE IF EXISTS latin",
        "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
    )
    try:
        with pytest.raises(SettingsError, match="LATIN1"):
            migrate(postgresql.url.replace("/postgres?", "/latin?"))
    finally:
        administrate(postgresql, "DROP DATABASE latin")


def test_every_text_is_ordered_by_its_bytes(postgresql: Server, registry: SQLRegistry) -> None:
    """The order of a language changes with the machine's libraries, and with it what a unique index finds."""
    with registry.database.transaction(writing=False) as connection:
        found = connection.execute(
            "SELECT table_name, column_name, collation_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type = 'text'"
        ).fetchall()
    assert len(found) == sum(isinstance(c.type, sa.Text) for t in METADATA.tables.values() for c in t.c)
    assert {row[2] for row in found} == {"C"}


def test_a_lock_held_for_too_long_is_unavailable(registry: SQLRegistry) -> None:
    """The caller is told to come again; the holder goes on."""
    settle(registry, "SET lock_timeout = '50ms'")
    with registry.writing() as holder:
        holder.hold(["one"])
        holder.next_serial(2026)
        with pytest.raises(UnavailableError), registry.writing() as other:
            other.hold(["one", "two"])
        with pytest.raises(UnavailableError), registry.writing() as other:
            other.next_serial(2026)
    with registry.writing() as session:
        session.hold(["one"])
        assert session.next_serial(2026).endswith("2")


def test_a_process_frozen_in_a_transaction_loses_it(registry: SQLRegistry) -> None:
    """Else whoever wants what it holds would be refused until somebody finds it."""
    settle(registry, "SET idle_in_transaction_session_timeout = '50ms'")
    with pytest.raises(UnavailableError), registry.writing() as frozen:
        frozen.hold(["one"])
        frozen.next_serial(2026)
        time.sleep(0.3)
        with registry.writing() as other:
            other.hold(["one"])
            assert other.next_serial(2026).endswith("1")
        frozen.next_serial(2026)


def test_names_in_any_order_never_block_each_other(registry: SQLRegistry) -> None:
    """Two who each wait for what the other holds would both be refused."""
    together = Barrier(2)
    names = [f"name {order}" for order in range(8)]

    def hold(chosen: list[str]) -> None:
        for _ in range(ROUNDS):
            together.wait(timeout=60)
            with registry.writing() as session:
                session.hold(chosen)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(hold, names), pool.submit(hold, names[::-1])]:
            done.result()


def test_a_name_may_be_any_text(registry: SQLRegistry) -> None:
    """Names hold what callers typed."""
    with registry.writing() as session:
        session.hold(["%s", "'", "\x00", "\ud800", ""])
        session.hold([])


def test_a_restarted_server_is_noticed(postgresql: Server, registry: SQLRegistry) -> None:
    """Every pooled connection is dead then; nobody is to meet one."""
    with registry.writing(), registry.writing(), registry.reading():
        pass
    postgresql.stop()
    try:
        began = time.monotonic()
        with pytest.raises(UnavailableError):
            registry.ping()
        assert time.monotonic() - began < 2
    finally:
        postgresql.start()
    for _ in range(4):
        registry.ping()


def test_a_server_that_ends_in_the_middle_leaves_nothing(
    postgresql: Server, registry: SQLRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller cannot tell a lost commit from a lost answer; half of one there must not be."""
    try:
        with pytest.raises(UnavailableError), registry.writing() as session:
            register(session)
            postgresql.stop()
            session.next_serial(2026)
    finally:
        postgresql.stop()
        postgresql.start()
    with registry.reading() as session:
        assert session.last_recorded_at() is None
    with registry.writing() as session:
        register(session)
    assert caplog.text == "", "the request's own line says it; a traceback besides is noise"


def test_a_frozen_server_is_given_up(postgresql: Server, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It accepts connections and never answers: its own time limits stand still with it."""
    monkeypatch.setattr(bounded, "ANSWER_S", 0.5)
    registry = open_registry(f"{url}&connect_timeout=2", SECRET)
    registry.ping()
    # In a thread, so that a connection that waits for ever fails this test instead of hanging it.
    with ThreadPoolExecutor(1) as pool, frozen(postgresql), pytest.raises(UnavailableError):
        pool.submit(registry.ping).result(timeout=5)
    registry.ping()
    with registry.writing() as session:
        register(session)
        session.add_client("after", frozenset({"read"}), "key", NOW)
    registry.close()


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Stop every process of the server from running until the block ends."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    family = [server.pid, *map(int, children)]
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(family):
            os.kill(pid, signal.SIGCONT)
