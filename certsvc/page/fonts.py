"""The vendored fonts: unpacked and checked once, then asked which font holds a character and how wide it is.

A chain is an order of fonts; each character is set from the first font of the chain that has a real glyph for
it. A character no font draws is refused by name, never replaced by a box.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import tempfile
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final, Literal

import uharfbuzz as hb
from fontTools.ttLib import TTFont
from pydantic import BaseModel, ConfigDict, ValidationError

from certsvc.errors import Fault, GlyphMissingError, TemplateError
from certsvc.page.model import Segment

Weight = Literal["regular", "bold"]

MM_PER_PT: Final = 25.4 / 72
_FONT: Final = itemgetter(0)
SPACES: Final = frozenset(" \u3000")
"""The only characters that may be blank."""


class _FontEntry(BaseModel):
    """One font of fonts.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    sha256: str
    source: str
    licence: str


class _FontTable(BaseModel):
    """fonts.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    chain: Mapping[Weight, tuple[str, ...]]
    font: Mapping[str, _FontEntry]


@dataclass(frozen=True, slots=True)
class Font:
    """One unpacked font."""

    name: str
    content: bytes
    """TrueType bytes whose sha256 is the pinned one."""
    face: hb.Face
    shape: hb.Font
    codes: frozenset[int]

    def glyph(self, character: str) -> int | None:
        """Return the glyph of *character*, None when there is none or it draws nothing although it should."""
        if ord(character) not in self.codes:
            return None
        glyph: int = self.shape.get_nominal_glyph(ord(character))
        if character in SPACES:
            return glyph
        extents = self.shape.get_glyph_extents(glyph)
        return glyph if extents is not None and extents.width and extents.height else None


class FontChain:
    """Every font, by name, and the order in which they are tried for each weight."""

    def __init__(self, fonts: Mapping[str, Font], chains: Mapping[Weight, Sequence[str]]) -> None:
        """Take checked fonts; load() is the usual way."""
        self.fonts = fonts
        self._chains = {weight: tuple(fonts[name] for name in names) for weight, names in chains.items()}
        self._place = lru_cache(maxsize=16_384)(self._find_place)
        # Labels, days and places come back with every page and stay; a name is gone after a few more.
        self._measure = lru_cache(maxsize=64)(self._measured)

    @classmethod
    def load(cls, folder: Path, cache: Path | None) -> FontChain:
        """Unpack the fonts named in *folder*/fonts.toml, in threads.

        Args:
            folder: holds fonts.toml and the packed fonts.
            cache: folder for the unpacked files, made when missing; None unpacks every time. A cached file is
                used only when its sha256 is the pinned one, and is written anew otherwise.

        Raises:
            TemplateError: fonts.toml or a font is missing, damaged or not the pinned one.
        """
        try:
            table = _FontTable.model_validate(tomllib.loads((folder / "fonts.toml").read_text("utf-8")))
        except (OSError, ValueError, ValidationError) as fault:
            raise TemplateError(f"fonts.toml in {folder} cannot be used: {fault}") from fault
        unknown = {name for names in table.chain.values() for name in names} - set(table.font)
        if unknown or set(table.chain) != {"regular", "bold"}:
            raise TemplateError(
                f"fonts.toml: [chain] needs regular and bold; unknown fonts: {sorted(unknown)}"
            )
        # lzma and hashlib let other threads run, so three fonts take as long as the slowest one.
        with ThreadPoolExecutor(max_workers=len(table.font)) as pool:
            fonts = pool.map(lambda item: _open(item[0], _unpack(folder, item[1], cache)), table.font.items())
            return cls({font.name: font for font in fonts}, table.chain)

    def _find_place(self, character: str, weight: Weight) -> tuple[Font, float] | None:
        """Find the font for *character* and its advance in em."""
        for font in self._chains[weight]:
            glyph = font.glyph(character)
            if glyph is not None:
                return font, font.shape.get_glyph_h_advance(glyph) / font.face.upem
        return None

    def check(self, text: str, *, pointer: str) -> None:
        """Refuse *text* when a character of it has no real glyph.

        Raises:
            GlyphMissingError: names each such character once, at *pointer*.
        """
        if None in [self._place(character, "regular") for character in text]:
            characters = dict.fromkeys(text)
            missing = [character for character in characters if self._place(character, "regular") is None]
            named = "、".join(_name(character) for character in missing)
            raise GlyphMissingError(
                Fault(
                    pointer,
                    f"字库中没有字符{named}，请核对该字符或联系我们补充字形",
                    f"no glyph for {named}: check the character, or ask us to add its glyph",
                )
            )

    def _placed(self, text: str, weight: Weight) -> list[tuple[Font, float]]:
        """Find the place of every character; measuring is most of the work of composing a page."""
        places = [self._place(character, weight) for character in text]
        placed = [place for place in places if place is not None]
        if len(placed) < len(places):
            missing = _name(text[places.index(None)])
            raise TemplateError(f"no glyph for {missing}; text must pass check() first")
        return placed

    def _measured(self, text: str, weight: Weight) -> tuple[tuple[tuple[str, str, float], ...], float]:
        """Split and measure at once."""
        placed = self._placed(text, weight)
        runs, start = [], 0
        for font, places in groupby(placed, key=_FONT):
            widths = [width for _, width in places]
            end = start + len(widths)
            runs.append((font.name, text[start:end], sum(widths)))
            start = end
        # Summed over all characters, not over the runs: the last bit decides where a line breaks.
        return tuple(runs), runs[0][2] if len(runs) == 1 else sum([width for _, width in placed])

    def split(self, text: str, weight: Weight = "regular") -> tuple[tuple[str, str, float], ...]:
        """Split *text* into runs of one font: (font name, run, width in em)."""
        return self._measure(text, weight)[0]

    def width_em(self, text: str, weight: Weight = "regular") -> float:
        """Return the width of *text* at size 1."""
        return self._measure(text, weight)[1]

    def outline(self, text: str, size_mm: float, weight: Weight = "regular") -> tuple[Segment, ...]:
        """Return *text* as outlines in mm, its baseline starting at (0, 0), y down; to be filled."""
        segments: list[Segment] = []
        x_mm = 0.0
        for character, (font, advance) in zip(text, self._placed(text, weight), strict=True):
            pen = _Pen(x_mm, size_mm / font.face.upem, segments)
            font.shape.draw_glyph_with_pen(font.shape.get_nominal_glyph(ord(character)), pen)
            x_mm += advance * size_mm
        return tuple(segments)

    def woff_faces(self, text: str) -> tuple[bytes, ...]:
        """Return WOFF fonts that together hold every character of *text* the regular chain can draw."""
        needed: dict[str, set[int]] = {}
        for character in dict.fromkeys(text):
            place = self._place(character, "regular")
            if place is not None:
                needed.setdefault(place[0].name, set()).add(ord(character))
        return tuple(_woff(self.fonts[name], codes) for name, codes in needed.items())


class _Pen:
    """Collects one glyph's outline as page segments; quadratic curves become cubic ones."""

    def __init__(self, x_mm: float, scale: float, segments: list[Segment]) -> None:
        self._x_mm, self._scale, self._segments = x_mm, scale, segments
        self._at = (0.0, 0.0)

    def _mm(self, point: tuple[float, float]) -> tuple[float, float]:
        return round(self._x_mm + point[0] * self._scale, 4), round(-point[1] * self._scale, 4)

    def moveTo(self, point: tuple[float, float]) -> None:  # the pen protocol's names
        self._segments.append(("M", *self._mm(point)))
        self._at = point

    def lineTo(self, point: tuple[float, float]) -> None:
        self._segments.append(("L", *self._mm(point)))
        self._at = point

    def curveTo(
        self, first: tuple[float, float], second: tuple[float, float], point: tuple[float, float]
    ) -> None:
        self._segments.append(("C", *self._mm(first), *self._mm(second), *self._mm(point)))
        self._at = point

    def qCurveTo(self, control: tuple[float, float], point: tuple[float, float]) -> None:
        first, second = (
            (end[0] + 2 / 3 * (control[0] - end[0]), end[1] + 2 / 3 * (control[1] - end[1]))
            for end in (self._at, point)
        )
        self.curveTo(first, second, point)

    def closePath(self) -> None:
        self._segments.append(("Z",))


