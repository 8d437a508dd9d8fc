"""The signature's side of the tool: dark, on a transparent ground, cropped, and what is no signature."""

from __future__ import annotations

import random
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw

from certsvc.errors import ImageRejectedError
from certsvc.photo import check_signature, fix_signature, normalise_signature
from certsvc.photo.rules import Outcome, Rule
from tests.images import a_signature, drawn_signature, file_of

PASSED, FAILED, UNTOLD = Outcome.PASSED, Outcome.FAILED, Outcome.CANNOT_TELL


def scanned(
    *, paper: int = 215, shadow: int = 60, noise: int = 8, size: tuple[int, int] = (1200, 900), ink: int = 30
) -> Image.Image:
    """Return a sheet photographed from above: grey paper, a shadow, noise, a stroke in the middle."""
    dice = random.Random(noise)
    sheet = Image.new("L", size, 255)
    stroke = drawn_signature(480, 180).convert("L").point(lambda v: 255 - (255 - v) * (255 - ink) // 255)
    sheet.paste(stroke, (size[0] // 3, size[1] // 3))
    sheet = ImageChops.multiply(sheet, Image.new("L", size, paper))
    ramp = Image.linear_gradient("L").rotate(90).resize(size).point(lambda v: v * shadow // 255)
    grain = Image.frombytes(
        "L", size, (bytes(dice.randrange(2 * noise + 1) for _ in range(size[0] * 30)) * 30)
    )
    return ImageChops.add(ImageChops.subtract(sheet, ramp), grain, offset=-noise)


def outcome(image: Image.Image, rule: Rule) -> Outcome:
    """Return what one rule comes to."""
    finding = check_signature(file_of(image, "PNG")).finding(rule)
    assert finding is not None
    return finding.outcome


def on_sheet(size: tuple[int, int]) -> Image.Image:
    """Return a stroke of 240x90 on white paper of a size."""
    sheet = Image.new("RGB", size, "white")
    sheet.paste(drawn_signature(240, 90), ((size[0] - 240) // 2, (size[1] - 90) // 2))
    return sheet


def grey_stroke(grey: int) -> Image.Image:
    """Return a stroke of one grey on white."""
    image = Image.new("L", (240, 90), 255)
    ImageDraw.Draw(image).line(((20, 70), (80, 15), (150, 75), (220, 20)), fill=grey, width=5)
    return image


def blot(share: float) -> Image.Image:
    """Return stripes that cover *share* of their box."""
    image = Image.new("L", (200, 100), 255)
    draw = ImageDraw.Draw(image)
    for left in range(10, 190, 20):
        draw.rectangle((left, 10, left + round(20 * share) - 1, 90), fill=0)
    return image


@pytest.mark.parametrize(
    ("image", "rule", "wanted"),
    [
        (grey_stroke(105), "ink", PASSED),
        (grey_stroke(118), "ink", FAILED),
        (Image.new("L", (200, 80), 255), "ink", UNTOLD),
        (on_sheet((250, 110)), "cropped", PASSED),
        (on_sheet((400, 200)), "cropped", FAILED),
        (blot(0.35), "strokes", PASSED),
        (blot(0.65), "strokes", FAILED),
        (ImageChops.multiply(grey_stroke(0), Image.new("L", (240, 90), 205)), "paper", PASSED),
        (ImageChops.multiply(grey_stroke(0), Image.new("L", (240, 90), 195)), "paper", FAILED),
        (drawn_signature(), "transparent", FAILED),
    ],
)
def test_advice_has_two_sides(image: Image.Image, rule: Rule, wanted: Outcome) -> None:
    """Measured on drawn strokes."""
    assert outcome(image, rule) is wanted


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (file_of(drawn_signature(), "JPEG"), "format"),
        (file_of(drawn_signature(39, 16), "PNG"), "pixels"),
        (file_of(drawn_signature(2401, 900), "PNG"), "pixels"),
        (file_of(Image.new("L", (200, 80), 255), "PNG"), "contrast"),
        (a_signature() + bytes(300 * 1024), "bytes"),
    ],
)
def test_what_refuses_is_what_the_register_refuses(content: bytes, rule: Rule) -> None:
    """One truth: the rule fails where the record-time check raises."""
    report = check_signature(content)

    assert rule in report.failed() and not report.accepted
    with pytest.raises(ImageRejectedError):
        normalise_signature(content, pointer="")


def test_a_phone_picture_of_a_sheet_becomes_strokes_alone() -> None:
    """Grey paper with a shadow, as JPEG: dark strokes, cropped, on a transparent ground."""
    made = fix_signature(file_of(scanned(), "JPEG", quality=70))

    assert made.changes == ("ink_separated", "cropped", "converted")
    assert made.after is not None and not made.after.failed()
    assert made.content is not None
    image = Image.open(BytesIO(made.content))
    assert image.mode == "LA"
    assert image.getpixel((0, 0)) == (24, 0)
    alpha = image.getchannel("A")
    left, top, right, bottom = alpha.getbbox() or (0, 0, 0, 0)
    assert (right - left) / image.width > 0.8 and (bottom - top) / image.height > 0.8
    kept = Image.open(BytesIO(normalise_signature(made.content, pointer="")))
    assert kept.mode == "RGB" and kept.getpixel((0, 0)) == (255, 255, 255)
    assert kept.convert("L").getextrema()[0] < 40  # type: ignore[operator]


def test_light_pencil_becomes_dark() -> None:
    """What can be seen can be made plain."""
    made = fix_signature(file_of(grey_stroke(130), "PNG"))

    assert "ink" in made.before.failed()
    assert made.after is not None and not made.after.failed()


@pytest.mark.parametrize("image", [blot(0.8), Image.new("L", (200, 80), 255)], ids=["blot", "blank"])
def test_what_is_no_signature_is_made_none(image: Image.Image) -> None:
    """A stamp or an empty sheet is told, not polished."""
    made = fix_signature(file_of(image, "PNG"))

    assert made.changes == ()
    assert made.left & {"strokes", "contrast"}


@settings(max_examples=10, deadline=None)
@given(
    paper=st.integers(120, 255),
    shadow=st.integers(0, 80),
    noise=st.integers(0, 15),
    ink=st.integers(0, 90),
    size=st.sampled_from([(700, 400), (1200, 900), (1600, 700)]),
)
def test_a_fixed_signature_is_taken_and_comes_back_byte_for_byte(
    paper: int, shadow: int, noise: int, ink: int, size: tuple[int, int]
) -> None:
    """Fixing twice changes nothing."""
    image = scanned(paper=paper, shadow=shadow, noise=noise, ink=ink, size=size)
    made = fix_signature(file_of(image, "JPEG", quality=80))
    if made.content is None:
        return
    again = fix_signature(made.content)

    assert again.content == made.content and again.changes == ()
    normalise_signature(made.content, pointer="")
