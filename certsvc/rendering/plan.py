"""Which glyphs a page takes from where: decided once, for the PDF and the OFD of it.

What never changes is cut once into a shared font; a document adds a cut of its own for texts that need more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

from certsvc.page.fonts import FontChain
from certsvc.page.model import Page, Path, Picture, TextRun
from certsvc.rendering.glyphs import Cut, GlyphFont

USUAL: Final = frozenset(map(chr, range(0x20, 0x7F))) | frozenset("男女")
"""Characters of numbers, days, codes and the holder's sex: a font that sets fields has them in advance."""
CONSTANT_FIELDS: Final = frozenset(("issuer",))
"""Fields that show the same in every file of one issuer; their characters are shared like a label's."""
KEPT_STATIC: Final = 32
"""Static pages kept planned."""

Labels = frozenset[tuple[str, str]]
"""Font and text of each run of the page; no text when it shows a field that varies."""
_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shared:
    """What all pages of one static tuple and one set of labels have in common; compared by identity."""

    static: tuple[TextRun | Path | Picture, ...]
    characters: Mapping[str, frozenset[str]]
    """By font, in the order of the chain, what its shared cut holds: static texts and labels; what is USUAL
    too if it sets fields."""
    cuts: Mapping[str, Cut]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The cuts of one page."""

    shared: Shared
    own: Mapping[str, Cut]
    """By font, in the order of the chain, the cuts with what only this page shows."""
    from_own: tuple[bool, ...]
    """For each item of ``page.variable`` whether it is a text set from its font's own cut."""


class Planner:
    """Plans pages; safe to share between threads. Both renderers of a process must use the same one."""

    def __init__(self, fonts: FontChain) -> None:
        """Take the fonts; each is made ready when first it is cut."""
        self.fonts: Final = fonts
        self.glyphs: Final = {name: GlyphFont(font) for name, font in fonts.fonts.items()}
        self._shared: dict[tuple[int, Labels], Shared] = {}
        self._lock = Lock()

    def plan(self, page: Page) -> Plan:
        """Cut the fonts of *page*.

        Raises:
            DefectError: a font lacks a character that is set from it.
        """
        shared = self._shared_of(page)
        own: dict[str, set[str]] = {}
        from_own = []
        for item in page.variable:
            more = type(item) is TextRun and not shared.characters.get(item.font, _NONE).issuperset(item.text)
            from_own.append(more)
            if more and isinstance(item, TextRun):
                own.setdefault(item.font, set()).update(item.text)
        return Plan(
            shared=shared,
            own={name: font.cut(own[name]) for name, font in self.glyphs.items() if name in own},
            from_own=tuple(from_own),
        )

    def _shared_of(self, page: Page) -> Shared:
        """Cut the shared fonts once for each static tuple compose() hands out and each set of labels."""
        labels = frozenset(
            [
                (item.font, "" if item.field and item.field not in CONSTANT_FIELDS else item.text)
                for item in page.variable
                if type(item) is TextRun
            ]
        )
        key = id(page.static), labels
        kept = self._shared.get(key)
        if kept is None:
            with self._lock:
                kept = self._shared.get(key)
                if kept is None:
                    if len(self._shared) >= KEPT_STATIC:
                        self._shared.clear()
                    # The tuple is kept with its cuts: while it lives, nothing else can have its id.
                    kept = self._share(page, labels)
                    self._shared[key] = kept
        return kept

    def _share(self, page: Page, labels: Labels) -> Shared:
        characters: dict[str, frozenset[str]] = {}
        runs = [(item.font, item.text) for item in page.static if isinstance(item, TextRun)]
        for font, shown in (*runs, *labels):
            characters[font] = characters.get(font, _NONE) | frozenset(shown)
        characters = {
            name: characters[name] | (font.drawn(USUAL) if (name, "") in labels else _NONE)
            for name, font in self.glyphs.items()
            if characters.get(name)
        }
        cuts = {name: self.glyphs[name].cut(shown, once=True) for name, shown in characters.items()}
        return Shared(static=page.static, characters=characters, cuts=cuts)
