"""The quick way to call an OFD intact says yes to what we write, and never where the thorough way says no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from certsvc.domain.report import FileOutcome
from certsvc.gm.seal_signature import make_seal_signature
from certsvc.gm.sm3 import sm3
from certsvc.ofd.container import write_container
from certsvc.ofd.names import OFD, PAGE, RES, SIGNATURE, SIGNED_VALUE
from certsvc.ofd.own_container import open_own, read_own
from certsvc.ofd.own_page import own_entrance, read_own_page
from certsvc.ofd.parts import make_part
from certsvc.ofd.read_container import read_container
from certsvc.ofd.xml import Element, parse_xml
from certsvc.rendering.ofd import OFDRenderer
from certsvc.rendering.plan import Planner
from certsvc.sealing.check_ofd import check_ofd, check_ofd_thoroughly
from certsvc.sealing.check_ofd_own import own_key
from tests.page.sample import FACTS, TEN, a_page, a_subject, sample_fonts
from tests.sealing.ofd_attacks import EDITED, SIGNED, Attack, packed
from tests.sealing.ofd_key_attacks import foreign, misused
from tests.sealing.ofd_samples import a_draft, a_seal, a_sealed_ofd, our_keys, some_keys
from tests.sealing.ofd_zip_attacks import ZIPPED
from tests.sealing.samples import AT

INTACT = FileOutcome.INTACT
SUBJECTS = {
    "plain": a_subject(),
    "rare characters, marks of XML": a_subject(name="王𪜀·𠀀", purpose="<甲> & \"乙\"'丙'"),
    "ten specialties": a_subject(specialties=TEN, purpose="投标，" * 60),
}


def attacks() -> Mapping[str, Attack]:
    """Every attack on an OFD, by a name of its own."""
    groups = (EDITED, SIGNED, ZIPPED, misused(), foreign())
    return {f"{at} {name}": attack for at, group in enumerate(groups) for name, attack in group.items()}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_we_issue_takes_the_quick_way(subject: str) -> None:
    """It is quick only if it is taken; and again, when its parts were met before, it says the same."""
    draft = OFDRenderer(Planner(sample_fonts())).render(a_page(SUBJECTS[subject]), FACTS)
    sealed = a_sealed_ofd(draft=draft)

    for _ in range(3):
        assert own_key(sealed, our_keys().pinned) == our_keys().key_id
    assert check_ofd(sealed, our_keys().pinned) == check_ofd_thoroughly(sealed, our_keys().pinned)


def test_no_attack_takes_the_quick_way() -> None:
    """Whatever was done to a file, the way that finds out what it was has to be gone."""
    sealed = a_sealed_ofd()
    assert own_key(sealed, our_keys().pinned) == our_keys().key_id
    for name, attack in attacks().items():
        for _ in range(2):
            forged = attack(sealed)
            taken = own_key(forged, our_keys().pinned)
            if taken is not None:
                assert check_ofd_thoroughly(forged, our_keys().pinned).outcome is INTACT, name
            assert taken is None, name


def test_the_key_is_named_as_the_thorough_way_names_it() -> None:
    """A renewed seal has the same signer as the one before; the register compares the name."""
    ours, second = our_keys(), some_keys("sm2-second")
    renewed = replace(ours, key_id="sm2-renewed", seal=a_seal(ours))
    pinned = (*second.pinned, *ours.pinned, *renewed.pinned)
    for keys in (ours, second, renewed):
        sealed = a_sealed_ofd(keys)
        assert own_key(sealed, pinned) == keys.key_id
        assert check_ofd_thoroughly(sealed, pinned).key_id == keys.key_id
    assert own_key(a_sealed_ofd(), second.pinned) is None
    assert own_key(a_sealed_ofd(), ()) is None


def test_a_part_with_the_header_of_another_is_not_taken_for_it() -> None:
    """Parts met before are looked up by their header, and a forger writes any header he likes."""
    sealed = a_sealed_ofd()
    for _ in range(3):
        assert read_own(sealed) is not None
    page = next(part for part in a_draft().parts if part.name == PAGE)
    at = sealed.index(page.packed)
    for place in (at, at + len(page.packed) // 2, at + len(page.packed) - 1):
        forged = bytearray(sealed)
        forged[place] ^= 1
        assert own_key(bytes(forged), our_keys().pinned) is None


def test_a_container_of_ours_reads_as_the_strict_reader_reads_it() -> None:
    """Same files, same order; and what is packed otherwise is not read at all."""
    for sealed in (
        a_sealed_ofd(),
        a_sealed_ofd(draft=OFDRenderer(Planner(sample_fonts())).render(a_page(), FACTS)),
    ):
        files = read_own(sealed)
        assert files is not None
        assert [(name, part.content) for name, part in files.items()] == list(read_container(sealed).items())
    for cut in (b"", a_sealed_ofd()[:-1], a_sealed_ofd()[1:], a_sealed_ofd() + b"\0"):
        assert read_own(cut) is None


def test_parts_read_before_they_are_laid_down_are_those_of_the_container() -> None:
    """Step 5 looks at them there; what it found must be what stands in the file."""
    draft = OFDRenderer(Planner(sample_fonts())).render(a_page(), FACTS)
    made = (draft.entrance, *draft.parts)
    opened, read = open_own(made), read_own(write_container(made))
    assert opened is not None and read is not None
    assert list(opened) == list(read)
    for name, part in read.items():
        assert (part.content, part.packed, part.head) == (
            opened[name].content,
            opened[name].packed,
            opened[name].head,
        )
        assert part.digest == sm3(part.content)
    assert open_own((*made, made[-1])) is None, "two of one name"


def test_what_was_unpacked_before_is_taken_only_for_the_same_packed_bytes() -> None:
    """The PDF's own fonts, which lie in the OFD packed alike; size and sum are compared all the same."""
    font = make_part(RES + "font_9.ttf", bytes(range(1, 200)) * 20)
    for other in (b"", font.content[:-1], font.content[:-1] + b"\0"):
        assert open_own((font,), {font.packed: other}) is None
    other_packed = bytes([*font.packed[:5], font.packed[5] ^ 1, *font.packed[6:]])
    assert open_own((replace(font, packed=other_packed),), {font.packed: font.content}) is None
    found = open_own((font,), {font.packed: font.content})
    assert found is not None and found[font.name].content == font.content


