"""Static files under names that carry their hash, and the fonts cut for our pages.

Any phone must show 𬭎 and 𫖯, so pages bring their own font: one subset with every character of our own
texts, a static file cached for ever, and per page one with what is left (a holder's name), inside the page
itself: a name in an address would end up in logs.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from certsvc.domain import texts_errors, texts_fields, texts_findings, texts_status, wording
from certsvc.domain.characters import EVERYDAY
from certsvc.domain.text import Text
from certsvc.page.fonts import FontChain
from certsvc.web import texts, texts_my

_SWAGGER: Final = ("swagger-ui.css", "swagger-ui-bundle.js", "index.css")
_MIME: Final = {"css": "text/css", "js": "text/javascript", "woff": "font/woff", "svg": "image/svg+xml"}
_JOINED: Final = re.compile(r'^(?:import|export) \{[^}]*\} from "\./[\w.]+";\n', re.MULTILINE)
"""How one of our scripts names another; in one piece neither needs it."""
_FONTS_KEPT: Final = 16
"""Fonts of pages that stand alone kept in memory, by their set of characters."""
_CHARACTERS_KEPT: Final = 8192
"""Fonts of one character kept in memory, a kilobyte each; names are made of fewer."""
_RESTS: Final = 9
"""A tenth of one processor for fonts cut ahead."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file."""

    content: bytes
    mimetype: str


class Assets:
    """Everything under /static, by name."""

    def __init__(self, folder: Path, fonts: FontChain, also: str, desk: str = "") -> None:
        """Read the files of *folder* and cut the font of our texts.

        Args:
            folder: templates/web.
            fonts: the chain to cut from.
            also: characters most pages show besides our own texts (the issuer's name, specialties).
            desk: texts of pages behind a login; what they need besides is a file that no other page loads.
        """
        self._by_name: dict[str, Asset] = {}
        self._urls: dict[str, str] = {}
        self._folder = folder
        self._texts: dict[str, str] = {}
        self._fonts = fonts
        self._known = frozenset("".join(_our_texts()) + also)
        self._unknown = re.compile(f"[^{re.escape(''.join(sorted(self._known)))}]")
        faces = fonts.woff_faces("".join(sorted(self._known)))
        rules = []
        for place, face in enumerate(faces):
            rules.append(_font_face(f"certsvc-{place}", self._add(f"certsvc-{place}.woff", face)))
        self.style = self.text("certsvc.css")
        self._add("certsvc.css", "\n".join((*rules, self.style)).encode())
        self._desk = self.missing(desk)
        more = [
            _font_face(f"desk-{place}", self._add(f"desk-{place}.woff", face))
            for place, face in enumerate(fonts.woff_faces("".join(sorted(self._desk))))
        ]
        self._add("desk.css", "\n".join((*more, self.text("desk.css"))).encode())
        self._add("my.css", self.text("my.css").encode())
        self._add("certsvc.svg", (folder / "certsvc.svg").read_bytes())
        self._add("desk.js", (folder / "desk.js").read_bytes())
        self._add("docs.js", (folder / "docs.js").read_bytes())
        self._add("verify.js", self.joined("symbol.js", "verify.js").encode())
        self._add("jsQR.js", (folder / "vendor" / "jsQR.js").read_bytes())
        swagger = files("flask_swagger_ui") / "dist"
        for name in _SWAGGER:
            self._add(name, (swagger / name).read_bytes())
        self._cut = lru_cache(maxsize=_FONTS_KEPT)(self._cut_font)
        self._one = lru_cache(maxsize=_CHARACTERS_KEPT)(self._cut_character)

    def read_ahead(self) -> None:
        """Begin to cut the fonts of everyday characters, beside other work: some seconds, over a minute."""
        threading.Thread(
            target=self.cut_ahead, args=("".join(EVERYDAY), time.sleep), name="fonts", daemon=True
        ).start()

    def cut_ahead(self, text: str, give_way: Callable[[float], None]) -> None:
        """Cut a font for each character of *text* that needs one, so that no page waits for it.

        Args:
            text: what names are made of.
            give_way: called after each with the seconds to rest.
        """
        for character in sorted(self.missing(text)):
            begun = time.perf_counter()
            self._one(character)
            give_way(_RESTS * (time.perf_counter() - begun))

    def url(self, name: str) -> str:
        """Return the address of the file called *name* in its folder."""
        return self._urls[name]

    def find(self, name: str) -> Asset | None:
        """Find a file by the name in its address."""
        return self._by_name.get(name)

    def text(self, name: str) -> str:
        """Return a file of the folder as text."""
        if name not in self._texts:
            self._texts[name] = (self._folder / name).read_text(encoding="utf-8")
        return self._texts[name]

    def joined(self, *names: str) -> str:
        """Return scripts as one: what they ask of each other stands above them.

        Under names with hashes they would not find each other, and a page saved to a disk has no other files.
        """
        return "\n".join(_JOINED.sub("", self.text(name)) for name in names)

    def own_font(self, text: str) -> str:
        """Return the CSS that brings *text* and what most names are made of, for a page that stands alone."""
        return self._cut(self._known | EVERYDAY | frozenset(text))

    def page_font(self, text: str) -> str:
        """Return the CSS that brings what the static font lacks of *text*; empty when nothing is missing."""
        return self.font_of(self.missing(text))

    def desk_font(self, text: str) -> str:
        """Return what page_font() does, for a page that has the fonts of desk.css besides."""
        return self.font_of(self.missing(text) - self._desk)

    def missing(self, text: str) -> frozenset[str]:
        """Return which characters of *text* the static font lacks."""
        return frozenset(self._unknown.findall(text))

    def font_of(self, characters: frozenset[str]) -> str:
        """Return the CSS that brings *characters*, each as a font of its own.

        Hardly two pages lack the same ones, but a register's names are made of some thousands: cut one by one
        they are cut once, where a font for each page would take longer than everything else on it.
        """
        return "".join(map(self._one, sorted(characters)))

    def _cut_font(self, characters: frozenset[str]) -> str:
        faces = self._fonts.woff_faces("".join(sorted(characters)))
        return "".join(_font_face(f"page-{place}", _data(face)) for place, face in enumerate(faces))

    def _cut_character(self, character: str) -> str:
        """Return the font of one character; all are one family, each for its own range."""
        faces = self._fonts.woff_faces(character)
        return "".join(
            _font_face("page-0", _data(face), f";unicode-range:U+{ord(character):X}") for face in faces
        )

    def _add(self, name: str, content: bytes) -> str:
        stem, _, ending = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:16]}.{ending}"
        self._by_name[hashed] = Asset(content, _MIME[ending])
        self._urls[name] = f"/static/{hashed}"
        return self._urls[name]


