"""Changes of copies: each a conditional UPDATE, so that who lost the lease can change nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.endorsement import FORMATS, Copy, CopyId, CopyKind, CopyState, IssuedFile
from certsvc.domain.events import RegistrationId
from certsvc.errors import DefectError, NotFoundError, RecordDamagedError, UnavailableError
from certsvc.registry.crypto import Value
from certsvc.registry.database import Query
from certsvc.registry.noting import Noting
from certsvc.registry.port import IdempotentRequest
from certsvc.registry.reading_copies import ABOVE_EVERY_COPY_NUMBER, ENDORSEMENT_BELOW, CopyReading
from certsvc.registry.rows import copy_values, file_values, instant_text
from certsvc.registry.session import insert_unless_taken, select_rows
from certsvc.registry.tables import (
    COPY,
    ENDORSEMENT_TAKES_DAY,
    IDEMPOTENCY_KEY,
    ORIGINAL_TAKES_PLACE,
    STATUS_INDEX,
)
from certsvc.registry.writing_keys import KeyWriting

_copy, _key = COPY.c, IDEMPOTENCY_KEY.c

HOLD_COPY: Final = select_rows(COPY, each=_copy.copy_id, hold=True)
HOLD_KEY: Final = select_rows(
    IDEMPOTENCY_KEY, _key.client_id == bindparam("client_id"), _key.key == bindparam("key"), hold=True
)

RESERVE_ENDORSEMENT: Final = insert_unless_taken(
    COPY, "holder_id", "certificate_type", "day", where=ENDORSEMENT_TAKES_DAY
)
RESERVE_ORIGINAL: Final = insert_unless_taken(COPY, "version_id", "reissue", where=ORIGINAL_TAKES_PLACE)
CLAIM_KEY: Final = insert_unless_taken(IDEMPOTENCY_KEY, "client_id", "key")
NEXT_STATUS_INDEX: Final = Query(
    {
        "sqlite": sa.select(sa.func.coalesce(sa.func.max(_copy.status_index) + 1, 0)),
        "postgresql": sa.select(STATUS_INDEX.next_value()),
    }
)
MOVE_KEY: Final = Query(
    sa.update(IDEMPOTENCY_KEY)
    .where(
        _key.client_id == bindparam("its_client_id"),
        _key.key == bindparam("its_key"),
        _key.mac == bindparam("seen_mac"),
    )
    .values(copy_id=bindparam("new_copy_id"), used_at=bindparam("new_used_at"), mac=bindparam("new_mac"))
)


def _update_pending(*where: sa.ColumnElement[bool], changed: tuple[str, ...]) -> Query:
    """Build the UPDATE of one PENDING copy's *changed* columns and MAC.

    The MAC seen when the new one was computed is a condition too: had the row changed in between, the new MAC
    would cover values that are no longer there.
    """
    return Query(
        sa.update(COPY)
        .where(
            _copy.copy_id == bindparam("its_copy_id"),
            _copy.state == "PENDING",
            _copy.mac == bindparam("seen_mac"),
            *where,
        )
        .values({name: bindparam(f"new_{name}") for name in (*changed, "mac")})
    )


_MINE: Final = _copy.worker == bindparam("its_worker")

EXTEND: Final = _update_pending(_MINE, changed=("lease_until",))
COMPLETE: Final = _update_pending(
    _MINE,
    _copy.lease_until >= bindparam("its_lease_at_least"),
    changed=("state", "pdf_sha256", "pdf_size", "ofd_sha256", "ofd_size", "done_at", "changed_at"),
)
FAIL: Final = _update_pending(_MINE, changed=("state", "failure", "changed_at"))
TAKE_OVER: Final = _update_pending(
    _copy.lease_until < bindparam("its_lease_below"), changed=("worker", "lease_until", "changed_at")
)


class CopyWriting(CopyReading, Noting, KeyWriting):
    """Changes of copies; the port says what each promises."""

    def reserve(self, copy: Copy) -> Copy | None:
        """Insert a PENDING copy; None when the day (or the original's place) is taken."""
        if copy.state is not CopyState.PENDING or copy.files or copy.done_at or copy.failure:
            raise DefectError("only a PENDING copy can be reserved")
        if copy.kind is CopyKind.ORIGINAL:
            # A row whose state was changed by hand fails here instead of giving its place away.
            if self.find_original(copy.version_id, copy.reissue) is not None:
                return None
            return self._reserve(RESERVE_ORIGINAL, replace(copy, copy_number=None, status_index=None))
        # Held, so that of two rivals the second counts the first one's copy.
        if self._hold_registration(copy.registration_id) is None:
            raise NotFoundError
        if self.find_endorsement_on(copy.holder_id, copy.certificate_type, copy.day) is not None:
            return None
        numbered = replace(
            copy,
            copy_number=self._next_copy_number(copy.registration_id),
            status_index=self._next_status_index(),
        )
        return self._reserve(RESERVE_ENDORSEMENT, numbered)

    def _reserve(self, query: Query, copy: Copy) -> Copy | None:
        try:
            # The unique index, not the look-up before, stops two requests at once.
            return (
                copy
                if self._insert_unless_taken(
                    query, COPY, copy_values(copy, self._writing_key(copy.holder_id))
                )
                else None
            )
        except self._integrity_error as error:
            # 55 random bits of code do meet once in a few hundred million copies; the next try draws others.
            raise UnavailableError("the token, code or id of the copy is in use") from error

    def _next_copy_number(self, registration_id: RegistrationId) -> int:
        """Return the highest number given so far, to failed copies too, plus one."""
        highest = self._first(
            ENDORSEMENT_BELOW, registration_id=registration_id, below=ABOVE_EVERY_COPY_NUMBER
        )
        return 1 if highest is None else highest.whole("copy_number") + 1

    def _next_status_index(self) -> int:
        """Return a place in the status lists that no copy ever had."""
        (((index,)),) = self._rows(NEXT_STATUS_INDEX, {})
        if not isinstance(index, int):
            raise RecordDamagedError("the highest status index is no number")
        return index

    def put_idempotent(self, client_id: str, key: str, request: IdempotentRequest, at: datetime) -> bool:
        """Claim a key, or move it from a FAILED attempt to a new one."""
        values: dict[str, Value] = {
            "client_id": client_id,
            "key": key,
            "body_digest": request.body_digest,
            "copy_id": request.copy_id,
            "used_at": instant_text(at),
        }
        if self._insert_unless_taken(CLAIM_KEY, IDEMPOTENCY_KEY, values):
            return True
        record = self._first(HOLD_KEY, client_id=client_id, key=key)
        if record is None or record.text("body_digest") != request.body_digest:
            return False
        attempt = self._first(HOLD_COPY, copy_id=record.text("copy_id"))
        if attempt is None or attempt.text("state") != CopyState.FAILED:
            return False
        moved: dict[str, Value] = {
            "its_client_id": client_id,
            "its_key": key,
            "seen_mac": record.content("mac"),
            "new_copy_id": request.copy_id,
            "new_used_at": instant_text(at),
            "new_mac": self._vault.sealed(IDEMPOTENCY_KEY, values)["mac"],
        }
        return self._change(MOVE_KEY, moved) == 1

    def extend_lease(self, copy_id: CopyId, worker: str, until: datetime) -> bool:
        """Prolong the lease; False when it is no longer this worker's or no longer PENDING."""
        changes: dict[str, Value] = {"lease_until": instant_text(until)}
        return self._update(EXTEND, copy_id, changes, its_worker=worker) is not None

    def complete(self, copy_id: CopyId, worker: str, files: Mapping[str, IssuedFile], at: datetime) -> bool:
        """PENDING -> DONE with the files' hashes; False when the lease is lost."""
        if files.keys() != set(FORMATS):
            raise DefectError("a copy is DONE with all its files or not at all")
        done = instant_text(at)
        changes: dict[str, Value] = {
            "state": CopyState.DONE.value,
            **file_values(files),
            "done_at": done,
            "changed_at": done,
        }
        row = self._update(COMPLETE, copy_id, changes, its_worker=worker, its_lease_at_least=done)
        if row is not None:
            self._note_copy(row)
        return row is not None

    def fail(self, copy_id: CopyId, worker: str, code: str, at: datetime) -> bool:
        """PENDING -> FAILED, which frees the day; False when it is no longer this worker's PENDING copy."""
        changes: dict[str, Value] = {
            "state": CopyState.FAILED.value,
            "failure": code,
            "changed_at": instant_text(at),
        }
        return self._update(FAIL, copy_id, changes, its_worker=worker) is not None

    def take_over(self, copy_id: CopyId, worker: str, at: datetime, until: datetime) -> bool:
        """Give an expired PENDING copy to *worker*; False when its lease still runs or it is not PENDING."""
        changes: dict[str, Value] = {
            "worker": worker,
            "lease_until": instant_text(until),
            "changed_at": instant_text(at),
        }
        return self._update(TAKE_OVER, copy_id, changes, its_lease_below=instant_text(at)) is not None

    def _update(
        self, query: Query, copy_id: CopyId, changes: Mapping[str, Value], **conditions: Value
    ) -> Mapping[str, Value] | None:
        """Change a PENDING copy if the conditions hold; its MAC is checked first and written anew.

        Returns:
            The row as it is now; None when it was not changed.
        """
        record = self._first(HOLD_COPY, copy_id=copy_id)
        if record is None or record.text("state") != CopyState.PENDING:
            return None
        changed = self._vault.sealed(COPY, {**record.values(), **changes})
        given: dict[str, Value] = {f"new_{name}": changed[name] for name in (*changes, "mac")}
        seen: dict[str, Value] = {"its_copy_id": copy_id, "seen_mac": record.content("mac")}
        return changed if self._change(query, {**given, **seen, **conditions}) == 1 else None
