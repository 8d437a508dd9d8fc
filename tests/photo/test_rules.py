"""``photo check``: each rule on both sides of its border, and one truth with the record-time check."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageDraw

from certsvc.domain.texts_photo import CHANGES, CONCLUSIONS, PHOTO_RULES, SIGNATURE_RULES
from certsvc.errors import ImageRejectedError
from certsvc.photo import check_photo, check_signature, normalise_photo
from certsvc.photo.answers import photo_body
from certsvc.photo.rules import Conclusion, Outcome, Rule
from tests.images import a_photo, a_signature, file_of
from tests.portraits import Taken, as_file, portrait

PASSED, FAILED, UNTOLD = Outcome.PASSED, Outcome.FAILED, Outcome.CANNOT_TELL


def outcome(content: bytes, rule: Rule) -> Outcome:
    """Return what one rule comes to for a photo."""
    finding = check_photo(content).finding(rule)
    assert finding is not None
    return finding.outcome


def sized(width: int, height: int) -> bytes:
    """Return a photo brought to a size."""
    return as_file(portrait(Taken()).resize((width, height)))


@pytest.mark.parametrize(
    ("taken", "rule", "wanted"),
    [
        (Taken(), "white_ground", PASSED),
        (Taken(ground=(202, 202, 202)), "white_ground", PASSED),
        (Taken(ground=(197, 197, 197)), "white_ground", FAILED),
        (Taken(ground=(60, 110, 200)), "white_ground", FAILED),
        (Taken(busy=True), "white_ground", UNTOLD),
        (Taken(shadow=60), "white_ground", PASSED),
        (Taken(shadow=90), "white_ground", UNTOLD),
        (Taken(head=0.34), "head_size", FAILED),
        (Taken(head=0.38), "head_size", PASSED),
        (Taken(head=0.64), "head_size", PASSED),
        (Taken(head=0.70), "head_size", FAILED),
        (Taken(busy=True), "head_size", UNTOLD),
        (Taken(crown=0.0), "head_place", FAILED),
        (Taken(crown=0.04), "head_place", PASSED),
        (Taken(crown=0.23), "head_place", PASSED),
        (Taken(crown=0.28), "head_place", FAILED),
        (Taken(middle=0.44), "head_place", PASSED),
        (Taken(middle=0.40), "head_place", FAILED),
        (Taken(busy=True), "head_place", UNTOLD),
        (Taken(seed=5, ground=(240, 240, 240)), "head_place", UNTOLD),
        (Taken(blur=1.5), "sharpness", PASSED),
        (Taken(blur=2), "sharpness", UNTOLD),
        (Taken(blur=3), "sharpness", FAILED),
        (Taken(busy=True), "sharpness", UNTOLD),
        (Taken(gain=0.3), "light", FAILED),
        (Taken(gain=0.45), "light", UNTOLD),
        (Taken(gain=0.6), "light", PASSED),
        (Taken(gain=1.6), "light", PASSED),
        (Taken(gain=0.15), "contrast", FAILED),
        (Taken(gain=0.2), "contrast", UNTOLD),
        (Taken(gain=0.5), "contrast", PASSED),
    ],
    ids=lambda value: str(value) if not isinstance(value, Taken) else "",
)
def test_advice_has_two_sides_and_admits_what_it_cannot_tell(
    taken: Taken, rule: Rule, wanted: Outcome
) -> None:
    """Measured on drawn portraits; none of it ever refuses."""
    report = check_photo(as_file(portrait(taken)))
    finding = report.finding(rule)

    assert finding is not None
    assert (finding.outcome, finding.severity) == (wanted, "advice"), finding
    assert report.accepted


def test_glaring_face_is_told() -> None:
    """The upper side of the light: first nobody can tell, then it fails."""
    person = portrait(Taken(gain=1.6, ground=(60, 110, 200)))
    for lift, wanted in ((0, PASSED), (14, UNTOLD), (140, FAILED)):
        lit = ImageChops.add(person, Image.new("RGB", person.size, (lift, lift, lift)))
        assert outcome(as_file(lit), "light") is wanted


@pytest.mark.parametrize(
    ("size", "rule", "wanted"),
    [
        ((295, 413), "pixels", PASSED),
        ((294, 412), "pixels", FAILED),
        ((1500, 2100), "pixels", PASSED),
        ((1501, 2101), "pixels", FAILED),
        ((413, 566), "aspect", FAILED),
        ((413, 568), "aspect", PASSED),
        ((413, 590), "aspect", PASSED),
        ((413, 591), "aspect", FAILED),
    ],
)
def test_what_refuses_stands_where_the_register_puts_it(
    size: tuple[int, int], rule: Rule, wanted: Outcome
) -> None:
    """Both sides of each border, compared with the record-time check itself."""
    content = sized(*size)
    report = check_photo(content)
    finding = report.finding(rule)

    assert finding is not None
    assert (finding.outcome, finding.severity) == (wanted, "refuses")
    assert report.accepted is taken_by_the_register(content) is (wanted is PASSED)


def taken_by_the_register(content: bytes) -> bool:
    """Ask the record-time check."""
    try:
        normalise_photo(content, pointer="")
    except ImageRejectedError:
        return False
    return True


def test_size_of_the_file_has_two_sides() -> None:
    """1 MB to the byte."""
    content = sized(590, 826)
    filled = content + b"\x00" * (1024 * 1024 - len(content))

    assert outcome(filled, "bytes") is PASSED
    assert outcome(filled + b"\x00", "bytes") is FAILED
    assert taken_by_the_register(filled) and not taken_by_the_register(filled + b"\x00")


def test_metadata_and_a_turn_are_told() -> None:
    """Where and with what it was taken is nobody's business."""
    exif = Image.Exif()
    exif[0x010E] = "somewhere"
    upright = as_file(portrait(Taken()), exif=exif)
    exif[0x0112] = 6
    lying = as_file(portrait(Taken()).transpose(Image.Transpose.ROTATE_90), exif=exif)

    assert check_photo(upright).failed() == {"metadata"}
    assert check_photo(lying).failed() == {"metadata", "orientation"}
    assert check_photo(sized(590, 826) + b"PK\x03\x04 a package behind it").failed() == {"metadata"}


