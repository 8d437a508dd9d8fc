"""How long the rows of a chunk are certainly ours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from certsvc.domain.clock import Clock
from certsvc.domain.endorsement import CopyId
from certsvc.errors import CertsvcError, UnavailableError
from certsvc.registry.port import Registry

LEASE: Final = timedelta(seconds=60)
"""How long a worker may hold rows without a sign of life before others consider it dead."""
AMPLE: Final = timedelta(seconds=30)
"""What must be left of a lease when a key is used. Nobody can take a row over before its lease has ended, so
until then there is nothing to ask the register; what follows one look at the clock takes far less."""


class Lease:
    """The lease of all rows of one chunk: renewed together, when less than AMPLE is left of it."""

    def __init__(
        self, *, registry: Registry, clock: Clock, worker: str, copies: Iterable[CopyId], until: datetime
    ) -> None:
        """Take the rows as they were reserved; their lease ends at *until*."""
        self._registry = registry
        self._clock = clock
        self._worker = worker
        self._ours = set(copies)
        self._until = until
        self._failure: CertsvcError | None = None

    def keep(self) -> None:
        """Renew the lease of every row that is still ours, unless ample time is left."""
        now = self._clock.now()
        if self._until - now >= AMPLE or self._failure is not None:
            return
        until = now + LEASE
        try:
            with self._registry.writing() as session:
                session.foresee_ends(self._ours)
                self._ours = {
                    copy_id
                    for copy_id in sorted(self._ours)
                    if session.extend_lease(copy_id, self._worker, until)
                }
        except UnavailableError as error:
            # Asked once for the chunk: each row would wait as long to hear the same.
            self._ours, self._failure = set(), error
        self._until = until

    def check(self, copy_id: CopyId) -> None:
        """Raise unless the row is certainly ours for the time a key is used.

        Raises:
            UnavailableError: it was given to somebody else, or nobody can tell.
        """
        self.keep()
        if copy_id not in self._ours:
            raise UnavailableError("the lease ran out before sealing") from self._failure
