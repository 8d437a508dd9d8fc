"""Time stamps by a third party (RFC 3161): what is asked for, and what a file has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from certsvc.domain.endorsement import CopyId


class TimestampPolicy(StrEnum):
    """What a copy needs before it is handed out."""

    NONE = "none"
    QUEUE = "queue"
    """Nothing; a token over each finished file is fetched afterwards and served beside it."""
    B_T = "b-t"
    """The seal's signature is stamped inside the PDF; the OFD has a token beside it."""
    B_LTA = "b-lta"
    """Besides, the PDF ends with its certificates and a document time stamp over all of it."""


class TimestampLevel(StrEnum):
    """How a file is stamped."""

    DETACHED = "detached"
    """By a token over the finished file, kept beside it."""
    B_T = "b-t"
    B_LTA = "b-lta"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTimestamp:
    """The time stamp of one issued file, as the registry holds it."""

    copy_id: CopyId
    fmt: str
    sha256: str
    """Hex, of the file."""
    level: TimestampLevel
    stamped_at: datetime | None = None
    """The instant the token states; None while it is wanted."""
    token: bytes | None = None
    """DER, of a detached one that is there."""
    tries: int = 0
    """How often it was asked for in vain."""
    not_before: datetime
    """When it may be asked for next; once it is there, when it was written."""

    @property
    def held(self) -> bool:
        """Whether it is there."""
        return self.stamped_at is not None