def _data(face: bytes) -> str:
    return f"data:font/woff;base64,{base64.b64encode(face).decode()}"


def _font_face(family: str, url: str, only: str = "") -> str:
    return f'@font-face{{font-family:"{family}";font-display:swap;src:url("{url}") format("woff"){only}}}'


def _our_texts() -> Iterator[str]:
    """Yield every sentence a page may show that is not data, and the printable ASCII characters."""
    yield "".join(map(chr, range(0x20, 0x7F)))
    yield "·—–…“”‘’，。、；：？！（）「」《》×年月日男女第份共"
    yield from wording.OFFICIAL.values()
    yield from texts_errors.OFFICIAL_GLOSS.values()
    for table in (
        texts.PAGE,
        texts.PROBLEMS,
        texts.RESULTS,
        texts_my.MY,
        texts_errors.ERRORS,
        texts_findings.FINDINGS,
        texts_fields.FIELDS,
        texts_fields.CHECKS,
        texts_status.HEADINGS,
        texts_status.ADVICE,
    ):
        for text in table.values():
            yield from (text.zh, text.en)
    loose: tuple[Text, ...] = (
        *(texts_status.RECORD_HEADING, texts_status.RECORD_ADVICE),
        *(texts_status.CODE_ALTERED_HEADING, texts_status.CODE_ALTERED_ADVICE),
        *texts.loose(),
    )
    for text in loose:
        yield from (text.zh, text.en)
