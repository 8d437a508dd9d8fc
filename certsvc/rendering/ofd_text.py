"""Text runs as OFD text objects: every character at the advance of the embedded font, readable everywhere.

Many readers take text apart by UTF-16 units: of a character beyond the first plane they know two halves, for
which they draw nothing or boxes. Such a character is drawn as an outline and written over it, wholly
transparent: it looks the same in all of them and extracts as itself (docs/decisions/ofd-readers.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from math import cos, radians, sin
from typing import Final

from certsvc.errors import DefectError
from certsvc.ofd.content import Matrix, abbreviated, number, path_object, text_object
from certsvc.ofd.names import escape
from certsvc.page.fonts import MM_PER_PT, FontChain, Weight
from certsvc.page.model import TextRun
from certsvc.rendering.glyphs import GlyphFont
from certsvc.rendering.plan import CONSTANT_FIELDS

ASCENT_EM: Final = 1.0
DESCENT_EM: Final = 0.3
"""How far a text's boundary reaches above and below the baseline; no glyph reaches farther."""
FIRST_PLANE: Final = "\uffff"
WEIGHTS: Final[tuple[Weight, ...]] = ("regular", "bold")


class _Steps(dict[str, str]):
    """Character -> its advance in mm as written, for one font, size and tracking."""

    def __init__(self, font: GlyphFont, size_mm: float, tracking_mm: float) -> None:
        super().__init__()
        self._font, self._size_mm, self._tracking_mm = font, size_mm, tracking_mm
        self.mm: dict[str, float] = {}
        """The same as numbers, of those asked for."""

    def __missing__(self, character: str) -> str:
        step = number(self._font.advance_em(character) * self._size_mm + self._tracking_mm)
        # In this order: another thread that finds the one finds the other too.
        self.mm[character] = float(step)
        self[character] = step
        return step


class TextWriter:
    """Writes runs; safe to share between threads, and keeps no text of a document."""

    def __init__(self, fonts: FontChain, glyphs: Mapping[str, GlyphFont]) -> None:
        """Take the chain that composed the page and its fonts as they are cut."""
        self._fonts = fonts
        self._glyphs = glyphs
        self._steps = lru_cache(maxsize=256)(self._make_steps)
        self._look = lru_cache(maxsize=256)(self._make_look)
        # Labels, and what all files of an issuer show: anything else is nobody's business once it is written.
        self._label = lru_cache(maxsize=1024)(self._written)
        self._outline = lru_cache(maxsize=1024)(self._drawn)

    def _make_steps(self, font: str, size_pt: float, tracking_mm: float) -> _Steps:
        return _Steps(self._glyphs[font], size_pt * MM_PER_PT, tracking_mm)

    def _make_look(
        self, font: str, size_pt: float, tracking_mm: float, colour: str, id: int
    ) -> tuple[_Steps, str]:
        return self._steps(font, size_pt, tracking_mm), _look(id, size_pt, colour)

    def write(self, run: TextRun, *, id: int, font: int) -> list[str]:
        """Write one run as one object, or as several where it must be.

        Args:
            run: what to write, at least one character.
            id: of the first object; the next ones count on.
            font: id of the font resource.

        Raises:
            DefectError: the font has no real glyph for a character, or XML cannot hold it.
        """
        own = run.field and run.field not in CONSTANT_FIELDS
        written = self._written if own else self._label
        body = written(run.text, run.font, run.size_pt, run.colour, run.tracking_mm, font)
        if run.rotate_deg or run.opacity != 1.0 or not body:
            return list(self._parts(run, id, font))
        top_mm = run.y_mm - ASCENT_EM * run.size_pt * MM_PER_PT
        return [f'<ofd:TextObject ID="{id}" Boundary="{_edge(run.x_mm)} {_edge(top_mm)}{body}']

    def _written(
        self, text: str, name: str, size_pt: float, colour: str, tracking_mm: float, font: int
    ) -> str:
        """Write what of a text object depends on neither id nor place; "" when one object will not do."""
        if max(text) > FIRST_PLANE:
            return ""
        steps, look = self._look(name, size_pt, tracking_mm, colour, font)
        # The steps first: looking a character up there puts its number into the other.
        shown = list(map(steps.__getitem__, text))
        width_mm = sum(map(steps.mm.__getitem__, text))
        last = shown.pop()
        if not shown:
            spread = ""
        elif len(shown) > 2 and shown.count(last) == len(shown):
            spread = f' DeltaX="g {len(shown)} {last}"'
        else:
            spread = f' DeltaX="{" ".join(shown)}"'
        return f" {width_mm:.6g}{look}{spread}>{escape(text)}</ofd:TextCode></ofd:TextObject>"

    def _parts(self, run: TextRun, id: int, font: int) -> Iterator[str]:
        """Write a run that is turned, or see-through, or holds characters beyond the first plane."""
        size_mm = run.size_pt * MM_PER_PT
        steps = self._steps(run.font, run.size_pt, run.tracking_mm)
        alpha = round(run.opacity * 255)
        along_mm = 0.0
        for far, characters in groupby(run.text, key=lambda character: character > FIRST_PLANE):
            # One object for each far character: some readers look at the first TextCode of an object only.
            for text in characters if far else ("".join(characters),):
                advances = [float(steps[character]) for character in text]
                boundary, matrix = _place(run, along_mm, sum(advances), size_mm)
                if far:
                    yield path_object(
                        id=id,
                        boundary=boundary,
                        data=self._outline(text, run.font, size_mm),
                        fill=run.colour,
                        alpha=alpha,
                        matrix=matrix,
                    )
                    id += 1
                yield text_object(
                    id=id,
                    boundary=boundary,
                    font=font,
                    size_mm=size_mm,
                    x_mm=0.0,
                    y_mm=ASCENT_EM * size_mm,
                    text=text,
                    advances_mm=advances[:-1],
                    colour=run.colour,
                    alpha=0 if far else alpha,
                    matrix=matrix,
                )
                id += 1
                along_mm += sum(advances)

    def _drawn(self, character: str, font: str, size_mm: float) -> str:
        """Write the outline of *character*, its boundary's left edge at the pen."""
        for weight in WEIGHTS:
            if self._fonts.split(character, weight)[0][0] == font:
                outline = self._fonts.outline(character, size_mm, weight)
                return abbreviated(outline, y_mm=-ASCENT_EM * size_mm)
        raise DefectError(f"no chain takes U+{ord(character):04X} from the font {font}")


