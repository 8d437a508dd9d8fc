"""The second symbol has a place of its own, and the pages without it do not know of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import combinations
from math import hypot
from pathlib import Path

import pytest

from certsvc.domain.endorsement import CopyKind
from certsvc.errors import TemplateError
from certsvc.page.certificate_type import load_certificate_type
from certsvc.page.compose import Subject, compose, expected_texts
from certsvc.page.model import Symbol, TextRun
from tests.page.boxes import ink_of
from tests.page.sample import TYPE_FOLDER, a_page, a_subject, sample_fonts, sample_type
from tests.page.test_compose import EXTREMES

ENDORSED = [case for case in EXTREMES if case != "original"]
SIDES = [53, 69, 93]
"""Modules of the smallest code there can be, of a usual one, and of the largest that has room."""


def with_code(subject: Subject, side: int) -> Subject:
    """Put a dark square where the second symbol stands."""
    return replace(subject, offline=((True,) * side,) * side)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("case", ENDORSED)
def test_nothing_touches_the_second_symbol_nor_each_other(case: str, side: int) -> None:
    """A text in its quiet zone, or the seal on it, would make a genuine paper unreadable."""
    page = a_page(with_code(EXTREMES[case], side))
    frame = sample_type().layout.frame
    ink = list(ink_of(page, sample_fonts()))

    assert [one.field for one in ink if one.field.startswith("qr")] == ["qr", "qr_offline"]
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
    radius = page.stamp.width_mm / 2
    x_mm, y_mm = page.stamp.x_mm + radius, page.stamp.y_mm + radius
    for box in ink:
        away = hypot(max(box.left - x_mm, 0, x_mm - box.right), max(box.top - y_mm, 0, y_mm - box.bottom))
        assert away > radius or box.field == "static 签发日期", box


@pytest.mark.parametrize("case", ENDORSED)
def test_the_page_says_the_same_with_and_without_the_second_symbol(case: str) -> None:
    """Making room moves things; it leaves nothing out."""
    plain, coded = a_page(EXTREMES[case]), a_page(with_code(EXTREMES[case], 93))

    assert expected_texts(coded) == expected_texts(plain)
    said = [item.text for item in coded.static if isinstance(item, TextRun)]
    assert [text for text in said if text != "离线核验"] == [
        item.text for item in plain.static if isinstance(item, TextRun)
    ]
    assert said.count("离线核验") == 1


@pytest.mark.parametrize("side", SIDES)
def test_its_modules_are_half_a_millimetre_or_more(side: int) -> None:
    """Smaller ones are not read from a phone's blurred picture."""
    page = a_page(with_code(a_subject(), side))
    (symbol,) = (item for item in page.variable if isinstance(item, Symbol) and item.field == "qr_offline")

    assert 0.5 <= symbol.module_mm <= 0.75
    with pytest.raises(TemplateError, match="qr_offline"):
        a_page(with_code(a_subject(), 97))


def test_the_largest_symbol_that_has_room_is_told_before_one_is_made() -> None:
    """What is signed is shortened to this, so it must be exact: one version more is refused above."""
    kind = sample_type().with_offline

    assert kind is not None and kind.layout.offline is not None
    assert kind.layout.offline.symbol.most_modules == 93


def test_pages_without_it_stand_where_they_stood() -> None:
    """Turning the symbol on for one type must not move a line on anybody else's page."""
    layout = sample_type().layout

    assert layout.offline is None
    assert (layout.flow.bottom_mm, layout.symbol.x_mm, layout.symbol.y_mm) == (201.5, 25, 227.5)
    assert "离线核验" not in [item.text for item in a_page().static if isinstance(item, TextRun)]
    assert a_page().static is a_page(a_subject(name="乙")).static
    coded = a_page(with_code(a_subject(), 77))
    assert coded.static is a_page(with_code(a_subject(name="乙"), 77)).static
    assert coded.static is not a_page().static


def _changed(tmp_path: Path, *changes: tuple[str, str, str]) -> Path:
    folder = tmp_path / "constructor-1"
    shutil.copytree(TYPE_FOLDER, folder)
    for file, old, new in changes:
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    return folder


def _without_place(folder: Path) -> Path:
    file = folder / "layout.toml"
    before, _, rest = file.read_text("utf-8").partition("[offline.symbol]")
    file.write_text(before + rest[rest.index("# ---- watermarks") :], "utf-8")
    return folder


def test_a_type_without_a_place_for_it_works_until_its_policy_asks_for_one(tmp_path: Path) -> None:
    """Another certificate type may never have a code; one that wants it must say where."""
    kind = load_certificate_type(_without_place(_changed(tmp_path)))

    assert kind.with_offline is None
    assert compose(kind, a_subject(CopyKind.ORIGINAL), sample_fonts())
    with pytest.raises(TemplateError, match="no place"):
        compose(kind, with_code(a_subject(), 77), sample_fonts())
    wanting = _changed(tmp_path / "b", ("policy.toml", "offline_qr = false", "offline_qr = true"))
    assert load_certificate_type(wanting).policy.offline_qr
    with pytest.raises(TemplateError, match="offline"):
        load_certificate_type(_without_place(wanting))


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        (
            "layout.toml",
            "licence_id = { y_mm = 278 }",
            "licence_id = { y = 278 }",
            "offline.instead.licence_id",
        ),
        ("layout.toml", "[offline.instead]", "[offline.instead]\nfooter = 3", "offline.instead.footer"),
        ("layout.toml", "y_mm = 263.5\nwidth_mm = 50.5", "y_mm = 263.5", "offline.caption.width_mm"),
        ("layout.toml", 'style = "small_label"\nx_mm = 64', 'style = "tiny"\nx_mm = 64', "tiny"),
        ("policy.toml", "offline_qr = false", 'offline_qr = "no"', "offline_qr"),
        ("policy.toml", "offline_qr = false\n", "", "offline_qr"),
        ("wording.toml", 'offline = "离线核验"\n', "", "offline"),
    ],
)
def test_a_misspelt_place_is_refused_by_name(
    tmp_path: Path, file: str, old: str, new: str, named: str
) -> None:
    """What only shows on pages with the symbol must not wait for the first of them."""
    with pytest.raises(TemplateError, match=named):
        load_certificate_type(_changed(tmp_path, (file, old, new)))
