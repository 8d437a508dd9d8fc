"""Pictures as files hold them: what can be passed through is, and what is not whole is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from isal.isal_zlib import crc32
from PIL import Image

from certsvc.errors import DefectError
from certsvc.page.model import Picture
from certsvc.pdf.values import deflate

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_SPACES: Final = {1: b"Gray", 3: b"RGB"}
"""By the number of colours."""
_PNG_COLOURS: Final = {0: 1, 2: 3}
"""PNG colour type -> number of colours, of those types a PDF takes as they are."""
_TRANSPARENCY: Final = b"tRNS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """A picture as the stream of a PDF."""

    width: int
    height: int
    space: bytes
    """``RGB`` or ``Gray``, eight bits a colour."""
    packing: bytes
    """The filter, with its parameters where it has some."""
    content: bytes
    mask: Pixels | None = None
    """How opaque each pixel is; None for a wholly opaque picture."""


def check_picture(picture: Picture) -> None:
    """Refuse what is not a whole PNG or an RGB or grey JPEG; its bytes go into the file as they are.

    Raises:
        DefectError: names the field.
    """
    content = picture.content
    whole = _jpeg_size(content) is not None if picture.media == "image/jpeg" else _png_chunks(content)
    if not whole:
        raise DefectError(f"the {picture.field} image cannot be used")


def pixels_of(picture: Picture) -> Pixels:
    """Return a picture for a PDF: a JPEG and a plain PNG with their own packed bytes, others packed anew.

    Raises:
        DefectError: it is not what it says it is; names the field.
    """
    content = picture.content
    if picture.media == "image/jpeg":
        size = _jpeg_size(content)
        if size is None:
            raise DefectError(f"the {picture.field} image cannot be used")
        width, height, colours = size
        return Pixels(
            width=width, height=height, space=_SPACES[colours], packing=b"DCTDecode", content=content
        )
    chunks = _png_chunks(content)
    if not chunks:
        raise DefectError(f"the {picture.field} image cannot be used")
    head = chunks[0][1]
    if len(head) != 13:
        raise DefectError(f"the {picture.field} image cannot be used")
    depth, kind, interlaced = head[8], head[9], head[12]
    if (
        depth != 8
        or kind not in _PNG_COLOURS
        or interlaced
        or any(name == _TRANSPARENCY for name, _ in chunks)
    ):
        return _unpacked(picture)
    # A PDF knows PNG's own way of predicting pixels, so that the packed bytes stay as they are.
    width, height, colours = (
        int.from_bytes(head[:4], "big"),
        int.from_bytes(head[4:8], "big"),
        _PNG_COLOURS[kind],
    )
    return Pixels(
        width=width,
        height=height,
        space=_SPACES[colours],
        packing=b"FlateDecode /DecodeParms << /Predictor 15 /Colors %d /Columns %d >>" % (colours, width),
        content=b"".join(body for name, body in chunks if name == b"IDAT"),
    )


def _unpacked(picture: Picture) -> Pixels:
    """Decode a PNG and pack its pixels, transparency as a mask."""
    try:
        with Image.open(BytesIO(picture.content), formats=["PNG"]) as image:
            pixels = image.convert("RGBA")
    except (OSError, ValueError, Image.DecompressionBombError) as fault:
        raise DefectError(f"the {picture.field} image cannot be read") from fault
    alpha = pixels.getchannel("A")
    width, height = pixels.size
    mask = (
        None
        if alpha.getextrema() == (255, 255)
        else Pixels(
            width=width,
            height=height,
            space=b"Gray",
            packing=b"FlateDecode",
            content=deflate(alpha.tobytes()),
        )
    )
    return Pixels(
        width=width,
        height=height,
        space=b"RGB",
        packing=b"FlateDecode",
        content=deflate(pixels.convert("RGB").tobytes()),
        mask=mask,
    )


def _jpeg_size(content: bytes) -> tuple[int, int, int] | None:
    """Return width, height and number of colours of a JPEG that is whole; None for anything else."""
    if not content.startswith(b"\xff\xd8") or not content.endswith(b"\xff\xd9"):
        return None
    at = 2
    while at + 10 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        # SOF0 to SOF15 but DHT, JPG and DAC: precision, height, width, number of components.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = (int.from_bytes(content[at + n : at + n + 2], "big") for n in (5, 7))
            colours = content[at + 9]
            return (width, height, colours) if content[at + 4] == 8 and colours in _SPACES else None
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None


def _png_chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """Return kind and body of every chunk of a PNG whose every chunk is unharmed; [] for anything else."""
    if not content.startswith(_PNG):
        return []
    chunks = list(_chunks(content))
    kinds = [kind for kind, _ in chunks]
    whole = kinds[:1] == [b"IHDR"] and b"IDAT" in kinds and kinds[-1] == b"IEND" and b"" not in kinds
    return chunks if whole else []


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and body of every chunk, an empty kind for what is none."""
    at = len(_PNG)
    while at < len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        whole = end + 4 <= len(content) and crc32(content[at + 4 : end]) == int.from_bytes(
            content[end : end + 4], "big"
        )
        yield content[at + 4 : at + 8] if whole else b"", content[at + 8 : end]
        at = end + 4
