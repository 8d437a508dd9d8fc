"""Names, employers and purposes: one canonical form, and nothing that cannot be printed as it is meant."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.domain.characters import KANGXI, PUA_REPAIR, is_han
from certsvc.domain.identity import (
    canonical_employer_name,
    canonical_name,
    canonical_purpose,
    canonical_text,
    is_name,
    mask_name,
)
from certsvc.errors import Fault, InvalidFieldError
from tests import vectors

ALL = [canonical_name, canonical_employer_name, canonical_purpose, canonical_text]
NAMES = [canonical_name, canonical_employer_name]


def name(raw: str, limit: int = 50) -> str:
    """Return the canonical form of a holder's name."""
    return canonical_name(raw, pointer="/holder/name", limit=limit)


def refusal(rule: object, raw: str, limit: int = 200) -> tuple[Fault, ...]:
    """Return the faults a rule finds in *raw*; it must find some."""
    assert callable(rule)
    with pytest.raises(InvalidFieldError) as caught:
        rule(raw, pointer="/field", limit=limit)
    assert caught.value.faults
    return tuple(caught.value.faults)


@pytest.mark.parametrize("raw", vectors.texts("interpunct_in"))
def test_every_interpunct_becomes_one(raw: str) -> None:
    """One person must not be two because of a keyboard."""
    assert name(raw) == vectors.text("interpunct_out")


@pytest.mark.parametrize("dot", list("\u30fb\u2022\u2027\u2219\u22c5\uff65\u0387\u2e31\uff0e."))
def test_listed_dots_become_the_interpunct(dot: str) -> None:
    """The list of the rule book, character by character."""
    assert name(f"买买提{dot}艾力") == "买买提\u00b7艾力"


@pytest.mark.parametrize("raw", ["J. Smith", "J.R.史密斯", "张三.", ".张三", "J．Smith"])
def test_a_full_stop_stays_outside_hanzi(raw: str) -> None:
    """It abbreviates there."""
    assert name(raw) == raw


def test_a_full_stop_between_rare_hanzi_is_an_interpunct() -> None:
    """Hanzi are known by range: Extension H is unassigned for Python 3.11."""
    assert name("\U00031350.\U0002ebf0.〇") == "\U00031350·\U0002ebf0·〇"


def test_nfc_composes_and_nfkc_never_happens() -> None:
    """Full-width letters and ligatures are the holder's own; combining marks are the keyboard's."""
    assert name("e\u0301") == "é"
    assert name("Ａﬁ张") == "Ａﬁ张"


@pytest.mark.parametrize("char", "﨎﨏﨑﨓﨔﨟﨡﨣﨤﨧﨨﨩")
def test_the_twelve_unified_ones_stay(char: str) -> None:
    """They stand among compatibility ideographs but have no other form."""
    assert is_han(char)
    assert name(f"张{char}") == f"张{char}"


def test_compatibility_ideographs_take_their_unified_form() -> None:
    """NFC does it; two code points of one hanzi must compare equal."""
    assert name("\uf9dc") == "\u9686"


@pytest.mark.parametrize(("private", "repaired"), sorted(vectors.mapping("pua_repair").items()))
@pytest.mark.parametrize("rule", ALL)
def test_private_use_of_gb18030_2000_is_repaired(rule: object, private: str, repaired: str) -> None:
    """Old registers hold these names in private-use characters."""
    assert callable(rule)
    assert rule(f"张{chr(int(private, 16))}", pointer="", limit=50) == f"张{chr(int(repaired, 16))}"


def test_no_other_private_use_character_is_repaired() -> None:
    """The table is the whole of it."""
    table = {int(key, 16): int(value, 16) for key, value in vectors.mapping("pua_repair").items()}
    assert table == PUA_REPAIR
    for point in [*range(0xE000, 0xF900), 0xF0000, 0xFFFFD, 0x100000, 0x10FFFD]:
        if point not in table:
            (fault,) = refusal(canonical_name, f"张{chr(point)}")
            assert f"U+{point:04X}" in fault.zh


