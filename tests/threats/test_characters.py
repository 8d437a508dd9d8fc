"""Every character that a caller may write is printed as itself in both formats, or refused by name."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from dataclasses import replace

import pytest

from certsvc.domain.identity import canonical_purpose
from certsvc.errors import DefectError, InvalidFieldError
from tests.drills import FULL, record, some
from tests.flows.press_room import a_press, images_of, prepared, reserved
from tests.world import World

FIRST_CJK = 0x3400
"""From here on most characters are ideographs; of those a few are tried."""


@pytest.fixture
def fault_of(world: World) -> Callable[[str], str]:
    """Return what prepares a copy with a purpose and says what went wrong, ``""`` when nothing did."""
    world.initial()
    press = a_press(world)
    row = reserved(world, press)
    images = images_of(world, row)

    def attempt(purpose: str) -> str:
        try:
            prepared(press, replace(row, copy=replace(row.copy, purpose=purpose)), images)
        except DefectError as fault:
            return str(fault)
        return ""

    return attempt


def _canonical(world: World, character: str) -> str:
    """Return a purpose with *character* in it as it will be printed; ``""`` when it is refused."""
    try:
        text = canonical_purpose(f"投标{character}使用", pointer="/purpose", limit=200)
        world.services.fonts.check(text, pointer="/purpose")
    except InvalidFieldError:
        return ""
    return text


def test_one_half_of_a_pair_prints_without_the_other(world: World, fault_of: Callable[[str], str]) -> None:
    """Brackets and comparison signs have mirror images; a text with one of two is no mistake."""
    mirrored = [chr(point) for point in range(0x10000) if unicodedata.mirrored(chr(point))]
    printed = [sign for sign in mirrored if _canonical(world, sign)]
    tried = {*some(printed, "mirrored"), "(", "≥", "「", "》"}

    assert len(printed) > len(tried) or FULL
    assert {sign: fault for sign in tried if (fault := fault_of(_canonical(world, sign)))} == {}


def test_a_hyphen_at_the_end_of_a_line_is_part_of_the_text(fault_of: Callable[[str], str]) -> None:
    """Tender numbers have hyphens, and where a line ends nobody can choose."""
    assert fault_of("投标-") == ""
    assert fault_of("-".join(["2026"] * 20)) == ""


def test_ligatures_are_printed(world: World, fault_of: Callable[[str], str]) -> None:
    """They are the holder's own letters; that a reader takes them apart when it copies is no defect."""
    purpose = "".join(text for point in range(0xFB00, 0xFB07) if (text := _canonical(world, chr(point))))
    assert "ﬁ" in purpose
    assert fault_of(purpose) == ""


def test_no_character_that_is_taken_is_a_defect_later(world: World, fault_of: Callable[[str], str]) -> None:
    """What is wrong with a text is said at the door; behind it every failure would be a 500.

    Each stands alone and at the end of its line: in company the faults of one hide behind another.
    """
    marks = [chr(point) for point in range(0x20, FIRST_CJK)]
    marks += [chr(point) for point in range(0xF900, 0x20000)]
    marks += random.Random(20).sample([chr(point) for point in range(FIRST_CJK, 0x32000)], 1000)
    taken = [text[2:-2] for mark in marks if (text := _canonical(world, mark))]
    tried = taken if FULL else random.Random(21).sample(taken, 40)

    faults = {mark: fault for mark in tried if (fault := fault_of(f"投标{mark}"))}
    record("characters printed in both formats", of=len(taken), tried=len(tried), defects=len(faults))
    assert faults == {}