def test_all_that_is_wrong_is_told_at_once() -> None:
    """The record-time check stops at the first; the tool is there to spare the second and third try."""
    photo = portrait(Taken(size=(2000, 3000), ground=(60, 110, 200), blur=4, noise=0))
    report = check_photo(as_file(photo))

    assert report.failed() == {"pixels", "aspect", "white_ground", "sharpness"}
    assert report.conclusion is Conclusion.REFUSED


def test_conclusions() -> None:
    """Refused before cannot tell, cannot tell before advice."""
    concluded = {
        check_photo(as_file(portrait(taken))).conclusion
        for taken in (Taken(), Taken(head=0.3), Taken(busy=True), Taken(busy=True, size=(200, 280)))
    }

    assert concluded == set(Conclusion)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"%PDF-1.7", b"\xff\xd8\xff", b"RIFF....WEBP"])
def test_what_is_no_picture_is_refused_in_words(content: bytes) -> None:
    """Every report explains itself, in both languages."""
    report = check_photo(content)

    assert report.conclusion is Conclusion.REFUSED
    for lang in ("zh", "en"):
        rules = photo_body(report, lang=lang)["rules"]
        assert isinstance(rules, list)
        assert all(rule["reason"] and rule["remedy"] for rule in rules if rule["result"] != "passed")


def test_record_time_words_come_through() -> None:
    """Why a picture cannot be opened is said by the one check that decides."""
    photo = portrait(Taken()).convert("CMYK")
    finding = check_photo(file_of(photo, "JPEG")).finding("readable")

    assert finding is not None
    assert finding.outcome is FAILED and "RGB" in finding.zh and "RGB" in finding.en


def test_every_rule_and_change_has_its_sentences() -> None:
    """No rule is found that the tables do not speak of."""
    photo, signature = check_photo(a_photo()), check_signature(a_signature())

    assert {one.rule for one in photo.findings} == set(PHOTO_RULES)
    assert {one.rule for one in signature.findings} == set(SIGNATURE_RULES)
    assert set(CONCLUSIONS) == set(Conclusion)
    assert "ground_whitened" in CHANGES


def test_skin_hair_and_format_decide_nothing() -> None:
    """Six people, light and dark, as PNG and JPEG: all are told alike."""
    for seed in range(6):
        photo = portrait(replace(Taken(), seed=seed, long_hair=seed % 2 == 0))
        buffer = BytesIO()
        photo.save(buffer, "PNG")
        for content in (as_file(photo), buffer.getvalue()):
            failed = check_photo(content).failed() - {"bytes"}
            assert not failed, (seed, failed)


def test_what_is_wider_than_any_head_is_high_is_no_figure() -> None:
    """A bar, a sheet on a table: nothing is measured in it."""
    bar = Image.new("RGB", (590, 826), "white")
    ImageDraw.Draw(bar).rectangle((60, 300, 530, 380), fill="#333333")

    assert outcome(as_file(bar), "head_size") is UNTOLD
