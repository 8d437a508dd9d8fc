"""Canonical forms of what people are called and of what they write: names, employers, purposes.

Callers keep the raw input beside the canonical form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from certsvc.domain.characters import (
    HAN_CLASS,
    INTERPUNCT,
    INTERPUNCTS,
    LOST,
    REPAIRS,
    is_letter,
    is_private,
    is_unseen,
)
from certsvc.domain.resident_id import holds_resident_id
from certsvc.domain.text import Text
from certsvc.errors import Fault, InvalidFieldError

_NAME: Final = Text("姓名", "The name")
_EMPLOYER_NAME: Final = Text("企业名称", "The employer's name")
_PURPOSE: Final = Text("用途", "The purpose")
_TEXT: Final = Text("内容", "The text")

_DOT_IN_NAME: Final = re.compile(f"(?<={HAN_CLASS})[.\uff0e](?={HAN_CLASS})")
"""A full stop is an interpunct only between two hanzi; in ``J. Smith`` it stays one."""
_SPACES: Final = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")


def canonical_name(raw: str, *, pointer: str, limit: int) -> str:
    """Return a holder's name in its canonical form.

    Args:
        raw: as it came in.
        pointer: JSON pointer of the field.
        limit: most code points of the canonical form.

    Raises:
        InvalidFieldError: empty, too long, without a letter, or with a character no certificate can print.
    """
    name = _dotted(_settled(raw))
    _check_name(name, _NAME, pointer, limit)
    return name


def is_name(typed: str, name: str) -> bool:
    """Tell whether *typed* means the canonical *name*.

    More is forgiven than where a name is recorded: blanks, width, case and what a copied text carries unseen.
    Who reads a name off a certificate and types it has no other name in mind.
    """
    return _bare(typed) == _bare(name) != ""


def _bare(text: str) -> str:
    """Return what is left of a name when only its letters and dots count."""
    seen = "".join(char for char in _settled(text) if not (char.isspace() or is_unseen(char)))
    return unicodedata.normalize("NFKC", _dotted(seen)).casefold()


def canonical_employer_name(raw: str, *, pointer: str, limit: int) -> str:
    """Return an employer's name in its canonical form; arguments and errors as canonical_name."""
    name = _dotted(_settled(raw))
    _check_name(name, _EMPLOYER_NAME, pointer, limit)
    return name


def canonical_purpose(raw: str, *, pointer: str, limit: int) -> str:
    """Return a purpose in its canonical form; arguments as canonical_name.

    A question mark is fine here. A resident's ID number is not: a purpose is printed and shown to anybody who
    scans the copy.

    Raises:
        InvalidFieldError: empty, too long, with an ID number, or with a character no certificate can print.
    """
    return _sentence(raw, _PURPOSE, pointer, limit)


def canonical_text(raw: str, *, pointer: str, limit: int) -> str:
    """Return any other short text, a reason for example; rules and errors as canonical_purpose."""
    return _sentence(raw, _TEXT, pointer, limit)


def mask_name(name: str) -> str:
    """Return the first character and two stars, whatever the length."""
    return name[:1] + "**"


def _settled(raw: str) -> str:
    """Repair, compose (NFC) and even out the spaces."""
    text = unicodedata.normalize("NFC", raw.translate(REPAIRS))
    return _SPACES.sub(" ", text).strip(" ")


def _dotted(name: str) -> str:
    """Write every dot between the parts of a name as U+00B7."""
    return _DOT_IN_NAME.sub(INTERPUNCT, name.translate(INTERPUNCTS))


def _sentence(raw: str, what: Text, pointer: str, limit: int) -> str:
    text = _settled(raw)
    faults = _text_faults(text, what, pointer, limit)
    if "\ufffd" in text:
        faults.append(_lost(what, pointer))
    if faults:
        raise InvalidFieldError(*faults)
    return text


def _check_name(name: str, what: Text, pointer: str, limit: int) -> None:
    faults = _text_faults(name, what, pointer, limit)
    if LOST.intersection(name):
        faults.append(_lost(what, pointer))
    if not faults and not any(map(is_letter, name)):
        faults.append(
            Fault(
                pointer,
                f"{what.zh}中没有文字，请按证件填写。",
                f"{what.en} has no letter in it; please write it as the document shows it.",
            )
        )
    if faults:
        raise InvalidFieldError(*faults)


def _text_faults(text: str, what: Text, pointer: str, limit: int) -> list[Fault]:
    """Find what is wrong with any text that will be printed."""
    faults = []
    if not text:
        faults.append(
            Fault(pointer, f"{what.zh}不能为空，请填写。", f"{what.en} is empty; please fill it in.")
        )
    if len(text) > limit:
        faults.append(
            Fault(
                pointer,
                f"{what.zh}最多{limit}个字符，请缩短后再提交。",
                f"{what.en} may have at most {limit} characters; please shorten it.",
            )
        )
    if unseen := _code_points(text, is_unseen):
        faults.append(
            Fault(
                pointer,
                f"{what.zh}中有看不见或无法单独印出的字符（{unseen}），请删去后再提交。",
                f"{what.en} has characters that cannot be seen or printed ({unseen}); please remove them.",
            )
        )
    if holds_resident_id(text):
        faults.append(
            Fault(
                pointer,
                f"{what.zh}中请不要填写身份证件号码，以免泄露，删去后再提交。",
                f"{what.en} may be shown to others; please remove the identity number from it.",
            )
        )
    if private := _code_points(text, is_private):
        faults.append(
            Fault(
                pointer,
                f"{what.zh}中有自造字或私用区字符（{private}），请改用该字的国家标准编码（GB 18030-2022）。",
                f"{what.en} has private-use characters ({private}); please use their codes of GB 18030-2022.",
            )
        )
    return faults


def _lost(what: Text, pointer: str) -> Fault:
    return Fault(
        pointer,
        f"{what.zh}中有“?”一类的替代符号，可能有字在传输中丢失，请按原字重新填写。",
        f"{what.en} has a sign such as '?' where a character seems lost; please write it again.",
    )


def _code_points(text: str, unfit: Callable[[str], bool]) -> str:
    """Name up to three unfit characters as U+XXXX; enough to find them, too little to give a name away."""
    found = sorted({ord(char) for char in text if unfit(char)})
    return " ".join(f"U+{point:04X}" for point in found[:3])
