"""A symbol of ours always reads; a picture of anybody's never breaks a reader."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from certsvc.errors import DefectError
from certsvc.qr.decode import read_image, read_modules, readers
from certsvc.qr.encode import encode
from certsvc.qr.payload import verify_url
from certsvc.qr.token import ALPHABET, new_token

Modules = tuple[bytes, ...]
TEXT = "HTTPS://VERIFY.REGISTRY.EXAMPLE/V/0123456789ABCDEFGHJKMNPQRS"


def drawn(modules: Modules, module_pixels: int) -> Image.Image:
    """Draw a symbol on an A4 page of white."""
    side = len(modules)
    symbol = Image.frombytes("L", (side, side), bytes(0 if dark else 255 for row in modules for dark in row))
    symbol = symbol.resize((side * module_pixels, side * module_pixels), Image.Resampling.NEAREST)
    page = Image.new("L", (symbol.width * 3, symbol.height * 4), 255)
    page.paste(symbol, (symbol.width, symbol.height))
    return page


@pytest.mark.parametrize(("host_length", "side"), [(4, 33), (30, 33), (31, 37), (60, 41)])
def test_a_host_of_thirty_characters_still_fits_version_4(host_length: int, side: int) -> None:
    """Place and module size on the page rest on 33 modules; longer hosts grow the symbol, never fail."""
    modules = encode(verify_url("https://" + "a" * host_length, new_token()))

    assert len(modules) == side and all(len(row) == side for row in modules)


def test_the_same_text_gives_the_same_symbol() -> None:
    """Unsealed bytes are golden, so the symbol must not vary."""
    assert encode(TEXT) == encode(TEXT)


@settings(max_examples=40, deadline=None)
@given(st.text(ALPHABET, min_size=26, max_size=26), st.sampled_from(["127.0.0.1:8000", "a.cn", "v" * 30]))
def test_every_symbol_reads_back(token: str, host: str) -> None:
    """Preflight decodes each symbol once before a key is used; it must never fail on our own."""
    text = verify_url(f"http://{host}", token)

    assert read_modules(encode(text)) == text


@pytest.mark.parametrize("text", ["", "注册", "\u00e9", "A" * 5000])
def test_what_no_symbol_of_ours_may_carry_is_a_defect(text: str) -> None:
    """Readers disagree on anything but ASCII, and a symbol has an end."""
    with pytest.raises(DefectError):
        encode(text)


def test_damaged_modules_are_a_defect() -> None:
    """A symbol that does not read must stop the issue, not reach the paper."""
    modules = encode(TEXT)
    cut = tuple(tuple(dark and place > 9 for place, dark in enumerate(row)) for row in modules)

    for broken in (cut, modules[1:], tuple((False,) * 33 for _ in range(33)), ()):
        with pytest.raises(DefectError):
            read_modules(broken)


@pytest.mark.parametrize("module_pixels", [2, 3, 5, 9, 20, 45])
@pytest.mark.parametrize("reader", sorted(readers()))
def test_each_reader_reads_every_size(reader: str, module_pixels: int) -> None:
    """The reader pyzbar alone misses large clean symbols at one scale; the ladder must make up for it."""
    assert readers()[reader](drawn(encode(TEXT), module_pixels)) == (TEXT,)


def test_zxing_is_always_there_and_asked_first() -> None:
    """The second reader is optional, the first is not."""
    assert next(iter(readers())) == "zxing-cpp"


def test_without_the_second_reader_the_first_goes_on() -> None:
    """The library libzbar0 is not a Python package; a machine without it still verifies."""
    program = (
        "import sys; sys.modules['pyzbar'] = None; from PIL import Image; "
        "from certsvc.qr.decode import read_image, readers; "
        "print(list(readers()), read_image(Image.new('L', (50, 50))))"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=True
    )

    assert run.stdout.strip() == "['zxing-cpp'] ()"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "LA"])
def test_a_picture_of_any_mode_is_read(mode: str) -> None:
    """Phones and scanners hand in every kind of picture."""
    assert read_image(drawn(encode(TEXT), 5).convert(mode)) == (TEXT,)


def test_a_symbol_on_a_clear_ground_is_read() -> None:
    """A transparent ground counts as white paper, not as black."""
    page = drawn(encode(TEXT), 5)
    clear = Image.new("RGBA", page.size, (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), mask=page.point(lambda value: 255 - value))

    assert read_image(clear) == (TEXT,)


def test_a_blurred_turned_and_grey_photo_is_read() -> None:
    """What a phone makes of a print in poor light."""
    photo = drawn(encode(TEXT), 6).filter(ImageFilter.GaussianBlur(2)).rotate(17, expand=True, fillcolor=255)

    assert read_image(photo.point(lambda value: 90 + value // 4)) == (TEXT,)


def test_two_symbols_on_one_page_are_both_told() -> None:
    """A second symbol pasted on a page must not go unseen."""
    other = TEXT.replace("VERIFY", "EVIL")
    page = Image.new("L", (800, 400), 255)
    for left, text in ((0, TEXT), (400, other)):
        symbol = drawn(encode(text), 4)
        page.paste(symbol.crop((100, 100, 300, 300)), (left + 100, 100))

    assert set(read_image(page)) == {TEXT, other}


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (9000, 3), (200, 200)])
def test_a_picture_without_a_symbol_reads_as_nothing(size: tuple[int, int]) -> None:
    """No shape of picture raises."""
    assert read_image(Image.new("RGB", size, "white")) == ()


def test_other_kinds_of_code_are_not_read() -> None:
    """Crafted bars of other kinds abort pyzbar, so only QR is looked for."""
    bars = Image.new("L", (400, 200), 255)
    draw = ImageDraw.Draw(bars)
    for place, bar in enumerate("1010001101000110101010111000110010101000110101110"):
        if bar == "1":
            draw.rectangle((40 + 6 * place, 20, 45 + 6 * place, 180), fill=0)

    assert read_image(bars) == ()
