"""Reading for the audit what is sealed under holders' keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from certsvc.registry.crypto import Value, Vault
from certsvc.registry.database import Query
from certsvc.registry.holder_keys import Opener
from certsvc.registry.reading import image_place
from certsvc.registry.review_queries import from_to
from certsvc.registry.rows import Record
from certsvc.registry.session import KEY_OF_HOLDER
from certsvc.registry.tables import COPY, REGISTRATION
from certsvc.registry.tables_holders import HOLDER_KEY

Ask = Callable[[Query, Mapping[str, Value]], Sequence[Sequence[object]]]
Checked = Callable[[sa.Table, Sequence[object]], Record | None]

KEYS_OF, KEYS_OF_COPIES = (
    Query(
        sa.select(*HOLDER_KEY.c).where(
            HOLDER_KEY.c.holder_id.in_(sa.select(table.c.holder_id).where(*from_to(column)))
        )
    )
    for table, column in ((REGISTRATION, REGISTRATION.c.registration_id), (COPY, COPY.c.copy_id))
)
"""Keys of the holders of the registrations, or of the copies, from ``first`` to ``last``."""


class HolderReview:
    """What belongs to holders, in a register opened for reading alone."""

    def __init__(self, ask: Ask, checked: Checked, vault: Vault) -> None:
        """Take what sends a question in a transaction of its own, what checks a MAC, and the keys."""
        self._ask = ask
        self._checked = checked
        self._vault = vault

    def opener(self, keys: Sequence[Sequence[object]]) -> Opener:
        """Open what is sealed with keys that were read at the same moment."""
        by_holder = {str(row[0]): row for row in keys}
        # Where a row is missing that would have led to the holder, what the others hold is told all the same.
        return Opener(self._vault, lambda holder_id: by_holder.get(holder_id) or self._key(holder_id))

    def _key(self, holder_id: str) -> Sequence[object] | None:
        return next(iter(self._ask(KEY_OF_HOLDER.query, {"holder_id": holder_id})), None)

    def erased_at(self, keys: Sequence[Sequence[object]]) -> dict[str, datetime]:
        """Return when holders were erased, by id; those whose row is damaged count as not erased."""
        found: dict[str, datetime] = {}
        for row in keys:
            record = self._checked(HOLDER_KEY, row)
            erased_at = None if record is None else record.maybe_instant("erased_at")
            if record is not None and erased_at is not None:
                found[record.text("holder_id")] = erased_at
        return found

    def picture(self, record: Record) -> bytes | None:
        """Return a picture of holder_image; None when its holder was erased.

        Raises:
            RecordDamagedError: it does not open, or there is no key.
        """
        holder_id = record.text("holder_id")
        opener = self.opener([])
        return opener.content(holder_id, record.content("content"), image_place(record.text("sha256")))
