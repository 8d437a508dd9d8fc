"""What erasing a holder's personal data asks of the registry; part of the port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import Event, EventId, HolderId, RegistrationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """That a holder's personal data was erased."""

    erased_at: datetime
    files_gone_at: datetime | None
    """When the issued files were gone from the store too; None: perhaps not all are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """What stands in the rows of one registration after erasing."""

    events: Sequence[Event]
    outcomes: Mapping[EventId, Mapping[str, object]]
    """The answer each of the events was given."""
    versions: Sequence[CertificateVersion]


class ErasingReading(Protocol):
    """Look-ups that erasing needs."""

    def find_erasure(self, holder_id: HolderId) -> Erasure | None:
        """Tell whether a holder was erased; None when not, or when nobody has this id."""

    def erasures_with_files(self) -> Sequence[HolderId]:
        """List erased holders of whom issued files may still be in the store."""

    def every_registration_of(self, holder_id: HolderId) -> Sequence[RegistrationId]:
        """List a holder's registrations of every type, oldest first; none when nobody has this id."""

    def versions_of(self, registration_id: RegistrationId) -> Sequence[CertificateVersion]:
        """List the versions of a registration, oldest first."""

    def copies_of(self, registration_id: RegistrationId) -> Sequence[Copy]:
        """List the originals and endorsements of a registration in any state."""


class ErasingWriting(ErasingReading, Protocol):
    """Changes that erasing makes."""

    def erase_holder(self, holder_id: HolderId, stand_ins: Sequence[StandIn], at: datetime) -> None:
        """Destroy a holder's key and everything personal; the holder is found by no document any more.

        Nothing opens the holder's entries in the log any more either; the tree stays as it is.

        Args:
            holder_id: whose; all registrations of the holder are held, and LOGGING and RECORDING before them.
            stand_ins: every event and version of every registration of the holder, as they read from now on.
            at: the instant of erasing.

        Raises:
            UnavailableError: a copy is being made, or a row changed since it was read.
        """

    def set_files_gone(self, holder_id: HolderId, at: datetime) -> None:
        """Remember that no issued file of an erased holder is in the store any more."""
