"""Numbers and names that say who somebody is: identity documents, credit codes, registration numbers, names.

What a check finds is told without repeating the number.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from certsvc.domain.characters import HAN_CLASS
from certsvc.domain.events import IdType, Sex
from certsvc.domain.names import (
    canonical_employer_name,
    canonical_name,
    canonical_purpose,
    canonical_text,
    is_name,
    mask_name,
)
from certsvc.domain.policy import Policy
from certsvc.domain.resident_id import SHAPE, birth_date_in, resident_id_check, sex_in
from certsvc.errors import Fault, InvalidFieldError

__all__ = [
    "canonical_employer_name",
    "canonical_name",
    "canonical_purpose",
    "canonical_text",
    "check_id_number",
    "check_registration_number",
    "check_uscc",
    "is_lookup_number",
    "is_name",
    "is_uscc",
    "mask_id_number",
    "mask_name",
    "uscc_check",
]

_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_SHAPE: Final = re.compile(f"[{_USCC_ALPHABET}]{{18}}")
_USCC_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))

_PERMIT_PREFIXES: Final = ("81", "82", "83")
"""Residence permits for people from Hong Kong, Macao and Taiwan."""
_FOREIGN_PREFIX: Final = "9"
"""Foreign permanent residents, cards made since 2023."""

_FORMATS: Final = {
    IdType.FOREIGN_PR: re.compile(r"[A-Z]{3}[0-9]{12}"),
    IdType.PASSPORT: re.compile(r"[A-Z0-9]{5,20}"),
    IdType.MAINLAND_TRAVEL_PERMIT: re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?"),
    IdType.TAIWAN_COMPATRIOT_PERMIT: re.compile(r"[0-9]{8}|[0-9]{10}[A-Z]?"),
    IdType.OTHER: re.compile(f"(?:[A-Z0-9-]|{HAN_CLASS}){{3,32}}"),
}
"""Documents of which only the format is known. For FOREIGN_PR: cards made before 2023."""


def uscc_check(body: str) -> str:
    """Return the check character of the first 17 places. Source: GB 32100."""
    total = sum(_USCC_ALPHABET.index(char) * weight for char, weight in zip(body, _USCC_WEIGHTS, strict=True))
    return _USCC_ALPHABET[-total % 31]


def is_uscc(text: str) -> bool:
    """Tell whether *text* is a unified social credit code in canonical (upper-case) form."""
    return _USCC_SHAPE.fullmatch(text) is not None and uscc_check(text[:17]) == text[17]


def check_uscc(text: str, *, pointer: str) -> str:
    """Return a unified social credit code (统一社会信用代码) in upper case.

    The organisation code inside is not checked: some old ones were given out with a wrong check.

    Raises:
        InvalidFieldError: wrong length, a letter the code does not use, or a wrong check character.
    """
    code = _ascii_upper(text)
    if not _USCC_SHAPE.fullmatch(code):
        raise InvalidFieldError(
            Fault(
                pointer,
                "统一社会信用代码应为18位数字或大写字母（不用I、O、S、V、Z），请对照营业执照填写。",
                "A unified social credit code has 18 digits or letters without I, O, S, V and Z; "
                "please copy it from the business licence.",
            )
        )
    if not is_uscc(code):
        raise InvalidFieldError(
            Fault(
                pointer,
                "统一社会信用代码的校验码不符，可能有一位写错，请对照营业执照核对。",
                "The check character of the unified social credit code does not fit; one place may be wrong, "
                "please compare it with the business licence.",
            )
        )
    return code


def check_registration_number(text: str, policy: Policy, *, pointer: str) -> str:
    """Return a registration number (注册编号) of the form the policy sets.

    Raises:
        InvalidFieldError: any other form; the old paper form too, it is for look-up only.
    """
    if not re.fullmatch(policy.registration_number_pattern, text, re.ASCII):
        raise InvalidFieldError(
            Fault(
                pointer,
                "注册编号的格式不对，请照注册机关给出的编号原样填写，不加空格。",
                "This is not a registration number of this certificate type; please write it exactly as the "
                "registration authority gave it, without spaces.",
            )
        )
    return text


def is_lookup_number(text: str, policy: Policy) -> bool:
    """Tell whether something may be looked up under *text*: the present form or the old paper form."""
    patterns = (policy.registration_number_pattern, policy.old_number_pattern)
    return any(re.fullmatch(pattern, text, re.ASCII) for pattern in patterns)


def check_id_number(
    id_type: IdType, number: str, *, birth_date: date, sex: Sex, today: date, pointer: str
) -> str:
    """Return the number of an identity document in canonical (upper-case) form.

    Numbers of 18 places carry a birth date, a sex and a check; all three are held against the given fields.
    Area codes are not checked: there is no complete list of the old ones. Of other documents only the format
    is known.

    Args:
        id_type: kind of document.
        number: as it came in.
        birth_date: the holder's, as given.
        sex: the holder's, as given.
        today: civil day in Beijing.
        pointer: JSON pointer of the number.

    Raises:
        InvalidFieldError: every fault found; none repeats the number.
    """
    canonical = _ascii_upper(number)
    if id_type in _FORMATS and _FORMATS[id_type].fullmatch(canonical):
        return canonical
    if id_type in (IdType.RESIDENT_ID, IdType.RESIDENCE_PERMIT, IdType.FOREIGN_PR):
        faults = _resident_faults(id_type, canonical, birth_date, sex, today, pointer)
        if not faults:
            return canonical
        raise InvalidFieldError(*faults)
    raise InvalidFieldError(
        Fault(
            pointer,
            "证件号码的格式与证件类型不符，请对照证件核对号码和类型。",
            "The number does not have the form of this kind of document; please check both.",
        )
    )


def mask_id_number(number: str) -> str:
    """Return first character, stars, last character.

    Nothing more may show: with the birth date on the face, six and two would leave ten candidates. Of two
    characters or fewer nothing shows.
    """
    if len(number) < 3:
        return "*" * len(number)
    return number[0] + "*" * (len(number) - 2) + number[-1]


def _ascii_upper(text: str) -> str:
    """Upper-case ASCII text only: str.upper turns a dotless i into I and would let a look-alike pass."""
    return text.upper() if text.isascii() else text


def _resident_faults(
    id_type: IdType, number: str, birth_date: date, sex: Sex, today: date, pointer: str
) -> list[Fault]:
    """Find what is wrong with a number of 18 places."""
    if not SHAPE.fullmatch(number):
        return [
            Fault(
                pointer,
                "证件号码应为18位：17位数字加1位校验码（数字或X），请对照证件填写。",
                "The number has 18 places: 17 digits, then a digit or X; please copy it from the document.",
            )
        ]
    if resident_id_check(number[:17]) != number[17]:
        return [
            Fault(
                pointer,
                "证件号码的校验码不符，可能有一位写错，请对照证件核对。",
                "The check character of the number does not fit; one place may be wrong, "
                "please compare it with the document.",
            )
        ]
    faults = []
    if not _fits_type(id_type, number):
        faults.append(
            Fault(
                pointer,
                "证件号码与证件类型不符，请核对证件类型。",
                "The number belongs to another kind of document; please check the kind.",
            )
        )
    born = birth_date_in(number)
    if born is None or born > today:
        faults.append(
            Fault(
                pointer,
                "证件号码第7至14位不是已过去的真实日期，请对照证件核对。",
                "Places 7 to 14 of the number are no real day in the past; please check the document.",
            )
        )
    elif born != birth_date:
        faults.append(
            Fault(
                pointer,
                "证件号码与所填出生日期不一致，请核对两处。",
                "The number and the given birth date do not agree; please check both.",
            )
        )
    if sex_in(number) is not sex:
        faults.append(
            Fault(
                pointer,
                "证件号码与所填性别不一致，请核对两处。",
                "The number and the given sex do not agree; please check both.",
            )
        )
    return faults


def _fits_type(id_type: IdType, number: str) -> bool:
    """Tell whether the first places fit the kind; registers file any 18-place number as resident_id."""
    if id_type is IdType.RESIDENCE_PERMIT:
        return number.startswith(_PERMIT_PREFIXES)
    if id_type is IdType.FOREIGN_PR:
        return number.startswith(_FOREIGN_PREFIX)
    return True
