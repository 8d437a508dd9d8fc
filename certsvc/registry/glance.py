"""One statement for what a token is worth: the copy, its version, the history and the newest copy.

A page that is scanned asks nothing else, so everything comes in one answer of the database: one moment of it,
without a transaction around. Every row in it is checked as always.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy, CopyState
from certsvc.domain.events import Event
from certsvc.errors import NotFoundError
from certsvc.registry.crypto import Vault
from certsvc.registry.database import Query
from certsvc.registry.port_glance import Glance
from certsvc.registry.reading import NEWEST, RecordReading
from certsvc.registry.reading_copies import CopyReading
from certsvc.registry.rows import Record, bare_event_from, copy_from, version_from
from certsvc.registry.session import RowQuery
from certsvc.registry.tables import CERTIFICATE_VERSION, COPY, EVENT

Row = Sequence[object]


class GlanceReading(RecordReading, CopyReading):
    """What taking a glance the long way needs."""


def _statement() -> sa.Select[tuple[object, ...]]:
    """Build the join; what is not there is NULL, so there is always a row for the marks."""
    copy, newest = COPY.alias("held"), COPY.alias("newest")
    version, event = CERTIFICATE_VERSION.alias("version"), EVENT.alias("told")
    above = COPY.alias("above")
    one = sa.select(sa.literal(1).label("one")).subquery("one")
    joined: sa.FromClause = one
    marks: list[sa.ColumnElement[object]] = []
    for query, name in NEWEST:
        table = query.table
        last, again = table.alias(f"last_{table.name}"), table.alias(f"any_{table.name}")
        (key,) = again.primary_key
        latest = sa.select(key).order_by(again.c[name].desc()).limit(1).scalar_subquery()
        joined = joined.outerjoin(last, last.c[key.name] == latest)
        marks += [last.c.mac, last.c[name]]
    highest = (
        sa.select(above.c.copy_id)
        .where(above.c.registration_id == copy.c.registration_id, above.c.copy_number.is_not(None))
        .order_by(above.c.copy_number.desc())
        .limit(1)
        .scalar_subquery()
    )
    joined = (
        joined.outerjoin(copy, copy.c.token == bindparam("token"))
        .outerjoin(version, version.c.version_id == copy.c.version_id)
        .outerjoin(newest, newest.c.copy_id == highest)
        .outerjoin(event, event.c.registration_id == copy.c.registration_id)
    )
    return (
        sa.select(*marks, *copy.c, *version.c, *newest.c, *event.c).select_from(joined).order_by(event.c.seq)
    )


GLANCE: Final = Query(_statement())
_MARKS: Final = slice(0, 2 * len(NEWEST))
_COPY: Final = slice(_MARKS.stop, _MARKS.stop + len(COPY.c))
_VERSION: Final = slice(_COPY.stop, _COPY.stop + len(CERTIFICATE_VERSION.c))
_NEWEST_COPY: Final = slice(_VERSION.stop, _VERSION.stop + len(COPY.c))
_EVENT: Final = slice(_NEWEST_COPY.stop, _NEWEST_COPY.stop + len(EVENT.c))
_STATE: Final = list(COPY.c.keys()).index("state")


@dataclass(frozen=True, slots=True)
class _Mark:
    """The newest row of a table, as far as its instant goes."""

    mac: bytes
    text: str
    instant: datetime


class Marks:
    """The newest instants, each proved once by its whole row; safe between threads.

    A MAC that held for a row belongs to the instant in that row: the pair read again is the same proof.
    """

    def __init__(self, vault: Vault) -> None:
        """Know nothing yet."""
        self._vault = vault
        self._proved: dict[str, _Mark] = {}

    def last(self, pairs: Row, whole: Callable[[RowQuery], Record | None]) -> datetime | None:
        """Return the latest of the instants in *pairs*: MAC and instant of each table's newest row.

        Args:
            pairs: two values a table, both NULL for an empty one.
            whole: reads the newest row of a table, checked.
        """
        found = []
        for place, (query, name) in enumerate(NEWEST):
            mac, text = pairs[2 * place], pairs[2 * place + 1]
            if mac is None and text is None:
                continue
            mark = self._proved.get(query.table.name)
            if mark is None or mark.mac != mac or mark.text != text:
                record = whole(query)
                if record is None:
                    continue
                mark = _Mark(record.content("mac"), record.text(name), record.instant(name))
                self._proved[query.table.name] = mark
            found.append(mark.instant)
        return max(found, default=None)


def needs_more(rows: Sequence[Row]) -> bool:
    """Tell whether the newest copy is none that was handed out: then those below it count too."""
    state = rows[0][_NEWEST_COPY][_STATE]
    return state is not None and state != CopyState.DONE


def marks_of(rows: Sequence[Row]) -> Row:
    """Return the part of the answer that Marks reads."""
    return rows[0][_MARKS]


def read_rows(rows: Sequence[Row], vault: Vault) -> Glance | None:
    """Return what the rows hold, each MAC checked; None when nobody has the token.

    Raises:
        RecordDamagedError: one of them is not as it was written.
    """
    row = rows[0]
    held = row[_COPY]
    if all(value is None for value in held):
        return None
    record = Record(vault.checked(COPY, held))
    if record.text("state") != CopyState.DONE:
        return None
    copy = copy_from(record)
    newest = row[_NEWEST_COPY]
    return Glance(
        copy=copy,
        version=_version(row[_VERSION], vault),
        # The copy in hand is the newest one itself, more often than not.
        newest=copy if newest == held else _newest(newest, vault),
        events=_events(rows, vault),
    )


def read_slowly(session: GlanceReading, token: str) -> Glance | None:
    """Return the same by one look-up after the other, in one transaction."""
    copy = session.find_copy_by_token(token)
    if copy is None:
        return None
    return Glance(
        copy=copy,
        version=session.get_version(copy.version_id),
        newest=session.newest_endorsement(copy.registration_id),
        events=tuple(item.event for item in session.history(copy.registration_id)),
    )


def _version(row: Row, vault: Vault) -> CertificateVersion:
    if all(value is None for value in row):
        raise NotFoundError
    return version_from(Record(vault.checked(CERTIFICATE_VERSION, row)))


def _newest(row: Row, vault: Vault) -> Copy | None:
    return None if all(value is None for value in row) else copy_from(Record(vault.checked(COPY, row)))


def _events(rows: Sequence[Row], vault: Vault) -> tuple[Event, ...]:
    return tuple(
        bare_event_from(Record(vault.checked(EVENT, row[_EVENT])), vault)
        for row in rows
        if any(value is not None for value in row[_EVENT])
    )
