"""``photo fix``: what it puts right, what it leaves, and that it is done after one time."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from certsvc.photo import Fixed, check_photo, fix_photo, normalise_photo
from certsvc.photo.rules import LARGEST_FIXED, Change, Rule
from tests.images import file_of
from tests.portraits import Taken, as_file, portrait


def fixed(taken: Taken) -> Fixed:
    """Take a portrait and have it fixed."""
    return fix_photo(as_file(portrait(taken)))


def pixels(content: bytes | None) -> Image.Image:
    """Open what was made."""
    assert content is not None
    return Image.open(BytesIO(content)).convert("RGB")


@pytest.mark.parametrize(
    ("taken", "changes"),
    [
        (Taken(), ()),
        (Taken(size=(3000, 4000)), ("cropped", "scaled", "compressed")),
        (Taken(size=(1200, 1680), head=0.24), ("cropped", "scaled")),
        (Taken(size=(1200, 1680), head=0.40, middle=0.38), ("cropped", "scaled")),
        (Taken(size=(2000, 1500), head=0.24, crown=0.2), ("cropped", "scaled")),
        (Taken(ground=(225, 224, 222)), ("ground_whitened",)),
        (Taken(ground=(190, 190, 190)), ("ground_whitened",)),
        (Taken(shadow=50), ("ground_whitened",)),
    ],
    ids=lambda value: "-".join(value) or "nothing" if isinstance(value, tuple) else "",
)
def test_what_can_be_put_right_is(taken: Taken, changes: tuple[Change, ...]) -> None:
    """The result keeps every rule, and the register takes it."""
    made = fixed(taken)

    assert made.changes == changes
    assert made.after is not None
    assert not made.after.failed()
    assert made.content is not None
    normalise_photo(made.content, pointer="")


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        (Taken(blur=4), "sharpness"),
        (Taken(crown=0.0), "head_place"),
        (Taken(ground=(60, 110, 200)), "white_ground"),
        (Taken(ground=(178, 178, 178)), "white_ground"),
        (Taken(size=(400, 560), head=0.22), "head_size"),
        (Taken(gain=0.25), "light"),
    ],
)
def test_what_cannot_be_put_right_is_said(taken: Taken, left: Rule) -> None:
    """No sharpening, no painting, no enlarging: the file stays as it is, and the rule is named."""
    content = as_file(portrait(taken))
    made = fix_photo(content)

    assert left in made.left
    assert made.content == content and made.changes == ()


@pytest.mark.parametrize(
    "taken",
    [
        Taken(size=(200, 280)),
        Taken(size=(1600, 900), busy=True),
        Taken(size=(294, 412)),
    ],
    ids=["small", "no-figure", "a pixel short"],
)
def test_nothing_is_made_that_would_be_refused(taken: Taken) -> None:
    """Too small is never made larger; where nobody is found, nobody is cut."""
    made = fixed(taken)

    assert made.content is None and made.after is None and made.changes == ()
    assert not made.before.accepted


def test_turned_and_stripped() -> None:
    """A phone's picture: lying, with a place in it."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "somewhere", 6
    upright = portrait(Taken())
    made = fix_photo(as_file(upright.transpose(Image.Transpose.ROTATE_90), exif=exif))

    assert made.changes == ("turned", "stripped")
    assert made.content is not None and b"somewhere" not in made.content and b"Exif" not in made.content
    small = [image.resize((59, 83)) for image in (pixels(made.content), upright)]
    assert max(ImageChops.difference(*small).convert("L").histogram()[16:]) == 0


def test_metadata_alone_is_taken_out_without_touching_the_picture() -> None:
    """Encoding it again would cost quality for nothing."""
    exif = Image.Exif()
    exif[0x010E] = "somewhere"
    plain = as_file(portrait(Taken()))
    made = fix_photo(as_file(portrait(Taken()), exif=exif) + b"something behind")

    assert made.changes == ("stripped",)
    assert made.content == plain


def segment(marker: int, body: bytes) -> bytes:
    """Return one segment of a JPEG."""
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


