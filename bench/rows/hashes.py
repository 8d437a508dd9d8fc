"""SM3 by hashlib: every part of an OFD is hashed with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from hashlib import new
from typing import Final

from bench.measure import timed
from bench.row import Row
from bench.stage import Stage

TITLE: Final = "Hash"
PLACE: Final = 20
SIZE: Final = 1_000_000


def rows(stage: Stage) -> Sequence[Row]:
    """Hash a megabyte; SHA-256 stands beside it."""
    del stage
    content = bytes(range(250)) * (SIZE // 250)
    return [
        Row(
            name=name,
            includes="hashlib, 1,000,000 bytes in one piece",
            turn=timed(lambda: content, partial(new, kind)),
            reference="SHA-256" if kind != "sha256" else None,
            unit="MB/s",
            amount=SIZE / 1e6,
        )
        for name, kind in (("SHA-256", "sha256"), ("SM3", "sm3"))
    ]