def _name(character: str) -> str:
    """Name *character* so that it can be found in a table: 「𰻝」U+30EDD."""
    # A control or format character would garble the very message that names it.
    shown = (
        "" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Mn", "Zl", "Zp"} else f"「{character}」"
    )
    return f"{shown}U+{ord(character):04X}"


def _open(name: str, content: bytes) -> Font:
    face = hb.Face(content)
    return Font(name, content, face, hb.Font(face), frozenset(face.unicodes))


def _unpack(folder: Path, entry: _FontEntry, cache: Path | None) -> bytes:
    cached = None if cache is None else cache / f"{entry.sha256}.ttf"
    if cached is not None:
        with suppress(OSError):
            content = cached.read_bytes()
            if hashlib.sha256(content).hexdigest() == entry.sha256:
                return content
    try:
        content = lzma.decompress((folder / entry.file).read_bytes())
    except (OSError, lzma.LZMAError) as fault:
        raise TemplateError(f"the font {entry.file} cannot be unpacked: {fault}") from fault
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise TemplateError(f"the font {entry.file} is not the one pinned in fonts.toml")
    if cached is not None:
        # The cache only saves time; a read-only or full disk must not stop the service here.
        with suppress(OSError):
            _keep(cached, content)
    return content


def _keep(path: Path, content: bytes) -> None:
    """Write *path* so that no reader, in whatever process, ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _woff(font: Font, codes: set[int]) -> bytes:
    wanted = hb.SubsetInput()
    wanted.unicode_set.set(sorted(codes))
    cut = TTFont(io.BytesIO(hb.subset(font.face, wanted).blob.data), recalcTimestamp=False)
    cut.flavor = "woff"
    packed = io.BytesIO()
    cut.save(packed)
    return packed.getvalue()
