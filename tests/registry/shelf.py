"""Puts holders, registrations, versions and copies into a registry without the flows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import Copy, CopyKind, CopyState, IssuedFile
from certsvc.domain.events import EventId, HolderId, IdType, RegistrationId
from certsvc.domain.report import Status
from certsvc.domain.timestamps import FileTimestamp, TimestampLevel
from certsvc.registry.port import RecordedEvent, Registry, WriteSession
from certsvc.registry.port_batches import (
    Batch,
    BatchState,
    Chunk,
    Engine,
    Item,
    ItemState,
)
from certsvc.registry.port_feed import Change, Follow, LookUp
from certsvc.registry.port_log import LOGGING, StoredCheckpoint
from tests.factories import CONSTRUCTOR_1, NOW, a_copy, a_grant, a_holder, a_version, an_initial

SECRET: Final = bytes(range(32))
LEASE: Final = timedelta(seconds=60)
CANARY: Final = "360426199101010071"
"""The ID number of a_holder(); it may stand nowhere in clear."""


@dataclass(frozen=True)
class Registered:
    """One holder with one registration, event and version."""

    holder_id: HolderId
    registration_id: RegistrationId
    version: CertificateVersion
    number: str
    recorded: RecordedEvent


def id_number(order: int) -> str:
    """Return a different number for each holder; the registry does not look at check digits."""
    return CANARY if order == 1 else f"99000019910101{order:04d}"


def register(session: WriteSession, order: int = 1, *, at: datetime = NOW) -> Registered:
    """Record the *order*-th holder's initial registration."""
    number = f"京1112020202{order:06d}"
    holder_id = session.lock_holder(IdType.RESIDENT_ID, id_number(order), at)
    registration_id = session.add_registration(holder_id, CONSTRUCTOR_1, at)
    event = replace(
        an_initial(recorded_at=at, registration_number=number, holder=a_holder(id_number=id_number(order))),
        event_id=EventId(f"E{order}-{registration_id}"),
        source_id=f"source-{order}-{registration_id}",
        seq=0,
    )
    serial = session.next_serial(at.year)
    version = a_version(
        version_id=f"V-{registration_id}",
        registration_id=registration_id,
        serial=serial,
        licence_id=f"licence.{serial}.001.K",
        event_id=event.event_id,
        created_at=at,
    )
    recorded = RecordedEvent(
        event=event,
        registration_id=registration_id,
        body_digest="e" * 64,
        version_id=version.version_id,
        changed_fields=("employer", "specialties"),
        outcome={"event_id": event.event_id, "certificate": {"version": 1}, "warnings": []},
    )
    session.add_version(version)
    kept = session.append_event(recorded)
    session.add_numbers(registration_id, [number], at)
    session.project(registration_id, number, live=True, ends={"建筑工程": date(2028, 6, 1)})
    return Registered(holder_id, registration_id, version, number, replace(recorded, event=kept))


def pending(
    who: Registered,
    order: int = 1,
    *,
    at: datetime = NOW,
    kind: CopyKind = CopyKind.ENDORSEMENT,
    worker: str = "worker-1",
    reissue: int = 0,
) -> Copy:
    """Return a copy ready to be reserved; *order* sets id, token and code."""
    endorsed = kind is CopyKind.ENDORSEMENT
    copy = a_copy(
        kind,
        copy_id=f"C{order}-{who.registration_id}",
        registration_id=who.registration_id,
        holder_id=who.holder_id,
        version_id=who.version.version_id,
        state=CopyState.PENDING,
        worker=worker,
        lease_until=at + LEASE,
        token=some_hex(f"token {order} {who.registration_id}")[:26],
        code=some_hex(f"code {order} {who.registration_id}")[:12],
        reissue=reissue,
        reserved_at=at,
        grant=a_grant(use_from=beijing_day(at)) if endorsed else None,
    )
    return replace(copy, copy_number=None, status_index=None)


def files_of(copy: Copy) -> dict[str, IssuedFile]:
    """Return made-up files of one copy."""
    return {
        form: IssuedFile(sha256=some_hex(f"{form} {copy.copy_id}"), size=size)
        for form, size in (("pdf", 120_000), ("ofd", 90_000))
    }


