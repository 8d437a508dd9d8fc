"""How every kind of row is read, and what an insider would put into its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import cast

from certsvc.domain.certificate import VersionId
from certsvc.domain.endorsement import CopyId
from certsvc.domain.events import HolderId, IdType, RegistrationId
from certsvc.registry.crypto import Vault
from certsvc.registry.port import WriteSession
from certsvc.registry.port_access import Principal
from certsvc.registry.tables import METADATA
from tests.factories import CONSTRUCTOR_1, NOW
from tests.registry.insider import Row, Value
from tests.registry.shelf import (
    JOURNALLED,
    SECRET,
    id_number,
)

LOGIN = "s" * 43
HOLDER, OTHER_NAME = "张示例", "王示例"
OTHER_ID, OTHER_KEY = "990000199101019999", "another key"
FOREVER = (date(2000, 1, 1), date(2100, 1, 1), None, 99)
FAR = NOW + timedelta(days=36_500)
Probe = Callable[[WriteSession, Row], object]


def _client_key(row: Row) -> str:
    return OTHER_KEY if row["key_hash"] == Vault(SECRET).api_key_hash(OTHER_KEY) else "key"


def _document(row: Row) -> str:
    fresh = Vault(SECRET).id_index(IdType.RESIDENT_ID, OTHER_ID)
    return OTHER_ID if row["id_index"] == fresh else id_number(1)


PROBES: Mapping[str, tuple[Probe, ...]] = {
    "holder": (
        lambda s, row: s.find_holder(IdType.RESIDENT_ID, _document(row)),
        lambda s, row: s.set_holder_document(HolderId(str(row["holder_id"])), IdType.OTHER, "1"),
    ),
    "registration": (
        lambda s, row: s.holder_of(RegistrationId(str(row["registration_id"]))),
        lambda s, row: s.registrations_of(HolderId(str(row["holder_id"])), str(row["certificate_type"])),
        lambda s, row: s.lock_registration(RegistrationId(str(row["registration_id"]))),
    ),
    "registration_number": (lambda s, row: s.find_registration(str(row["number"])),),
    "event": (
        lambda s, row: s.find_event(str(row["source_id"])),
        lambda s, row: s.history(RegistrationId(str(row["registration_id"]))),
    ),
    "certificate_version": (
        lambda s, row: s.get_version(VersionId(str(row["version_id"]))),
        lambda s, row: s.latest_version(RegistrationId(str(row["registration_id"]))),
    ),
    "image": (lambda s, row: s.get_image(str(row["sha256"])),),
    "holder_image": (lambda s, row: s.get_image(str(row["sha256"])),),
    "holder_key": (
        lambda s, row: s.find_erasure(HolderId(str(row["holder_id"]))),
        lambda s, row: s.get_image("f" * 64),
    ),
    "copy": (
        lambda s, row: s.get_copy(CopyId(str(row["copy_id"]))),
        lambda s, row: s.find_copy_by_token(str(row["token"])),
        lambda s, row: s.find_copy_by_code(str(row["code"])),
        lambda s, row: s.find_copy_by_sha256(str(row["pdf_sha256"])),
        lambda s, row: s.find_copy_by_sha256(str(row["ofd_sha256"])),
        lambda s, row: s.newest_endorsement(RegistrationId(str(row["registration_id"]))),
        lambda s, row: s.next_endorsement(RegistrationId(str(row["registration_id"])), 0),
        lambda s, row: s.find_endorsement_on(HolderId(str(row["holder_id"])), CONSTRUCTOR_1, NOW.date()),
    ),
    "idempotency_key": (lambda s, row: s.find_idempotent(str(row["client_id"]), str(row["key"])),),
    "client": (
        lambda s, row: s.find_client(_client_key(row)),
        lambda s, row: s.clients(),
    ),
    "client_certificate": (
        lambda s, row: s.find_client("key"),
        lambda s, row: s.clients(),
    ),
    "specialty_end": (lambda s, row: s.expiring(*FOREVER),),
    "counter": (lambda s, row: s.next_serial(int(str(row["name"]).removeprefix("serial "))),),
    "lookup": (lambda s, row: s.lookups_of(RegistrationId(str(row["registration_id"]))) or None,),
    "lookup_journal": (lambda s, _: s.lookups_of(JOURNALLED),),
    "follow": (lambda s, row: s.followers(RegistrationId(str(row["registration_id"]))),),
    "change": (
        lambda s, row: s.changes_after(str(row["client_id"]), 0, 9),
        lambda s, row: s.announced(RegistrationId(str(row["registration_id"]))),
    ),
    "batch": (
        lambda s, row: s.find_batch(str(row["batch_id"])),
        lambda s, row: s.find_batch_of(str(row["client_id"]), str(row["digest"])),
    ),
    "batch_chunk": (lambda s, row: s.chunks_of(str(row["batch_id"])),),
    "file_timestamp": (
        lambda s, row: s.find_timestamp(CopyId(str(row["copy_id"])), str(row["format"])),
        lambda s, row: s.wanted_timestamps(FAR, 9),
    ),
    "batch_item": (lambda s, row: s.items_after(str(row["batch_id"]), 0, 9),),
    "log_entry": (
        lambda s, row: s.find_log_entry(str(row["fact"])),
        lambda s, row: s.log_entries_from(0, 1),
    ),
    "log_tile": (lambda s, row: s.log_tile(cast(int, row["level"]), cast(int, row["number"])),),
    "log_checkpoint": (
        lambda s, row: s.newest_checkpoint(),
        lambda s, row: s.checkpoints_above(0, 1),
    ),
    "operator": (
        lambda s, row: s.find_operator(str(row["name"])),
        lambda s, row: s.find_operator_by_id(str(row["operator_id"])),
        lambda s, row: s.operators(),
    ),
    "holder_name": (
        lambda s, row: s.registrations_named(HOLDER, 9),
        lambda s, row: s.registrations_named(OTHER_NAME, 9),
    ),
    "holder_link": (
        lambda s, row: s.find_holder_link(LOGIN),
        lambda s, row: s.find_holder_link(OTHER_KEY),
        lambda s, row: s.use_holder_link(LOGIN, NOW) or None,
    ),
    # A use that is not found is one that was deleted; an assertion ends five minutes after it was made.
    "holder_assertion": (
        lambda s, row: None if s.use_assertion("portal", "1", a_holder_of(s), NOW, FAR) else False,
        lambda s, row: None if s.use_assertion("portal", "2", a_holder_of(s), NOW, FAR) else False,
    ),
    "session": (
        lambda s, row: s.find_session(LOGIN),
        lambda s, row: s.sessions_of(Principal(kind="operator", id=str(row["principal_id"]))),
        lambda s, row: s.touch_session(LOGIN, NOW) or None,
        lambda s, row: s.revoke_session(LOGIN, NOW) or None,
    ),
    "operator_action": (
        lambda s, row: s.find_action(str(row["action_id"])),
        lambda s, row: s.actions(operator="", target_id="", before=9, limit=9),
    ),
    "batch_body": (lambda s, row: s.find_body(str(row["batch_id"]), cast(int, row["line"])),),
}


def a_holder_of(session: WriteSession) -> HolderId:
    """Return the one holder there is, whatever a row says."""
    found = session.find_holder(IdType.RESIDENT_ID, id_number(1))
    assert found is not None
    return found


def other_values(table: str, column: str, value: Value) -> list[Value]:
    """Return what an insider might put in place of *value*."""
    vault = Vault(SECRET)
    special: dict[tuple[str, str], list[Value]] = {
        ("holder", "id_index"): [vault.id_index(IdType.RESIDENT_ID, OTHER_ID)],
        # Deleted by hand it would be the same: what is bound is missed in both cases.
        ("client_certificate", "client_id"): ["another client"],
        ("client", "key_hash"): [vault.api_key_hash(OTHER_KEY)],
        ("copy", "kind"): ["original"],
        ("copy", "state"): ["PENDING", "FAILED"],
        # Anything else in these takes the row out of every look-up's sight, as deleting it would.
        ("specialty_end", "valid_to"): ["2099-01-01"],
        ("image", "sha256"): ["0" * 64],
        ("holder_image", "sha256"): ["0" * 64],
        ("registration_number", "number"): ["京1112020202000099"],
        ("idempotency_key", "client_id"): ["another client"],
        ("idempotency_key", "key"): ["another key"],
        ("holder_link", "made_by"): ["somebody"],
        ("holder_link", "link_hash"): [Vault(SECRET).entry_hash("link", OTHER_KEY)],
        ("holder_assertion", "assertion_hash"): [Vault(SECRET).entry_hash("assertion", "portal", "2")],
        ("holder_name", "name_index"): [Vault(SECRET).name_index(OTHER_NAME)],
        ("holder_name", "registration_id"): ["another registration"],
        ("lookup", "registration_id"): ["another registration"],
        ("lookup_journal", "content"): [str(value).replace(",1]", ",9]"), f"{value!s} "],
        ("follow", "registration_id"): ["another registration"],
        # SQLite checks these itself.
        ("session", "principal_kind"): ["holder"],
        ("operator_action", "outcome"): ["NOT_FOUND"],
        ("operator_action", "ended_at"): ["2026-01-01T00:00:00.000000Z"],
        # The numbers of these rows are SQLite's own, which takes no text in their place.
        ("log_entry", "entry"): [1000],
        ("log_checkpoint", "size"): [1000],
        **{(f"batch_{part}", "batch_id"): ["another batch"] for part in ("chunk", "item", "body")},
    }
    if (table, column) in special:
        return special[table, column]
    nothing: list[Value] = [None] if METADATA.tables[table].c[column].nullable and value is not None else []
    if isinstance(value, int):
        return [value + 1, str(value) + "x", value + 0.5, *nothing]
    if isinstance(value, bytes):
        return [bytes([value[0] ^ 1]) + value[1:], value[:-1], "text", *nothing]
    if value is None:
        return ["something", 7]
    return [f"{value}x", "", b"\xff", 7, *nothing]
