"""Every kind of page, in both languages, on every screen, by day and by night: what the eye must find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

from tests.browser.conftest import Visit
from tests.browser.instance import Instance
from tests.browser.kinds import KINDS, Kind
from tests.browser.visitor import DESK, NARROW, PHONE, Lang, Visitor
from tests.drills import FULL, record

SIZES: Final = (DESK, NARROW, PHONE)
LANGS: Final[tuple[Lang, ...]] = ("zh", "en")
CHIEF: Final = frozenset({"ask", "file", "record"})
"""Pages met in all forms in every run."""
CASES: Final = [
    pytest.param(kind, lang, id=f"{kind.name}-{lang}")
    for place, kind in enumerate(KINDS)
    for lang in LANGS
    # By default each kind is met in one language, in turn; the verdicts in both.
    if FULL or kind.name in CHIEF or lang == LANGS[place % 2]
]


@pytest.fixture(scope="module")
def tally() -> Iterator[Counter[str]]:
    """Count what was looked at; only what passed counts, so findings, boxes and complaints are none."""
    counted: Counter[str] = Counter()
    yield counted
    record("browser pages", kinds=len(KINDS), **counted)


@pytest.mark.parametrize(("kind", "lang"), CASES)
def test_page_is_clear_on_every_screen(
    visit: Visit, instance: Instance, tally: Counter[str], kind: Kind, lang: Lang
) -> None:
    """Verdict, mark and colour at a glance; nothing to push sideways; every character drawn; axe content."""
    visitor: Visitor = visit(lang, dark=lang == "en")
    kind.open(visitor, instance)

    assert visitor.verdict == (kind.zh if lang == "zh" else kind.en)
    assert visitor.page.get_attribute("html", "lang") == ("zh-CN" if lang == "zh" else "en")
    looks = asked = 0
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for size in SIZES if FULL or scheme == "light" else (PHONE,):
            visitor.resize(size)
            assert visitor.overflow == 0, f"{size[0]} px {scheme}"
            if kind.tone is not None:
                _check_verdict(visitor, kind.tone, size)
            looks += 1
        if FULL or kind.name in CHIEF or (scheme == "dark") is (lang == "en"):
            assert visitor.ask_axe() == [], scheme
            asked += 1
    for size in (PHONE, DESK):
        visitor.resize(size)
        visitor.enlarge_letters(2)
        assert visitor.overflow == 0, f"{size[0]} px, letters at 200 %"
        visitor.enlarge_letters(1)

    bad, drawn = visitor.boxes()
    assert bad == []
    assert drawn > 20
    assert visitor.strange_fonts() == set()
    tally.update(pages=1, looks=looks, axe_runs=asked, glyphs=drawn)


def _check_verdict(visitor: Visitor, tone: str, size: tuple[int, int]) -> None:
    """Demand heading and mark whole above the fold, in the verdict's own colour, on its own ground."""
    section = visitor.page.locator("section.verdict").first
    assert tone in (section.get_attribute("class") or "")
    for part in ("h1", ".mark"):
        box = section.locator(part).bounding_box()
        assert box is not None
        assert box["width"] > 30 and box["height"] > 30, part
        assert box["y"] >= 0 and box["y"] + box["height"] <= size[1], f"{part} lies below the fold"
    colours = section.evaluate(
        """part => [
          getComputedStyle(part.querySelector("h1")).color,
          getComputedStyle(part.querySelector(".mark .fill")).fill,
          getComputedStyle(part).backgroundColor,
          getComputedStyle(document.body).color,
          getComputedStyle(document.body).backgroundColor]"""
    )
    word, mark, ground, ink, paper = colours
    assert word == mark, "word and mark say it in one colour"
    assert len({word, ground, paper}) == 3
    assert word != ink


def test_five_tones_are_five_colours_and_five_forms(visit: Visit, instance: Instance) -> None:
    """Side by side no two verdicts can be taken for each other, with or without colour."""
    visitor: Visitor = visit()
    seen: dict[str, tuple[str, str]] = {}
    for kind in KINDS:
        if kind.tone is not None and kind.tone not in seen:
            kind.open(visitor, instance)
            mark = visitor.page.locator(".verdict .mark").first
            seen[kind.tone] = (
                str(mark.locator(".fill").evaluate("part => getComputedStyle(part).fill")),
                mark.inner_html(),
            )

    assert len(seen) == 5
    assert len({colour for colour, _ in seen.values()}) == 5
    assert len({form for _, form in seen.values()}) == 5


def test_rare_characters_are_drawn_in_our_font(visit: Visit, instance: Instance) -> None:
    """A holder called 𬭎 sees the name, not a box, on a phone that never heard of it."""
    visitor: Visitor = visit()
    for held in instance.rare:
        visitor.go("/verify")
        visitor.upload(held.file)

        assert held.name in visitor.words
        bad, _ = visitor.boxes()
        assert bad == [], held.name
        assert visitor.strange_fonts() == set(), held.name


def test_box_of_a_missing_glyph_is_noticed(visit: Visit) -> None:
    """The drill above would be worth nothing if it took a box for a character."""
    visitor: Visitor = visit()
    visitor.go("/verify")
    visitor.page.evaluate("document.querySelector('h1').append('\\u{2A6D6}Ж')")

    # The first is in no font of any machine; the second may be in a font of this one, which is not ours.
    boxes = visitor.boxes()[0]
    assert "\U0002a6d6" in boxes
    assert "Ж" in boxes or visitor.strange_fonts() != set()


def test_keyboard_goes_through_the_forms_in_the_order_of_reading(visit: Visit) -> None:
    """Who uses no mouse gets everywhere, sees where he is, and can jump over the head of the page."""
    visitor: Visitor = visit()
    visitor.go("/verify")
    met = [_tab(visitor) for _ in range(19)]

    scan = ("scan-start", "photo", "button")
    file, code, number = ("file", "summary", "button"), ("code", "summary", "button"), ("number", "name")
    assert [what for what, _ in met] == [
        *("a.jump", "a.name", "a.tongue"),
        *scan,
        *file,
        *code,
        *(*number, "summary", "button"),
        *("a", "a", "a"),
    ]
    assert [what for what, seen in met if not seen] == [], "the focus is always to be seen"
    visitor.go("/verify")
    _tab(visitor)
    visitor.page.keyboard.press("Enter")
    assert _tab(visitor)[0] == "scan-start"


def test_keyboard_reaches_the_name_field_of_a_record(visit: Visit, instance: Instance) -> None:
    """Enter in the field sends it."""
    visitor: Visitor = visit()
    visitor.go(f"/v/{instance.valid.token}")
    met = [_tab(visitor)[0] for _ in range(4)]
    assert met == ["a.jump", "a.name", "a.tongue", "name"]

    visitor.page.keyboard.type(instance.valid.name)
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")
    assert instance.valid.name in visitor.words


def _tab(visitor: Visitor) -> tuple[str, bool]:
    """Press Tab; returns what has the focus now, and whether one sees that."""
    visitor.page.keyboard.press("Tab")
    what, seen = visitor.page.evaluate(
        """() => {
          const now = document.activeElement, style = getComputedStyle(now);
          const box = now.getBoundingClientRect();
          const name = now.tagName.toLowerCase();
          const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
          const middle = box.top + box.height / 2;
          const there = box.width > 0 && middle > 0 && middle < innerHeight;
          return [now.id || (now.className ? name + "." + now.className : name), ring && there];
        }"""
    )
    return str(what), bool(seen)
