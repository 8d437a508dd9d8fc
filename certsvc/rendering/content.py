"""Page items as PDF drawing operators: millimetres from the top left become points from the bottom left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import compress
from math import cos, radians, sin
from typing import Final

from certsvc.page.model import Path, Picture, Symbol
from certsvc.pdf.values import OPERATORS

PT_PER_MM: Final = 72 / 25.4


class Content:
    """A content stream under construction."""

    def __init__(self, height_mm: float) -> None:
        """Take the height of the page, from which y is counted down."""
        self.height_mm = height_mm
        self._lines: list[str] = []
        self.opacities: set[float] = set()
        """Each needs an ExtGState named by opacity_name()."""

    def content(self) -> bytes:
        """Return the operators, plain."""
        return ("\n".join(self._lines) + "\n").encode("ascii")

    def paths(self, paths: Iterable[Path]) -> None:
        """Draw lines and filled outlines."""
        for path in paths:
            self._path(path, _path_operators)

    def hairline(self, path: Path) -> None:
        """Draw a path that comes back on many pages: its operators are kept."""
        self._path(path, _kept_operators)

    def _path(self, path: Path, write: Callable[[Path, float], str]) -> None:
        if operators := write(path, self.height_mm):
            self._lines.append(operators)
            if path.opacity != 1.0:
                self.opacities.add(path.opacity)

    def add(self, operators: str) -> None:
        """Add operators written elsewhere."""
        self._lines.append(operators)

    def text(
        self,
        shown: Iterable[tuple[str, bytes]],
        *,
        at_mm: tuple[float, float],
        size_pt: float,
        colour: str,
        tracking_mm: float,
        rotate_deg: float,
        opacity: float,
    ) -> None:
        """Show one run: pairs of a font resource name and the codes shown in that font."""
        self._lines.append("q")
        if opacity != 1.0:
            self.opacities.add(opacity)
            self._lines.append(f"/{opacity_name(opacity)} gs")
        self._lines.append(f"BT {colour_of(colour)} rg {number(tracking_mm * PT_PER_MM)} Tc")
        cosine, sine = cos(radians(rotate_deg)), sin(radians(rotate_deg))
        turned = " ".join(f"{part:.5g}" for part in (cosine, sine, -sine, cosine))
        self._lines.append(f"{turned} {self.point(*at_mm)} Tm")
        self._lines += [f"{font} {number(size_pt)} Tf <{codes.hex().upper()}> Tj" for font, codes in shown]
        self._lines.append("ET Q")

    def image(self, name: str, picture: Picture) -> None:
        """Draw the XObject *name* in the picture's box."""
        size = f"{number(picture.width_mm * PT_PER_MM)} 0 0 {number(picture.height_mm * PT_PER_MM)}"
        corner = self.point(picture.x_mm, picture.y_mm + picture.height_mm)
        self._lines.append(f"q {size} {corner} cm /{name} Do Q")

    def form(self, name: str) -> None:
        """Draw the form XObject *name*, which covers the page."""
        self._lines.append(f"/{name} Do")

    def symbol(self, symbol: Symbol) -> None:
        """Draw a QR symbol as one outline: no seams between modules, nothing for a viewer to blur."""
        # In a grid of its own the corners are whole numbers: short, exact, quick.
        step = f"{symbol.module_mm * PT_PER_MM:.5f}"
        self._lines.append(f"q 0 g {step} 0 0 -{step} {self.point(symbol.x_mm, symbol.y_mm)} cm")
        for loop in outlines(symbol.modules):
            corners = [f"{column} {row}" for column, row in loop]
            self._lines.append(f"{corners[0]} m {' l '.join(corners[1:])} l h")
        # Even-odd: where modules touch at a corner any way round the loops gives the same area.
        self._lines.append("f* Q")

    def point(self, x_mm: float, y_mm: float) -> str:
        """Write a point of the page."""
        return _point(x_mm, y_mm, self.height_mm)


