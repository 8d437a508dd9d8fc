"""What can be checked of the looks without eyes: contrast, names of fields, words for every mark."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.web.site import HTML, Site

TONES = ("verified", "record", "refused", "ended", "unsure")
PAIRS = [
    ("ink", "paper"),
    ("ink", "sheet"),
    ("faint", "paper"),
    ("faint", "sheet"),
    ("cinnabar", "sheet"),
    ("bronze", "sheet"),
    ("ink", "field"),
    ("faint", "field"),
    *((tone, f"{tone}-wash") for tone in TONES),
    *(("ink", f"{tone}-wash") for tone in TONES),
    *(("on-tone", tone) for tone in TONES),
]
"""Text and the ground it stands on."""


def colours(site: Site, scheme: str) -> dict[str, str]:
    """Return the custom properties of the stylesheet for light or dark."""
    page = site.client.get("/verify", headers=HTML).text
    found = re.search(r"/static/certsvc\.[0-9a-f]+\.css", page)
    assert found is not None
    style = site.client.get(found[0]).text
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", part)) for part in style.split("dark)")[:2]
    )
    return light if scheme == "light" else light | dark


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb. Source: WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_contrast_is_aa(standing_site: Site, scheme: str, text: str, ground: str) -> None:
    """4.5 to 1 for all text, by day and by night."""
    palette = colours(standing_site, scheme)
    lighter, darker = sorted((luminance(palette[text]), luminance(palette[ground])), reverse=True)

    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


class Outline(HTMLParser):
    """Collects what assistive software goes by, and checks that tags close in order."""

    VOID = frozenset({"meta", "link", "input", "img", "br"})

    def __init__(self) -> None:
        """Start with nothing open."""
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.wanted: list[str] = []
        self.headings: list[int] = []
        self.unlabelled = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag's id, what it refers to, and headings."""
        given = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        self.ids += [given["id"] or ""] if "id" in given else []
        for name in ("for", "aria-describedby"):
            self.wanted += (given.get(name) or "").split()
        if tag in {"h1", "h2", "h3"}:
            self.headings.append(int(tag[1]))
        if tag == "input" and given.get("type") != "hidden":
            self.wanted.append(given.get("id") or "an input without id")
        if tag == "img" and not given.get("alt"):
            self.unlabelled += 1
        if tag == "svg" and given.get("aria-hidden") != "true":
            self.unlabelled += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Shapes inside a mark close themselves."""

    def handle_endtag(self, tag: str) -> None:
        """Every tag closes the one opened last."""
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_are_in_order_for_assistive_software(site: Site, language: str) -> None:
    """One h1 first, every field labelled, every reference there, marks hidden because words say the same."""
    copy = site.issued()
    answers = [
        site.client.get(f"/verify?lang={language}", headers=HTML),
        site.client.get(f"/v/{copy['token']}?lang={language}", headers=HTML),
        site.client.post(f"/v/{copy['token']}?lang={language}", data={"name": "x"}, headers=HTML),
        site.client.post(f"/v/{copy['token']}?lang={language}", data={"name": "样本甲"}, headers=HTML),
        site.client.post(f"/verify?lang={language}", data={"code": "x" * 300}, headers=HTML),
        site.client.get(f"/nothing?lang={language}", headers=HTML),
    ]

    for answer in answers:
        outline = Outline()
        outline.feed(answer.text)
        assert outline.open == []
        assert len(outline.ids) == len(set(outline.ids))
        assert set(outline.wanted) <= set(outline.ids)
        assert outline.headings[0] == 1 and outline.headings.count(1) == 1
        assert outline.unlabelled == 0
        assert "{{" not in answer.text


def test_no_script_marks_with_a_class_that_pages_use(standing_site: Site) -> None:
    """A specialty that is over once looked like the place for a dropped file."""
    web = standing_site.world.settings.templates_dir / "web"
    marks = {
        name
        for script in web.glob("*.js")
        for name in re.findall(r'classList\.(?:add|toggle)\("([\w-]+)"', script.read_text("utf-8"))
    }
    used = {
        name
        for page in web.glob("*.html")
        for classes in re.findall(r'class="([^"]*)"', page.read_text("utf-8"))
        for name in re.findall(r"[\w-]+", classes)
    }

    assert "over" in used and marks
    assert not marks & used
