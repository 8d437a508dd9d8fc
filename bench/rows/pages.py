"""What a scanned symbol opens, asked of a real server over a register of a million rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from bench.place import KINDS, Kind
from bench.row import Aim, Row, Turn
from bench.serving import CONNECTIONS, WORKERS, ask
from bench.stage import Stage

TITLE: Final = "Public pages: GET /v/{token}, every time another of 167,000 certificates"
PLACE: Final = 70
HEAVY: Final = "a million rows to be filled in twice, and a server"
_ACCEPT: Final = {"page": "text/html", "page as JSON": "application/json"}
_PER_SECOND: Final = 1000
"""Asked for at a bid opening of a whole country, and far from what two cores can do: what waiting is like."""


def rows(stage: Stage) -> Sequence[Row]:
    """Both forms on both databases, as fast as answers come; then pages at a steady rate."""
    return [
        *_at_full_speed(stage),
        *[
            Row(
                name=f"page at {_PER_SECOND:,} a second, {kind}",
                includes=f"the same asked for {_PER_SECOND:,} times a second, no more: what people wait",
                turn=_asking(stage, kind, _ACCEPT["page"], _PER_SECOND),
            )
            for kind in KINDS
        ],
    ]


def _at_full_speed(stage: Stage) -> Sequence[Row]:
    return [
        Row(
            name=f"{name}, {kind}",
            includes=f"wrk with {CONNECTIONS} connections against {WORKERS} Granian workers: found, MACs "
            "checked, judged, written, counted, logged; in all includes wrk on the same cores",
            turn=_asking(stage, kind, accept),
            aim=Aim(at_least=2500, of="in all") if (name, kind) == ("page", "SQLite") else None,
        )
        for kind in KINDS
        for name, accept in _ACCEPT.items()
    ]


def _asking(stage: Stage, kind: Kind, accept: str, per_second: int | None = None) -> Callable[[float], Turn]:
    def turn(seconds: float) -> Turn:
        place = stage.place(kind)
        script = place.folder / "wrk.lua"
        return ask(place.server, place.tokens, accept, seconds, script, per_second=per_second)

    return turn
