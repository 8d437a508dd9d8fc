"""One-time links and used assertions in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.events import HolderId
from certsvc.registry.crypto import Value
from certsvc.registry.database import Query
from certsvc.registry.port_entries import HolderLink
from certsvc.registry.rows import instant_text
from certsvc.registry.session import Session, insert_row, insert_unless_taken, select_rows
from certsvc.registry.tables_access import SESSION
from certsvc.registry.tables_entries import HOLDER_ASSERTION, HOLDER_LINK

_link, _assertion = HOLDER_LINK.c, HOLDER_ASSERTION.c

LINK: Final = select_rows(HOLDER_LINK, _link.link_hash == bindparam("link_hash"))
ADD_LINK: Final = insert_row(HOLDER_LINK)
USE_LINK: Final = Query(
    sa.update(HOLDER_LINK)
    # Of two who press the button at once, one finds the row as it was read.
    .where(
        _link.link_hash == bindparam("its_hash"),
        _link.mac == bindparam("seen_mac"),
        _link.used_at.is_(None),
    )
    .values(used_at=bindparam("new_used_at"), mac=bindparam("new_mac"))
)
ADD_ASSERTION: Final = insert_unless_taken(HOLDER_ASSERTION, "assertion_hash")
COUNTS: Final = tuple(
    Query(sa.select(sa.func.count()).select_from(table).where(table.c.holder_id == bindparam("holder_id")))
    for table in (HOLDER_LINK, HOLDER_ASSERTION)
)
DROP_OF_HOLDER: Final = (
    *(
        Query(sa.delete(table).where(table.c.holder_id == bindparam("holder_id")))
        for table in (HOLDER_LINK, HOLDER_ASSERTION)
    ),
    Query(
        sa.delete(SESSION).where(
            SESSION.c.principal_kind == "holder", SESSION.c.principal_id == bindparam("holder_id")
        )
    ),
)
ASSERTION: Final = select_rows(HOLDER_ASSERTION, _assertion.assertion_hash == bindparam("assertion_hash"))
DROP_LINKS: Final = Query(sa.delete(HOLDER_LINK).where(_link.expires_at < bindparam("before")))
DROP_ASSERTIONS: Final = Query(sa.delete(HOLDER_ASSERTION).where(_assertion.expires_at < bindparam("before")))


class EntryRows(Session):
    """Look-ups; the port says what each promises."""

    def find_holder_link(self, secret: str) -> HolderLink | None:
        """Find a link by its secret, whether it is good or not."""
        record = self._first(LINK, link_hash=self._vault.entry_hash("link", secret))
        if record is None:
            return None
        return HolderLink(
            holder_id=HolderId(record.text("holder_id")),
            expires_at=record.instant("expires_at"),
            used_at=record.maybe_instant("used_at"),
        )

    def entries_of(self, holder_id: HolderId) -> int:
        """Return how many links and used assertions of a holder are kept."""
        return sum(cast(int, self._rows(query, {"holder_id": holder_id})[0][0]) for query in COUNTS)


class EntryChanges(EntryRows):
    """Changes; the port says what each promises."""

    def add_holder_link(
        self, secret: str, holder_id: HolderId, made_by: str, at: datetime, expires_at: datetime
    ) -> None:
        """Keep a new link."""
        values: dict[str, Value] = {
            "link_hash": self._vault.entry_hash("link", secret),
            "holder_id": holder_id,
            "made_by": made_by,
            "made_at": instant_text(at),
            "expires_at": instant_text(expires_at),
            "used_at": None,
        }
        self._insert(ADD_LINK, HOLDER_LINK, values)

    def use_holder_link(self, secret: str, at: datetime) -> bool:
        """Use a link up; False when a rival was first, or there is none."""
        link_hash = self._vault.entry_hash("link", secret)
        record = self._first(LINK, link_hash=link_hash)
        if record is None:
            return False
        used_at = instant_text(at)
        given: Mapping[str, Value] = {
            "its_hash": link_hash,
            "seen_mac": record.content("mac"),
            "new_used_at": used_at,
            "new_mac": self._vault.sealed(HOLDER_LINK, {**record.values(), "used_at": used_at})["mac"],
        }
        return self._change(USE_LINK, given) == 1

    def use_assertion(
        self, issuer: str, jti: str, holder_id: HolderId, at: datetime, expires_at: datetime
    ) -> bool:
        """Use an assertion up; False when it was used before."""
        assertion_hash = self._vault.entry_hash("assertion", issuer, jti)
        if self._first(ASSERTION, assertion_hash=assertion_hash) is not None:
            return False
        values: dict[str, Value] = {
            "assertion_hash": assertion_hash,
            "holder_id": holder_id,
            "used_at": instant_text(at),
            "expires_at": instant_text(expires_at),
        }
        return self._insert_unless_taken(ADD_ASSERTION, HOLDER_ASSERTION, values)

    def forget_entries(self, links_before: datetime, assertions_before: datetime) -> int:
        """Delete links and assertions that expired before these instants; returns how many."""
        return self._change(DROP_LINKS, {"before": instant_text(links_before)}) + self._change(
            DROP_ASSERTIONS, {"before": instant_text(assertions_before)}
        )

    def _drop_entries(self, holder_id: HolderId) -> None:
        """Delete every way in of a holder who is erased, and the visits that go on."""
        for query in DROP_OF_HOLDER:
            self._change(query, {"holder_id": holder_id})
