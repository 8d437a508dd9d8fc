"""npm's ofd.js 0.2.6 in a headless Chromium: draws an OFD file and says what stands where."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from playwright.sync_api import Browser, FloatRect, Page

OFD: Final = "{http://www.ofdspec.org/2016}"
PIXELS_PER_MM: Final = 1 / 0.2642
"""ofd.js draws pictures at this scale whatever scale the page has."""
DENSITY: Final = 2
"""Screen pixels per CSS pixel."""
DPI: Final = 25.4 * PIXELS_PER_MM * DENSITY
"""Of the picture."""
ASKED_AS: Final = {"宋体": "SimSun", "黑体": "SimHei", "楷体": "KaiTi", "仿宋": "FangSong"}
"""Family in the file -> one of the families ofd.js asks the browser for instead."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom; millimetres from the page's top left corner, y down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One character."""

    text: str
    x_mm: float
    """Where its advance begins."""
    y_mm: float
    """Baseline."""
    box: Box
    """Its advance by the font's height, not its ink."""
    hidden: bool
    """Written for programs only, wholly transparent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One picture."""

    box: Box
    shown: bool
    """The browser could decode it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What ofd.js makes of the seal."""

    box: Box
    shown: bool
    name: str
    signature: bool
    """Its own check of the signer's signature."""
    digests: int
    """How many digests it found good; 0 when one of them is not the file's, or none was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One file as ofd.js draws it."""

    pages: int
    paper: Box
    runs: tuple[tuple[Letter, ...], ...]
    """In the order of the file, one for each text object."""
    outlines: tuple[Box, ...]
    """Of the filled paths."""
    images: tuple[Image, ...]
    seals: tuple[Seal, ...]
    errors: tuple[str, ...]
    """Of the console and uncaught."""
    picture: bytes
    """PNG at DPI."""

    @property
    def letters(self) -> tuple[Letter, ...]:
        """Every character of the page."""
        return tuple(letter for run in self.runs for letter in run)

    @property
    def text(self) -> str:
        """All text without white space, in the order of the file."""
        return "".join("".join(letter.text.split()) for letter in self.letters)


class OFDJS:
    """A browser with ofd.js in it."""

    def __init__(self, browser: Browser, script: Path) -> None:
        """Take a running browser and the script of the package."""
        self._browser = browser
        self._script = script

    def draw(self, file: bytes, *, digests_up_to: int = 0) -> Drawn:
        """Open and draw *file*; raises playwright's Error when ofd.js refuses it.

        Args:
            file: OFD bytes.
            digests_up_to: let it check the digests of parts of so many bytes; its SM3 is slow.
        """
        errors: list[str] = []
        with self._page(errors) as page:
            page.add_script_tag(path=self._script)
            told: dict[str, Any] = page.evaluate(
                Path(__file__).with_suffix(".js").read_text("utf-8"),
                {
                    "file": base64.b64encode(file).decode("ascii"),
                    "fonts": list(_fonts(file)),
                    "pixelsPerMM": PIXELS_PER_MM,
                    "references": _references(file),
                    "digestsUpTo": digests_up_to,
                },
            )
            picture = page.screenshot(full_page=True, clip=_clip(told["paper"]))
        return Drawn(
            pages=told["pages"],
            paper=_box(told["paper"]),
            runs=tuple(tuple(_letters(run)) for run in told["runs"]),
            outlines=tuple(map(_box, told["outlines"])),
            images=tuple(Image(box=_box(one["box"]), shown=one["shown"]) for one in told["images"]),
            seals=tuple(
                Seal(
                    box=_box(one["box"]),
                    shown=one["shown"],
                    name=one["name"],
                    signature=one["signature"],
                    digests=one["digests"],
                )
                for one in told["seals"]
            ),
            errors=tuple(errors),
            picture=picture,
        )

    @contextmanager
    def _page(self, errors: list[str]) -> Iterator[Page]:
        context = self._browser.new_context(
            viewport={"width": 1000, "height": 1400}, device_scale_factor=DENSITY
        )
        try:
            page = context.new_page()
            page.set_default_timeout(20_000)
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
            yield page
        finally:
            context.close()


def _fonts(file: bytes) -> Iterator[dict[str, str]]:
    """Yield the fonts of *file* under the families ofd.js asks for."""
    with zipfile.ZipFile(io.BytesIO(file)) as package:
        resources = ElementTree.fromstring(package.read("Doc_0/PublicRes.xml"))
        folder = f"Doc_0/{resources.get('BaseLoc')}"
        for font in resources.iter(f"{OFD}Font"):
            family = font.get("FamilyName") or font.get("FontName") or ""
            content = package.read(f"{folder}/{font.findtext(f'{OFD}FontFile')}")
            yield {
                "family": ASKED_AS.get(family, family),
                "content": base64.b64encode(content).decode("ascii"),
            }


def _references(file: bytes) -> int:
    """Count what the seal of *file* lists."""
    with zipfile.ZipFile(io.BytesIO(file)) as package:
        signature = ElementTree.fromstring(package.read("Doc_0/Signs/Sign_0/Signature.xml"))
    return sum(1 for _ in signature.iter(f"{OFD}Reference"))


def _letters(run: list[dict[str, Any]]) -> Iterator[Letter]:
    """Read one run; join the halves of characters beyond the first plane, which ofd.js sets one by one."""
    units = iter(run)
    for unit in units:
        text, x_mm, advance_mm = unit["unit"], unit["x"], unit["advance"]
        if "\ud800" <= text <= "\udbff":
            text = (text + next(units)["unit"]).encode("utf-16", "surrogatepass").decode("utf-16")
            # The half is as wide as a missing character; the whole is an ideograph, as wide as its size.
            advance_mm = unit["size"]
        yield Letter(
            text=text,
            x_mm=x_mm,
            y_mm=unit["y"],
            box=(x_mm, unit["box"][1], x_mm + advance_mm, unit["box"][3]),
            hidden=unit["hidden"],
        )


def _box(numbers: list[float]) -> Box:
    left, top, right, bottom = numbers
    return left, top, right, bottom


def _clip(paper: list[float]) -> FloatRect:
    return {"x": 0, "y": 0, "width": paper[2] * PIXELS_PER_MM, "height": paper[3] * PIXELS_PER_MM}
