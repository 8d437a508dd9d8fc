"""The page: everything on it, in its place, whole."""

from __future__ import annotations

from itertools import combinations
from math import hypot

import pytest

from certsvc.domain.endorsement import CopyKind
from certsvc.errors import GlyphMissingError, InvalidFieldError, TemplateError
from certsvc.page.certificate_type import CertificateType
from certsvc.page.compose import Subject, compose, expected_texts
from certsvc.page.model import Path, Symbol, TextRun
from certsvc.page.sample import sample_subject
from certsvc.qr.encode import encode
from tests.page.boxes import ink_of
from tests.page.sample import TEN, a_page, a_subject, sample_fonts, sample_type

EXTREMES = {
    "plain": a_subject(),
    "one specialty": a_subject(specialties=TEN[:1]),
    "everything long": a_subject(
        name="买买提·艾力𬭎𫖯䶮𠅤𠀀" * 5,
        employer="建" * 100,
        specialties=TEN,
        purpose="用" * 200,
        host="verification.registration.example.org:8443",
        issuer="示例壮族自治区住房和城乡建设厅行政审批专用（测试环境第二分部）",
    ),
    "25 and 60": a_subject(name="阿" * 25, employer="设" * 60, specialties=TEN, purpose="途" * 200),
    "Latin": a_subject(name="M" * 50, employer="W" * 100, specialties=TEN, purpose="W" * 200),
    "original": a_subject(CopyKind.ORIGINAL, specialties=TEN),
}


@pytest.mark.parametrize("case", EXTREMES)
def test_nothing_leaves_the_frame_and_no_two_fields_touch(case: str) -> None:
    """Whatever the data, a certificate is read by strangers: no text may cover another."""
    page = a_page(EXTREMES[case])
    frame = sample_type().layout.frame
    ink = list(ink_of(page, sample_fonts()))

    for box in ink:
        assert box.left > frame.inner_mm + 1
        assert box.top > frame.inner_mm + 1
        assert box.right < page.width_mm - frame.inner_mm - 1
        assert box.bottom < page.height_mm - frame.inner_mm - 1
    touching = [
        (first.field, second.field)
        for first, second in combinations(ink, 2)
        if first.field != second.field and first.overlaps(second)
    ]
    assert touching == []


@pytest.mark.parametrize("case", EXTREMES)
def test_the_seal_covers_no_data(case: str) -> None:
    """By custom it may lie over the words 签发日期, but what it covers must not have to be read."""
    page = a_page(EXTREMES[case])
    stamp = page.stamp
    radius = stamp.width_mm / 2
    x_mm, y_mm = stamp.x_mm + radius, stamp.y_mm + radius

    for box in ink_of(page, sample_fonts()):
        away = hypot(max(box.left - x_mm, 0, x_mm - box.right), max(box.top - y_mm, 0, y_mm - box.bottom))
        assert away > radius or box.field == "static 签发日期", box


@pytest.mark.parametrize("case", EXTREMES)
def test_every_text_is_drawn_whole(case: str) -> None:
    """Preflight compares these with the file; a character lost in wrapping must show here."""
    subject = EXTREMES[case]
    face, copy = subject.version.face, subject.copy

    texts = expected_texts(a_page(subject))

    assert texts["name"] == face.name
    assert texts["employer"] == face.employer.name
    assert texts.get("purpose") == copy.purpose
    assert texts["sex"] == "女"
    assert texts["birth_date"] == "1985年03月12日"
    assert texts["registration_number"] == face.registration_number
    assert texts["licence_id"] == subject.version.licence_id
    assert texts["issuer"] == subject.issuer.name
    assert (texts["host"], texts["code"]) == (subject.host, subject.code)
    for number, specialty in enumerate(subject.specialties, start=1):
        assert texts[f"specialty_{number}"] == specialty.name
        assert texts[f"specialty_{number}_period"] == "2025年06月02日-2028年06月01日"
    assert f"specialty_{len(subject.specialties) + 1}" not in texts


