"""Opens strangers' files. Runs in a child process only: everything here may hang, crash or eat memory.

Nothing is fetched: no address a file names is ever followed.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from typing import Final

import pypdfium2
from PIL import Image
from pypdfium2 import raw as pdfium

from certsvc.ofd.package import read_package
from certsvc.ofd.parts import BrokenOFDError
from certsvc.ofd.salvage import salvage
from certsvc.ofd.xml import Element, parse_xml
from certsvc.qr.decode import LONGEST_SIDE, read_image

MAX_PIXELS: Final = 64_000_000
"""Of one picture, judged by its header before memory is asked for."""
MAX_PAGES: Final = 10
"""A longer document is judged by its seal alone: no page of it is drawn."""
MAX_OBJECTS: Final = 2_000
"""Drawn things on a page; a scan has a handful, or some hundred strips."""
COVERED: Final = 0.5
"""Share of a page that pictures cover when it is a scan; it may have margins, or be of a smaller sheet."""
SCAN_S: Final = 3.0
"""After so many seconds no further page is begun: hopeless pages must not end as an answer too late."""
_INVISIBLE: Final = 3
"""Text render mode of the words that scanners lay behind a picture."""
_LONGEST_ID: Final = 10
"""Digits."""


class DamagedError(Exception):
    """A picture cannot be decoded."""


class TooManyPixelsError(Exception):
    """A picture has more than MAX_PIXELS."""


def read_picture(content: bytes, *, photo: bool = True) -> tuple[str, ...]:
    """Return the QR texts in a PNG or JPEG.

    Args:
        content: a file.
        photo: whether a camera may have taken it; a scanner neither moves nor is out of focus.

    Raises:
        DamagedError: cut short, damaged, or neither of the two.
        TooManyPixelsError: over the limit.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(BytesIO(content), formats=("PNG", "JPEG"))
        if image.width * image.height > MAX_PIXELS:
            raise TooManyPixelsError
        # A JPEG is decoded grey and at the size that is looked at: a fraction of the time and memory.
        image.draft("L", (LONGEST_SIDE, LONGEST_SIDE))
        image.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as bomb:
        raise TooManyPixelsError from bomb
    except (MemoryError, TooManyPixelsError):
        raise
    except Exception as fault:
        raise DamagedError from fault
    return read_image(image, blurred=photo)


def read_scan(content: bytes) -> tuple[str, ...]:
    """Return the QR texts on those pages of an unsigned PDF that are pictures; () when none is one."""
    begun = time.monotonic()
    texts: dict[str, None] = {}
    try:
        document = pypdfium2.PdfDocument(content)
        for number in range(len(document) if len(document) <= MAX_PAGES else 0):
            page = document[number]
            if _is_scan(page):
                texts.update(dict.fromkeys(read_image(_drawn(page))))
            page.close()
            if time.monotonic() - begun > SCAN_S:
                break
        document.close()
    except pypdfium2.PdfiumError:
        # Our own reader could follow the file and pdfium cannot: what its pages show stays unread.
        return tuple(texts)
    return tuple(texts)


def read_ofd_scan(content: bytes) -> tuple[str, ...]:
    """Return the QR texts on those pages of an unsigned OFD that are pictures; () when none is one."""
    begun = time.monotonic()
    texts: dict[str, None] = {}
    try:
        # Others pack as they like. Nothing of a file without a seal depends on which copy of a name is read.
        files = {name: copies[0] for name, copies in salvage(content).items()}
        package = read_package(files)
        whole = _size(parse_xml(files[package.document]).find("CommonData"), "PageArea")
        for name in package.pages if len(package.pages) <= MAX_PAGES else ():
            for picture in _pictures(parse_xml(files[name]), whole):
                if time.monotonic() - begun > SCAN_S:
                    return tuple(texts)
                texts.update(dict.fromkeys(_read_if_whole(files.get(package.images.get(picture, ""), b""))))
    except BrokenOFDError:
        # The strict checker could follow the file and this cannot: what its pages show stays unread.
        return tuple(texts)
    return tuple(texts)


def _pictures(page: Element, whole: float) -> list[int]:
    """Return the ids of the pictures an OFD page consists of; none when it shows anything else.

    Args:
        page: the root of its content.
        whole: area of the document's pages, for a page that does not say its own.
    """
    drawn = list(islice(_drawn_on(page), MAX_OBJECTS + 1))
    pictures = [element for element in drawn if element.name == "ImageObject"]
    if len(drawn) > MAX_OBJECTS or any(element.name != "ImageObject" for element in drawn):
        return []
    covered = sum(_area(element.attributes.get("Boundary", "")) for element in pictures)
    size = _size(page, "Area") or whole
    ids = [element.attributes.get("ResourceID", "") for element in pictures]
    return (
        [int(id_) for id_ in ids if id_.isdecimal() and len(id_) <= _LONGEST_ID]
        if 0 < COVERED * size <= covered
        else []
    )


def _drawn_on(element: Element) -> Iterator[Element]:
    """Walk what an OFD page draws; a form behind it counts, whatever is on that."""
    for child in element.children:
        if child.name in ("TextObject", "PathObject", "ImageObject", "CompositeObject", "Template"):
            yield child
        else:
            yield from _drawn_on(child)


def _size(parent: Element | None, name: str) -> float:
    """Return the area of a page box, in square millimetres; 0 when it is not told."""
    area = parent.find(name) if parent is not None else None
    return 0.0 if area is None else _area(area.text_of("PhysicalBox"))


def _area(box: str) -> float:
    try:
        _, _, width, height = map(float, box.split())
    except ValueError:
        return 0.0
    return max(0.0, width) * max(0.0, height)


def _read_if_whole(content: bytes) -> tuple[str, ...]:
    try:
        return read_picture(content, photo=False)
    except (DamagedError, TooManyPixelsError):
        return ()


def _is_scan(page: pypdfium2.PdfPage) -> bool:
    """Tell whether a page is a picture: pictures cover it, none is too large to draw, no words are drawn."""
    left, bottom, right, top = (float(side) for side in page.get_bbox())
    covered = 0.0
    for number, thing in enumerate(page.get_objects(max_depth=4)):
        if number >= MAX_OBJECTS:
            return False
        if thing.type == pdfium.FPDF_PAGEOBJ_TEXT:
            if pdfium.FPDFTextObj_GetTextRenderMode(thing) != _INVISIBLE:
                return False
        elif thing.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            wide, high = thing.get_px_size()
            if wide * high > MAX_PIXELS:
                return False
            a, b, c, d = thing.get_bounds()
            covered += max(0.0, min(c, right) - max(a, left)) * max(0.0, min(d, top) - max(b, bottom))
    size = max(0.0, right - left) * max(0.0, top - bottom)
    return 0 < COVERED * size <= covered


def _drawn(page: pypdfium2.PdfPage) -> Image.Image:
    """Draw a page grey, as large as a reader looks at; hostile sizes end at one pixel."""
    wide, high = page.get_size()
    image = page.render(scale=LONGEST_SIDE / max(wide, high), grayscale=True, may_draw_forms=False).to_pil()
    assert isinstance(image, Image.Image)
    return image
