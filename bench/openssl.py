"""``openssl speed sm2``: the reference everybody can run."""

from __future__ import annotations

import re
import subprocess
from collections import deque
from collections.abc import Callable
from typing import Final, Literal

from bench.row import Turn

Operation = Literal["sign", "verify"]
_RESULT: Final = re.compile(r"^\+R1([01]):(\d+):256:CurveSM2:([\d.]+)$", re.MULTILINE)
_OPERATION: Final[dict[str, Operation]] = {"0": "sign", "1": "verify"}


class OpenSSLSpeed:
    """Runs the program, which always measures both operations, and hands each result out once."""

    def __init__(self) -> None:
        """Begin with no results."""
        self._waiting: dict[Operation, deque[Turn]] = {"sign": deque(), "verify": deque()}

    def turns_of(self, operation: Operation) -> Callable[[float], Turn]:
        """Return what measures one operation; seconds are rounded up to whole ones, as the program wants."""

        def turn(seconds: float) -> Turn:
            if not self._waiting[operation]:
                self._run(max(round(seconds), 1))
            return self._waiting[operation].popleft()

        return turn

    def _run(self, seconds: int) -> None:
        command = ["openssl", "speed", "-seconds", str(seconds), "-mr", "sm2"]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        for operation, turn in read_speed(ended.stdout + ended.stderr).items():
            self._waiting[operation].append(turn)


def read_speed(text: str) -> dict[Operation, Turn]:
    """Read what ``openssl speed -mr sm2`` prints: counts and processor seconds of both operations.

    Raises:
        ValueError: it is not in *text*.
    """
    found = {
        _OPERATION[which]: Turn(calls=int(calls), cpu_s=float(seconds))
        for which, calls, seconds in _RESULT.findall(text)
    }
    if set(found) != set(_OPERATION.values()):
        raise ValueError(f"openssl speed printed no SM2 results: {text!r}")
    return found
