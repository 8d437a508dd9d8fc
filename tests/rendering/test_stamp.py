"""The seal's picture: what the stamp's outlines are, as a small PNG on nothing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageStat

from certsvc.errors import DefectError
from certsvc.page.model import Path, Stamp
from certsvc.rendering.png import preview
from certsvc.rendering.stamp import stamp_picture
from tests.page.sample import FACTS, ROOT, a_page
from tests.rendering.test_pdf_reference import renderer

SQUARE = Path(segments=(("M", 1, 1), ("L", 9, 1), ("L", 9, 3), ("L", 1, 3), ("Z",)), fill="#C8202A")
SMALL = Stamp(paths=(SQUARE,), x_mm=0, y_mm=0, width_mm=10, height_mm=5)
PRINT = (
    "import sys; from tests.rendering.test_stamp import *; "
    "sys.stdout.buffer.write(stamp_picture(a_page().stamp))"
)


def opened(stamp: Stamp) -> Image.Image:
    """Draw a stamp and open it with every pixel spelled out."""
    return Image.open(BytesIO(stamp_picture(stamp))).convert("RGBA")


def test_it_has_300_pixels_to_the_inch_and_stays_small() -> None:
    """It travels twice in every OFD; ofd.js cannot show a seal of more than some tens of kilobytes."""
    content = stamp_picture(a_page().stamp)

    with Image.open(BytesIO(content)) as picture:
        assert picture.format == "PNG"
        assert picture.size == (449, 449)
        assert round(picture.info["dpi"][0]) == 300
    assert len(content) < 12_000


def test_outlines_stand_where_they_were_drawn() -> None:
    """Heights count down in the page and up in what draws it."""
    picture = opened(SMALL)

    assert picture.size == (119, 60)
    assert picture.getpixel((59, 24)) == (0xC8, 0x20, 0x2A, 255)
    assert picture.getpixel((59, 48)) == (0xC8, 0x20, 0x2A, 0)


def test_curves_lines_and_opacity_are_drawn() -> None:
    """Rings are stroked curves, letters filled ones."""
    line = Path(segments=(("M", 1, 4), ("L", 9, 4)), stroke="#C8202A", width_mm=0.8, opacity=0.34)
    dome = Path(segments=(("M", 2, 3), ("C", 2, 0, 8, 0, 8, 3), ("Z",)), fill="#C8202A")
    alpha = opened(replace(SMALL, paths=(line, dome))).getchannel("A").tobytes()

    at_line, at_dome, outside = (alpha[119 * y + x] for x, y in ((59, 48), (59, 20), (5, 5)))
    # Four steps of ink: a third is the second.
    assert (at_line, at_dome, outside) == (85, 255, 0)


def test_it_looks_like_the_outlines_of_the_page() -> None:
    """PDF and OFD of one copy bear the same seal."""
    page = a_page()
    stamp = replace(page, static=(), variable=page.stamp.paths)
    drawn = Image.open(BytesIO(preview(renderer().render(stamp, FACTS), 300))).crop((0, 0, 449, 449))
    picture = Image.new("RGBA", (449, 449), "white")
    picture.alpha_composite(opened(page.stamp))

    apart = ImageChops.difference(drawn.convert("L"), picture.convert("L"))
    assert ImageStat.Stat(apart).mean[0] < 2
    assert ImageStat.Stat(picture.convert("L")).mean[0] < 245


def test_equal_stamps_give_equal_bytes_in_every_process() -> None:
    """The seal maker signs these bytes."""
    here = stamp_picture(a_page().stamp)
    done = subprocess.run([sys.executable, "-c", PRINT], capture_output=True, check=True, cwd=ROOT, env={})

    assert done.stdout == here


@pytest.mark.parametrize(
    "paths", [(), (SQUARE, replace(SQUARE, fill="#000000"))], ids=["nothing", "two inks"]
)
def test_a_stamp_has_one_ink(paths: tuple[Path, ...]) -> None:
    """The picture keeps how much ink there is, not which."""
    with pytest.raises(DefectError, match="ink"):
        stamp_picture(replace(SMALL, paths=paths))
