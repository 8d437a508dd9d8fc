"""What an audit takes as given: the rules of the types, the keys, and where rows and files are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from certsvc.domain.policy import Issuer, Policy
from certsvc.registry.review import Review
from certsvc.storage.listing import Listed


class Shelf(Protocol):
    """Where issued files are read from."""

    def get(self, name: str) -> bytes:
        """Return the bytes of a file. RecordDamagedError, UnavailableError."""

    def exists(self, name: str) -> bool:
        """Tell whether a file of this name is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingKey:
    """One key that is or was ours, by its exact certificate."""

    key_id: str
    certificate: bytes
    """DER."""
    valid_from: datetime
    valid_to: datetime
    retired_at: datetime | None
    compromised_since: datetime | None
    seal: bytes | None = None
    """SESeal, DER, of a key that seals OFD files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFact:
    """Something the trust list says has happened to a key of any use."""

    action: str
    """``rotate``, ``retire`` or ``compromise``."""
    key_id: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """Facts that are the same for every copy."""

    policies: Mapping[str, Policy]
    """By certificate type."""
    keys: Mapping[str, SealingKey]
    """Those that sign PDF files, by key id."""
    seals: Mapping[str, SealingKey]
    """Those that seal OFD files, by key id."""
    roots: Path
    """PEM file with the certificates under which the signers of PDF files stand."""
    issuer: Issuer
    origins: frozenset[str]
    """Scheme and host, upper case, that QR symbols lead to: ours, and those that still lead here."""
    log_keys: tuple[bytes, ...]
    """Certificates (DER) of the keys that sign or signed checkpoints of the log."""
    key_facts: tuple[KeyFact, ...]
    """All that the trust list says."""
    tsa_roots: Path | None
    """PEM file with the roots of time-stamping authorities; None where none is set."""
    erasures: Mapping[str, datetime]
    """The list of erasures: by holder's id, when the first was asked for."""

    def type_code(self, certificate_type: str) -> str:
        """Return 证照类型代码 as it is now: the type's own, else the issuer's."""
        policy = self.policies.get(certificate_type)
        return (policy.type_code if policy is not None else "") or self.issuer.type_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """All a process needs to audit."""

    premises: Premises
    review: Review
    shelf: Shelf
    listing: Callable[[], Iterator[Listed]]
    """Goes through the folder of issued files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """How much is looked at."""

    now: datetime
    """Instant at which the audit began."""
    since: datetime | None = None
    """Only copies made, and registrations changed, at this instant or later."""
    drawn_below: int | None = None
    """Only copies whose lot (see lots.py) lies below this; None for all."""
    seed: str = ""
    files: bool = True
    """Whether there are files to look at."""
    symbols_below: int = 0
    """Copies whose lot lies below this have their symbols read."""
    programs_below: int = 0
    """Copies whose lot lies below this are given to the openssl program too."""
