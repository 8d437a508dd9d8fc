"""What the transparency log says of a fact: a salted commitment, and the opening that only we hand out.

The log itself shows commitments alone. Whoever holds salt and facts can check that the commitment is theirs;
once the salt is erased nobody can, whatever else he knows, and the tree and its proofs stay as they were.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from certsvc.domain.endorsement import CopyKind
from certsvc.domain.events import EventType

SALT_BYTES: Final = 32
_DOMAIN: Final = b"certsvc log entry 1\n"
"""Begins what is hashed: no other hash of ours can be taken for a commitment."""

Facts = Mapping[str, str | int | None]
"""Names and values of one entry; instants as text in UTC, hashes as hex. Never personal data."""


class LogKind(StrEnum):
    """What an entry of the log is about."""

    ISSUE = "issue"
    """An original was issued."""
    ENDORSE = "endorse"
    """An endorsed copy was issued."""
    REGISTER = "register"
    """A registration began, with its first version."""
    SUPERSEDE = "supersede"
    """An event brought a new version; copies of the one before show old data."""
    SUSPEND = "suspend"
    REVOKE = "revoke"
    """Cancelled or revoked."""
    RESTORE = "restore"
    """A suspension ended."""
    NOTE = "note"
    """Recorded, and nothing that was printed changed."""
    KEY = "key"
    """A key was taken into use, retired, or is no longer to be trusted."""


_BY_TYPE: Final[Mapping[EventType, LogKind]] = {
    EventType.INITIAL: LogKind.REGISTER,
    EventType.RE_REGISTER: LogKind.REGISTER,
    EventType.SUSPEND: LogKind.SUSPEND,
    EventType.RESUME: LogKind.RESTORE,
    EventType.CANCEL: LogKind.REVOKE,
    EventType.REVOKE: LogKind.REVOKE,
    EventType.REVOKE_PENALTY: LogKind.REVOKE,
}


def kind_of_copy(kind: CopyKind) -> LogKind:
    """Return what is logged when a copy of this kind is complete."""
    return LogKind.ISSUE if kind is CopyKind.ORIGINAL else LogKind.ENDORSE


def kind_of_event(event_type: EventType, *, made_version: bool) -> LogKind:
    """Return what is logged with an event; *made_version* when it brought the version now in force."""
    return _BY_TYPE.get(event_type) or (LogKind.SUPERSEDE if made_version else LogKind.NOTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What opens a commitment."""

    salt: bytes
    """SALT_BYTES random bytes, another for each entry."""
    facts: Facts

    @property
    def commitment(self) -> bytes:
        """The 32 bytes the log shows."""
        return commitment_of(self.salt, facts_text(self.facts))


def facts_text(facts: Facts) -> str:
    """Write facts down in the one way that is hashed: JSON, names in order, no blanks, ASCII."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def commitment_of(salt: bytes, facts: str) -> bytes:
    """Return SHA-256 over a fixed head, the salt and the facts as facts_text() writes them."""
    return sha256(_DOMAIN + salt + facts.encode("ascii")).digest()
