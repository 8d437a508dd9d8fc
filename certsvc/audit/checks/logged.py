"""Entries of the log: each opens to what the register says of its copy or event now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Final

from certsvc.audit.case import Case
from certsvc.audit.defect import Defect, plain
from certsvc.audit.rules import utc_text
from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy, CopyKind, CopyState
from certsvc.domain.events import EventType
from certsvc.registry.port import RecordedEvent
from certsvc.registry.rows import Record

_HEAD: Final = b"certsvc log entry 1\n"
_SALT_BYTES: Final = 32
_CALLED: Final = {
    "register": (EventType.INITIAL, EventType.RE_REGISTER),
    "suspend": (EventType.SUSPEND,),
    "restore": (EventType.RESUME,),
    "revoke": (EventType.CANCEL, EventType.REVOKE, EventType.REVOKE_PENALTY),
}
"""Kind of the entry by type of the event; of the others it depends on whether a version was made."""

Said = Mapping[str, str | int | None]


def check_logged(case: Case) -> Iterator[Defect]:
    """Open the entries of a registration; one whose salt was erased cannot be opened, and need not be."""
    versions = case.by_id
    due: dict[str, tuple[str, Said]] = {}
    for item in case.history:
        version = versions.get(item.version_id)
        # Without its version an event's facts are not known: that it is missing is told already.
        if version is not None:
            due[item.event.event_id] = "event", _of_event(item, version)
    for copy in case.copies:
        version = versions.get(copy.version_id)
        # One that is not DONE has no facts; an entry about it is told with those about nothing.
        if version is not None and copy.state is CopyState.DONE:
            due[copy.copy_id] = "copy", _of_copy(copy, version)
    for entry in case.entries:
        kind, facts = due.get(entry.text("fact"), ("", {}))
        if kind and (wrong := _wrong(entry, facts)):
            yield Defect(code="LOG_FACT_ALTERED", kind=kind, id=entry.text("fact"), detail=wrong)


def is_opened(entry: Record) -> bool:
    """Tell whether an entry has its salt still."""
    return entry.maybe_content("salt") is not None


def opens(entry: Record, facts: Said) -> bool:
    """Tell whether salt and facts make the commitment of an entry."""
    salt = entry.maybe_content("salt")
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    made = hashlib.sha256(b"".join((_HEAD, salt or b"", text.encode())))
    return salt is not None and len(salt) == _SALT_BYTES and made.digest() == entry.content("commitment")


def _wrong(entry: Record, facts: Said) -> str:
    if (entry.text("kind"), entry.text("at")) != (facts["kind"], facts["at"]):
        return plain(f"{entry.text('kind')} at {entry.text('at')}")
    return "" if not is_opened(entry) or opens(entry, facts) else f"entry {entry.whole('entry')}"


def _of_event(item: RecordedEvent, version: CertificateVersion) -> Said:
    event = item.event
    called = [kind for kind, types in _CALLED.items() if event.type in types]
    return {
        "kind": called[0] if called else "supersede" if version.event_id == event.event_id else "note",
        "type": event.type.value,
        "event_id": event.event_id,
        "licence_id": version.licence_id,
        "version": version.version,
        "body_digest": item.body_digest,
        "effective_at": utc_text(event.effective_at),
        "at": utc_text(event.recorded_at),
    }


def _of_copy(copy: Copy, version: CertificateVersion) -> Said:
    files, grant = copy.files, copy.grant
    return {
        "kind": "endorse" if copy.kind is CopyKind.ENDORSEMENT else "issue",
        "licence_id": version.licence_id,
        "version": version.version,
        "copy_id": copy.copy_id,
        "token_sha256": hashlib.sha256(copy.token.encode()).hexdigest(),
        "pdf_sha256": files["pdf"].sha256 if "pdf" in files else None,
        "ofd_sha256": files["ofd"].sha256 if "ofd" in files else None,
        "copy_number": copy.copy_number,
        "use_from": grant.use_from.isoformat() if grant else None,
        "use_until": grant.use_until.isoformat() if grant else None,
        "at": utc_text(copy.done_at) if copy.done_at else None,
    }
