"""A connection to PostgreSQL that waits for no answer for ever."""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

from certsvc.registry.dialects import ANSWER_S

_T = TypeVar("_T")


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that gives the server up when an answer takes longer than ANSWER_S.

    The server's own time limits end what is slow. They say nothing while its machine is frozen or its disk
    hangs; a request that waits for that would take a thread with it, and soon all of them.
    """

    def wait(self, gen: PQGen[_T], interval: float = 0.1, timeout: float | None = None) -> _T:
        """Run *gen* to its end; raise OperationalError and close the connection when that takes too long."""
        try:
            return super().wait(gen, interval, ANSWER_S if timeout is None else timeout)
        except psycopg.errors._WaitTimeout as error:
            # What the server may still send belongs to nobody.
            self.pgconn.finish()
            raise psycopg.OperationalError("no answer in time") from error