def some_hex(text: str) -> str:
    """Return 64 upper-case hex characters that *text* determines."""
    return hashlib.sha256(text.encode()).hexdigest().upper()


def issue(registry: Registry, who: Registered, order: int = 1, *, at: datetime = NOW) -> Copy:
    """Reserve and complete one endorsed copy."""
    copy = pending(who, order, at=at)
    with registry.writing() as session:
        assert session.reserve(copy)
    with registry.writing() as session:
        assert session.complete(copy.copy_id, copy.worker, files_of(copy), at + timedelta(seconds=2))
    with registry.reading() as session:
        return session.get_copy(copy.copy_id)


JOURNALLED: Final = RegistrationId("journalled")
"""The registration whose look-up nobody has folded; it need not be there."""


def fill_log(registry: Registry) -> None:
    """Give the first entry that waits a place in a tree of one leaf."""
    with registry.writing() as session:
        session.hold([LOGGING])
        (entry,) = session.log_to_place(1)
        session.place_log_entries([entry], 0)
        session.put_log_tile(0, 0, entry.commitment)
        session.add_checkpoint(StoredCheckpoint(size=1, root=entry.commitment, note="note", at=NOW))


def fill_feed(registry: Registry, who: Registered, copy: Copy) -> Change:
    """Let one client follow one copy, be told of one specialty, and look it up once."""
    lookup = LookUp(
        registration_id=who.registration_id,
        copy_id=copy.copy_id,
        hour="2026-11-20T09",
        caller="client",
        way="qr",
    )
    with registry.writing() as session:
        client = session.add_client("platform", frozenset({"verify"}), some_hex("platform"), NOW)
        interest = a_follow(who, client.client_id, copy)
        assert session.follow(interest, NOW)
        change = a_change(interest, specialty="建筑工程", valid_to=date(2028, 6, 1))
        session.add_changes([change])
        session.journal_lookups({lookup: 1})
        assert session.fold_lookups("") is not None
        session.journal_lookups({lookup._replace(registration_id=JOURNALLED): 1})
    return change


def fill_batch(registry: Registry) -> Batch:
    """Let one client have a batch with one item, which failed."""
    batch = Batch(
        batch_id="b-1",
        client_id="client",
        digest="d",
        engine=Engine.SERVICE,
        state=BatchState.STOPPED,
        reason="STORAGE_FULL",
        total=1,
        events=True,
        created_at=NOW,
        changed_at=NOW,
    )
    item = Item(
        line=1,
        chunk=1,
        item_key="i a",
        item_id="a",
        op="original",
        registration_number="x",
        state=ItemState.FAILED,
        code="STORAGE_FULL",
        problem={"existing_id": "e"},
        reference="r",
        created=True,
        settled_at=NOW,
    )
    with registry.writing() as session:
        assert session.add_batch(batch)
        session.put_chunk("b-1", Chunk(number=1, lane=1, total=1, failed=1, worker="w"))
        assert session.add_item("b-1", item, b"{}")
    return batch


def a_follow(who: Registered, client_id: str, copy: Copy | None = None) -> Follow:
    """Return an interest in a copy, or in the record itself."""
    return Follow(
        registration_id=who.registration_id,
        client_id=client_id,
        copy_id=copy.copy_id if copy is not None else None,
        token=copy.token if copy is not None else None,
        licence_id=who.version.licence_id,
    )


def a_change(interest: Follow, *, specialty: str | None = None, valid_to: date | None = None) -> Change:
    """Return something to tell somebody who follows."""
    return Change(
        registration_id=interest.registration_id,
        client_id=interest.client_id,
        token=interest.token,
        licence_id=interest.licence_id,
        status=Status.VALID,
        specialty=specialty,
        valid_to=valid_to,
        at=NOW,
    )


def a_wanted_timestamp(copy: Copy, fmt: str = "pdf", *, not_before: datetime = NOW) -> FileTimestamp:
    """What stands in the register of a file whose time stamp is wanted."""
    return FileTimestamp(
        copy_id=copy.copy_id,
        fmt=fmt,
        sha256="c" * 64,
        level=TimestampLevel.DETACHED,
        not_before=not_before,
    )
