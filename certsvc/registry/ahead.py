"""Which rows the orders of a chunk will look up, read by one statement for each table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Final

import sqlalchemy as sa

from certsvc.domain.endorsement import CopyId
from certsvc.domain.events import RegistrationId
from certsvc.registry.reading import HISTORY, NUMBER, REGISTRATION_BY_ID, REGISTRATIONS_NUMBERED, VERSION
from certsvc.registry.reading_copies import (
    ABOVE_EVERY_COPY_NUMBER,
    ENDORSEMENT_BELOW,
    ENDORSEMENTS_ON,
    IDEMPOTENT,
)
from certsvc.registry.session import HOLD_REGISTRATION, KEY_OF_HOLDER, Session
from certsvc.registry.tables import COPY, EVENT, REGISTRATION, REGISTRATION_NUMBER
from certsvc.registry.writing_copies import HOLD_COPY


def _place(column: sa.Column[str]) -> int:
    return column.table.c.keys().index(column.name)


_NUMBERED: Final = _place(REGISTRATION_NUMBER.c.registration_id)
_HOLDER: Final = _place(REGISTRATION.c.holder_id)
_TYPE: Final = _place(REGISTRATION.c.certificate_type)
_VERSION: Final = _place(EVENT.c.version_id)
_OF_VERSION: Final = _place(COPY.c.version_id)


class AheadReading(Session):
    """Reading for whole chunks; the port says what each promises. For one order it would only be a detour."""

    def foresee_requests(self, numbers: Collection[str], keys: Collection[tuple[str, str]]) -> None:
        """Read what registrations_with() and find_idempotent() will be asked, of names that are held."""
        if len(numbers) > 1:
            named = {
                number: [str(row[_NUMBERED]) for row in rows]
                for number, rows in self._read_ahead(NUMBER, numbers).items()
            }
            known = self._read_ahead(REGISTRATION_BY_ID, set().union(*named.values()))
            for number, ids in named.items():
                rows = [row for registration_id in ids for row in known.get(registration_id, ())]
                self._keep_ahead(REGISTRATIONS_NUMBERED, rows, number=number)
        of_client: dict[str, set[str]] = defaultdict(set)
        for client_id, key in keys:
            of_client[client_id].add(key)
        for client_id, its_keys in of_client.items():
            if len(its_keys) > 1:
                self._read_ahead(IDEMPOTENT, its_keys, client_id=client_id)

    def foresee_cases(self, registrations: Collection[RegistrationId], day: date) -> None:
        """Hold registrations and read what reserving a copy of each on *day* will look up."""
        if len(registrations) < 2:
            return
        held = self._read_ahead(HOLD_REGISTRATION, registrations)
        histories = self._read_ahead(HISTORY, registrations)
        self._read_ahead(VERSION, {str(rows[-1][_VERSION]) for rows in histories.values() if rows})
        self._read_ahead(ENDORSEMENT_BELOW, registrations, below=ABOVE_EVERY_COPY_NUMBER)
        holders: dict[str, set[str]] = defaultdict(set)
        for rows in held.values():
            for row in rows:
                holders[str(row[_TYPE])].add(str(row[_HOLDER]))
        self._read_ahead(KEY_OF_HOLDER, set().union(*holders.values()))
        for certificate_type, its_holders in holders.items():
            self._read_ahead(
                ENDORSEMENTS_ON, its_holders, certificate_type=certificate_type, day=day.isoformat()
            )

    def foresee_ends(self, copies: Collection[CopyId]) -> None:
        """Hold copies that are about to be renewed, completed or failed; the log names their versions."""
        if len(copies) > 1:
            held = self._read_ahead(HOLD_COPY, copies)
            self._read_ahead(VERSION, {str(row[_OF_VERSION]) for rows in held.values() for row in rows})
