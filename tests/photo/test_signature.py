"""The signature image: what a checker compares the hand signature on paper with."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from certsvc.errors import ImageRejectedError
from certsvc.photo import normalise_signature
from tests.images import a_photo, a_signature, drawn_signature, file_of

POINTER = "/holder/signature"
LIMIT = 300 * 1024


def taken(content: bytes) -> Image.Image:
    """Normalise a signature that must be taken and open the result."""
    return Image.open(BytesIO(normalise_signature(content, pointer=POINTER)))


def refusal(content: bytes) -> str:
    """Return the English sentence a signature is refused with; the Chinese one is there too."""
    with pytest.raises(ImageRejectedError) as caught:
        normalise_signature(content, pointer=POINTER)
    [fault] = caught.value.faults
    assert fault.pointer == POINTER and any("\u4e00" <= c <= "\u9fff" for c in fault.zh)
    return fault.en


def test_a_signature_becomes_a_plain_opaque_png() -> None:
    """8-bit RGB, not interlaced: its rows can be passed into a PDF as they are."""
    result = normalise_signature(a_signature(), pointer=POINTER)

    assert result[:8] == b"\x89PNG\r\n\x1a\n"
    assert result[24:29] == bytes([8, 2, 0, 0, 0])  # depth, colour type RGB, methods, no interlace
    assert {result[at + 4 : at + 8] for at in chunk_starts(result)} == {b"IHDR", b"IDAT", b"IEND"}


def chunk_starts(png: bytes) -> list[int]:
    """Return where each chunk begins."""
    starts, at = [], 8
    while at < len(png):
        starts.append(at)
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return starts


def test_the_same_signature_gives_the_same_bytes_and_again_itself() -> None:
    """Its sha256 is part of the face; normalising once more changes nothing."""
    once = normalise_signature(a_signature(), pointer=POINTER)

    assert once == normalise_signature(a_signature(), pointer=POINTER)
    assert once == normalise_signature(once, pointer=POINTER)


def test_clear_becomes_white_and_the_ink_keeps_its_colour() -> None:
    """Signing pads write strokes on nothing."""
    ink = drawn_signature().convert("L").point(lambda value: 255 if value < 128 else 0)
    pad = Image.new("RGBA", ink.size, (0, 0, 0, 0))
    pad.paste((20, 30, 160, 255), mask=ink)

    result = taken(file_of(pad, "PNG"))
    assert result.mode == "RGB" and result.getpixel((0, 0)) == (255, 255, 255)
    assert (20, 30, 160) in {colour for _, colour in result.getcolors(100_000) or ()}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_every_png_mode_of_eight_bits_is_taken(mode: str) -> None:
    """Scanners write grey and two-colour pictures."""
    assert taken(file_of(drawn_signature().convert(mode), "PNG")).size == (240, 90)


@pytest.mark.parametrize(
    ("size", "fits"),
    [
        ((40, 16), True),
        ((39, 16), False),
        ((40, 15), False),
        ((2400, 1600), True),
        ((2401, 1600), False),
        ((2400, 1601), False),
    ],
)
def test_the_size_has_limits_on_both_sides(size: tuple[int, int], fits: bool) -> None:
    """Smaller shows no stroke, larger is a scanned page."""
    content = file_of(drawn_signature(*size), "PNG")
    if fits:
        kept = taken(content).size
        assert kept[0] <= 1000 and kept[1] <= 500
    else:
        assert "40x16 to 2400x1600" in refusal(content)


def test_a_large_signature_is_brought_down_without_stretching() -> None:
    """Two to one stays two to one."""
    assert taken(file_of(drawn_signature(2400, 1200), "PNG")).size == (1000, 500)


def test_three_hundred_kilobytes_are_taken_and_a_byte_more_is_not() -> None:
    """The contract's limit, on the file."""
    content = a_signature()

    taken(content + bytes(LIMIT - len(content)))
    assert "300 KB" in refusal(content + bytes(LIMIT + 1 - len(content)))


@pytest.mark.parametrize("colour", ["white", "black", "#808080"])
def test_an_empty_picture_is_refused(colour: str) -> None:
    """Nothing can be compared with it, so a printed copy could never be used."""
    assert "no clear stroke" in refusal(file_of(Image.new("RGB", (240, 90), colour), "PNG"))


def test_white_or_faint_strokes_are_refused() -> None:
    """White ink on a clear ground shows only in a dark window; on paper there is nothing."""
    stroke = drawn_signature().convert("L").point(lambda value: 255 - value)
    white = Image.new("RGBA", stroke.size, (255, 255, 255, 0))
    white.putalpha(stroke)
    faint = drawn_signature().convert("L").point(lambda value: 200 + value * 55 // 255)

    assert "no clear stroke" in refusal(file_of(white, "PNG"))
    assert "no clear stroke" in refusal(file_of(faint, "PNG"))


def test_a_jpeg_is_refused() -> None:
    """The contract takes PNG alone: JPEG smears thin strokes."""
    assert "PNG" in refusal(a_photo())


def test_a_cut_or_sixteen_bit_signature_is_refused() -> None:
    """As for photos."""
    assert "cut short" in refusal(a_signature()[:400])
    assert "8 bits" in refusal(file_of(drawn_signature().convert("L").convert("I;16"), "PNG"))
