"""npm's ofd.js 0.2.6 opens an endorsed copy, draws it with its seal, and finds seal and digests good."""

from __future__ import annotations

import io
from collections.abc import Mapping
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageChops

from certsvc.page.layout import Layout, read_table
from tests.readers.cases import Certificate
from tests.readers.ofdjs import DPI, OFD, OFDJS, Drawn
from tests.readers.packages import DOCUMENT, SIGNATURE, SIGNED_VALUE, edited, packed, parts_of
from tests.tools import ROOT

LAYOUT = read_table(ROOT / "templates" / "constructor-1" / "layout.toml", Layout)


@pytest.fixture(scope="module")
def parts(certificates: dict[str, Certificate]) -> Mapping[str, bytes]:
    """Take an endorsed copy apart."""
    return parts_of(certificates["endorsed"].ofd)


@pytest.fixture(scope="module")
def drawn(ofdjs: OFDJS, certificates: dict[str, Certificate]) -> Drawn:
    """Draw an endorsed copy."""
    return ofdjs.draw(certificates["endorsed"].ofd.read_bytes(), digests_up_to=10_000_000)


def test_one_page_is_drawn_without_complaint(drawn: Drawn) -> None:
    """A reader that logs an error has left something out."""
    assert drawn.errors == ()
    assert drawn.pages == 1
    assert drawn.paper == pytest.approx((0, 0, LAYOUT.width_mm, LAYOUT.height_mm), abs=0.1)


def test_seal_is_drawn_at_its_place_in_its_size(drawn: Drawn) -> None:
    """A seal elsewhere, or of another size, is not the one its maker made."""
    place = LAYOUT.stamp
    right, bottom = place.x_mm + place.diameter_mm, place.y_mm + place.diameter_mm

    (seal,) = drawn.seals

    assert seal.shown
    assert seal.name == "示例省住房和城乡建设厅（测试）"
    assert place.diameter_mm == 38
    assert seal.box == pytest.approx((place.x_mm, place.y_mm, right, bottom), abs=0.1)
    assert _red_box(drawn.picture) == pytest.approx(seal.box, abs=1.0)


def test_photo_and_signature_are_drawn_in_their_boxes(drawn: Drawn) -> None:
    """ofd.js stretches pictures by a rule of its own; ours must come out right all the same."""
    photo = LAYOUT.flow.photo

    boxes = [image.box for image in drawn.images if image.shown]

    assert len(boxes) == len(drawn.images) == 2
    assert boxes[0] == pytest.approx(
        (photo.x_mm, photo.y_mm, photo.x_mm + photo.width_mm, photo.y_mm + photo.height_mm), abs=0.1
    )


def test_its_own_check_of_seal_and_digests_says_true(drawn: Drawn, parts: Mapping[str, bytes]) -> None:
    """Readers show this verdict when somebody clicks on the seal."""
    (seal,) = drawn.seals
    references = ElementTree.fromstring(parts[SIGNATURE]).findall(f".//{OFD}Reference")

    assert seal.signature is True
    assert seal.digests == len(references) == len(parts) - 2


def test_its_own_check_of_a_changed_part_says_false(ofdjs: OFDJS, parts: Mapping[str, bytes]) -> None:
    """Digests that are always good would prove nothing above."""
    longer = edited(parts, DOCUMENT, b' EndDate="2027-', b' EndDate="2037-')

    (genuine,) = ofdjs.draw(packed(parts), digests_up_to=1000).seals
    (forged,) = ofdjs.draw(packed(longer), digests_up_to=1000).seals

    assert genuine.digests >= 3
    assert (forged.signature, forged.digests) == (True, 0)


def test_its_own_check_of_a_changed_signature_says_false(ofdjs: OFDJS, parts: Mapping[str, bytes]) -> None:
    """Nor would a signature that is always good."""
    forged = edited(parts, SIGNED_VALUE, b"Sign_0/Signature.xml", b"Sign_1/Signature.xml")

    (seal,) = ofdjs.draw(packed(forged)).seals

    assert seal.signature is False


def _red_box(picture: bytes) -> tuple[float, float, float, float]:
    """Return the box of the seal's red in the lower half of the page, below the title."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    x_mm, y_mm, size_mm = LAYOUT.stamp.x_mm, LAYOUT.stamp.y_mm, LAYOUT.stamp.diameter_mm
    # A little more than the seal's box: red beside it would show.
    around = (x_mm - 3, y_mm - 3, x_mm + size_mm + 3, y_mm + size_mm + 3)
    left, top, right, bottom = (round(edge / 25.4 * DPI) for edge in around)
    cut = image.crop((left, top, right, bottom))
    near = ImageChops.difference(cut, Image.new("RGB", cut.size, LAYOUT.stamp.colour))
    bands = [band.point(lambda value: 255 if value < 60 else 0) for band in near.split()]
    found = ImageChops.darker(ImageChops.darker(bands[0], bands[1]), bands[2]).getbbox()
    assert found is not None, "nothing red where the seal stands"
    edges = (left + found[0], top + found[1], left + found[2], top + found[3])
    return edges[0] / DPI * 25.4, edges[1] / DPI * 25.4, edges[2] / DPI * 25.4, edges[3] / DPI * 25.4
