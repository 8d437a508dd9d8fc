"""What zipfile, expat and fontTools find in an OFD file; nothing of ofd/, gm/ or sealing/ is asked."""

from __future__ import annotations

import zipfile
import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from itertools import accumulate
from operator import xor
from posixpath import dirname, join, normpath
from typing import Final
from xml.etree import ElementTree

from fontTools.ttLib import TTFont, TTLibError
from PIL import Image

from certsvc.audit.judges.broken import JudgeError
from certsvc.audit.judges.pdf import symbols_in
from certsvc.audit.judges.xml import read_xml

OFD: Final = "{http://www.ofdspec.org/2016}"
_MOST_FILES: Final = 500
_MOST_BYTES: Final = 64_000_000
_PX_PER_MM: Final = 8
_QUIET_PX: Final = 32
_LEAST_LOOPS: Final = 40
"""Outlines in the drawing of a QR symbol; no ornament of a page has so many that are straight."""
_MOST_PX: Final = 4_000
"""Half a metre."""
_LIGHT: Final = 255
_SHADES: Final = bytes((_LIGHT, 0)) + bytes(254)
"""Of a point that is light, and of one that is dark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An OFD taken apart."""

    parts: Mapping[str, bytes]
    """By path, without a leading slash."""
    root: ElementTree.Element
    """OFD.xml."""

    def xml(self, path: str) -> ElementTree.Element:
        """Parse a part. JudgeError when it is missing or no XML."""
        if path not in self.parts:
            raise JudgeError("a part is missing")
        return read_xml(self.parts[path])

    @property
    def metadata(self) -> Mapping[str, str]:
        """E-licence metadata by their short names."""
        return {one.get("Name", ""): one.text or "" for one in self.root.iter(f"{OFD}CustomData")}


@lru_cache(maxsize=1)
def unpack(content: bytes) -> Package:
    """Take a package apart; the last one is remembered for who asks next.

    Raises:
        JudgeError: it is no ZIP, holds a name twice, is larger than any of ours, or OFD.xml is not first.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            listed = archive.infolist()
            names = [entry.filename for entry in listed]
            if len(names) > _MOST_FILES or sum(entry.file_size for entry in listed) > _MOST_BYTES:
                raise JudgeError("larger than any of ours")
            if len(set(names)) != len(names) or names[:1] != ["OFD.xml"]:
                raise JudgeError("a name twice, or OFD.xml is not first")
            parts = {entry.filename: archive.read(entry) for entry in listed}
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, zlib.error) as error:
        raise JudgeError(f"zipfile: {type(error).__name__}") from error
    return Package(parts=parts, root=read_xml(parts["OFD.xml"]))


def resolve(location: str, beside: str) -> str:
    """Return the part a location means: from the root with a leading slash, else beside where it stands."""
    return normpath(join(dirname(f"/{beside}"), location)).lstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one Signature.xml says."""

    path: str
    digests: Mapping[str, bytes]
    """SM3 by part."""
    seal_path: str
    value_path: str


def signatures_of(package: Package) -> Iterator[Listing]:
    """Yield the signatures the package leads to. JudgeError when one cannot be followed."""
    located = package.root.findtext(f"{OFD}DocBody/{OFD}Signatures")
    if not located:
        return
    listed_in = resolve(located, "OFD.xml")
    for one in package.xml(listed_in).findall(f"{OFD}Signature"):
        path = resolve(one.get("BaseLoc", ""), listed_in)
        root = package.xml(path)
        try:
            digests = {
                resolve(reference.get("FileRef", ""), path): b64decode(
                    reference.findtext(f"{OFD}CheckValue", ""), validate=True
                )
                for reference in root.iter(f"{OFD}Reference")
            }
        except Base64Error as error:
            raise JudgeError("a digest that is not Base64") from error
        yield Listing(
            path=path,
            digests=digests,
            seal_path=resolve(root.findtext(f"{OFD}SignedInfo/{OFD}Seal/{OFD}BaseLoc", ""), path),
            value_path=resolve(root.findtext(f"{OFD}SignedValue", ""), path),
        )