SECRET = b"Exif\x00\x00II*\x00\x08\x00\x00\x00 39.9042N 116.4074E"
PLAIN, MANY_SCANS = (as_file(portrait(Taken()), progressive=several) for several in (False, True))
_BETWEEN = MANY_SCANS.rindex(b"\xff\xc4")
_SECOND = PLAIN[:2] + segment(0xE1, SECRET) + PLAIN[2:]
HIDDEN = {
    "behind fill bytes": (PLAIN, PLAIN[:2] + b"\xff\xff" + segment(0xE1, SECRET) + PLAIN[2:]),
    "behind a marker alone": (PLAIN, PLAIN[:2] + b"\xff\xd0" + segment(0xE1, SECRET) + PLAIN[2:]),
    "in a second picture behind": (PLAIN, PLAIN + _SECOND),
    "in a comment before the end": (PLAIN, PLAIN[:-2] + segment(0xFE, SECRET) + PLAIN[-2:]),
    "between scans": (MANY_SCANS, MANY_SCANS[:_BETWEEN] + segment(0xE1, SECRET) + MANY_SCANS[_BETWEEN:]),
    "in a small picture": (PLAIN, PLAIN[:2] + segment(0xE0, b"JFXX\x00" + SECRET) + PLAIN[2:]),
    "behind the JFIF fields": (
        PLAIN,
        PLAIN[:2] + segment(0xE0, PLAIN[6:18] + b"\x03\x03" + SECRET) + PLAIN[20:],
    ),
    "beside Adobe's": (PLAIN, PLAIN[:2] + segment(0xEE, SECRET) + PLAIN[2:]),
}


@pytest.mark.parametrize("where", HIDDEN)
def test_metadata_is_found_wherever_it_stands(where: str) -> None:
    """Phones put a second picture behind the first, with where it was taken; others hide it on purpose."""
    plain, content = HIDDEN[where]
    made = fix_photo(content)

    assert made.before.accepted and "metadata" in made.before.failed()
    assert made.changes == ("stripped",)
    assert made.content == plain


def test_figure_is_untouched_where_the_ground_is_whitened() -> None:
    """The middle of the face differs by what one more JPEG does, the ground becomes white."""
    taken = Taken(ground=(222, 222, 222), noise=0)
    content = as_file(portrait(taken), quality=95)
    before, after = pixels(content), pixels(fix_photo(content).content)
    face, edge = (200, 250, 390, 420), (10, 10, 120, 200)

    for low, high in ImageChops.difference(before.crop(face), after.crop(face)).getextrema():  # type: ignore[misc]
        assert (low, high) <= (0, 40)
    assert all(low >= 250 for low, _ in after.crop(edge).getextrema())  # type: ignore[misc]
    assert before.getpixel((295, 330)) != (255, 255, 255)


def test_light_clothes_on_a_light_ground_are_not_whitened_away() -> None:
    """Where the figure's edge is not known, nothing is changed."""
    for ground, shadow in (((225, 225, 225), 0), ((215, 213, 210), 20), ((235, 235, 235), 0)):
        assert fixed(Taken(seed=5, ground=ground, shadow=shadow)).changes == ()


def test_a_tinted_ground_is_left() -> None:
    """Light blue is another colour, not grey by accident."""
    assert fixed(Taken(ground=(210, 225, 240))).changes == ()


def test_png_of_megabytes_becomes_a_small_jpeg() -> None:
    """Over 1 MB in, under our limit out."""
    made = fix_photo(file_of(portrait(Taken(size=(1000, 1400), noise=30)), "PNG"))

    assert made.changes == ("scaled", "converted", "compressed")
    assert made.content is not None and len(made.content) <= LARGEST_FIXED


def test_noise_that_compresses_badly_still_fits() -> None:
    """The worst picture there is."""
    noise = Image.effect_noise((3000, 4200), 200).convert("RGB")
    made = fix_photo(as_file(noise, quality=60))

    assert made.content is not None and len(made.content) <= LARGEST_FIXED
    normalise_photo(made.content, pointer="")


TAKEN = st.builds(
    Taken,
    seed=st.integers(0, 40),
    size=st.sampled_from([(295, 413), (413, 531), (480, 640), (640, 480), (700, 980)]),
    ground=st.sampled_from(
        [(252, 252, 252), (244, 244, 244), (225, 224, 222), (186, 186, 186), (184, 184, 184), (90, 140, 210)]
    ),
    head=st.floats(0.15, 0.8),
    crown=st.floats(0, 0.4),
    middle=st.floats(0.3, 0.7),
    long_hair=st.booleans(),
    blur=st.floats(0, 4),
    noise=st.integers(0, 25),
    shadow=st.integers(0, 100),
    busy=st.booleans(),
)


@settings(max_examples=25, deadline=None)
@given(taken=TAKEN, quality=st.integers(30, 95), orientation=st.integers(1, 8))
def test_a_fixed_file_is_taken_and_comes_back_byte_for_byte(
    taken: Taken, quality: int, orientation: int
) -> None:
    """Whoever fixes twice gets the same file; nobody gets one the register refuses, or a larger picture."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = as_file(portrait(taken), quality=quality, exif=exif)
    made = fix_photo(content)
    if made.content is None:
        assert not made.before.accepted
        return
    again = fix_photo(made.content)

    assert again.content == made.content and again.changes == ()
    assert not {"metadata", "orientation"} & check_photo(made.content).failed()
    normalise_photo(made.content, pointer="")
    assert sum(pixels(made.content).size) <= sum(taken.size)
