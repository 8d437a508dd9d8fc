"""The schema: what migrations build is what the code believes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import certsvc.registry
from certsvc.errors import UnavailableError
from certsvc.registry.sql import migrate, open_registry
from certsvc.registry.tables import METADATA, REVISION
from tests.registry.shelf import SECRET, register

SCHEMA = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name <> 'alembic_version'",
    "postgresql": (
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version' "
        "UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) "
        "FROM pg_constraint WHERE connamespace = 'public'::regnamespace "
        "AND conrelid <> coalesce(to_regclass('alembic_version')::oid, 0)"
    ),
}
EXPECTED_INDEXES = ("copy_one_a_day_key", "copy_one_original_key")


def schema_of(engine: sa.Engine) -> list[str]:
    """Return tables, constraints and indexes as the database tells them."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(SCHEMA[engine.dialect.name]).scalars()
        return sorted(re.sub(r"\s+", " ", str(row)) for row in rows)


def test_the_metadata_equals_the_migrated_schema(registry_url: str) -> None:
    """A column the code knows and the schema lacks fails on the day it is first used."""
    migrate(registry_url)
    engine = sa.create_engine(registry_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    migrated = schema_of(engine)
    with engine.begin() as connection:
        METADATA.drop_all(connection)
        METADATA.create_all(connection)
    # Alembic does not look at CHECKs, partial indexes and deferred keys; the databases' own words do.
    assert migrated == schema_of(engine)
    assert all(any(name in line for line in migrated) for name in EXPECTED_INDEXES)
    engine.dispose()


def test_every_table_has_its_mac() -> None:
    """A table without one could be edited unnoticed."""
    assert [table.name for table in METADATA.sorted_tables if "mac" not in table.c] == []


def test_migrating_again_changes_nothing(registry_url: str) -> None:
    """``certsvc init`` is safe to run again."""
    migrate(registry_url)
    registry = open_registry(registry_url, SECRET)
    with registry.writing() as session:
        who = register(session)
    before = schema_of(registry.database.engine)
    migrate(registry_url)
    with registry.reading() as session:
        assert session.latest_version(who.registration_id) == who.version
    assert schema_of(registry.database.engine) == before
    registry.close()


def test_the_code_expects_the_newest_revision() -> None:
    """ping() compares with this constant, so that a look at readiness needs no Alembic."""
    folder = Path(certsvc.registry.__file__).with_name("migrations")
    assert ScriptDirectory(str(folder)).get_heads() == [REVISION]


def test_ping_refuses_an_empty_or_foreign_schema(registry_url: str) -> None:
    """A server on the wrong database must not become ready."""
    registry = open_registry(registry_url, SECRET)
    with pytest.raises(UnavailableError):
        registry.ping()
    migrate(registry_url)
    registry.ping()
    with registry.database.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'r9999'")
        connection.commit()
    with pytest.raises(UnavailableError):
        registry.ping()
    registry.close()