def texts_of(package: Package) -> Iterator[tuple[str, str]]:
    """Yield every text of the page, template first, with the id of its font, in the order of drawing."""
    for path in _pages(package):
        for shown in package.xml(path).iter(f"{OFD}TextObject"):
            for code in shown.iter(f"{OFD}TextCode"):
                yield shown.get("Font", ""), code.text or ""


def _pages(package: Package) -> Iterator[str]:
    document = resolve(package.root.findtext(f"{OFD}DocBody/{OFD}DocRoot", ""), "OFD.xml")
    for kind in ("TemplatePage", "Page"):
        for one in package.xml(document).iter(f"{OFD}{kind}"):
            yield resolve(one.get("BaseLoc", ""), document)


def missing_glyphs(package: Package) -> bool:
    """Tell whether a text uses a character that its font, which is in the package, has no glyph for."""
    fonts = dict(_fonts(package))
    for font, text in texts_of(package):
        covered = fonts.get(font)
        if covered is None or not {ord(char) for char in text if not char.isspace()} <= covered:
            return True
    return False


def _fonts(package: Package) -> Iterator[tuple[str, frozenset[int]]]:
    for path in package.parts:
        if path.endswith(("PublicRes.xml", "DocumentRes.xml")):
            root = package.xml(path)
            base = root.get("BaseLoc", "")
            for font in root.iter(f"{OFD}Font"):
                file = resolve(join(base, font.findtext(f"{OFD}FontFile", "")), path)
                if file not in package.parts:
                    raise JudgeError("a font is missing")
                yield font.get("ID", ""), _characters(package.parts[file])


@lru_cache(maxsize=32)
def _characters(font: bytes) -> frozenset[int]:
    """Return what a font has a glyph for; the one of a template comes back with every file."""
    try:
        with TTFont(BytesIO(font), lazy=True) as parsed:
            return frozenset(
                point for point, name in (parsed.getBestCmap() or {}).items() if name != ".notdef"
            )
    except (TTLibError, OSError, ValueError, KeyError, AssertionError) as error:
        raise JudgeError("a font that does not parse") from error


def symbols_of(package: Package) -> tuple[str, ...]:
    """Return the texts of the QR symbols, drawn from their outlines by Pillow and read by zxing-cpp."""
    return tuple(
        text
        for path in _pages(package)
        for drawn in package.xml(path).iter(f"{OFD}PathObject")
        for text in _symbol(drawn.findtext(f"{OFD}AbbreviatedData", ""))
    )


@lru_cache(maxsize=256)
def _symbol(data: str) -> tuple[str, ...]:
    words = data.split()
    if words.count("M") < _LEAST_LOOPS or not {word for word in words if word.isalpha()} <= {"M", "L", "C"}:
        return ()
    try:
        loops = [_loop(loop) for loop in data.split("M")[1:]]
    except ValueError as error:
        raise JudgeError("an outline that is not numbers") from error
    side = round(max(max(point) for loop in loops for point in loop))
    if side > _MOST_PX:
        return ()
    # Even-odd: a point is dark when an odd number of upright edges lies to its left.
    rows = [bytearray(side + 1) for _ in range(side)]
    for loop in loops:
        for (x, y), (next_x, next_y) in zip(loop, [*loop[1:], loop[0]], strict=True):
            if x == next_x:
                for row in rows[round(min(y, next_y)) : round(max(y, next_y))]:
                    row[round(x)] ^= 1
    dots = b"".join(bytes(accumulate(row[:side], xor)) for row in rows)
    picture = Image.new("L", (side + 2 * _QUIET_PX,) * 2, _LIGHT)
    picture.paste(Image.frombytes("L", (side, side), dots.translate(_SHADES)), (_QUIET_PX, _QUIET_PX))
    return symbols_in(picture)


def _loop(loop: str) -> list[tuple[float, float]]:
    numbers = [float(word) * _PX_PER_MM for word in loop.replace("L", " ").replace("C", " ").split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))
