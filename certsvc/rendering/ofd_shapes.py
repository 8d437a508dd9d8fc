"""Outlines, the QR symbol and pictures as OFD objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import getitem
from struct import Struct
from typing import Final, NamedTuple

from certsvc.ofd.content import Box, abbreviated, number, path_object
from certsvc.page.model import Path, Symbol
from certsvc.rendering.content import corners

FORMATS: Final = {"image/jpeg": ("JPEG", "jpg"), "image/png": ("PNG", "png")}
"""Media type -> what OFD calls it, and the file's ending."""
BLOCK_COLUMNS: Final = 3
BLOCK_ROWS: Final = 2
"""Modules of a block of the QR symbol: small enough that a few hundred symbols show every pattern."""
_HEAD: Final = '<ofd:PathObject ID="0"'


def write_path(path: Path, *, id: int) -> str:
    """Write one line or outline as an object."""
    return f'<ofd:PathObject ID="{id}"{_path(path)}'


@lru_cache(maxsize=256)
def _path(path: Path) -> str:
    """Write all of a path but its id: the frame of the photo and the hairlines come back on every page."""
    box = _boundary(path)
    return path_object(
        id=0,
        boundary=box,
        data=abbreviated(path.segments, x_mm=box[0], y_mm=box[1]),
        stroke=path.stroke,
        fill=path.fill,
        width_mm=path.width_mm,
        alpha=round(path.opacity * 255),
    ).removeprefix(_HEAD)


def _boundary(path: Path) -> Box:
    """Return a box around all points and the thickness of the line: readers cut off what is outside."""
    along = [float(number) for segment in path.segments for number in segment[1::2]]
    down = [float(number) for segment in path.segments for number in segment[2::2]]
    edge = path.width_mm / 2 if path.stroke is not None else 0.0
    left, top = min(along) - edge, min(down) - edge
    return left, top, max(along) + edge - left, max(down) + edge - top


def write_symbol(symbol: Symbol, blocks: Iterable[str], *, id: int) -> str:
    """Write a QR symbol, of which blocks_of() gave the *blocks*, as one path: no seams, nothing to blur.

    Tracing a whole symbol takes a third of the time of a document, so it is put together from blocks of few
    modules. Each was traced once and is kept as it is written at its place; they touch and never overlap, so
    that every rule of filling gives the same area.
    """
    size_mm = len(symbol.modules) * symbol.module_mm
    return path_object(
        id=id,
        boundary=(symbol.x_mm, symbol.y_mm, size_mm, size_mm),
        data="".join(blocks)[1:],
        fill="#000000",
    )


def blocks_of(symbol: Symbol) -> tuple[str, ...]:
    """Return the outline of each block of a symbol as written, a space before each loop.

    The same modules in the same place give the very same string again.
    """
    side = len(symbol.modules)
    grid = _grid(side, symbol.module_mm)
    light = bytes(grid.columns - side)
    rows = light.join([*map(bytes, symbol.modules), bytes((1 + side % BLOCK_ROWS) * grid.columns)])
    # A byte for each module. A block takes those of its upper row, where the lower one becomes a second bit.
    modules = int.from_bytes(rows, "little")
    bands = (modules | modules >> 8 * grid.columns << 1).to_bytes(len(rows), "little")
    return tuple(map(getitem, grid.blocks, grid.apart.unpack_from(bands)))


class _Block(dict[bytes, str]):
    """One place in the symbol: the modules there, a byte for each column -> their outline as written."""

    def __init__(self, column: int, row: int, steps: Sequence[str]) -> None:
        super().__init__()
        self._column, self._row, self._steps = column, row, steps

    def __missing__(self, modules: bytes) -> str:
        written = "".join(
            f" M {' L '.join([self._place(corner) for corner in loop])} C" for loop in _loops(modules)
        )
        self[modules] = written
        return written

    def _place(self, corner: int) -> str:
        row, column = divmod(corner, BLOCK_COLUMNS + 1)
        return f"{self._steps[self._column + column]} {self._steps[self._row + row]}"


class _Grid(NamedTuple):
    """The blocks of a symbol, band by band."""

    columns: int
    """Of a row; those beyond the symbol's are light."""
    blocks: Sequence[_Block]
    apart: Struct
    """Takes every second row apart, block by block."""


@lru_cache(maxsize=4)
def _grid(side: int, module_mm: float) -> _Grid:
    steps = [number(step * module_mm) for step in range(side + BLOCK_COLUMNS)]
    starts = range(0, side, BLOCK_COLUMNS)
    lines = range(0, side, BLOCK_ROWS)
    columns = BLOCK_COLUMNS * len(starts)
    blocks = [_Block(column, row, steps) for row in lines for column in starts]
    apart = Struct((f"{BLOCK_COLUMNS}s" * len(starts) + f"{columns}x") * len(lines))
    return _Grid(columns=columns, blocks=blocks, apart=apart)


@lru_cache(maxsize=1 << BLOCK_COLUMNS * BLOCK_ROWS)
def _loops(modules: bytes) -> list[list[int]]:
    """Trace the modules of one block, in a square of as many rows as it has columns."""
    rows = range(BLOCK_COLUMNS)
    return corners(tuple(tuple(bool(column >> row & 1) for column in modules) for row in rows))
