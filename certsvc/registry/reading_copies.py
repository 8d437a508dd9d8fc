"""Look-ups of issued copies and of Idempotency-Keys; the public's scans end here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.certificate import VersionId
from certsvc.domain.endorsement import Copy, CopyId, CopyState
from certsvc.domain.events import HolderId, RegistrationId
from certsvc.errors import NotFoundError
from certsvc.registry.crypto import storable
from certsvc.registry.database import Query
from certsvc.registry.port import IdempotentRequest
from certsvc.registry.rows import Record, copy_from, instant_text
from certsvc.registry.session import Many, RowQuery, Session, listed_keys, select_rows
from certsvc.registry.tables import COPY, IDEMPOTENCY_KEY

_copy, _key = COPY.c, IDEMPOTENCY_KEY.c

BY_ID: Final = select_rows(COPY, _copy.copy_id == bindparam("copy_id"))
BY_TOKEN: Final = select_rows(COPY, _copy.token == bindparam("token"))
BY_CODE: Final = select_rows(COPY, _copy.code == bindparam("code"))
BY_SHA256: Final = select_rows(
    COPY, sa.or_(_copy.pdf_sha256 == bindparam("sha256"), _copy.ofd_sha256 == bindparam("sha256"))
)
ORIGINALS: Final = select_rows(
    COPY,
    _copy.version_id == bindparam("version_id"),
    _copy.reissue == bindparam("reissue"),
    _copy.kind == "original",
)
ENDORSEMENTS_ON: Final = select_rows(
    COPY,
    _copy.certificate_type == bindparam("certificate_type"),
    _copy.day == bindparam("day"),
    _copy.kind == "endorsement",
    each=_copy.holder_id,
)


def _endorsement_below() -> RowQuery:
    """Build the SELECT of the endorsement with the highest copy number under ``below``."""
    below = bindparam("below", type_=sa.Integer)
    one = select_rows(
        COPY,
        _copy.registration_id == bindparam("registration_id"),
        _copy.copy_number < below,
        order_by=[_copy.copy_number.desc()],
        limit=1,
    )
    other, many = COPY.alias("other").c, {}
    for name, keys in listed_keys().items():
        # Of each registration its one row by the index, however many copies it has.
        highest = sa.select(sa.func.max(other.copy_number)).where(
            other.registration_id == keys.c.value, other.copy_number < below
        )
        its_row = sa.and_(
            _copy.registration_id == keys.c.value, _copy.copy_number == highest.scalar_subquery()
        )
        many[name] = sa.select(*COPY.c).select_from(keys.join(COPY, its_row))
    place = COPY.c.keys().index("registration_id")
    return RowQuery(COPY, one.query, Many(Query(many), "registration_id", place))


ENDORSEMENT_BELOW: Final = _endorsement_below()
ENDORSEMENT_ABOVE: Final = select_rows(
    COPY,
    _copy.registration_id == bindparam("registration_id"),
    _copy.copy_number > bindparam("above"),
    order_by=[_copy.copy_number],
    limit=1,
)
PENDING_BEFORE: Final = select_rows(
    COPY,
    # Literal text, for the partial index.
    sa.literal_column("state = 'PENDING'", sa.Boolean),
    _copy.lease_until < bindparam("lease_before"),
    order_by=[_copy.lease_until, _copy.copy_id],
)
FAILED_SINCE: Final = select_rows(
    COPY,
    _copy.changed_at >= bindparam("since"),
    _copy.state == "FAILED",
    order_by=[_copy.changed_at, _copy.copy_id],
)
IDEMPOTENT: Final = select_rows(IDEMPOTENCY_KEY, _key.client_id == bindparam("client_id"), each=_key.key)

ABOVE_EVERY_COPY_NUMBER: Final = 2**31 - 1


class CopyReading(Session):
    """Look-ups of copies; the port says what each promises.

    None but pending_copies and failed_copies, from which recovery works, lets the database filter by state: a
    state changed by hand must fail the row's MAC, not hide the row.
    """

    def get_copy(self, copy_id: CopyId) -> Copy:
        """Return one copy in any state."""
        record = self._first(BY_ID, copy_id=copy_id) if storable(copy_id) else None
        if record is None:
            raise NotFoundError
        return copy_from(record, self._opener)

    def find_copy_by_token(self, token: str) -> Copy | None:
        """Find a DONE copy by its canonical token."""
        return self._done(BY_TOKEN, token=token)

    def find_copy_by_code(self, code: str) -> Copy | None:
        """Find a DONE copy by its canonical code."""
        return self._done(BY_CODE, code=code)

    def find_copy_by_sha256(self, sha256: str) -> Copy | None:
        """Find a DONE copy one of whose files has this hex sha256."""
        return self._done(BY_SHA256, sha256=sha256)

    def _done(self, query: RowQuery, **given: str) -> Copy | None:
        if not all(map(storable, given.values())):
            return None
        record = self._first(query, **given)
        if record is None or record.text("state") != CopyState.DONE:
            return None
        return copy_from(record, self._opener)

    def find_original(self, version_id: VersionId, reissue: int) -> Copy | None:
        """Find the PENDING or DONE original of a version."""
        return self._in_place(self._all(ORIGINALS, version_id=version_id, reissue=reissue))

    def find_endorsement_on(self, holder_id: HolderId, certificate_type: str, day: date) -> Copy | None:
        """Find the PENDING or DONE endorsement that takes the holder's *day*."""
        return self._in_place(
            self._all(
                ENDORSEMENTS_ON,
                holder_id=holder_id,
                certificate_type=certificate_type,
                day=day.isoformat(),
            )
        )

    def newest_endorsement(self, registration_id: RegistrationId) -> Copy | None:
        """Find the DONE endorsement with the highest copy number."""
        below = ABOVE_EVERY_COPY_NUMBER
        while True:
            record = self._first(ENDORSEMENT_BELOW, registration_id=registration_id, below=below)
            if record is None:
                return None
            if record.text("state") == CopyState.DONE:
                return copy_from(record, self._opener)
            below = record.whole("copy_number")

    def next_endorsement(self, registration_id: RegistrationId, above: int) -> Copy | None:
        """Find the DONE endorsement with the lowest copy number over *above*."""
        while True:
            record = self._first(ENDORSEMENT_ABOVE, registration_id=registration_id, above=above)
            if record is None:
                return None
            if record.text("state") == CopyState.DONE:
                return copy_from(record, self._opener)
            above = record.whole("copy_number")

    def find_idempotent(self, client_id: str, key: str) -> IdempotentRequest | None:
        """Find an earlier use of an Idempotency-Key by this client."""
        record = self._first(IDEMPOTENT, client_id=client_id, key=key) if storable(key) else None
        if record is None:
            return None
        return IdempotentRequest(
            body_digest=record.text("body_digest"), copy_id=CopyId(record.text("copy_id"))
        )

    def pending_copies(self, lease_before: datetime) -> Sequence[Copy]:
        """List PENDING copies whose lease ended before this instant."""
        stranded = self._all(PENDING_BEFORE, lease_before=instant_text(lease_before))
        return [copy_from(row, self._opener) for row in stranded]

    def failed_copies(self, since: datetime) -> Sequence[Copy]:
        """List copies that became FAILED at this instant or later."""
        failed = self._all(FAILED_SINCE, since=instant_text(since))
        return [copy_from(row, self._opener) for row in failed]

    def _in_place(self, records: Sequence[Record]) -> Copy | None:
        """Return the one copy that did not fail; the unique index allows no second."""
        standing = [record for record in records if record.text("state") != CopyState.FAILED]
        return copy_from(standing[0], self._opener) if standing else None
