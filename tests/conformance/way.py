"""Ways to the error codes of the API, from outside, on a real instance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from werkzeug.test import TestResponse

from tests.web.site import Site

EVENTS: Final = "/api/v1/events"
VERIFICATIONS: Final = "/api/v1/verifications"
OTHER: Final = "沪1312020202200001"
"""A number nobody has."""
REASON: Final = {"code": "C", "text": "测试"}

Call = Callable[[Site], TestResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to one code."""

    code: str
    status: int
    call: Call
    pointer: str | None = None
    """JSON pointer of the one fault; None: no field is at fault."""


WAYS: Final[dict[str, Way]] = {}
"""Name of the way -> the way; a code may have several. Filled by importing the modules ``ways_*``."""


def way(code: str, status: int, *, pointer: str | None = None) -> Callable[[Call], Call]:
    """Keep the function as the way named after it."""

    def keep(call: Call) -> Call:
        WAYS[call.__name__.removeprefix("_")] = Way(code=code, status=status, call=call, pointer=pointer)
        return call

    return keep
