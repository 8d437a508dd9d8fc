"""Pages in two languages say the same: part for part, command for command, figure for figure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from certsvc.domain.report import Status, Verdict
from certsvc.domain.texts_errors import ERRORS
from certsvc.domain.texts_findings import FINDINGS
from certsvc.domain.wording import OFFICIAL

ROOT: Final = Path(__file__).resolve().parent.parent
DOCS: Final = ROOT / "docs"
TWINS: Final = sorted(path.name.removesuffix(".zh.md") for path in DOCS.glob("*.zh.md"))
_ITEM: Final = re.compile(r"^(?:\d+\.|-) ", re.MULTILINE)
_MARKED: Final = re.compile(r"`([^`]+)`")
_CAPITALS: Final = re.compile(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9_]+(?![A-Za-z0-9_])")
_CODES: Final = {*ERRORS, *FINDINGS, *OFFICIAL, *map(str, (*Status, *Verdict))}
_MARKUP: Final = re.compile(r"`[^`]+`|\]\([^)]*\)|<[^>]*>|^\d+\.", re.MULTILINE)
_FIGURE: Final = re.compile(r"(?<![\w.])(\d+(?:,\d{3})*(?:\.\d+)?) ?(万|million)?", re.ASCII)
_TIMES: Final = {"": 1, "万": 10_000, "million": 1_000_000}
_LINK: Final = re.compile(r'\]\(([^)]+)\)|src="([^"]+)"')


class Section(NamedTuple):
    """What a heading and all below it have in every language."""

    level: int
    blocks: list[str]
    """One word for each paragraph, list and table, with how long it is; code as it stands."""
    marked: set[str]
    """Whatever stands in backticks: commands, routes, settings, fields."""
    codes: set[str]
    """Those of errors, statuses and findings, in backticks or not."""
    figures: set[float]
    """Numbers in digits, but in markup."""
    links: set[str]


def blocks(page: str) -> list[str]:
    """Split a page at blank lines, but code, which may hold some."""
    found: list[str] = []
    for place, part in enumerate(re.split(r"^(```.*?^```)$", page, flags=re.MULTILINE | re.DOTALL)):
        found += [part] if place % 2 else [block for block in re.split(r"\n\s*\n", part.strip("\n")) if block]
    return found


def shape(block: str) -> str:
    """Name what a block is, and how much of it there is."""
    if block.startswith("```"):
        return block
    if block.startswith("|"):
        rows = block.splitlines()
        return f"table of {len(rows)} rows, {sorted({row.count('|') for row in rows})}"
    items = len(_ITEM.findall(block))
    return f"list of {items}" if items else "paragraph"


def figures(block: str) -> set[float]:
    """Return the numbers a reader is told: 25 million and 2500 万 are one."""
    found = _FIGURE.findall(_MARKUP.sub(" ", block))
    return {float(digits.replace(",", "")) * _TIMES[unit] for digits, unit in found}


def sections(page: str) -> list[Section]:
    """Read a page as the parts its headings make."""
    found: list[Section] = []
    for block in blocks(page):
        if heading := re.match(r"(#+) ", block):
            found.append(Section(len(heading[1]), [], set(), set(), set(), set()))
        here = found[-1]
        here.blocks.append(shape(block))
        if not block.startswith("```"):
            here.marked.update(_MARKED.findall(block))
            here.codes.update(_CODES.intersection(_CAPITALS.findall(block)))
            here.figures.update(figures(block))
            targets = {inline or picture for inline, picture in _LINK.findall(block)}
            here.links.update(target.replace(".zh.md", ".md") for target in targets)
    return found


def read(name: str) -> str:
    """Return a page of docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TWINS)
def test_both_languages_have_the_same_parts(name: str) -> None:
    """Who reads one language must not miss a step, a code or a setting that stands in the other."""
    english, chinese = sections(read(f"{name}.md")), sections(read(f"{name}.zh.md"))

    assert [section.level for section in chinese] == [section.level for section in english]
    for there, here in zip(english, chinese, strict=True):
        assert here == there


@pytest.mark.parametrize("name", TWINS)
def test_each_language_is_found_from_the_other_and_from_its_readme(name: str) -> None:
    """A translation nobody is led to is read by nobody."""
    assert f"\n\n[中文]({name}.zh.md)\n\n" in read(f"{name}.md")
    assert f"\n\n[English]({name}.md)\n\n" in read(f"{name}.zh.md")
    assert f"](docs/{name}.zh.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"](docs/{name}.md)" in (ROOT / "README.en.md").read_text(encoding="utf-8")
