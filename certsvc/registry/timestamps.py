"""Time stamps: rows to values and back, each with its MAC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Integer, bindparam

from certsvc.domain.endorsement import CopyId
from certsvc.domain.timestamps import FileTimestamp, TimestampLevel
from certsvc.errors import RecordDamagedError
from certsvc.registry.crypto import Value, storable
from certsvc.registry.database import Query
from certsvc.registry.rows import Record, instant_text
from certsvc.registry.session import Session, insert_row, select_rows
from certsvc.registry.tables_timestamps import FILE_TIMESTAMP, IS_WANTED

_KEY: Final = ("copy_id", "format")
_stamp = FILE_TIMESTAMP.c

TIMESTAMP_OF: Final = select_rows(
    FILE_TIMESTAMP, _stamp.copy_id == bindparam("copy_id"), _stamp.format == bindparam("format")
)
WANTED: Final = select_rows(
    FILE_TIMESTAMP,
    sa.text(IS_WANTED),  # type: ignore[arg-type]  # a condition as the partial index has it
    _stamp.not_before <= bindparam("before"),
    order_by=[_stamp.not_before, _stamp.copy_id],
    limit=bindparam("most", type_=Integer),
)
ADD_TIMESTAMP: Final = insert_row(FILE_TIMESTAMP)
CHANGE_TIMESTAMP: Final = Query(
    sa.update(FILE_TIMESTAMP)
    .where(
        *(_stamp[name] == bindparam(f"its_{name}") for name in _KEY),
        sa.text(IS_WANTED),
        _stamp.tries == bindparam("its_tries"),
    )
    .values(
        {
            column.name: bindparam(f"new_{column.name}")
            for column in FILE_TIMESTAMP.c
            if column.name not in _KEY
        }
    )
)


class TimestampRows(Session):
    """Look-ups of time stamps; the port says what each promises."""

    def find_timestamp(self, copy_id: CopyId, fmt: str) -> FileTimestamp | None:
        """Find what is written down of the time stamp of one file; None when it needs none."""
        record = self._first(TIMESTAMP_OF, copy_id=copy_id, format=fmt) if storable(copy_id) else None
        return None if record is None else _timestamp_from(record)

    def wanted_timestamps(self, before: datetime, limit: int) -> Sequence[FileTimestamp]:
        """List those that are wanted and may be asked for before this instant, the longest due first.

        A damaged row holds nobody else up: it is told only when there is no sound one.
        """
        sound: list[FileTimestamp] = []
        fault: RecordDamagedError | None = None
        for row in self._rows(WANTED.query, {"before": instant_text(before), "most": limit}):
            try:
                sound.append(_timestamp_from(Record(self._vault.checked(FILE_TIMESTAMP, row))))
            except RecordDamagedError as error:
                fault = error
        if fault is not None and not sound:
            raise fault
        return sound


class TimestampChanges(TimestampRows):
    """Changes of time stamps; the port says what each promises."""

    def add_timestamp(self, stamp: FileTimestamp) -> None:
        """Write down the time stamp of a file, there or wanted, with the copy it belongs to."""
        self._insert(ADD_TIMESTAMP, FILE_TIMESTAMP, _values(stamp))

    def change_timestamp(self, known: FileTimestamp, changed: FileTimestamp) -> bool:
        """Write a wanted one anew; False when it is there already, or was tried since *known* was read."""
        sealed = self._vault.sealed(FILE_TIMESTAMP, _values(changed))
        given: dict[str, Value] = {
            f"{'its' if name in _KEY else 'new'}_{name}": value for name, value in sealed.items()
        }
        return self._change(CHANGE_TIMESTAMP, given | {"its_tries": known.tries}) == 1


def _timestamp_from(record: Record) -> FileTimestamp:
    return FileTimestamp(
        copy_id=CopyId(record.text("copy_id")),
        fmt=record.text("format"),
        sha256=record.text("sha256"),
        level=TimestampLevel(record.text("level")),
        stamped_at=record.maybe_instant("stamped_at"),
        token=record.maybe_content("token"),
        tries=record.whole("tries"),
        not_before=record.instant("not_before"),
    )


def _values(stamp: FileTimestamp) -> dict[str, Value]:
    return {
        "copy_id": stamp.copy_id,
        "format": stamp.fmt,
        "sha256": stamp.sha256,
        "level": stamp.level.value,
        "stamped_at": None if stamp.stamped_at is None else instant_text(stamp.stamped_at),
        "token": stamp.token,
        "tries": stamp.tries,
        "not_before": instant_text(stamp.not_before),
    }
