"""A picture opened for the tool: larger ones than the register takes, so that they can be made smaller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PIL import Image

from certsvc.errors import Fault, ImageRejectedError
from certsvc.photo.decoding import Opened, open_header, upright_pixels

MOST_PIXELS: Final = 25_000_000
"""Of one picture: what phones take. Decoded it is 100 MB, of the gigabyte a reading child may have."""
ENOUGH: Final = (1180, 1652)
"""A larger JPEG is decoded at a half, quarter or eighth of its size, but never below this."""

_NAMES: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"%PDF", "PDF"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What could be opened of a file."""

    name: str
    """JPEG, PNG or another format by its first bytes; empty when they tell nothing."""
    size: tuple[int, int] | None = None
    """Width and height in pixels, once upright; None when not even the header could be read."""
    pixels: Image.Image | None = None
    """RGB, upright, on white; None when they could not be decoded."""
    alpha: Image.Image | None = None
    """Mode L, upright; None for a picture without transparency."""
    turned: bool = False
    """Whether it asks to be turned."""
    fault: Fault | None = None
    """Why it could not be opened, in the words of the record-time check."""


def open_picture(content: bytes) -> Picture:
    """Open a JPEG or PNG; whatever is wrong with it is told, nothing is raised."""
    name = _name_of(content)
    if name not in ("JPEG", "PNG"):
        return Picture(name=name)
    try:
        header = open_header(content, pointer="", formats=("JPEG", "PNG"), most_pixels=MOST_PIXELS)
    except ImageRejectedError as error:
        return Picture(name=name, fault=error.faults[0])
    size, turned = (header.width, header.height), header.turn is not None
    if header.image.mode in ("L", "RGB"):
        header.image.draft(header.image.mode, ENOUGH if size[0] <= size[1] else ENOUGH[::-1])
    try:
        pixels = upright_pixels(header, pointer="")
    except ImageRejectedError as error:
        return Picture(name=name, size=size, turned=turned, fault=error.faults[0])
    return Picture(name=name, size=size, pixels=pixels, alpha=_alpha(header), turned=turned)


def _alpha(header: Opened) -> Image.Image | None:
    if not header.image.has_transparency_data:
        return None
    alpha = header.image.convert("RGBA").getchannel("A")
    return alpha if header.turn is None else alpha.transpose(header.turn)


def _name_of(content: bytes) -> str:
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypheim"):
        return "HEIC"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "WebP"
    return next((name for magic, name in _NAMES if content.startswith(magic)), "")
