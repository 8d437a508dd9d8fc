"""Counts of look-ups: rows added to once a second, and read by whoever may know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.endorsement import CopyId
from certsvc.domain.events import RegistrationId
from certsvc.errors import RecordDamagedError
from certsvc.registry.crypto import Value
from certsvc.registry.database import Query
from certsvc.registry.port_feed import Caller, LookUp, Way
from certsvc.registry.session import Session, insert_row, select_rows
from certsvc.registry.tables_feed import LOOKUP

_lookup = LOOKUP.c
_KEY: Final = ("registration_id", "copy_id", "hour", "caller", "way")

LOOKUPS_OF: Final = select_rows(
    LOOKUP,
    _lookup.registration_id == bindparam("registration_id"),
    order_by=[_lookup.hour, _lookup.copy_id, _lookup.caller, _lookup.way],
)
COUNTER_OF: Final = select_rows(LOOKUP, *(_lookup[name] == bindparam(name) for name in _KEY))
ADD_LOOKUP: Final = insert_row(LOOKUP)
RAISE_LOOKUP: Final = Query(
    sa.update(LOOKUP)
    .where(*(_lookup[name] == bindparam(f"its_{name}") for name in _KEY))
    .values(count=bindparam("new_count"), mac=bindparam("new_mac"))
)


class LookUpReading(Session):
    """Reading counts; the port says what each promises."""

    def lookups_of(self, registration_id: RegistrationId) -> Mapping[LookUp, int]:
        """Return how often a registration and its copies were looked up, by hour, caller and way."""
        return {
            LookUp(
                registration_id=registration_id,
                copy_id=CopyId(record.text("copy_id")) if record.text("copy_id") else None,
                hour=record.text("hour"),
                caller=cast(Caller, record.text("caller")),
                way=cast(Way, record.text("way")),
            ): record.whole("count")
            for record in self._all(LOOKUPS_OF, registration_id=registration_id)
        }


class LookUpWriting(LookUpReading):
    """Adding to counts; the port says what each promises."""

    def count_lookups(self, counts: Mapping[LookUp, int]) -> int:
        """Add to the counts; returns how many counters fail their MAC and stay as they are."""
        damaged = 0
        for lookup, count in counts.items():
            key: dict[str, Value] = {
                "registration_id": lookup.registration_id,
                "copy_id": lookup.copy_id or "",
                "hour": lookup.hour,
                "caller": lookup.caller,
                "way": lookup.way,
            }
            try:
                found = self._first(COUNTER_OF, **key)
                before = 0 if found is None else found.whole("count")
            except RecordDamagedError:
                # A new MAC over an edited row would make the edit genuine; one row must not stop the rest.
                damaged += 1
                continue
            row = self._vault.sealed(LOOKUP, {**key, "count": before + count})
            if found is None:
                self._change(ADD_LOOKUP, row)
            else:
                given = {f"its_{name}": key[name] for name in _KEY}
                self._change(RAISE_LOOKUP, {**given, "new_count": row["count"], "new_mac": row["mac"]})
        return damaged