@pytest.mark.parametrize("once", [True, False])
def test_a_part_is_what_its_packed_bytes_say(once: bool) -> None:
    """A renderer that packs something else than it means is met by what it packed."""
    other = make_part(PAGE, b"<b/>" * 50 + bytes([once]))
    wrong = replace(other, content=b"<a/>" * 50 + bytes([once]), shared=once)
    found = open_own((wrong,))
    assert found is None or found[PAGE].content == other.content
    assert found is None or found[PAGE].digest == sm3(other.content)
    cut = replace(other, packed=other.packed[:-1])
    assert open_own((cut,)) is None


def _shape(element: Element) -> list[tuple[str, Mapping[str, str], str]]:
    found = [(element.name, element.attributes, element.text)]
    for child in element.children:
        found += _shape(child)
    return found


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_page_of_ours_is_the_xml_a_parser_finds(subject: str) -> None:
    """The pattern must read what stands there, not what usually stands there."""
    files = read_container(
        OFDRenderer(Planner(sample_fonts())).render(a_page(SUBJECTS[subject]), FACTS).unsealed()
    )
    found = read_own_page(files[PAGE])
    assert found is not None and own_entrance(files[OFD], sealed=False)
    layer = parse_xml(files[PAGE]).children[-1].children[0]
    assert len(found) == len(layer.children)
    for one, element in zip(found, layer.children, strict=True):
        wrapped = parse_xml(one[0].replace(" ", ' xmlns:ofd="http://www.ofdspec.org/2016" ', 1).encode())
        assert [(name, text) for name, _, text in _shape(wrapped)] == [
            (name, text) for name, _, text in _shape(element)
        ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('X="0"', 'X="0" X="1"'),
        ("<ofd:TextCode", "<ofd:CGTransform/><ofd:TextCode"),
        ("张", "<b/>"),
        ("张", "&#0;"),
        ("张", "\x01"),
        ("张", "]]>"),
        ("张", "\uffff"),
        ("</ofd:Layer>", "<!-- --></ofd:Layer>"),
        ("</ofd:Layer>", "</ofd:Layer><ofd:Layer ID='9'></ofd:Layer>"),
        ("<ofd:Content>", "<ofd:Actions/><ofd:Content>"),
        ("</ofd:Page>\n", "</ofd:Page>\n\n"),
        ("?>\n", '?>\n<!DOCTYPE x [<!ENTITY y "z">]>'),
    ],
)
def test_a_page_written_otherwise_is_left_to_the_parser(old: str, new: str) -> None:
    """Broken XML too: what no parser takes must not be taken here."""
    content = next(part.content for part in a_draft().parts if part.name == PAGE).decode()
    assert read_own_page(content.encode()) is not None
    assert old in content
    assert read_own_page(content.replace(old, new, 1).encode("utf-8", "surrogatepass")) is None


def test_bytes_that_are_not_utf_8_are_left_to_the_parser() -> None:
    """A reader guesses at them."""
    content = next(part.content for part in a_draft().parts if part.name == PAGE)
    assert read_own_page(content.replace("张".encode(), b"\xd5\xc5")) is None
    assert read_own_page(content.replace("张".encode(), b"\xed\xa0\x80")) is None
    assert not own_entrance(b"\xff", sealed=True)


def test_our_key_over_a_list_written_otherwise_is_left_to_the_thorough_way() -> None:
    """It may be intact all the same; only the quick way does not say so."""
    ours, files = our_keys(), dict(read_container(a_sealed_ofd()))
    signature = files[SIGNATURE].replace(b'Version="1.0"', b'Version="1.1"')
    assert signature != files[SIGNATURE]
    value = make_seal_signature(
        seal=ours.seal,
        certificate=ours.certificate,
        at=AT,
        digest=sm3(signature),
        property_info=f"/{SIGNATURE}",
        sign=ours.sign,
    )
    other = packed({**files, SIGNATURE: signature, SIGNED_VALUE: value})

    assert own_key(other, ours.pinned) is None
    assert check_ofd(other, ours.pinned).outcome is INTACT


def test_our_key_over_a_page_of_another_shape_is_left_to_the_thorough_way() -> None:
    """What our key signed and we never issue is found there."""
    draft = a_draft()
    parts = [
        make_part(PAGE, part.content.replace(b"<ofd:Content>", b"<ofd:Actions/><ofd:Content>"))
        if part.name == PAGE
        else part
        for part in draft.parts
    ]
    sealed = a_sealed_ofd(draft=replace(draft, parts=tuple(parts)))
    assert own_key(sealed, our_keys().pinned) is None
    assert check_ofd(sealed, our_keys().pinned).outcome is FileOutcome.ALTERED
