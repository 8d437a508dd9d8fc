"""Step 5 for an OFD in the one way we write it: the same comparison of the same bytes, without a parser.

It says yes or nothing. Whatever is written in another way, or does not agree, is left to the thorough way,
which finds out what is wrong. What was compared once, a template page and its fonts, is known by its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from certsvc.errors import DefectError
from certsvc.issuing.preflight_glyphs import FontGlyphs, glyphs_of
from certsvc.issuing.preflight_ofd_labels import LABELS
from certsvc.issuing.preflight_ofd_steps import steps
from certsvc.issuing.preflight_pdf_fonts import UNPACKED
from certsvc.issuing.preflight_symbol import covers
from certsvc.ofd.draft import Draft
from certsvc.ofd.names import DECLARATION, DOCUMENT, DOCUMENT_RES, OFD, PAGE, PUBLIC_RES, TEMPLATE, XMLNS
from certsvc.ofd.own_container import OwnPart, open_own
from certsvc.ofd.own_page import CUT, Found, own_entrance
from certsvc.ofd.package import Package, read_package
from certsvc.ofd.parts import BrokenOFDError
from certsvc.page.fonts import MM_PER_PT
from certsvc.page.model import Page, Path, Picture, Symbol, TextRun

_NEAR_MM: Final = 0.01
"""As in the thorough way."""
_ENTRANCE: Final = (
    f"{DECLARATION}<ofd:OFD {XMLNS}><ofd:DocBody><ofd:DocRoot>{DOCUMENT}</ofd:DocRoot></ofd:DocBody>"
    "</ofd:OFD>"
).encode()
"""Leads where every OFD.xml of ours leads."""
_LISTS: Final = (DOCUMENT, PUBLIC_RES, DOCUMENT_RES)
_ENTITIES: Final = {
    "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#9;": "\t", "&#10;": "\n", "&#13;": "\r",
}  # fmt: skip
_ENTITY: Final = re.compile("&[^;]+;")
_IS_TEXT: Final = "text"
_IS_PATH: Final = "data"
_IS_IMAGE: Final = "resource"
"""The last group of an object tells what it is."""
_OF_TEXT: Final = (
    "text_box", "text_matrix", "font", "size", "colour", "alpha", "x", "y", "spread", "text",
)  # fmt: skip
_MOST_BOXES: Final = 1024

Item = TextRun | Path | Picture | Symbol


class _Template(NamedTuple):
    """What was compared with one template page."""

    static: tuple[object, ...]
    fonts: Mapping[str, FontGlyphs]
    """Those its texts are set in, by id."""
    agrees: bool
    outlines: tuple[tuple[float, ...], ...]
    """Boxes of the outlines it draws."""
    free: dict[tuple[float, ...], bool]
    """Box of a symbol -> whether no such outline stands just there."""


_templates: Final[WeakKeyDictionary[OwnPart, _Template]] = WeakKeyDictionary()


def agrees(draft: Draft, page: Page) -> bool:
    """Say whether a rendered OFD is written in our way and shows just what *page* says.

    Its parts are unpacked from the bytes that will stand in the sealed file. How they are laid down there is
    for the strict check, which sees the file itself.

    Args:
        draft: what was rendered.
        page: what was composed.
    """
    files = open_own((draft.entrance, *draft.parts), UNPACKED)
    if files is None or PAGE not in files or not own_entrance(files[OFD].content, sealed=True):
        return False
    package = _package(tuple(files), *(files[name].content if name in files else b"" for name in _LISTS))
    # The outlines of symbols are most of a page: they are compared whole and not read with the rest.
    drawn = files[PAGE].objects(["".join(blocks)[1:] for blocks in draft.symbols], LABELS.found)
    if package is None or drawn is None:
        return False
    fonts = {str(id_): glyphs_of(files[name].content) for id_, name in package.fonts.items()}
    images = {id_: files[name].content for id_, name in package.images.items()}
    template = _compared(page.static, files.get(TEMPLATE), fonts)
    as_meant = (
        template.agrees
        and _texts_agree(page.variable, drawn, fonts)
        and _pictures_agree(page.variable, drawn, images)
        and _symbols_agree(page.variable, draft.symbols, drawn, template)
    )
    if as_meant:
        files[PAGE].take_as_page()
    return as_meant


@lru_cache(maxsize=64)
def _package(names: tuple[str, ...], *lists: bytes) -> Package | None:
    """Follow a package, whatever is on its page; None when it is not one page over its template, unsigned."""
    files = {**dict.fromkeys(names, b""), **dict(zip(_LISTS, lists, strict=True)), OFD: _ENTRANCE}
    try:
        package = read_package({name: files[name] for name in names})
    except BrokenOFDError:
        return None
    whole = package.pages == (PAGE,) and package.templates == (TEMPLATE,) and not package.missing
    return package if whole else None


def _compared(
    static: tuple[TextRun | Path | Picture, ...], part: OwnPart | None, fonts: Mapping[str, FontGlyphs]
) -> _Template:
    """Compare the static items with the template page; once, for a page and fonts that come again."""
    if part is None:
        return _Template(static, {}, False, (), {})
    kept = _templates.get(part)
    if (
        kept is None
        or kept.static is not static
        or any(fonts.get(id_) is not glyphs for id_, glyphs in kept.fonts.items())
    ):
        drawn = part.objects() or []
        used = {found["font"] for found in drawn if found.lastgroup == _IS_TEXT}
        kept = _Template(
            static,
            {id_: glyphs for id_, glyphs in fonts.items() if id_ in used},
            # Pictures on a template are left to the thorough way.
            bool(drawn)
            and not any(isinstance(item, Picture) for item in static)
            and all(found.lastgroup != _IS_IMAGE for found in drawn)
            and _texts_agree(static, drawn, fonts),
            tuple([_box(found["path_box"]) for found in drawn if found.lastgroup == _IS_PATH]),
            {},
        )
        _templates[part] = kept
    return kept


def _texts_agree(items: Iterable[Item], drawn: Iterable[Found], fonts: Mapping[str, FontGlyphs]) -> bool:
    """Say whether the texts drawn are those of *items*, one object for each run, in their order."""
    runs = [item for item in items if type(item) is TextRun and item.text]
    texts = [found for found in drawn if found.lastgroup == _IS_TEXT]
    if len(runs) != len(texts):
        return False
    for run, found in zip(runs, texts, strict=True):
        if not LABELS.agree(run, found, fonts):
            if not _run_agrees(run, found.group(*_OF_TEXT), fonts):
                return False
            LABELS.keep(run, found, fonts)
    return True


def _run_agrees(run: TextRun, found: tuple[str | Any, ...], fonts: Mapping[str, FontGlyphs]) -> bool:
    """Compare text, place, size, colour and the glyph and advance of every character.

    Runs that are turned, faint or in several objects are left to the thorough way.
    """
    box, matrix, font, size, colour, alpha, x, y, spread, text = found
    if matrix is not None or alpha is not None or run.rotate_deg or run.opacity != 1.0:
        return False
    if (_ENTITY.sub(_character, text) if "&" in text else text) != run.text or colour != _rgb(run.colour):
        return False
    left, top, _ = box.split(" ", 2)
    size_mm = float(size)
    glyphs = fonts.get(font)
    return (
        glyphs is not None
        and abs(float(left) + float(x) - run.x_mm) <= _NEAR_MM
        and abs(float(top) + float(y) - run.y_mm) <= _NEAR_MM
        and abs(size_mm - run.size_pt * MM_PER_PT) <= _NEAR_MM
        and _advances_agree(run, spread or "", size_mm, glyphs)
    )


def _advances_agree(run: TextRun, spread: str, size_mm: float, glyphs: FontGlyphs) -> bool:
    """Demand a drawn glyph for each character, the next where this one ends."""
    try:
        advances = [glyphs[character][1] for character in run.text]
    except LookupError:
        return False
    told = list(_spread(spread)) if "g" in spread else spread.split()
    # The last character is followed by none.
    return len(told) == len(advances) - 1 and steps(size_mm, run.tracking_mm).agree(told, advances[:-1])


def _spread(written: str) -> Iterator[str]:
    """Yield the distances between characters; ``g count value`` says one several times. May end early."""
    words = iter(written.split())
    for word in words:
        if word != "g":
            yield word
            continue
        count, value = next(words, ""), next(words, "")
        if not count.isdecimal() or not value:
            return
        yield from repeat(value, int(count[:4]))


def _pictures_agree(items: Iterable[Item], drawn: Iterable[Found], images: Mapping[int, bytes]) -> bool:
    """Say whether the pictures drawn are those of *items*, byte for byte in their boxes, in their order."""
    meant = [item for item in items if isinstance(item, Picture)]
    found = [
        each.group("image_box", "image_matrix", "resource") for each in drawn if each.lastgroup == _IS_IMAGE
    ]
    return len(meant) == len(found) and all(
        images.get(int(resource)) == item.content
        and _near(_box(box), (item.x_mm, item.y_mm, item.width_mm, item.height_mm))
        and _near(_numbers(matrix), (item.width_mm, 0, 0, item.height_mm, 0, 0))
        for item, (box, matrix, resource) in zip(meant, found, strict=False)
    )


def _symbols_agree(
    items: Iterable[Item], blocks: Sequence[tuple[str, ...]], drawn: Sequence[Found], template: _Template
) -> bool:
    """Say whether the one outline where a symbol stands covers its dark modules and nothing else.

    Of the outlines put together from *blocks* each was taken out where it stood, and its number left there.
    """
    symbols = [item for item in items if isinstance(item, Symbol)]
    if len(symbols) != len(blocks):
        return False
    for count, symbol in enumerate(symbols, start=1):
        side_mm = len(symbol.modules) * symbol.module_mm
        box = (symbol.x_mm, symbol.y_mm, side_mm, side_mm)
        there = [
            found for found in drawn if found.lastgroup == _IS_PATH and _near(_box(found["path_box"]), box)
        ]
        if len(there) != 1 or not _is_free(box, template):
            return False
        fill, matrix, data = there[0].group("fill", "path_matrix", "data")
        try:
            if not fill or matrix is not None or data != CUT * count or not covers(blocks[count - 1], symbol):
                return False
        except DefectError:
            return False
    return True


def _is_free(box: tuple[float, ...], template: _Template) -> bool:
    """Say whether no outline of the template stands in *box*; few boxes come, and there are many outlines."""
    free = template.free.get(box)
    if free is None:
        if len(template.free) >= _MOST_BOXES:
            template.free.clear()
        free = template.free[box] = not any(_near(other, box) for other in template.outlines)
    return free


def _character(entity: re.Match[str]) -> str:
    return _ENTITIES[entity[0]]


@lru_cache(maxsize=64)
def _rgb(colour: str) -> str:
    """Write ``#rrggbb`` as OFD does."""
    return " ".join(map(str, bytes.fromhex(colour[1:])))


def _box(written: str) -> tuple[float, ...]:
    return tuple(map(float, written.split()))


def _numbers(written: str) -> tuple[float, ...]:
    try:
        return tuple(map(float, written.split()))
    except ValueError:
        return ()


def _near(some: tuple[float, ...], others: tuple[float, ...]) -> bool:
    return len(some) == len(others) and all(abs(a - b) < _NEAR_MM for a, b in zip(some, others, strict=True))
