"""One process of a batch, started and told to go by rows/batches.py: ``python -m bench.worker NUMBERS``."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Final

from bench.serving import every_core, peak_bytes
from certsvc.cli.memory import get_ready
from certsvc.config import load_settings
from certsvc.issuing.counter import Operation, Order
from certsvc.wiring import build

CHUNK: Final = 200
"""Orders handed in at once."""
_PURPOSE: Final = "示例工程项目投标"


def main(numbers: Path) -> None:
    """Load, say so, wait for a line, endorse every number, say what it took."""
    os.sched_setaffinity(0, every_core())
    services = build(load_settings(os.environ))
    orders = [
        Order(
            op=Operation.ENDORSE,
            registration_number=number,
            body={"purpose": _PURPOSE},
            client_id="bench",
            key=f"batch-{number[-9:]}",
        )
        for number in numbers.read_text(encoding="utf-8").split()
    ]
    get_ready(services)  # as `certsvc worker` does
    print("ready", flush=True)  # read by whoever started this
    sys.stdin.readline()
    walls: list[float] = []
    cpu = time.process_time()
    for first in range(0, len(orders), CHUNK):
        chunk = orders[first : first + CHUNK]
        began = time.perf_counter()
        outcomes = services.counter.take(chunk)
        walls.append(time.perf_counter() - began)
        for outcome in outcomes:
            if outcome.error is not None or outcome.answer is None:
                raise ValueError(f"an order was refused: {outcome.error!r}")
    told = {
        "calls": len(orders),
        "cpu_s": time.process_time() - cpu,
        "walls_s": walls,
        "peak_bytes": peak_bytes(os.getpid()),
    }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