def test_kangxi_radicals_become_ideographs() -> None:
    """Text copied out of a PDF is full of them; they look the same and compare differently."""
    assert name("⽅⼤⿓".replace("⿓", "\u2fd3")) == "方大龍"
    assert len(KANGXI) == 214
    assert all(is_han(chr(point)) for point in KANGXI.values())


@pytest.mark.parametrize("char", vectors.text("rare_chars"))
@pytest.mark.parametrize("rule", ALL)
def test_rare_characters_are_kept(rule: object, char: str) -> None:
    """People bear these names."""
    assert callable(rule)
    assert rule(f"王{char}", pointer="", limit=50) == f"王{char}"


@pytest.mark.parametrize(
    "points",
    [(0x3007, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x2A6DF), (0x2EBF0, 0x2EE5D)],
)
def test_both_ends_of_han_ranges(points: tuple[int, int]) -> None:
    """One code point too few would refuse somebody."""
    assert all(is_han(chr(point)) for point in points)


@pytest.mark.parametrize("point", [0x3006, 0x3008, 0x33FF, 0x4DC0, 0xA000, 0xFA10, 0xFA12, 0x1FFFF, 0x2FFFF])
def test_neighbours_of_han_ranges_are_not_han(point: int) -> None:
    """The other side of the border; the last two of a plane are no characters."""
    assert not is_han(chr(point))


@pytest.mark.parametrize(
    "bad",
    [
        *("\x00", "\t", "\n", "\x7f", "\x85"),
        *("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad"),
        *("\u200e", "\u202e", "\u2066", "\u2069", "\u061c"),
        *("\u2028", "\u2029", "\ufe0f", "\U000e0100", "\U000e0041"),
        *("\u0301\u0301", "\u20dd", "\u3164", "\u115f", "\u2800"),
        *("\ud800", "\ufffe", "\U0002fffe", "\U000e0fff"),
    ],
)
@pytest.mark.parametrize("rule", ALL)
def test_unseen_characters_are_refused(rule: object, bad: str) -> None:
    """What nobody sees on paper must not tell two names apart."""
    for raw in (f"张{bad}三", f"{bad}张三", f"张三{bad}"):
        faults = refusal(rule, raw)
        assert [fault.pointer for fault in faults] == ["/field"]
        assert "U+" in faults[0].zh
        assert "U+" in faults[0].en


@pytest.mark.parametrize("sign", list("?？\ufffd□〓"))
@pytest.mark.parametrize("rule", NAMES)
def test_signs_of_lost_characters_are_refused_in_names(rule: object, sign: str) -> None:
    """A certificate for 张? would be a certificate for nobody."""
    (fault,) = refusal(rule, f"张{sign}")
    assert fault.pointer == "/field"


def test_a_purpose_may_ask_but_not_have_lost_a_character() -> None:
    """A question mark is ordinary in a sentence."""
    assert canonical_purpose("投标?", pointer="", limit=200) == "投标?"
    refusal(canonical_purpose, "投标\ufffd")


@pytest.mark.parametrize("raw", ["", " ", "\u3000\u00a0"])
@pytest.mark.parametrize("rule", ALL)
def test_blank_text_is_refused(rule: object, raw: str) -> None:
    """A certificate needs a name, a copy a purpose."""
    refusal(rule, raw)


@pytest.mark.parametrize("raw", ["·", "123", "--", "💥"])
@pytest.mark.parametrize("rule", NAMES)
def test_a_name_has_a_letter(rule: object, raw: str) -> None:
    """Marks and digits alone name nobody."""
    refusal(rule, raw)


def test_spaces_are_evened_out() -> None:
    """Forms pad short names; the raw input is kept by the caller."""
    assert name("\u3000张三 ") == "张三"
    assert name("John\u00a0\u3000Smith") == "John Smith"


