"""One process of rivals for one bucket: ``python -m tests.registry.limit_rival URL THREADS TRIES``.

Says ``ready`` and waits for a line; then every thread tries so often. Prints how many tries passed.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from certsvc.registry.limits import Allowance, LimitStore, open_limits
from certsvc.registry.sql import open_registry
from tests.registry.shelf import SECRET

BUCKET = b"one for everybody"[:16]
NOW_US = 1_790_000_000_000_000
BURST = 25
ALLOWANCE = Allowance(step_us=3_000_000, burst_us=BURST * 3_000_000)


def passed(store: LimitStore, tries: int) -> int:
    """Try so often at one instant; returns how many tries passed."""
    return sum(store.take(BUCKET, ALLOWANCE, NOW_US) == 0 for _ in range(tries))


def main(url: str, threads: int, tries: int) -> None:
    """Run one process of the race."""
    registry = open_registry(url, SECRET)
    store = open_limits(registry)
    print("ready", flush=True)
    sys.stdin.readline()
    together = Barrier(threads)

    def run() -> int:
        together.wait()
        return passed(store, tries)

    with ThreadPoolExecutor(threads) as pool:
        print(sum(future.result() for future in [pool.submit(run) for _ in range(threads)]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
