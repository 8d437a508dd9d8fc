"""The QR symbol as drawn, and the preview that shows it."""

from __future__ import annotations

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image

from certsvc.errors import DefectError
from certsvc.qr.encode import encode
from certsvc.rendering.content import outlines
from certsvc.rendering.png import preview
from tests.page.sample import QR_TEXT, TEN, a_subject
from tests.rendering.test_pdf import rendered


def _drawn(dpi: int) -> Image.Image:
    return Image.open(BytesIO(preview(rendered(a_subject(specialties=TEN)), dpi)))


@pytest.mark.parametrize("dpi", [100, 150, 300])
def test_the_symbol_reads_back_from_the_drawn_page(dpi: int) -> None:
    """A symbol that only its own builder can read is no use on paper."""
    image = _drawn(dpi)

    assert abs(image.width - 210 / 25.4 * dpi) <= 1
    assert [found.text for found in zxingcpp.read_barcodes(image)] == [QR_TEXT]


def test_the_symbol_is_black_and_white_without_seams() -> None:
    """Grey seams between modules are what cameras stumble over."""
    symbol = _drawn(600).convert("L").crop((670, 5450, 1280, 6070))

    colours = symbol.histogram()
    assert colours[0] + colours[255] > 0.94 * symbol.width * symbol.height


def test_outlines_cover_exactly_the_dark_modules() -> None:
    """Counting crossings to the left of each module's middle gives back every module."""
    modules = encode(QR_TEXT)
    upright: set[tuple[int, int]] = set()
    for loop in outlines(modules):
        for (column, row), (next_column, next_row) in zip(loop, [*loop[1:], loop[0]], strict=True):
            assert column == next_column or row == next_row
            if column == next_column:
                # Even-odd: an edge run over twice is no edge.
                upright ^= {(column, each) for each in range(min(row, next_row), max(row, next_row))}

    for row, line in enumerate(modules):
        inside = False
        for column, dark in enumerate(line):
            inside ^= (column, row) in upright
            assert inside == dark


def test_a_preview_of_something_else_is_a_defect() -> None:
    """The service draws its own files only."""
    with pytest.raises(DefectError):
        preview(b"%PDF-1.7 nothing", 150)
