"""One process of a race: ``python -m tests.registry.racer URL THREADS``.

Reads one JSON line: for each holder the (holder, registration, version) rivals may use. Says ``ready``
and waits for a line; then every thread tries to reserve every holder's day. Prints how many it won.
"""

from __future__ import annotations

import json
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

from certsvc.domain.certificate import VersionId
from certsvc.domain.endorsement import Copy, CopyId, CopyState
from certsvc.domain.events import HolderId, RegistrationId
from certsvc.registry.sql import SQLRegistry, open_registry
from tests.factories import NOW, a_copy
from tests.registry.shelf import LEASE, SECRET


def rival(holder_id: str, registration_id: str, version_id: str) -> Copy:
    """Return a copy of its own for the holder's day."""
    unique = secrets.token_hex(16).upper()
    copy = a_copy(
        copy_id=CopyId(unique),
        holder_id=HolderId(holder_id),
        registration_id=RegistrationId(registration_id),
        version_id=VersionId(version_id),
        state=CopyState.PENDING,
        lease_until=NOW + LEASE,
        token=unique[:26],
        code=secrets.token_hex(6).upper(),
    )
    return replace(copy, copy_number=None, status_index=None)


def attempt(registry: SQLRegistry, copy: Copy) -> bool:
    """Try to reserve in a transaction of its own."""
    with registry.writing() as session:
        return session.reserve(copy) is not None


def main(url: str, threads: int) -> None:
    """Run one process of the race."""
    holders: list[list[list[str]]] = json.loads(sys.stdin.readline())
    registry = open_registry(url, SECRET)
    registry.ping()
    print("ready", flush=True)
    sys.stdin.readline()
    together = Barrier(threads)

    def run(thread: int) -> int:
        together.wait()
        return sum(attempt(registry, rival(*choices[thread % len(choices)])) for choices in holders)

    with ThreadPoolExecutor(threads) as pool:
        print(sum(future.result() for future in [pool.submit(run, n) for n in range(threads)]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
