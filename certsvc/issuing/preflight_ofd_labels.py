"""Labels of OFD pages that step 5 found to agree: they come back on page after page, as the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from certsvc.issuing.preflight_glyphs import FontGlyphs
from certsvc.ofd.own_page import Found, alone, opening_of
from certsvc.page.model import TextRun

_MOST_LABELS: Final = 1024


class _Label(NamedTuple):
    """A label as it was drawn and found to agree."""

    run: TextRun
    found: Found
    font: str
    glyphs: FontGlyphs


class Labels:
    """Labels met lately, in the places to which rows move; nothing that a field shows."""

    def __init__(self) -> None:
        self.found: dict[str, Found] = {}
        self._agree: dict[int, _Label] = {}

    def agree(self, run: TextRun, found: Found, fonts: Mapping[str, FontGlyphs]) -> bool:
        """Say whether just this run was found to be drawn by just this object, in a font that is here."""
        kept = self._agree.get(id(found))
        return (
            kept is not None
            and kept.found is found
            and (kept.run is run or kept.run == run)
            and fonts.get(kept.font) is kept.glyphs
        )

    def keep(self, run: TextRun, found: Found, fonts: Mapping[str, FontGlyphs]) -> None:
        """Keep that *found* draws *run*, if it is a label."""
        if run.field:
            return
        if len(self.found) >= _MOST_LABELS:
            self.found, self._agree = {}, {}
        one, font = alone(found), found["font"]
        self.found[opening_of(one)] = one
        self._agree[id(one)] = _Label(run, one, font, fonts[font])


LABELS: Final = Labels()
