"""One statement for what a token is worth: the copy, its version, the history and the newest copy.

A page that is scanned asks nothing else, so everything comes in one answer of the database: one moment of it,
without a transaction around. Every row in it is checked as always.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.endorsement import CopyState
from certsvc.domain.events import Event
from certsvc.errors import NotFoundError
from certsvc.registry.crypto import Vault
from certsvc.registry.database import Query
from certsvc.registry.holder_keys import Opener
from certsvc.registry.port_glance import Glance
from certsvc.registry.proved import copy_of, event_of, version_of
from certsvc.registry.reading import NEWEST, RecordReading
from certsvc.registry.reading_copies import CopyReading
from certsvc.registry.rows import Record
from certsvc.registry.session import RowQuery
from certsvc.registry.tables import CERTIFICATE_VERSION, COPY, EVENT
from certsvc.registry.tables_holders import HOLDER_KEY

Row = Sequence[object]


class GlanceReading(RecordReading, CopyReading):
    """What taking a glance the long way needs."""


_ONE: Final[sa.ColumnElement[int]] = sa.literal_column("1")
_NONE: Final[sa.ColumnElement[int]] = sa.literal_column("0")
# Written out: each parameter would be bound again for every page.


def _statement() -> sa.Select[tuple[object, ...]]:
    """Build the join; no row when nobody has the token, and one for each event when somebody has."""
    copy, newest = COPY.alias("held"), COPY.alias("newest")
    version, event = CERTIFICATE_VERSION.alias("version"), EVENT.alias("told")
    above = COPY.alias("above")
    key = HOLDER_KEY.alias("its_key")
    marks: list[sa.ColumnElement[object]] = []
    for query, name in NEWEST:
        last = query.table.alias(f"last_{query.table.name}")
        marks += [
            sa.select(column).order_by(last.c[name].desc()).limit(_ONE).offset(_NONE).scalar_subquery()
            for column in (last.c.mac, last.c[name])
        ]
    highest = (
        sa.select(above.c.copy_id)
        .where(above.c.registration_id == copy.c.registration_id, above.c.copy_number.is_not(None))
        .order_by(above.c.copy_number.desc())
        .limit(_ONE)
        .offset(_NONE)
        .scalar_subquery()
    )
    joined = (
        copy.outerjoin(version, version.c.version_id == copy.c.version_id)
        # The copy in hand is the newest one itself, more often than not: it is read once.
        .outerjoin(newest, sa.and_(newest.c.copy_id == highest, newest.c.copy_id != copy.c.copy_id))
        .outerjoin(key, key.c.holder_id == copy.c.holder_id)
        .outerjoin(event, event.c.registration_id == copy.c.registration_id)
    )
    return (
        sa.select(*marks, *copy.c, *version.c, *newest.c, *event.c, key.c.wrapped)
        .select_from(joined)
        .where(copy.c.token == bindparam("token"))
        .order_by(event.c.seq)
    )


GLANCE: Final = Query(_statement())
_MARKS: Final = slice(0, 2 * len(NEWEST))
_COPY: Final = slice(_MARKS.stop, _MARKS.stop + len(COPY.c))
_VERSION: Final = slice(_COPY.stop, _COPY.stop + len(CERTIFICATE_VERSION.c))
_NEWEST_COPY: Final = slice(_VERSION.stop, _VERSION.stop + len(COPY.c))
_EVENT: Final = slice(_NEWEST_COPY.stop, _NEWEST_COPY.stop + len(EVENT.c))
_WRAPPED: Final = _EVENT.stop
_HOLDER: Final = _COPY.start + list(COPY.c.keys()).index("holder_id")
_STATE: Final = _COPY.start + list(COPY.c.keys()).index("state")
_NUMBER: Final = _COPY.start + list(COPY.c.keys()).index("copy_number")
_NEWEST_STATE: Final = _NEWEST_COPY.start + list(COPY.c.keys()).index("state")
# The key of a table is its first column: NULL where the join found no row.
_VERSION_ID, _NEWEST_ID, _EVENT_ID = _VERSION.start, _NEWEST_COPY.start, _EVENT.start
_DONE: Final = CopyState.DONE.value


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
    """Tell whether one statement does not say it all.

    Nobody has the token; or the copy, or the newest one, was not handed out: then those below it count too.
    """
    return not rows or rows[0][_STATE] != _DONE or rows[0][_NEWEST_STATE] not in (None, _DONE)


def marks_of(rows: Sequence[Row]) -> Row:
    """Return the part of the answer that Marks reads."""
    return rows[0][_MARKS]


def _no_other(holder_id: str) -> None:
    """Answer that there is no key but the one that came with the rows."""
    del holder_id


def read_rows(rows: Sequence[Row], vault: Vault) -> Glance:
    """Return what the rows hold, each MAC checked; *rows* need no more, see needs_more().

    Raises:
        RecordDamagedError: one of them is not as it was written.
        NotFoundError: the version the copy names is not there.
    """
    row = rows[0]
    held, version = row[_COPY], row[_VERSION]
    if row[_VERSION_ID] is None:
        raise NotFoundError
    vault.check(COPY, held)
    vault.check(CERTIFICATE_VERSION, version)
    opener = Opener(vault, _no_other)
    # Of a holder who was erased nothing is sealed any more.
    opener.take_wrapped(row[_HOLDER], row[_WRAPPED])  # type: ignore[arg-type]  # a text: its row's MAC held
    copy = copy_of(held, opener)
    # An original stands in no row of copies: without a newest one there is none.
    newest = None if row[_NUMBER] is None else copy
    if row[_NEWEST_ID] is not None:
        vault.check(COPY, row[_NEWEST_COPY])
        newest = copy_of(row[_NEWEST_COPY], None)
    events = [one[_EVENT] for one in rows if one[_EVENT_ID] is not None]
    for event in events:
        vault.check(EVENT, event)
    return Glance(
        copy=copy,
        version=version_of(version, opener),
        newest=newest,
        # No ID number is opened: nothing that is shown or judged rests on one.
        events=tuple([event_of(event, opener) for event in events]),
    )


def read_slowly(session: GlanceReading, token: str) -> Glance | None:
    """Return the same by one look-up after the other, in one transaction."""
    copy = session.find_copy_by_token(token)
    if copy is None:
        return None
    newest = session.newest_endorsement(copy.registration_id)
    if newest is not None and newest.copy_id != copy.copy_id:
        newest = replace(newest, purpose=None)
    return Glance(
        copy=copy,
        version=session.get_version(copy.version_id),
        newest=newest,
        events=tuple([_unopened(item.event) for item in session.history(copy.registration_id)]),
    )


def _unopened(event: Event) -> Event:
    return replace(event, holder=None if event.holder is None else replace(event.holder, id_number=None))