@lru_cache(maxsize=4096)  # most places come back on other pages
def _edge(mm: float) -> str:
    return f"{mm:.6g}"


def _look(font: int, size_pt: float, colour: str) -> str:
    """Write what is the same for all texts of one look: from the boundary's height to the baseline."""
    size_mm = size_pt * MM_PER_PT
    red, green, blue = bytes.fromhex(colour[1:])
    return (
        f' {number((ASCENT_EM + DESCENT_EM) * size_mm)}" Font="{font}" Size="{number(size_mm)}">'
        f'<ofd:FillColor Value="{red} {green} {blue}"/><ofd:TextCode X="0" Y="{number(ASCENT_EM * size_mm)}"'
    )


def _place(
    run: TextRun, along_mm: float, width_mm: float, size_mm: float
) -> tuple[tuple[float, float, float, float], Matrix | None]:
    """Return the boundary of a part of *run* and, when the run is turned, the matrix that turns it."""
    above_mm, height_mm = ASCENT_EM * size_mm, (ASCENT_EM + DESCENT_EM) * size_mm
    if not run.rotate_deg:
        return (run.x_mm + along_mm, run.y_mm - above_mm, width_mm, height_mm), None
    cosine, sine = cos(radians(run.rotate_deg)), sin(radians(run.rotate_deg))
    # Counter-clockwise with y down; the part's own origin is its top left corner before it is turned.
    corners = [(x * cosine + y * sine, -x * sine + y * cosine) for x in (0, width_mm) for y in (0, height_mm)]
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    origin_x = run.x_mm + along_mm * cosine - above_mm * sine
    origin_y = run.y_mm - along_mm * sine - above_mm * cosine
    boundary = (
        origin_x + left,
        origin_y + top,
        max(x for x, _ in corners) - left,
        max(y for _, y in corners) - top,
    )
    return boundary, (cosine, -sine, sine, cosine, -left, -top)
