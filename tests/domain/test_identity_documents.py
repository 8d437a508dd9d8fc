"""Identity documents: what each check promises, both ways, and what a mask shows."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from certsvc.domain.events import IdType, Sex
from certsvc.domain.identity import check_id_number, mask_id_number
from certsvc.domain.resident_id import resident_id_check
from certsvc.errors import InvalidFieldError
from tests import vectors

TODAY = date(2026, 11, 20)
RESIDENT_LIKE = [IdType.RESIDENT_ID, IdType.RESIDENCE_PERMIT, IdType.FOREIGN_PR]


def born_in(number: str) -> date:
    """Return the birth date a number of 18 places carries."""
    return date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")


def sex_of(number: str) -> Sex:
    """Return the sex a number of 18 places carries."""
    return Sex.MALE if number[16] in "13579" else Sex.FEMALE


def checked(
    number: str,
    id_type: IdType = IdType.RESIDENT_ID,
    *,
    birth_date: date | None = None,
    sex: Sex | None = None,
    today: date = TODAY,
) -> str:
    """Check a number; birth date and sex are those it carries unless given."""
    return check_id_number(
        id_type,
        number,
        birth_date=birth_date or born_in(number),
        sex=sex or sex_of(number),
        today=today,
        pointer="/holder/id_number",
    )


def refused(
    number: str,
    id_type: IdType = IdType.RESIDENT_ID,
    *,
    birth_date: date = date(1991, 1, 1),
    sex: Sex = Sex.MALE,
) -> list[str]:
    """Return the English faults found; each points to the field and repeats no number."""
    with pytest.raises(InvalidFieldError) as caught:
        checked(number, id_type, birth_date=birth_date, sex=sex)
    for fault in caught.value.faults:
        assert fault.pointer == "/holder/id_number"
        assert len(number) < 3 or number not in fault.zh + fault.en
    return [fault.en for fault in caught.value.faults]


@st.composite
def resident_ids(draw: st.DrawFn) -> str:
    """Draw a number with a real birth date and a right check."""
    area = draw(st.integers(0, 999999))
    born = draw(st.dates(date(1900, 1, 1), TODAY))
    body = f"{area:06d}{born:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return body + resident_id_check(body)


@pytest.mark.parametrize("number", vectors.texts("ric_checksum_ok"))
def test_published_numbers_pass_with_the_data_they_carry(number: str) -> None:
    """Residence permits (81 to 83) and foreign permanent residents (9) among them."""
    assert checked(number) == number


@pytest.mark.parametrize("number", vectors.texts("ric_checksum_ok_bad_date"))
def test_a_day_that_never_was_is_refused(number: str) -> None:
    """1957 had no 29 February, whatever the check says."""
    assert "real day" in refused(number)[0]


@pytest.mark.parametrize("number", vectors.texts("ric_future_birth"))
def test_a_birth_still_to_come_is_refused(number: str) -> None:
    """Even when the given birth date agrees."""
    assert "real day" in refused(number, birth_date=born_in(number), sex=sex_of(number))[0]


@pytest.mark.parametrize("number", vectors.texts("ric_bad"))
def test_published_wrong_numbers_are_refused(number: str) -> None:
    """Their check does not fit."""
    (fault,) = refused(number)
    assert "check character" in fault


@pytest.mark.parametrize(("today", "fits"), [(date(1991, 1, 1), True), (date(1990, 12, 31), False)])
def test_born_today_is_not_the_future(today: date, fits: bool) -> None:
    """Both sides of the day."""
    number = "360426199101010071"
    if fits:
        assert checked(number, today=today) == number
        return
    with pytest.raises(InvalidFieldError):
        checked(number, today=today)


def test_birth_date_and_sex_must_agree_and_both_are_told() -> None:
    """A caller mends everything at once."""
    number = "360426199101010071"
    assert len(refused(number, birth_date=date(1991, 1, 2), sex=Sex.FEMALE)) == 2
    assert "birth date" in refused(number, birth_date=date(1991, 1, 2))[0]
    assert "sex" in refused(number, sex=Sex.FEMALE)[0]


def test_a_small_x_is_written_large() -> None:
    """One person, one number."""
    assert checked("11010519491231002x") == "11010519491231002X"


@pytest.mark.parametrize(
    "number",
    [
        *("", "36042619910101007", "3604261991010100711", "360426910101007", " 360426199101010071"),
        *("360426199101010071\n", "３60426199101010071", "36042619910101007Y", "X60426199101010071"),
        "36042619910101００71",
    ],
)
@pytest.mark.parametrize("id_type", RESIDENT_LIKE)
def test_other_forms_are_refused(number: str, id_type: IdType) -> None:
    """Fifteen digits ended in 2013; full-width digits are another text."""
    (fault,) = refused(number, id_type)
    assert "18 places" in fault


@given(resident_ids())
def test_every_well_formed_number_passes(number: str) -> None:
    """No area code is refused."""
    assert checked(number) == number


@given(resident_ids(), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_any_one_wrong_place_is_noticed(number: str, place: int, wrong: str) -> None:
    """MOD 11-2 promises every single substitution."""
    assume(number[place] != wrong)
    changed = number[:place] + wrong + number[place + 1 :]
    refused(changed, birth_date=born_in(number), sex=sex_of(number))


@given(resident_ids(), st.integers(0, 16))
def test_any_swapped_neighbours_are_noticed(number: str, place: int) -> None:
    """MOD 11-2 promises every adjacent transposition, the check character's too."""
    one, other = number[place], number[place + 1]
    assume(one != other)
    changed = number[:place] + other + one + number[place + 2 :]
    refused(changed, birth_date=born_in(number), sex=sex_of(number))


