"""Bytes -> pixels, for pictures from strangers: no pixel is decoded before the header was judged."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Final, NoReturn

from PIL import Image, ImageFile

from certsvc.errors import Fault, ImageRejectedError
from certsvc.photo.jpeg import orientation_in, without_metadata

MAX_PIXELS: Final = 4_000_000
"""More than any picture we take may have; checked on the header, before memory is asked for."""
MAX_JPEG_SCANS: Final = 100
"""A progressive photo has about ten scans. Each walks the whole picture: 1 MB of empty ones took 38 s."""

_MAGIC: Final = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff"}
_BIT_DEPTH_AT: Final = 24
"""Place of the bit depth in a PNG: magic (8), length and type of IHDR (8), width and height (8)."""
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> what sets the picture upright."""


def reject(pointer: str, zh: str, en: str) -> NoReturn:
    """Raise ImageRejectedError with one sentence on what to do."""
    raise ImageRejectedError(Fault(pointer=pointer, zh=zh, en=en))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A picture whose header was judged; no pixel is decoded yet."""

    image: ImageFile.ImageFile
    turn: Image.Transpose | None
    """What sets it upright."""
    width: int
    """Pixels, once upright."""
    height: int
    """Pixels, once upright."""


def open_header(
    content: bytes, *, pointer: str, formats: tuple[str, ...], most_pixels: int = MAX_PIXELS
) -> Opened:
    """Open a JPEG or PNG far enough to know its size.

    Args:
        content: the file, untrusted.
        pointer: JSON pointer for the error.
        formats: those of ``JPEG`` and ``PNG`` that may come, told by their first bytes alone.
        most_pixels: more are refused; only the photo tool takes more than MAX_PIXELS, to make them fewer.

    Raises:
        ImageRejectedError: another format, animated, 16 bits a channel, too many pixels or scans, unreadable.
    """
    found = next((name for name, magic in _MAGIC.items() if content.startswith(magic)), "")
    if found not in formats:
        names = " / ".join(formats)
        reject(pointer, f"请提供 {names} 格式的图片文件", f"Provide the picture as a {names} file.")
    orientation = 1
    if found == "JPEG":
        content, orientation = without_metadata(content)
        if content.count(b"\xff\xda") > MAX_JPEG_SCANS:
            _damaged(pointer)
    try:
        image = Image.open(BytesIO(content), formats=(found,))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        _too_many_pixels(pointer)
    except Exception:  # noqa: BLE001  # a decoder fed by strangers: any error means the file is damaged
        _damaged(pointer)
    if image.width * image.height > most_pixels:
        _too_many_pixels(pointer)
    if found == "PNG":
        _check_png(image, content, pointer)
        # Only the block before the pixels: asking Pillow for EXIF would decode them.
        orientation = orientation_in(image.info.get("exif", b"").removeprefix(b"Exif\x00\x00"))
    width, height = image.size if orientation < 5 else image.size[::-1]
    return Opened(image=image, turn=_TURNS.get(orientation), width=width, height=height)


def upright_pixels(opened: Opened, *, pointer: str) -> Image.Image:
    """Decode the pixels, set them upright and lay them on white: 8-bit RGB without any metadata.

    Raises:
        ImageRejectedError: CMYK or another mode that has no certain colours, cut short or damaged.
    """
    image = opened.image
    if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
        reject(
            pointer, "请将图片另存为 RGB 颜色模式后再提交", "Save the picture in RGB colours and resend it."
        )
    try:
        image.load()
        upright = image if opened.turn is None else image.transpose(opened.turn)
        ground = Image.new("RGB", upright.size, "white")
        picture = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        ground.paste(picture, mask=picture if picture.mode == "RGBA" else None)
    except Exception:  # noqa: BLE001  # as in open_header
        _damaged(pointer)
    return ground


def _check_png(image: ImageFile.ImageFile, content: bytes, pointer: str) -> None:
    """Refuse a moving picture and one of 16 bits a channel."""
    if getattr(image, "is_animated", False):
        reject(pointer, "请提供静态图片，不能使用动态 PNG", "Provide a still picture, not an animated PNG.")
    if content[_BIT_DEPTH_AT] == 16:
        reject(
            pointer,
            "请将图片另存为每通道 8 位后再提交",
            "Save the picture with 8 bits per channel and send it again.",
        )


def _damaged(pointer: str) -> NoReturn:
    reject(
        pointer,
        "图片文件不完整或已损坏，请重新导出后再提交",
        "The picture is cut short or damaged; export it again and send it.",
    )


def _too_many_pixels(pointer: str) -> NoReturn:
    reject(
        pointer,
        "图片像素过多，请缩小后再提交",
        "The picture has too many pixels; make it smaller and send it again.",
    )
