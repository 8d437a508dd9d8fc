"""What waits is counted alike on both databases."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from certsvc.registry.port_figures import Figures
from certsvc.registry.sql import SQLRegistry
from certsvc.registry.tables import COPY
from certsvc.registry.tables_batches import BATCH, BATCH_CHUNK
from tests.factories import NOW
from tests.registry.shelf import fill_batch, fill_feed, fill_log, issue, register


def test_an_empty_register_has_nothing_waiting(registry: SQLRegistry) -> None:
    """Nothing, not nulls."""
    with registry.reading() as session:
        assert session.figures(NOW) == Figures(
            items_waiting=0,
            items_failed=0,
            portions_left=0,
            copies_left=0,
            log_waiting=0,
            checkpoint_at=None,
            lookups_waiting=0,
        )


def test_what_waits_is_counted(registry: SQLRegistry) -> None:
    """Left is what nobody prolonged for over a minute; a batch that ended long ago counts no more."""
    with registry.writing() as session:
        who = register(session)
    copy = issue(registry, who)
    fill_feed(registry, who, copy)
    fill_batch(registry)
    fill_log(registry)
    past = "2000-01-01T00:00:00.000000Z"
    with registry.database.engine.begin() as connection:
        connection.execute(sa.update(BATCH).values(state="running"))
        counts = {"total": 9, "done": 2, "failed": 3, "cancelled": 0}
        connection.execute(sa.update(BATCH_CHUNK).values(state="running", lease_until=past, **counts))
        chunks = connection.execute(sa.select(sa.func.count()).select_from(BATCH_CHUNK)).scalar_one()
        connection.execute(sa.update(COPY).values(state="PENDING", lease_until=past, done_at=None))
        copies = connection.execute(sa.select(sa.func.count()).select_from(COPY)).scalar_one()
    with registry.reading() as session:
        found = session.figures(NOW)
    assert (found.items_waiting, found.items_failed) == (4 * chunks, 3 * chunks)
    assert (found.portions_left, found.copies_left) == (chunks, copies)
    assert found.checkpoint_at is not None and found.lookups_waiting > 0

    with registry.database.engine.begin() as connection:
        connection.execute(sa.update(BATCH).values(state="done"))
    with registry.reading() as session:
        over = session.figures(NOW + timedelta(days=9))
    assert (over.items_waiting, over.items_failed, over.portions_left) == (0, 0, 0)
