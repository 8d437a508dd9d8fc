"""What tests of the log do to an instance."""

from __future__ import annotations

from typing import Final, Literal

import sqlalchemy as sa

from certsvc.domain.key_events import KeyEvent
from certsvc.registry.port_log import LogEntry
from certsvc.registry.sql import SQLRegistry
from certsvc.verification.log_check import LogReport, check_log
from tests.world import JSON, World

REASON: Final = {"code": "test", "text": "测试"}


def key_event(action: Literal["rotate", "retire", "compromise"], key_id: str, anywhere: World) -> KeyEvent:
    """Make up something that happened to a key just now."""
    now = anywhere.clock.now()
    return KeyEvent(action=action, key_id=key_id, at=now, since=now)


def checked(anywhere: World) -> LogReport:
    """Check the whole log."""
    return check_log(anywhere.services.registry, anywhere.services.log_book.keys)


def entries(anywhere: World) -> list[LogEntry]:
    """Return every entry that has a place."""
    with anywhere.services.registry.reading() as session:
        return list(session.log_entries_from(0, 1000))


def sql(anywhere: World, statement: str, **values: object) -> None:
    """Change the database as somebody who has got into it."""
    registry = anywhere.services.registry
    assert isinstance(registry, SQLRegistry)
    with registry.database.engine.connect() as connection:
        connection.execute(sa.text(statement), values)


def lived(anywhere: World) -> JSON:
    """Register somebody, endorse, change the employer, suspend, resume, revoke; returns the endorsement."""
    anywhere.initial()
    endorsement = anywhere.endorse()
    anywhere.original()
    anywhere.jump(days=1)
    anywhere.record(
        anywhere.event("change_employer", employer={"name": "另一公司", "uscc": "91990000MA0000015Q"})
    )
    for kind in ("suspend", "resume", "revoke"):
        anywhere.jump(days=1)
        parts = {} if kind == "resume" else {"reason": REASON}
        anywhere.record(anywhere.event(kind) | parts)
    return endorsement