def test_only_an_endorsed_copy_has_a_window_and_a_purpose() -> None:
    """An original must not look as if it could be handed in with a bid."""
    endorsed = expected_texts(a_page(a_subject(purpose="投标")))
    original = a_page(a_subject(CopyKind.ORIGINAL))

    assert endorsed["use_window"] == "2026年11月20日-2027年05月19日"
    assert endorsed["purpose"] == "投标"
    assert not {"use_window", "purpose"} & set(expected_texts(original))
    assert any(isinstance(item, TextRun) and "仅供查看" in item.text for item in original.static)


def test_the_issuing_day_is_the_one_of_the_version() -> None:
    """Two copies of one version endorsed on different days state the same 签发日期."""
    assert expected_texts(a_page())["issued_on"] == "2025年06月02日"


def test_a_specimen_and_an_original_bear_their_watermarks() -> None:
    """Nobody may take a test print, or an original, for a copy for use."""

    def filled(subject: Subject) -> int:
        return sum(isinstance(item, Path) and item.fill is not None for item in a_page(subject).static)

    assert filled(a_subject(specimen=False)) == 0
    assert filled(a_subject(specimen=True)) == 1
    assert filled(a_subject(CopyKind.ORIGINAL, specimen=False)) == 2
    assert filled(a_subject(CopyKind.ORIGINAL, specimen=True)) == 3


def test_static_is_the_same_tuple_for_all_copies() -> None:
    """The renderer compiles it once and recognises it by identity."""
    assert a_page(a_subject(name="甲")).static is a_page(a_subject(name="乙")).static


@pytest.mark.parametrize(
    "subject, pointer",
    [
        (a_subject(name="张\U00030edd"), "/holder/name"),
        (a_subject(employer="示例\ue000公司"), "/employer/name"),
        (a_subject(purpose="投标😀"), "/purpose"),
    ],
)
def test_a_missing_glyph_names_its_field(subject: Subject, pointer: str) -> None:
    """The caller must know which field to correct."""
    with pytest.raises(GlyphMissingError) as caught:
        a_page(subject)

    assert [fault.pointer for fault in caught.value.faults] == [pointer]


@pytest.mark.parametrize(
    "subject, pointer",
    [
        (a_subject(name="建" * 92), "/holder/name"),
        (a_subject(employer="建" * 182), "/employer/name"),
        (a_subject(purpose="建" * 363), "/purpose"),
    ],
)
def test_what_does_not_fit_at_6_pt_names_its_field(subject: Subject, pointer: str) -> None:
    """One character less fits (45 to a line of 97 mm, 60 to one of 128 mm); a cut text never goes out."""
    with pytest.raises(InvalidFieldError) as caught:
        a_page(subject)

    assert [fault.pointer for fault in caught.value.faults] == [pointer]
    assert caught.value.code == "INVALID_FIELD"


@pytest.mark.parametrize(
    "subject", [a_subject(name="建" * 90), a_subject(employer="建" * 180), a_subject(purpose="建" * 360)]
)
def test_the_longest_texts_at_6_pt_still_fit(subject: Subject) -> None:
    """The other side of that border."""
    assert expected_texts(a_page(subject))


def test_a_larger_symbol_keeps_to_its_place_and_a_huge_one_is_refused() -> None:
    """Modules under half a millimetre are not read from a phone's blurred picture."""

    def symbol(size: int) -> Symbol:
        page = a_page(_with_modules(size))
        (found,) = (item for item in page.variable if isinstance(item, Symbol))
        return found

    assert symbol(33).module_mm == 0.75
    assert symbol(37).module_mm == 0.75
    assert 0.5 <= symbol(57).module_mm < 0.75
    with pytest.raises(TemplateError):
        symbol(65)


def _with_modules(size: int) -> Subject:
    subject = a_subject()
    return Subject(
        version=subject.version,
        specialties=subject.specialties,
        copy=subject.copy,
        issuer=subject.issuer,
        photo=None,
        signature=None,
        modules=((True,) * size,) * size,
        host=subject.host,
        code=subject.code,
        specimen=True,
    )


@pytest.mark.parametrize("copy_kind", list(CopyKind))
def test_the_placeholders_of_the_template_make_a_page(copy_kind: CopyKind) -> None:
    """A template is looked at before anybody is registered."""
    kind: CertificateType = sample_type()

    page = compose(kind, sample_subject(kind, encode("SAMPLE"), copy_kind), sample_fonts())

    assert expected_texts(page)["name"] == kind.layout.sample.name
