"""PDF and OFD of one copy show one face: ofd.js draws the OFD, poppler the PDF, and the two are compared."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.readers import poppler
from tests.readers.cases import HOLDINGS, Certificate
from tests.readers.ofdjs import DPI, OFDJS, Box, Drawn, Letter
from tests.readers.pictures import densest, strays

APART_MM = 0.3
"""At most."""
TILE_PIXELS = 16
"""2.1 mm, less than a character."""
STRAYS = 0.09
"""Share of a tile that may be unlike: smoothed edges are 0.07, a missing digit is 0.10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One certificate as both readers see it."""

    certificate: Certificate
    ofd: Drawn
    words: tuple[poppler.Word, ...]


@pytest.fixture(scope="module", params=HOLDINGS)
def face(request: pytest.FixtureRequest, ofdjs: OFDJS, certificates: dict[str, Certificate]) -> Face:
    """Draw one certificate."""
    certificate = certificates[request.param]
    drawn = ofdjs.draw(certificate.ofd.read_bytes())
    return Face(certificate=certificate, ofd=drawn, words=poppler.words(certificate.pdf))


def test_every_glyph_of_one_file_stands_in_the_other(face: Face) -> None:
    """A character that only one of two certificates shows makes two certificates of them."""
    wanted = list(poppler.origins(face.certificate.pdf))
    letters = [letter for letter in face.ofd.letters if letter.text.strip()]

    strangers = list(_without_partner(letters, wanted))

    assert len(letters) > 300
    assert (strangers, wanted) == ([], [])


def test_text_boxes_agree(face: Face) -> None:
    """Each word of the PDF is, in the same box, made of the same characters in the OFD."""
    unlike = []
    for word in face.words:
        inside = [letter for letter in face.ofd.letters if letter.text.strip() and _within(letter, word.box)]
        inside.sort(key=lambda letter: letter.x_mm)
        text = "".join(letter.text for letter in inside)
        edges = (inside[0].box[0], inside[-1].box[2]) if inside else (math.nan, math.nan)
        far = max(abs(edges[0] - word.box[0]), abs(edges[1] - word.box[2]))
        if text != word.text or far > APART_MM:
            unlike.append((word.text, text, round(far, 3)))

    assert len(face.words) > 30
    assert unlike == []


def test_text_of_both_is_the_record(face: Face) -> None:
    """Whoever extracts a field from either file gets what the register holds, label and value together."""
    pdf = poppler.text(face.certificate.pdf)
    ofd = face.ofd.text

    rows = "".join(label + value for label, value in face.certificate.rows)
    assert rows in pdf
    assert rows in ofd
    assert [mark for mark in face.certificate.marks if mark not in pdf or mark not in ofd] == []
    assert len(pdf) == len(ofd)


def test_characters_beyond_the_first_plane_are_drawn(face: Face) -> None:
    """ofd.js sets halves of them, which no font has; their outlines stand where the text is."""
    beyond = [letter for letter in face.ofd.letters if len(letter.text.encode("utf-16-le")) > 2]

    bare = [letter.text for letter in beyond if not letter.hidden or not _outlined(letter, face.ofd.outlines)]

    assert bare == []
    assert [letter.text for letter in face.ofd.letters if letter.hidden] == [one.text for one in beyond]


def test_pictures_are_alike(face: Face) -> None:
    """Lines, symbol, photo, signature, watermark and seal stand in the same place in the same colour too."""
    mask = strays(face.ofd.picture, poppler.picture(face.certificate.pdf, DPI))

    share, corner = densest(mask, TILE_PIXELS)

    assert share < STRAYS, f"unlike about {[round(edge / DPI * 25.4) for edge in corner]} mm"


def _without_partner(letters: list[Letter], places: list[tuple[float, float]]) -> Iterator[str]:
    """Take each letter's place out of *places*; yield the letters that have none."""
    for letter in letters:
        here = (letter.x_mm, letter.y_mm)
        nearest = min(places, key=lambda place: math.dist(here, place), default=(math.inf, math.inf))
        if math.dist(here, nearest) > APART_MM:
            yield f"{letter.text} at {here}, nearest {nearest}"
        else:
            places.remove(nearest)


def _within(letter: Letter, box: Box) -> bool:
    left, top, right, bottom = box
    return left - APART_MM <= letter.x_mm < right - APART_MM and top < letter.y_mm < bottom


def _outlined(letter: Letter, outlines: tuple[Box, ...]) -> bool:
    """Whether an outline stands in the square of *letter*."""
    side = letter.box[2] - letter.box[0]
    square = (letter.x_mm, letter.y_mm - 0.9 * side, letter.x_mm + side, letter.y_mm + 0.15 * side)
    return any(
        square[0] - APART_MM <= left
        and square[1] - APART_MM <= top
        and right <= square[2] + APART_MM
        and bottom <= square[3] + APART_MM
        and (right - left > side / 2 or bottom - top > side / 2)
        for left, top, right, bottom in outlines
    )