def _path_operators(path: Path, height_mm: float) -> str:
    """Write one path; nothing for one that is neither stroked nor filled."""
    if path.stroke is None and path.fill is None:
        return ""
    lines = ["q 1 J 1 j"]
    if path.opacity != 1.0:
        lines.append(f"/{opacity_name(path.opacity)} gs")
    if path.fill is not None:
        lines.append(f"{colour_of(path.fill)} rg")
    if path.stroke is not None:
        lines.append(f"{colour_of(path.stroke)} RG {number(path.width_mm * PT_PER_MM)} w")
    for name, *numbers in path.segments:
        points = zip(numbers[::2], numbers[1::2], strict=True)
        shown = " ".join(_point(float(x), float(y), height_mm) for x, y in points)
        lines.append(f"{shown} {OPERATORS[str(name)]}" if shown else OPERATORS[str(name)])
    painted = "B" if path.fill and path.stroke else "f" if path.fill else "S"
    lines.append(f"{painted} Q")
    return "\n".join(lines)


_kept_operators: Final = lru_cache(maxsize=256)(_path_operators)


def _point(x_mm: float, y_mm: float, height_mm: float) -> str:
    return f"{number(x_mm * PT_PER_MM)} {number((height_mm - y_mm) * PT_PER_MM)}"


def number(value: float) -> str:
    """Write a number of points; a hundredth of a point is 3.5 micrometres."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def opacity_name(opacity: float) -> str:
    """Return the resource name of an opacity."""
    return f"GS{round(opacity * 1000)}"


def colour_of(colour: str) -> str:
    """Write ``#RRGGBB`` as three numbers from 0 to 1."""
    return " ".join(f"{int(colour[start : start + 2], 16) / 255:.4g}" for start in (1, 3, 5))


def outlines(modules: tuple[Sequence[int], ...]) -> Iterator[list[tuple[int, int]]]:
    """Trace the edges between dark and light modules into closed loops of corners (column, row)."""
    side = len(modules) + 1
    for loop in corners(modules):
        yield [(corner % side, corner // side) for corner in loop]


def corners(modules: tuple[Sequence[int], ...]) -> list[list[int]]:
    """Trace the same loops, each corner one number: row x (modules in a row + 1) + column.

    Level and upright edges take turns. Every loop keeps the dark modules on its right hand, so that the
    even-odd and the non-zero rule fill the same area.
    """
    level, upright = _numbers(len(modules) + 1)
    tops, bottoms = _ends(modules, level)
    lefts, rights = _ends(zip(*modules, strict=True), upright)
    # Each edge from where it begins to where it ends, going round the dark module.
    right = dict(zip(tops[::2], tops[1::2], strict=True))
    left = dict(zip(bottoms[1::2], bottoms[::2], strict=True))
    up = dict(zip(lefts[1::2], lefts[::2], strict=True))
    down = dict(zip(rights[::2], rights[1::2], strict=True))
    loops: list[list[int]] = []
    while right:
        first, at = right.popitem()
        loop = [first, at]
        rightwards = True
        while True:
            # Where two dark modules touch at a corner, the loop goes on round the one it came along.
            onward = down.pop(at, -1) if rightwards else up.pop(at, -1)
            if onward < 0:
                onward = up.pop(at) if rightwards else down.pop(at)
                rightwards = not rightwards
            if onward == first:
                break
            loop.append(onward)
            # After a turn to the right a loop that went right goes down, one that went left goes up.
            at = left.pop(onward, -1) if rightwards else right.pop(onward, -1)
            if at < 0:
                at = right.pop(onward) if rightwards else left.pop(onward)
            else:
                rightwards = not rightwards
            loop.append(at)
        loops.append(loop)
    return loops


def _ends(lines: Iterable[Sequence[int]], numbers: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Find the edges along *lines*, those before a dark module and those behind one.

    Args:
        lines: rows or columns of modules.
        numbers: of the corners, line by line.

    Returns:
        For each kind the corners where an edge begins and where it ends, by turns.
    """
    # One byte for each module, a light one at each line's end: comparing neighbours is shifting a number.
    rows = [bytes(line) + b"\0" for line in lines]
    side = len(rows) + 1
    dark = int.from_bytes(b"".join(rows), "little")
    before = dark << 8 * side
    both = dark & before
    found = []
    for edges in (dark ^ both, before ^ both):
        changes = (edges ^ edges << 8).to_bytes(len(numbers) + 1, "little")
        found.append(list(compress(numbers, changes)))
    return found[0], found[1]


@lru_cache(maxsize=8)
def _numbers(side: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Number the corners row by row: in that order, and in the order of columns."""
    level = tuple(range(side * side))
    return level, tuple(corner for column in range(side) for corner in level[column::side])
