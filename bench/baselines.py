"""Which rows are set beside the naive way and beside the physical floor, by name, in whatever group they are.

A row renamed and not renamed here loses its ratio, and then ``make bench-check`` fails, naming it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_P256: Final = "P-256"
_RSA: Final = "RSA-2048"

NAIVE: Final[Mapping[str, str]] = {
    f"{name}, {key}": f"naive PDF, {key}"
    for key in (_P256, _RSA)
    for name in ("whole PDF", "PDF generate + seal", "compiled PDF", "reference PDF")
} | {
    "PDF render + seal": f"naive PDF, {_P256}",
    "reference PDF render + seal": f"naive PDF, {_P256}",
    "OFD generate + seal": f"naive PDF, {_P256}",
    "pair generate + seal": f"naive PDF, {_P256}",
    "OFD + SM2": f"naive PDF, {_P256}",
    "pair": f"naive PDF, {_P256}",
}
"""Row -> the naive row it is divided by."""

FLOOR: Final[Mapping[str, str]] = {
    f"{name}, {key}": f"floor, {key}"
    for key in (_P256, _RSA)
    for name in ("naive PDF", "whole PDF", "PDF generate + seal", "compiled PDF", "reference PDF")
} | {
    "PDF render + seal": f"floor, {_P256}",
    "reference PDF render + seal": f"floor, {_P256}",
}
"""Row -> the floor no program gets under: one signature and the hash of the file's bytes."""
