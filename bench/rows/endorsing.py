"""Endorsements over HTTP: what a caller waits for, everything durable when the answer comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from bench.caller import CONNECTIONS, endorse_each
from bench.place import KINDS, Kind
from bench.row import Aim, Row, Turn
from bench.serving import WORKERS
from bench.stage import Stage

TITLE: Final = "Endorsements over HTTP: POST, Idempotency-Key, both formats"
PLACE: Final = 80
HEAVY: Final = "the registers and servers of the pages"
_SECONDS: Final = 1.0


def rows(stage: Stage) -> Sequence[Row]:
    """Ask on both databases."""
    return [
        Row(
            name=f"endorsement over HTTP, {kind}",
            includes=f"{CONNECTIONS} connections to {WORKERS} workers: admitted, PDF (P-256) and OFD (SM2) "
            "made, checked, stored, registered, answered 201; the client's own time is not in per core",
            turn=_asking(stage, kind),
            aim=Aim(at_least=150, of="in all") if kind == "SQLite" else None,
            durable=True,
        )
        for kind in KINDS
    ]


def _asking(stage: Stage, kind: Kind) -> Callable[[float], Turn]:
    def turn(seconds: float) -> Turn:
        place = stage.place(kind)
        return endorse_each(place.server, place.api_key, place.numbers, max(seconds, _SECONDS))

    return turn
