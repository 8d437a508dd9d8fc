"""An endorsed copy with the second symbol, from the policy to both files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageOps

from certsvc.domain.endorsement import Copy
from certsvc.domain.offline_claims import claims_of
from certsvc.errors import DefectError, KeyMaterialError
from certsvc.issuing.offline_symbol import make_offline_symbol
from certsvc.issuing.preflight_symbol import read_outline
from certsvc.ofd.package import read_package
from certsvc.ofd.read_container import read_container
from certsvc.ofd.xml import Element, parse_xml
from certsvc.page.model import Symbol
from certsvc.qr.offline import decode, signature_holds
from certsvc.rendering.png import preview
from certsvc.sealing.port import Signer
from certsvc.sealing.trust import mark_compromised, retire_key
from tests.flows.press_room import OtherSigner
from tests.offline import PUBLIC_URL, a_world_with_codes
from tests.world import JSON, NUMBER, World

LONG = {"name": "买买提·艾力𬭎䶮", "purpose": "用于示例市重点工程投标的说明" * 14}
TEN = (
    *("建筑工程", "公路工程", "铁路工程", "民航机场工程", "港口与航道工程"),
    *("水利水电工程", "矿业工程", "市政公用工程", "通信与广电工程", "机电工程"),
)


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> World:
    """A service whose policy asks for the symbol, with two holders."""
    world = a_world_with_codes(tmp_path_factory.mktemp("codes"), dev_keys, font_cache)
    world.initial()
    specialties = [{"name": name, "granted_on": world.today.isoformat()} for name in TEN]
    world.initial("京1112020202200002", order=2, name=LONG["name"], specialties=specialties)
    return world


@pytest.fixture(scope="module")
def plain(coded: World) -> JSON:
    """One endorsed copy of usual length."""
    return coded.endorse()


@pytest.fixture(scope="module")
def longest(coded: World) -> JSON:
    """One with ten specialties, a rare name and a purpose of the most characters."""
    return coded.endorse("京1112020202200002", purpose=LONG["purpose"])


def _own_keys(folder: Path, keys: Path) -> Path:
    """Copy the keys, to withdraw one of them."""
    own = folder / "own-keys"
    shutil.copytree(keys, own)
    return own


def _again(world: World) -> World:
    """Start the same place anew."""
    return World(world.settings, world.clock)


def copy_of(world: World, body: JSON) -> Copy:
    """Read the row of an endorsement."""
    with world.services.registry.reading() as session:
        return session.get_copy(body["endorsement_id"])


@cache
def read(pdf: bytes, dpi: int) -> list[str]:
    """Read all symbols on a PDF drawn at some resolution."""
    image = Image.open(BytesIO(preview(pdf, dpi)))
    return sorted(found.text for found in zxingcpp.read_barcodes(image))


@pytest.mark.parametrize("which", ["plain", "longest"])
@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_both_symbols_read_from_the_sealed_pdf(
    coded: World, which: str, dpi: int, request: pytest.FixtureRequest
) -> None:
    """On paper, on a screen, enlarged: the two say the same token, and the second is signed by us."""
    body: JSON = request.getfixturevalue(which)

    offline, online = sorted(read(coded.file(body), dpi), key=len, reverse=True)

    token = body["token"]
    assert online == f"{PUBLIC_URL}/V/{token}".upper()
    assert offline.startswith(f"{PUBLIC_URL}/c/{token}#")
    (key,) = coded.services.keystore.service_keys("offline")
    assert signature_holds(decode(offline), key.certificate)


@pytest.mark.parametrize("scale", [2, 3, 5, 8])
def test_the_symbol_of_the_ofd_reads_as_that_of_the_pdf(coded: World, plain: JSON, scale: int) -> None:
    """Both files are one document: a reader of either must come to the same text."""
    (text,) = (text for text in read(coded.file(plain), 200) if "#" in text)
    outline, symbol = second_outline(coded.file(plain, "ofd"))

    modules = read_outline(outline, symbol)

    side = len(modules)
    dots = bytes(0 if dark else 255 for row in modules for dark in row)
    drawn = Image.frombytes("L", (side, side), dots).resize((side * scale,) * 2, Image.Resampling.NEAREST)
    # Asked for every kind of code, it now and then takes a row of so many modules for a linear one.
    quiet = ImageOps.expand(drawn, 4 * scale, fill=255)
    kind = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    (found,) = zxingcpp.read_barcodes(quiet, formats=kind)
    assert found.text == text


def second_outline(ofd: bytes) -> tuple[str, Symbol]:
    """Return the outline of the largest square path of an OFD's page, and a symbol of its size."""
    files = read_container(ofd)
    (page,) = read_package(files).pages
    paths = [one for one in walk(parse_xml(files[page])) if one.name == "PathObject"]
    boxes = [(one, [float(word) for word in one.attributes["Boundary"].split()]) for one in paths]
    squares = [(one, box) for one, box in boxes if box[2] == box[3] and one.attributes.get("Fill") == "true"]
    element, (x_mm, y_mm, size_mm, _) = max(squares, key=lambda pair: pair[1][2])
    data = element.text_of("AbbreviatedData")
    steps = sorted({float(word) for word in data.split() if word[0].isdigit()})
    module_mm = min(after - before for before, after in pairwise(steps))
    side = round(size_mm / module_mm)
    return data, Symbol(modules=((False,) * side,) * side, x_mm=x_mm, y_mm=y_mm, module_mm=size_mm / side)