@pytest.mark.parametrize("rule", ALL)
def test_limit_counts_code_points_of_the_canonical_form(rule: object) -> None:
    """A hanzi beyond the BMP counts once; a decomposed letter counts as composed."""
    assert callable(rule)
    assert rule("𬭎" * 50, pointer="", limit=50) == "𬭎" * 50
    assert rule("e\u0301" * 50, pointer="", limit=50) == "é" * 50
    (fault,) = refusal(rule, "𬭎" * 51, limit=50)
    assert "50" in fault.zh
    assert "50" in fault.en


@pytest.mark.parametrize("number", ["11010519491231002X", "11010519491231002x", "360426199101010071"])
@pytest.mark.parametrize("around", ["{}", "办理{}投标", "a{}b", "({})"])
@pytest.mark.parametrize("rule", [canonical_purpose, canonical_text])
def test_free_text_never_carries_an_id_number(rule: object, number: str, around: str) -> None:
    """A purpose is printed and shown to anybody who scans the copy."""
    for fault in refusal(rule, around.format(number)):
        assert number not in fault.zh + fault.en


@pytest.mark.parametrize(
    "text",
    ["合同110105194912310021号", "编号1360426199101010071", "3604261991010100711", "91110000600037341L"],
)
def test_other_long_numbers_are_fine_in_a_purpose(text: str) -> None:
    """Contract and tender numbers are ordinary; only a number that checks out as a resident's is refused."""
    assert canonical_purpose(text, pointer="", limit=200) == text


def test_faults_never_repeat_the_name() -> None:
    """Faults are logged and sent; a name is personal data."""
    for raw in ("欧阳示例\u200b", "欧阳示例?", "欧阳示例\ue000", "欧阳示例" * 60):
        for fault in refusal(canonical_name, raw, limit=50):
            assert not set("欧阳") & set(fault.zh + fault.en)


@given(st.text(max_size=60))
@pytest.mark.parametrize("rule", ALL)
def test_any_text_gives_a_stable_form_or_a_coded_refusal(rule: object, raw: str) -> None:
    """Canonical means: doing it again changes nothing. And no input may crash."""
    assert callable(rule)
    try:
        once = rule(raw, pointer="/field", limit=50)
    except InvalidFieldError as error:
        assert all(fault.zh.endswith("。") and fault.en.endswith(".") for fault in error.faults)
        return
    assert rule(once, pointer="/field", limit=50) == once
    assert unicodedata.is_normalized("NFC", once)
    assert 0 < len(once) <= 50


@pytest.mark.parametrize(
    ("whole", "masked"),
    [("张三", "张**"), ("𬭎示例", "𬭎**"), ("买买提·艾力", "买**"), ("张", "张**")],
)
def test_mask_shows_the_first_character_only(whole: str, masked: str) -> None:
    """The number of stars must not tell the length."""
    assert mask_name(whole) == masked


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("买买提·艾力", True),
        (" 买买提 . 艾力\t", True),
        ("买\u200b买提\uff65艾力\ufeff", True),
        ("买买提艾力", False),
        ("买买提·艾", False),
        ("买买提·艾力力", False),
        ("買買提·艾力", False),
        ("", False),
        ("\u200b", False),
    ],
)
def test_a_name_that_is_typed_or_pasted_is_known_again(typed: str, same: bool) -> None:
    """A blank too many must not make a holder unknown; a character too few must."""
    assert is_name(typed, name("买买提•艾力")) is same


def test_a_name_in_letters_is_known_in_any_case_and_width() -> None:
    """The input method writes wide letters, passports capitals."""
    assert is_name("ＡＮＮＡ  ＭÜＬＬＥＲ", name("Anna Müller"))
    assert not is_name("ANNA MULLER", name("Anna Müller"))


@given(st.text(max_size=60))
def test_every_canonical_name_is_its_own(raw: str) -> None:
    """Whoever can be registered can be found."""
    try:
        held = name(raw)
    except InvalidFieldError:
        return
    assert is_name(held, held) and is_name(raw, held)
