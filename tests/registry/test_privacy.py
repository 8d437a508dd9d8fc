"""ID numbers and API keys lie nowhere in clear."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from certsvc.domain.events import EventId, IdType
from certsvc.errors import DefectError, KeyMaterialError, RecordDamagedError
from certsvc.registry.crypto import Vault
from certsvc.registry.sql import SQLRegistry
from certsvc.registry.tables import METADATA
from tests.factories import NOW, a_holder, an_employer, an_event
from tests.registry.insider import Insider
from tests.registry.shelf import CANARY, SECRET, id_number, register

API_KEY = "cs_live_0123456789abcdef"
EMPLOYER = an_employer().name


def test_no_file_of_the_database_holds_an_id_number_or_api_key(
    sqlite_registry: SQLRegistry, tmp_path: Path
) -> None:
    """A stolen backup must not give them away; nor a name; the employer shows that the search works."""
    with sqlite_registry.writing() as session:
        who = register(session)
        holder = replace(a_holder(id_number=id_number(2)), name=None)
        session.append_event(replace(who.recorded, event=an_event(holder=holder, seq=2)))
        session.set_holder_document(who.holder_id, IdType.RESIDENT_ID, id_number(2))
        session.add_client("client", frozenset({"read"}), API_KEY, NOW)
    for _ in range(2):
        files = list(tmp_path.iterdir())
        content = b"".join(file.read_bytes() for file in files)
        assert EMPLOYER.encode() in content
        for secret in (CANARY, id_number(2), API_KEY, "张示例"):
            for form in (secret.encode(), secret.encode("utf-16-le"), secret.encode().hex().encode()):
                assert form not in content
        # Once with the rows in the WAL, once with them in the file itself.
        with sqlite3.connect(tmp_path / "registry.db") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    with sqlite_registry.reading() as session:
        holders = [item.event.holder for item in session.history(who.registration_id)]
    assert [holder and holder.id_number for holder in holders] == [CANARY, id_number(2)], "yet they are there"


def test_no_column_of_any_database_holds_an_id_number(registry: SQLRegistry) -> None:
    """The same on PostgreSQL, whose files nobody searches."""
    with registry.writing() as session:
        register(session)
        session.add_client("client", frozenset({"read"}), API_KEY, NOW)
    with registry.database.engine.connect() as connection:
        values = [
            value
            for table in METADATA.sorted_tables
            for row in connection.execute(table.select())
            for value in row
        ]
    texts = [value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in values]
    assert any(EMPLOYER in text for text in texts)
    assert not [text for text in texts if CANARY in text or API_KEY in text or "张示例" in text]


def test_only_the_owner_may_read_the_database_file(sqlite_registry: SQLRegistry, tmp_path: Path) -> None:
    """Whoever has it and the secret has everything."""
    with sqlite_registry.writing() as session:
        register(session)
        assert {file.stat().st_mode & 0o077 for file in tmp_path.iterdir()} == {0}


def test_an_answer_with_the_id_number_in_it_is_not_kept(registry: SQLRegistry) -> None:
    """The outcome is stored in clear and given out again."""
    with registry.writing() as session:
        who = register(session)
    event = replace(who.recorded.event, event_id=EventId("2"), source_id="2")
    leaking = replace(who.recorded, event=event, outcome={"a": [{"b": CANARY}]})
    with pytest.raises(DefectError, match="in clear"), registry.writing() as session:
        session.append_event(leaking)


def test_an_encrypted_number_opens_only_where_it_was_put(sqlite_registry: SQLRegistry) -> None:
    """A number moved to another row must not be taken for that holder's."""
    vault = Vault(SECRET)
    sealed = vault.encrypt(CANARY, "event 1")
    assert vault.decrypt(sealed, "event 1") == CANARY
    assert vault.encrypt(CANARY, "event 1") != sealed, "equal numbers must not look equal"
    for wrong, place in ((sealed, "event 2"), (sealed[:-1], "event 1"), (b"", "event 1")):
        with pytest.raises(RecordDamagedError):
            vault.decrypt(wrong, place)


def test_the_index_depends_on_type_number_and_secret() -> None:
    """A plain hash of an 18-digit number is undone in minutes."""
    vault, other = Vault(SECRET), Vault(bytes(32))
    assert vault.id_index(IdType.PASSPORT, "1") == vault.id_index(IdType.PASSPORT, "1")
    assert (
        len(
            {
                vault.id_index(IdType.PASSPORT, "1"),
                vault.id_index(IdType.PASSPORT, "2"),
                vault.id_index(IdType.OTHER, "1"),
                other.id_index(IdType.PASSPORT, "1"),
                vault.api_key_hash("1"),
            }
        )
        == 5
    )


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_secret_of_another_length_is_refused(length: int) -> None:
    """A cut key file must not quietly become a weaker key."""
    with pytest.raises(KeyMaterialError):
        Vault(bytes(length))


def test_the_history_shows_no_id_number_in_its_representation(sqlite_registry: SQLRegistry) -> None:
    """Values end up in tracebacks and logs."""
    with sqlite_registry.writing() as session:
        who = register(session)
        assert CANARY not in repr(session.history(who.registration_id))
    assert CANARY not in repr(Insider(sqlite_registry).rows("event"))
