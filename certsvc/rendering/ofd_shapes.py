"""Outlines, the QR symbol and pictures as OFD objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final
from zlib import crc32

from certsvc.errors import DefectError
from certsvc.ofd.content import Box, abbreviated, number, path_object
from certsvc.page.model import Path, Picture, Symbol
from certsvc.rendering.content import corners

FORMATS: Final = {"image/jpeg": ("JPEG", "jpg"), "image/png": ("PNG", "png")}
"""Media type -> what OFD calls it, and the file's ending."""
BLOCK_COLUMNS: Final = 3
BLOCK_ROWS: Final = 2
"""Modules of a block of the QR symbol: small enough that a few hundred symbols show every pattern."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
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


def write_symbol(symbol: Symbol, *, id: int) -> str:
    """Write a QR symbol as one path: no seams between modules, nothing for a viewer to blur.

    Tracing a whole symbol takes a third of the time of a document, so it is put together from blocks of few
    modules. Each was traced once and is kept as it is written at its place; they touch and never overlap, so
    that every rule of filling gives the same area.
    """
    side = len(symbol.modules)
    lines = [int.from_bytes(bytes(row), "little") for row in symbol.modules]
    lines += [0] * (side % BLOCK_ROWS)
    # One byte for each column of a band of blocks, one bit for each of its modules.
    bands = [upper | lower << 1 for upper, lower in zip(lines[::2], lines[1::2], strict=True)]
    data: list[str] = []
    for band, blocks in zip(bands, _blocks(side, symbol.module_mm), strict=True):
        columns = band.to_bytes(BLOCK_COLUMNS * len(blocks), "little")
        data += [blocks[at][columns[at : at + BLOCK_COLUMNS]] for at in blocks]
    size_mm = side * symbol.module_mm
    return path_object(
        id=id,
        boundary=(symbol.x_mm, symbol.y_mm, size_mm, size_mm),
        data="".join(data)[1:],
        fill="#000000",
    )


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


@lru_cache(maxsize=4)
def _blocks(side: int, module_mm: float) -> tuple[Mapping[int, _Block], ...]:
    """Return the blocks of a symbol, band by band, each by the column it begins at."""
    steps = [number(step * module_mm) for step in range(side + BLOCK_COLUMNS)]
    return tuple(
        {column: _Block(column, row, steps) for column in range(0, side, BLOCK_COLUMNS)}
        for row in range(0, side, BLOCK_ROWS)
    )


@lru_cache(maxsize=1 << BLOCK_COLUMNS * BLOCK_ROWS)
def _loops(modules: bytes) -> list[list[int]]:
    """Trace the modules of one block, in a square of as many rows as it has columns."""
    rows = range(BLOCK_COLUMNS)
    return corners(tuple(tuple(bool(column >> row & 1) for column in modules) for row in rows))


def check_picture(picture: Picture) -> None:
    """Refuse what is not a whole PNG or an RGB or grey JPEG; its bytes go into the file as they are.

    Raises:
        DefectError: names the field.
    """
    content = picture.content
    whole = _is_jpeg(content) if picture.media == "image/jpeg" else _is_png(content)
    if not whole:
        raise DefectError(f"the {picture.field} image cannot be used")


def _is_jpeg(content: bytes) -> bool:
    """Tell whether *content* is a JPEG from its first marker to its last, with one or three colours."""
    if not content.startswith(b"\xff\xd8") or not content.endswith(b"\xff\xd9"):
        return False
    at = 2
    while at + 10 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        # SOF0 to SOF15 but DHT, JPG and DAC: precision, height, width, number of components.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return content[at + 4] == 8 and content[at + 9] in (1, 3)
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return False


def _is_png(content: bytes) -> bool:
    """Tell whether *content* is a PNG whose every chunk is unharmed."""
    if not content.startswith(_PNG):
        return False
    kinds = list(_chunks(content))
    return kinds[:1] == [b"IHDR"] and b"IDAT" in kinds and kinds[-1] == b"IEND"


def _chunks(content: bytes) -> Iterator[bytes]:
    """Yield the kind of every chunk, an empty one for what is none."""
    at = len(_PNG)
    while at < len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        whole = end + 4 <= len(content) and crc32(content[at + 4 : end]) == int.from_bytes(
            content[end : end + 4], "big"
        )
        yield content[at + 4 : at + 8] if whole else b""
        at = end + 4
