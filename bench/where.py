"""Where the time of an endorsed copy goes: ``python -m bench.where`` prints a table of its steps.

Chunks go through the counter as in a batch, on SQLite, each copy for another person, employer's project and
symbol. Only the process's own time is counted, so that other programs disturb little; every figure is the
median over the chunks. A step's time is what its callable takes, without the steps told of by themselves.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from unittest import mock

from bench.stage import Stage
from bench.worker import CHUNK
from certsvc.cli.memory import keep_loaded
from certsvc.config import load_settings
from certsvc.issuing import document_facts, inspection, press, press_run
from certsvc.issuing.admission import Admission
from certsvc.issuing.counter import Operation, Order
from certsvc.issuing.desk import Desk
from certsvc.issuing.press import Press
from certsvc.ofd.draft import Draft as OFDDraft
from certsvc.pdf.draft import Draft as PDFDraft
from certsvc.rendering.ofd import OFDRenderer
from certsvc.rendering.pdf import PDFRenderer
from certsvc.wiring import build

CHUNKS: Final = 6
STEPS: Final[Sequence[tuple[str, object, str]]] = (
    ("admit: transaction, rules, rows PENDING", Admission, "admit"),
    ("photo and signature out of the register", press_run, "_images"),
    ("QR symbol", press, "encode"),
    ("compose the page", press, "compose"),
    ("metadata", document_facts, "licence_metadata"),
    ("fonts cut, once for both files", PDFRenderer, "plan"),
    ("PDF: render", PDFRenderer, "render"),
    ("PDF: laid out unsealed", PDFDraft, "unsealed"),
    ("PDF: preflight, the QR symbol read too", press, "preflight"),
    ("PDF: seal, P-256", press, "seal_draft"),
    ("PDF: strict check", inspection, "check_pdf"),
    ("OFD: render", OFDRenderer, "render"),
    ("OFD: packed unsealed", OFDDraft, "unsealed"),
    ("OFD: preflight", press, "preflight_ofd"),
    ("OFD: seal, SM2", press, "seal_ofd"),
    ("OFD: strict check", inspection, "check_ofd"),
    ("everything else in rendering and sealing", Press, "prepare"),
    ("hash, pack, write, sync", Desk, "_store"),
    ("complete: transaction, rows DONE", Desk, "_complete"),
)
"""What a row says, and the callable it times."""
_FIRST: Final = 0x4E00
_MANY: Final = 200
"""Characters the purposes take theirs from: after the first chunk all their outlines are known."""


class Clock:
    """Adds up the time of each step, that of steps inside it left out."""

    def __init__(self, now_ns: Callable[[], int] = time.process_time_ns) -> None:
        """Begin with nothing."""
        self._now_ns = now_ns
        self.taken_ns: dict[str, int] = defaultdict(int)
        self._inside = [0]

    def timed(self, label: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return *call*, counted under *label*."""

        def counted(*arguments: Any, **named: Any) -> Any:
            self._inside.append(0)
            began = self._now_ns()
            try:
                return call(*arguments, **named)
            finally:
                took = self._now_ns() - began
                self.taken_ns[label] += took - self._inside.pop()
                self._inside[-1] += took

        return counted


@contextmanager
def watched(clock: Clock) -> Iterator[None]:
    """Time every step."""
    with ExitStack() as exits:
        for label, owner, name in STEPS:
            exits.enter_context(mock.patch.object(owner, name, clock.timed(label, getattr(owner, name))))
        yield


def measure(folder: Path) -> Mapping[str, float]:
    """Return microseconds of processor time for one copy, step by step, then the rest and all of it."""
    stage = Stage(folder, holders=CHUNK * (CHUNKS + 2))
    place = stage.place("SQLite")
    services = build(load_settings({**os.environ, **place.environ}))
    orders = [_order(number, at) for at, number in enumerate(place.numbers)]
    clock = Clock()
    taken: dict[str, list[float]] = defaultdict(list)
    with watched(clock):
        for chunk in range(CHUNKS + 1):
            clock.taken_ns.clear()
            began = time.process_time_ns()
            outcomes = services.counter.take(orders[chunk * CHUNK : (chunk + 1) * CHUNK])
            whole = time.process_time_ns() - began
            if any(outcome.error is not None for outcome in outcomes):
                raise ValueError("an order was refused")
            if not chunk:
                # The first one warms up.
                keep_loaded()
                continue
            for label, spent in clock.taken_ns.items():
                taken[label].append(spent / CHUNK / 1000)
            taken["the rest"].append((whole - sum(clock.taken_ns.values())) / CHUNK / 1000)
            taken["all"].append(whole / CHUNK / 1000)
    labels = (*[label for label, _, _ in STEPS], "the rest", "all")
    return {label: statistics.median(taken[label]) for label in labels if taken[label]}


def _order(number: str, at: int) -> Order:
    words = "".join(chr(_FIRST + at * stride % _MANY) for stride in (1, 37))
    return Order(
        op=Operation.ENDORSE,
        registration_number=number,
        body={"purpose": f"示例{words}工程第{at}标段投标"},
        client_id="bench",
        key=f"where-{at}",
    )


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        told = measure(Path(folder))
    lines = [f"| {label} | {spent:,.0f} |" for label, spent in told.items()]
    sys.stdout.write("\n".join(["| step of one copy, PDF and OFD | µs |", "|---|---|", *lines, ""]))


if __name__ == "__main__":
    main()
