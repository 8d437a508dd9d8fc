"""API clients and their certificates on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from certsvc.errors import RecordDamagedError
from certsvc.registry.sql import SQLRegistry
from certsvc.registry.tables import CLIENT
from certsvc.registry.tables_access import CLIENT_CERTIFICATE
from tests.factories import NOW

ONE, OTHER = "a" * 64, "b" * 64


def test_certificates_are_bound_and_taken_from_one_client_alone(registry: SQLRegistry) -> None:
    """Two may have the same one; binding and taking twice change nothing."""
    with registry.writing() as session:
        first = session.add_client("platform", frozenset({"verify"}), "key 1", NOW)
        second = session.add_client("desk", frozenset({"issue"}), "key 2", NOW)
        assert session.bind_certificate(first.client_id, ONE, NOW)
        assert session.bind_certificate(first.client_id, OTHER, NOW)
        assert session.bind_certificate(second.client_id, ONE, NOW)
        assert not session.bind_certificate(second.client_id, ONE, NOW)
    with registry.reading() as session:
        assert session.find_client("key 1") == replace(first, certificates=frozenset({ONE, OTHER}))
        assert session.find_client("key 2") == replace(second, certificates=frozenset({ONE}))
    with registry.writing() as session:
        assert session.unbind_certificate(first.client_id, ONE)
        assert not session.unbind_certificate(first.client_id, ONE)
    with registry.reading() as session:
        found = {one.name: one.certificates for one in session.clients()}
    assert found == {"platform": frozenset({OTHER}), "desk": frozenset({ONE})}


def test_certificates_deleted_by_hand_open_nothing(registry: SQLRegistry) -> None:
    """An insider with SQL who deletes every row of a client must not make its stolen key enough."""
    with registry.writing() as session:
        client = session.add_client("platform", frozenset({"verify"}), "key", NOW)
        session.bind_certificate(client.client_id, ONE, NOW)
    with registry.database.engine.begin() as connection:
        connection.execute(sa.delete(CLIENT_CERTIFICATE))

    with registry.reading() as session, pytest.raises(RecordDamagedError):
        session.find_client("key")


def test_last_certificate_taken_makes_the_key_enough_again(registry: SQLRegistry) -> None:
    """By the command that does so; not by deleting its row."""
    with registry.writing() as session:
        client = session.add_client("platform", frozenset({"verify"}), "key", NOW)
        session.bind_certificate(client.client_id, ONE, NOW)
        session.unbind_certificate(client.client_id, ONE)
    with registry.reading() as session:
        assert session.find_client("key") == client


def test_another_key_ends_the_one_before_and_changes_nothing_else(registry: SQLRegistry) -> None:
    """Scopes and certificates stay, and so do the keys of others."""
    with registry.writing() as session:
        client = session.add_client("platform", frozenset({"verify"}), "leaked", NOW)
        other = session.add_client("desk", frozenset({"issue"}), "other", NOW)
        session.bind_certificate(client.client_id, ONE, NOW)
    with registry.writing() as session:
        session.change_api_key(client.client_id, "fresh")

    with registry.reading() as session:
        assert session.find_client("leaked") is None
        assert session.find_client("fresh") == replace(client, certificates=frozenset({ONE}))
        assert session.find_client("other") == other


def test_a_key_put_into_a_row_by_hand_is_damage(registry: SQLRegistry) -> None:
    """An insider with SQL who copies the hash of a key of its own lets nobody in."""
    with registry.writing() as session:
        session.add_client("office", frozenset({"issue"}), "powerful", NOW)
        session.add_client("insider", frozenset({"verify"}), "my own", NOW)
    own = sa.select(CLIENT.c.key_hash).where(CLIENT.c.name == "insider").scalar_subquery()
    with registry.database.engine.begin() as connection:
        key_hash = connection.execute(sa.select(own)).scalar_one()
        connection.execute(sa.delete(CLIENT).where(CLIENT.c.name == "insider"))
        connection.execute(sa.update(CLIENT).values(key_hash=key_hash))

    with registry.reading() as session, pytest.raises(RecordDamagedError):
        session.find_client("my own")
