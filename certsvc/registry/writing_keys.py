"""Making holders' keys, and finding the one to write under."""

from __future__ import annotations

import os
from typing import Final

from certsvc.errors import PersonalDataErasedError, UnavailableError
from certsvc.registry.crypto import KEY_BYTES, HolderKey, Value, Vault
from certsvc.registry.rows import Record
from certsvc.registry.session import Session, insert_unless_taken, select_rows
from certsvc.registry.tables import HOLDER
from certsvc.registry.tables_holders import HOLDER_KEY

ADD_KEY: Final = insert_unless_taken(HOLDER_KEY, "holder_id")
HOLDER_BY_ID: Final = select_rows(HOLDER, each=HOLDER.c.holder_id)


def key_values(holder_id: str, key: bytes, created_at: str, vault: Vault) -> dict[str, Value]:
    """Return the row of a holder's *key*, KEY_BYTES long; *created_at* as columns hold it."""
    return {
        "holder_id": holder_id,
        "wrapped": vault.wrap(key, holder_id),
        "created_at": created_at,
        "erased_at": None,
        "files_gone_at": None,
    }


class KeyWriting(Session):
    """Making holders' keys, and finding the one to write under."""

    def _add_key(self, holder: Record) -> None:
        """Make the key of a holder that was just added, or of one that came before there were keys."""
        key = os.urandom(KEY_BYTES)
        values = key_values(holder.text("holder_id"), key, holder.text("created_at"), self._vault)
        self._insert_unless_taken(ADD_KEY, HOLDER_KEY, values)

    def _writing_key(self, holder_id: str) -> HolderKey:
        """Return the key a holder's data is written under.

        Raises:
            PersonalDataErasedError: it was erased, and nothing is written about this holder any more.
        """
        if not self._opener.knows(holder_id):
            row = self._key_row(holder_id)
            if row is not None:
                self._opener.take(row)
            else:
                holder = self._first(HOLDER_BY_ID, holder_id=holder_id)
                if holder is None:
                    raise UnavailableError("a holder vanished")
                self._add_key(holder)
        key = self._opener.find(holder_id)
        if key is None:
            raise PersonalDataErasedError
        return key
