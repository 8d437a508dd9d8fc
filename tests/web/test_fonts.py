"""Fonts of pages: what is cut ahead is not cut again while somebody waits for a page."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

from certsvc.page.fonts import FontChain
from certsvc.web.assets import Assets
from tests.page.sample import FONT_FOLDER, ROOT

EVERYDAY = "赵钱孙"
ANOTHER = "𬭎"


def assets(tmp_path: Path) -> Assets:
    """Return assets whose static font lacks the characters above."""
    return Assets(ROOT / "templates" / "web", FontChain.load(FONT_FOLDER, tmp_path), "")


def test_a_font_cut_ahead_is_at_hand(tmp_path: Path) -> None:
    """Nobody waits for it."""
    held = assets(tmp_path)
    rests: list[float] = []
    held.cut_ahead(f"{EVERYDAY}{EVERYDAY[0]}证", rests.append)

    with mock.patch.object(FontChain, "woff_faces", side_effect=AssertionError("cut again")):
        style = held.page_font(EVERYDAY)
    assert style.count("@font-face") == len(EVERYDAY)
    # One rest after each font, none after what the static font has: nine times as long as the cut took.
    assert len(rests) == len(EVERYDAY)
    assert all(rest > 0 for rest in rests)


def test_any_other_is_cut_when_it_is_asked_for(tmp_path: Path) -> None:
    """A rare name still brings its own font."""
    held = assets(tmp_path)
    held.cut_ahead(EVERYDAY, lambda _: None)
    with mock.patch.object(FontChain, "woff_faces", autospec=True, side_effect=FontChain.woff_faces) as cut:
        assert "U+2CB4E" in held.page_font(ANOTHER + EVERYDAY)
    assert [call.args[1] for call in cut.call_args_list] == [ANOTHER]
