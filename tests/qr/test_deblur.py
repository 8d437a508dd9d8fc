"""Undoing blur: symbols that no reader finds are found, and nothing is read where nothing is."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from PIL import Image, ImageChops, ImageFilter

from certsvc.qr.deblur import deblurred
from certsvc.qr.decode import read_image
from certsvc.qr.encode import encode

TEXT = "HTTPS://CERTS.EXAMPLE.ORG/V/7K3M9QXT2V5D8HJ4N6PRSWYZ01"


def a_page() -> Image.Image:
    """A white page 1,131 pixels wide with a symbol of 4 pixels a module, as FILTERED_SIDE leaves one."""
    modules = encode(TEXT)
    dots = bytes(0 if dark else 255 for row in modules for dark in row)
    symbol = Image.frombytes("L", (len(modules), len(modules)), dots)
    symbol = symbol.resize((4 * symbol.width, 4 * symbol.height), Image.Resampling.NEAREST)
    page = Image.new("L", (1131, 1600), 255)
    page.paste(symbol, (150, 1240))
    return page


def out_of_focus(page: Image.Image) -> Image.Image:
    """Blur by more than half a module."""
    return page.filter(ImageFilter.GaussianBlur(2.7))


def moved(page: Image.Image, length: int = 10, angle: float = 0.4) -> Image.Image:
    """Move it along a slope while the shutter is open, more than two modules far."""
    seen = page
    for step in range(1, length + 1):
        there = ImageChops.offset(page, round(step * math.cos(angle)), round(step * math.sin(angle)))
        seen = Image.blend(seen, there, 1 / (step + 1))
    return seen


@pytest.mark.parametrize("spoil", [out_of_focus, moved])
def test_a_blurred_symbol_is_read_when_a_camera_may_have_blurred_it(
    spoil: Callable[[Image.Image], Image.Image],
) -> None:
    """One in five blurred photographs is read only so; scans are not kept waiting for it."""
    picture = spoil(a_page())

    assert read_image(picture) == ()
    # Not by read_image: how many guesses it makes ends with its time, and a busy machine has little.
    assert next(texts for sharp in deblurred(picture) if (texts := read_image(sharp))) == (TEXT,)


def test_nothing_is_read_where_nothing_is() -> None:
    """Sharpening noise makes patterns; none of them may become a text."""
    for picture in (Image.new("L", (400, 300), 255), Image.effect_noise((400, 300), 90)):
        assert read_image(picture, blurred=True) == ()


def test_guesses_keep_the_picture_in_its_size() -> None:
    """A reader is given the whole page each time, one after the other: a spot, then eight directions."""
    page = a_page()

    assert [sharp.size for sharp in deblurred(page)] == [page.size] * 9
