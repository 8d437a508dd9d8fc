"""Setting texts: shrink, wrap, never cut."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.page.fonts import MM_PER_PT
from certsvc.page.layout import Column, Style
from certsvc.page.typeset import CLOSING, OPENING, Setting, fit, set_lines
from tests.page.sample import sample_fonts

STYLE = Style(size_pt=12, min_pt=6, colour="#000000")
MIXED = st.text("建设工程市，。（）《》𬭎·abcXYZ019-. :/", min_size=1, max_size=120)


@given(MIXED, st.floats(5, 150), st.integers(1, 6))
def test_no_line_is_wider_than_its_place_and_nothing_is_lost(text: str, width_mm: float, lines: int) -> None:
    """A cut or overflowing text on a certificate is a wrong text."""
    setting = fit(text, STYLE, width_mm, sample_fonts(), lines=lines)

    if setting is None:
        return
    assert "".join(setting.lines) == text
    assert len(setting.lines) <= lines
    assert 6 <= setting.size_pt <= 12
    for line in setting.lines:
        assert sample_fonts().width_em(line) * setting.size_pt * MM_PER_PT <= width_mm + 1e-6


@given(MIXED, st.floats(60, 150))
def test_a_text_is_refused_only_when_it_cannot_fit(text: str, width_mm: float) -> None:
    """At the smallest size six lines of 60 mm hold 120 wide characters with room to spare."""
    assert fit(text, STYLE, width_mm, sample_fonts(), lines=6) is not None


@given(st.text("建设，。（）《》工程ab-", min_size=20, max_size=100))
def test_lines_break_as_chinese_typesetting_asks(text: str) -> None:
    """A line beginning with a comma looks broken; a hyphen at a line's end is lost in extraction."""
    setting = fit(text.strip("，。）》（《-"), STYLE, 60, sample_fonts(), lines=6)

    assert setting is not None
    for before, after in zip(setting.lines, setting.lines[1:], strict=False):
        assert before[-1] not in OPENING
        if len(before) > 1 and not after[0].isascii():
            assert after[0] not in CLOSING


@pytest.mark.parametrize(
    "length, lines, size_pt", [(10, 1, 12.0), (12, 1, 11.5), (14, 1, 10.0), (15, 2, 12.0)]
)
def test_a_text_shrinks_a_little_before_it_wraps(length: int, lines: int, size_pt: float) -> None:
    """Fifty millimetres hold eleven characters of 12 pt, and fourteen of 10 pt."""
    setting = fit("建" * length, STYLE, 50, sample_fonts(), lines=2)

    assert setting is not None
    assert (len(setting.lines), setting.size_pt) == (lines, size_pt)


@pytest.mark.parametrize(
    "align, starts", [("left", (10.0, 10.0)), ("centre", (21.0, 31.2)), ("right", (32.0, 52.4))]
)
def test_every_line_is_aligned_in_its_column(
    align: Literal["left", "centre", "right"], starts: tuple[float, float]
) -> None:
    """Lines of 40.6 and 20.2 mm; the gap after a line's last character and its last space do not count."""
    style = Style(size_pt=10 / MM_PER_PT, min_pt=6, colour="#000000", tracking_em=0.02)
    column = Column(style="any", x_mm=10, width_mm=62.6, align=align)
    setting = Setting(("建设工程", "公司 "), style.size_pt)

    runs = list(set_lines(setting, style, column, 50, sample_fonts(), leading_em=1.5))

    assert [run.text for run in runs] == ["建设工程", "公司 "]
    assert [run.y_mm for run in runs] == [50, 65]
    assert [run.x_mm for run in runs] == list(starts)


def test_a_latin_word_stays_whole_and_a_long_one_is_broken() -> None:
    """Tender numbers are compared character by character, addresses have no spaces."""
    words = fit("标段编号 SD-2026-0871 与 SD-2026-0872", STYLE, 40, sample_fonts(), lines=3)
    address = fit("https://example.org/" + "a-" * 60, STYLE, 40, sample_fonts(), lines=8)

    assert words is not None
    assert [line.strip() for line in words.lines] == ["标段编号 SD-2026-0871", "与 SD-2026-0872"]
    assert address is not None
    assert not any(line.endswith("-") for line in address.lines[:-1])


def test_what_does_not_fit_at_the_smallest_size_is_none() -> None:
    """The caller turns this into an error that names the field."""
    assert fit("建" * 92, STYLE, 50, sample_fonts(), lines=4) is not None
    assert fit("建" * 93, STYLE, 50, sample_fonts(), lines=4) is None
