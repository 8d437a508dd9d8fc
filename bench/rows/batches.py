"""Many endorsements at once: two processes hand chunks to the counter, everything durable."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

from bench.place import Place
from bench.row import Aim, Row, Turn
from bench.stage import Stage
from bench.worker import CHUNK

TITLE: Final = "Batches of endorsements: database, both files, fsync"
PLACE: Final = 90
HEAVY: Final = "44,000 certificates, some 3 GB of files"
SIZES: Final = (4_000, 40_000)
PROCESSES: Final = 2


def rows(stage: Stage) -> Sequence[Row]:
    """Run a small and a large one."""
    return [
        Row(
            name=f"batch of {size:,}",
            includes=f"{PROCESSES} processes, chunks of {CHUNK} through the counter on SQLite: admitted, PDF "
            "(P-256) and OFD (SM2) made, checked, stored, registered; p50 and p99 are a chunk's",
            turn=_of(stage, size),
            aim=Aim(at_least=400, of="in all"),
            durable=True,
            most_turns=1,
        )
        for size in SIZES
    ]


def _of(stage: Stage, size: int) -> Callable[[float], Turn]:
    return lambda seconds: run(stage.place("SQLite"), size)


def run(place: Place, size: int) -> Turn:
    """Endorse *size* registrations, taken from the front of those nobody has endorsed today."""
    numbers, place.numbers[:size] = place.numbers[:size], []
    if len(numbers) < size:
        raise ValueError("too few registrations are left")
    with ExitStack() as exits:
        workers = [
            exits.enter_context(_started(place, numbers[first::PROCESSES], place.folder / f"numbers-{first}"))
            for first in range(PROCESSES)
        ]
        if any(_stream(worker.stdout).readline().strip() != "ready" for worker in workers):
            raise ValueError("a worker did not start")
        began = time.perf_counter()
        for worker in workers:
            _stream(worker.stdin).write("go\n")
            _stream(worker.stdin).flush()
        told = [json.loads(_stream(worker.stdout).readline() or "null") for worker in workers]
        wall = time.perf_counter() - began
        if any(worker.wait() for worker in workers) or not all(told):
            raise ValueError("a worker failed")
    return Turn(
        calls=sum(one["calls"] for one in told),
        cpu_s=sum(one["cpu_s"] for one in told),
        walls_s=tuple(wall for one in told for wall in one["walls_s"]),
        wall_s=wall,
        peak_bytes=max(one["peak_bytes"] for one in told),
    )


def _started(place: Place, numbers: Sequence[str], file: Path) -> subprocess.Popen[str]:
    file.write_text("\n".join(numbers), encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", "bench.worker", str(file)],
        env={**os.environ, **place.environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _stream(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise ValueError("a worker has no pipe")
    return stream
