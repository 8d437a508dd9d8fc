"""Registrations found by the name of their holder, through a keyed hash: names lie sealed in their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.events import HolderId, RegistrationId
from certsvc.registry.database import Query
from certsvc.registry.session import Session, insert_unless_taken, select_rows
from certsvc.registry.tables import REGISTRATION
from certsvc.registry.tables_names import HOLDER_NAME

NAMED: Final = select_rows(
    HOLDER_NAME,
    HOLDER_NAME.c.name_index == bindparam("name_index"),
    order_by=[HOLDER_NAME.c.registration_id],
    limit=bindparam("most", type_=sa.Integer),
)
ADD_NAME: Final = insert_unless_taken(HOLDER_NAME, "name_index", "registration_id")
_REGISTRATIONS: Final = sa.select(REGISTRATION.c.registration_id).where(
    REGISTRATION.c.holder_id == bindparam("holder_id")
)
DROP_NAMES: Final = Query(sa.delete(HOLDER_NAME).where(HOLDER_NAME.c.registration_id.in_(_REGISTRATIONS)))


class NameRows(Session):
    """Look-ups by name; the port says what each promises."""

    def registrations_named(self, name: str, limit: int) -> Sequence[RegistrationId]:
        """List registrations whose holder has or had this canonical name, by id."""
        found = self._all(NAMED, name_index=self._vault.name_index(name), most=limit)
        return [RegistrationId(record.text("registration_id")) for record in found]


class NameChanges(NameRows):
    """Names of new events, and of holders who are erased."""

    def _note_name(self, registration_id: RegistrationId, name: str | None) -> None:
        """Let a registration be found by a name its event brings, if it brings one."""
        if name is not None:
            values = {"name_index": self._vault.name_index(name), "registration_id": registration_id}
            self._insert_unless_taken(ADD_NAME, HOLDER_NAME, values)

    def _forget_names(self, holder_id: HolderId) -> None:
        """Let no name lead to a holder any more: who tries every name would find whose it was."""
        self._change(DROP_NAMES, {"holder_id": holder_id})
