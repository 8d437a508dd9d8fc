"""Pictures of QR symbols: drawn, photographed large, or held before a camera."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from certsvc.qr.encode import encode

_FRAME: Final = (1280, 720)
_QUIET: Final = 4


def draw_symbol(text: str, side: int) -> Image.Image:
    """Draw a QR symbol of *text* with its quiet zone, about *side* pixels wide."""
    modules = encode(text)
    size = len(modules)
    image = Image.new("L", (size, size), 255)
    image.putdata([0 if dark else 255 for row in modules for dark in row])
    image = ImageOps.expand(image, _QUIET, 255)
    scale = max(1, math.floor(side / image.width))
    return image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)


def photograph(text: str, size: tuple[int, int], *, turned: bool = False) -> bytes:
    """Return a JPEG of a symbol on a large sheet, as a phone takes it.

    Args:
        text: what the symbol says.
        size: pixels, as the picture is looked at.
        turned: the pixels lie on their side and EXIF says how to set them upright.
    """
    picture = Image.new("RGB", size, (225, 221, 212))
    symbol = draw_symbol(text, min(size) // 2)
    picture.paste(symbol, (size[0] // 8, size[1] // 8))
    exif = Image.Exif()
    if turned:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
        exif[0x0112] = 6
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92, exif=exif)
    return buffer.getvalue()


def hold_before_camera(text: str, film: Path) -> None:
    """Write a film (YUV4MPEG2) of a symbol held still, for a pretended camera; without text, of a wall."""
    frame = Image.new("L", _FRAME, 200)
    if text:
        symbol = draw_symbol(text, _FRAME[1])
        frame.paste(symbol, ((_FRAME[0] - symbol.width) // 2, (_FRAME[1] - symbol.height) // 2))
    grey = bytes([128]) * (_FRAME[0] * _FRAME[1] // 2)
    head = b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n" % _FRAME
    film.write_bytes(head + (b"FRAME\n" + frame.tobytes() + grey) * 2)
