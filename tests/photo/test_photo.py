"""The one-inch rules, both sides of each limit, and what becomes of a photo that keeps them."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageStat

from certsvc.errors import ImageRejectedError
from certsvc.photo import is_on_white, normalise_photo
from tests.images import ImageFormat, a_photo, drawn_photo, file_of

POINTER = "/holder/photo"
MIB = 1024 * 1024


def taken(content: bytes) -> Image.Image:
    """Normalise a photo that must be taken and open the result."""
    return Image.open(BytesIO(normalise_photo(content, pointer=POINTER)))


def refusal(content: bytes) -> str:
    """Return the English sentence a photo is refused with; the Chinese one is there too."""
    with pytest.raises(ImageRejectedError) as caught:
        normalise_photo(content, pointer=POINTER)
    [fault] = caught.value.faults
    assert fault.pointer == POINTER and any("\u4e00" <= c <= "\u9fff" for c in fault.zh)
    return fault.en


def sized(width: int, height: int) -> bytes:
    """Return a white JPEG of this size."""
    return file_of(Image.new("RGB", (width, height), "white"), "JPEG")


@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
def test_both_formats_become_the_same_plain_jpeg(image_format: ImageFormat) -> None:
    """Rendering passes the bytes through as DCTDecode, so one form is all it knows."""
    photo = taken(a_photo(image_format))

    assert (photo.format, photo.mode, photo.size) == ("JPEG", "RGB", (295, 413))
    assert "progressive" not in photo.info


def test_the_same_photo_gives_the_same_bytes() -> None:
    """The sha256 of the result is part of the face; a second delivery must not look like a change."""
    assert normalise_photo(a_photo(), pointer=POINTER) == normalise_photo(a_photo(), pointer=POINTER)


@pytest.mark.parametrize(
    ("width", "height", "kept"),
    [
        (295, 413, (295, 413)),
        (413, 578, (410, 574)),
        (590, 826, (590, 826)),
        (1500, 2100, (590, 826)),
        (300, 413, (295, 413)),
        (295, 421, (295, 413)),
    ],
)
def test_a_photo_in_the_limits_is_kept_at_five_to_seven(
    width: int, height: int, kept: tuple[int, int]
) -> None:
    """25 x 35 mm on the page: a face is cut by 2 % at the sides at most and never stretched."""
    assert taken(sized(width, height)).size == kept


@pytest.mark.parametrize(("width", "height"), [(294, 413), (295, 412), (1501, 2100), (1500, 2101), (1, 1)])
def test_a_photo_one_pixel_outside_is_refused(width: int, height: int) -> None:
    """295x413 to 1500x2100, both included."""
    assert "295x413 to 1500x2100" in refusal(sized(width, height))


@pytest.mark.parametrize(
    ("width", "height", "fits"),
    [
        (728, 1000, True),
        (729, 1000, False),
        (701, 1000, True),
        (699, 1000, False),
        (413, 413, False),
        (1500, 1000, False),
    ],
)
def test_the_ratio_may_differ_by_two_percent(width: int, height: int, fits: bool) -> None:
    """295:413 is 0.7143: from 0.7000 to 0.7286."""
    if fits:
        taken(sized(width, height))
    else:
        assert "295:413" in refusal(sized(width, height))


def test_one_megabyte_is_taken_and_a_byte_more_is_not() -> None:
    """Bytes after the picture's end count too: the limit is the file's."""
    photo = a_photo()

    taken(photo + bytes(MIB - len(photo)))
    assert "1 MB" in refusal(photo + bytes(MIB + 1 - len(photo)))


@pytest.mark.parametrize("image_format", ["GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_other_formats_are_refused_whatever_they_are_called(image_format: str) -> None:
    """Only the first bytes count; a name or a Content-Type is the sender's word."""
    buffer = BytesIO()
    drawn_photo().save(buffer, image_format)

    assert "JPEG / PNG" in refusal(buffer.getvalue())


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"not a picture", b"%PDF-1.7", b"<svg/>"])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    """An empty or mistaken field gets a sentence, not a server error."""
    assert "JPEG / PNG" in refusal(content)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_set_upright(orientation: int) -> None:
    """Phones store a photo lying down and say so in EXIF; the page must show the head on top."""
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that undoes each orientation
    lying = drawn_photo(590, 826)
    if orientation in turns:
        lying = lying.transpose(Image.Transpose(turns[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation

    upright = taken(file_of(lying, "JPEG", exif=exif.tobytes(), quality=95))
    assert upright.size == (590, 826)
    coat = ImageStat.Stat(upright.crop((280, 800, 310, 820))).mean  # blue, at the bottom
    assert coat[2] > coat[0] + 15
    assert min(ImageStat.Stat(upright.crop((0, 0, 20, 20))).mean) > 240


def test_a_turn_behind_fill_bytes_counts() -> None:
    """Any marker may have them before it, and viewers turn such a photo."""
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = file_of(Image.new("RGB", (413, 295), "white"), "JPEG", exif=exif.tobytes())
    at = lying.index(b"\xff\xe1")

    taken(lying[:at] + b"\xff" * 3 + lying[at:])


def test_orientation_counts_before_the_size_is_judged() -> None:
    """413x295 turned by EXIF is a right photo; 295x413 turned by EXIF is not."""
    exif = Image.Exif()
    exif[0x0112] = 6

    taken(file_of(Image.new("RGB", (413, 295), "white"), "JPEG", exif=exif.tobytes()))
    assert "295x413" in refusal(file_of(Image.new("RGB", (295, 413), "white"), "JPEG", exif=exif.tobytes()))


def test_a_turned_png_is_set_upright_too() -> None:
    """PNG keeps EXIF in a chunk of its own."""
    exif = Image.Exif()
    exif[0x0112] = 3
    lying = drawn_photo(590, 826).rotate(180)

    upright = taken(file_of(lying, "PNG", exif=exif.tobytes()))
    assert min(ImageStat.Stat(upright.crop((0, 0, 20, 20))).mean) > 240


def test_a_damaged_exif_block_does_not_matter() -> None:
    """Viewers show such a photo as it lies, and so do we."""
    assert taken(file_of(drawn_photo(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")).size == (
        295,
        413,
    )


def test_no_metadata_gets_through() -> None:
    """EXIF holds places and names; none of it may end up in an issued file."""
    exif = Image.Exif()
    exif[0x010E] = "secret-canary"
    content = file_of(
        drawn_photo(),
        "JPEG",
        exif=exif.tobytes(),
        comment=b"secret-canary",
        icc_profile=b"secret-canary" * 20,
    )
    assert content.count(b"secret-canary") > 2

    result = normalise_photo(content, pointer=POINTER)
    assert b"secret" not in result and b"Exif" not in result
    assert set(Image.open(BytesIO(result)).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1"])
def test_other_png_modes_become_rgb_on_white(mode: str) -> None:
    """Grey, palette and transparent pictures are fine; what is clear shows the white ground."""
    photo = drawn_photo().convert(mode)
    if "A" in mode:
        photo.putalpha(drawn_photo().convert("L").point(lambda value: 0 if value > 250 else 255))

    result = taken(file_of(photo, "PNG"))
    assert result.mode == "RGB" and result.getpixel((3, 3)) == (255, 255, 255)


def test_cmyk_sixteen_bits_and_moving_pictures_are_refused() -> None:
    """Their colours or content are not certain; each sentence says how to save the photo."""
    still, other = drawn_photo(), drawn_photo(coat="red")

    assert "RGB" in refusal(file_of(still.convert("CMYK"), "JPEG"))
    assert "8 bits" in refusal(file_of(still.convert("L").convert("I;16"), "PNG"))
    assert "animated" in refusal(file_of(still, "PNG", save_all=True, append_images=[other]))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(["JPEG", "PNG"]))
def test_a_photo_cut_or_damaged_anywhere_is_refused_or_taken(data: st.DataObject, kind: ImageFormat) -> None:
    """Whatever a decoder raises on a broken file must come out as IMAGE_REJECTED."""
    content = bytearray(a_photo(kind))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]

    try:
        result = normalise_photo(bytes(content), pointer=POINTER)
    except ImageRejectedError as error:
        assert error.faults[0].pointer == POINTER
    else:
        assert Image.open(BytesIO(result)).size == (295, 413)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photo_cut_in_half_is_refused(kind: ImageFormat) -> None:
    """Half a face on grey must not be recorded."""
    assert "cut short" in refusal(a_photo(kind)[: len(a_photo(kind)) // 2])


@pytest.mark.parametrize(
    ("photo", "white"), [("white", True), ("#d0d0d0", True), ("#438edb", False), ("red", False)]
)
def test_the_ground_is_advice_only(photo: str, white: bool) -> None:
    """A blue ground is told, not refused: the contract's list of reasons is complete."""
    result = normalise_photo(file_of(Image.new("RGB", (295, 413), photo), "PNG"), pointer=POINTER)

    assert is_on_white(result) is white