@pytest.mark.parametrize(
    ("id_type", "number"),
    [
        (IdType.RESIDENCE_PERMIT, "810000199408230021"),
        (IdType.RESIDENCE_PERMIT, "820000199001010010"),
        (IdType.RESIDENCE_PERMIT, "830000199201300022"),
        (IdType.FOREIGN_PR, "911124198108030024"),
        (IdType.FOREIGN_PR, "990000198001010004"),
        (IdType.RESIDENT_ID, "810000199408230021"),
    ],
)
def test_permits_of_eighteen_places_fit_their_kind(id_type: IdType, number: str) -> None:
    """Registers also file them as resident_id."""
    assert checked(number, id_type) == number


@pytest.mark.parametrize(
    ("id_type", "number"),
    [
        (IdType.RESIDENCE_PERMIT, "360426199101010071"),
        (IdType.RESIDENCE_PERMIT, "911124198108030024"),
        (IdType.FOREIGN_PR, "810000199408230021"),
    ],
)
def test_permits_of_another_kind_are_refused(id_type: IdType, number: str) -> None:
    """The kind decides what the e-licence says about the document."""
    (fault,) = refused(number, id_type, birth_date=born_in(number), sex=sex_of(number))
    assert "another kind" in fault


@pytest.mark.parametrize(
    ("id_type", "number", "canonical"),
    [
        (IdType.FOREIGN_PR, "usa110180010112", "USA110180010112"),
        (IdType.PASSPORT, "e12345678", "E12345678"),
        (IdType.PASSPORT, "12345", "12345"),
        (IdType.MAINLAND_TRAVEL_PERMIT, "h12345678", "H12345678"),
        (IdType.MAINLAND_TRAVEL_PERMIT, "M1234567801", "M1234567801"),
        (IdType.TAIWAN_COMPATRIOT_PERMIT, "12345678", "12345678"),
        (IdType.TAIWAN_COMPATRIOT_PERMIT, "1234567890b", "1234567890B"),
        (IdType.OTHER, "军字第12345号", "军字第12345号"),
        (IdType.OTHER, "ab-1", "AB-1"),
    ],
)
def test_other_documents_need_only_their_form(id_type: IdType, number: str, canonical: str) -> None:
    """Neither birth date nor sex can be read from them."""
    assert checked(number, id_type, birth_date=date(1991, 1, 1), sex=Sex.MALE) == canonical


@pytest.mark.parametrize(
    ("id_type", "number"),
    [
        *(
            (IdType.PASSPORT, number)
            for number in ("1234", "E 1234567", "E1234567\n", "Ｅ12345678", "1" * 21)
        ),
        *((IdType.MAINLAND_TRAVEL_PERMIT, number) for number in ("A12345678", "H1234567", "H123456789")),
        *((IdType.TAIWAN_COMPATRIOT_PERMIT, number) for number in ("1234567", "123456789", "12345678901")),
        *((IdType.OTHER, number) for number in ("", "12", "<script>", "a\u200bb1", "1" * 33, "ıd12")),
    ],
)
def test_other_documents_of_a_wrong_form_are_refused(id_type: IdType, number: str) -> None:
    """Both ends of each length, and look-alike characters."""
    (fault,) = refused(number, id_type)
    assert "form" in fault


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("360426199101010071", "3****************1"),
        ("11010519491231002X", "1****************X"),
        ("E12", "E*2"),
        ("E1", "**"),
        ("", ""),
    ],
)
def test_mask_shows_first_and_last_only(number: str, masked: str) -> None:
    """With the birth date on the face, six and two would leave ten candidates."""
    assert mask_id_number(number) == masked
