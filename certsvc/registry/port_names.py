"""Finding registrations by the name of their holder; part of the port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from certsvc.domain.events import RegistrationId


class NameReading(Protocol):
    """Look-ups by name."""

    def registrations_named(self, name: str, limit: int) -> Sequence[RegistrationId]:
        """List registrations whose holder has or had this canonical name, by id.

        Args:
            name: the whole name, see names.canonical_name().
            limit: registrations at most.
        """