def walk(element: Element) -> Iterator[Element]:
    """List an element and all under it."""
    yield element
    for child in element.children:
        yield from walk(child)


def test_the_code_says_what_the_register_says(coded: World, plain: JSON) -> None:
    """Paper, code and register must be one story."""
    (text,) = (text for text in read(coded.file(plain), 200) if "#" in text)
    copy = copy_of(coded, plain)
    assert copy.grant is not None
    with coded.services.registry.reading() as session:
        version = session.get_version(copy.version_id)

    code = decode(text)

    assert code.claims == claims_of(copy, version, copy.grant.specialties, profession="一级建造师")
    assert code.claims.left_out == ()


def test_what_does_not_fit_is_a_digest_and_the_copy_is_issued(coded: World, longest: JSON) -> None:
    """Ten specialties and two hundred characters of purpose are allowed; the symbol must not forbid them."""
    (text,) = (text for text in read(coded.file(longest), 200) if "#" in text)

    claims = decode(text).claims

    assert claims.left_out == ("purpose",)
    assert claims.name == LONG["name"]
    assert [one.name for one in claims.specialties] == list(TEN)


def test_an_original_has_one_symbol(coded: World) -> None:
    """It is for viewing and stands in no status list."""
    coded.original()

    original = coded.services.enquiry.original_file(NUMBER, "pdf").content
    assert len(read(original, 200)) == 1


def test_without_the_policy_there_is_one_symbol(world: World) -> None:
    """Off is the default."""
    world.initial()

    assert len(read(world.file(world.endorse()), 200)) == 1


def test_both_files_name_their_place_in_the_status_lists(coded: World, plain: JSON) -> None:
    """A file can be held against a list without its register."""
    index = copy_of(coded, plain).status_index

    assert f"<elicence:KZ_statusIndex>{index}</elicence:KZ_statusIndex>".encode() in coded.file(plain)
    entrance = read_container(coded.file(plain, "ofd"))["OFD.xml"].decode()
    assert f'<ofd:CustomData Name="KZ_statusIndex">{index}</ofd:CustomData>' in entrance


def test_without_a_key_no_copy_is_begun(tmp_path: Path, dev_keys: Path, font_cache: Path) -> None:
    """The day must not be used up, nor a number, for a copy that cannot be made."""
    world = a_world_with_codes(tmp_path, _own_keys(tmp_path, dev_keys), font_cache)
    world.initial()
    key = world.services.keystore.service_signer("offline").key_id
    retire_key(world.settings.keys_dir, key, world.clock.now())
    world = _again(world)

    with pytest.raises(KeyMaterialError):
        world.endorse()

    with world.services.registry.reading() as session:
        assert session.highest_status_index() is None
    assert world.original(), "an original needs no such key"


def test_a_leaked_key_makes_no_more_codes(tmp_path: Path, dev_keys: Path, font_cache: Path) -> None:
    """The key in use is the newest that was not withdrawn."""
    world = a_world_with_codes(tmp_path, _own_keys(tmp_path, dev_keys), font_cache)
    world.initial()
    key = world.services.keystore.service_signer("offline").key_id
    mark_compromised(world.settings.keys_dir, key, world.clock.now() - timedelta(days=1))
    world = _again(world)

    with pytest.raises(KeyMaterialError):
        world.endorse()


def test_a_symbol_that_was_not_signed_as_meant_is_a_defect(coded: World, plain: JSON) -> None:
    """A broken key device must show before a paper is handed out, not at the first check."""
    copy = copy_of(coded, plain)
    assert copy.grant is not None
    specialties = copy.grant.specialties
    with coded.services.registry.reading() as session:
        version = session.get_version(copy.version_id)
    genuine = coded.services.keystore.service_signer("offline")
    kind = coded.services.kinds["constructor-1"]

    def made(signer: Signer) -> str:
        return make_offline_symbol(
            kind, copy, version, specialties, signer=signer, public_url=PUBLIC_URL
        ).text

    assert made(OtherSigner(genuine, genuine.key_id)).startswith(PUBLIC_URL)
    with pytest.raises(DefectError, match="signed"):
        made(OtherSigner(genuine, genuine.key_id, added=b"!"))
