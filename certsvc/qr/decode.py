"""QR symbols -> text: our own modules once before sealing, and whatever picture somebody hands in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Final

import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from certsvc.errors import DefectError
from certsvc.qr.deblur import deblurred

Reader = Callable[[Image.Image], tuple[str, ...]]
"""Grey picture -> the texts of all QR symbols found in it, each once, in the order found; () when none is."""

QUIET_MODULES: Final = 4
"""Width of the quiet zone (ISO/IEC 18004)."""
MODULE_PIXELS: Final = 4
_PIXELS: Final = bytes((255, 0)) + bytes(254)
"""Light modules are white, dark ones black."""
LONGEST_SIDE: Final = 3000
"""Pixels; larger pictures are brought down. A module of 0.75 mm on an A4 scan keeps 7 pixels."""
FILTERED_SIDE: Final = 1600
"""Pixels; filters and enlargements work on no more, so that a hopeless picture costs two seconds, not ten."""
PATIENCE_S: Final = 3.0
"""After so many seconds no further guess at how a photo was blurred is begun: an answer too late is none."""


def read_modules(modules: Sequence[Sequence[int]]) -> str:
    """Draw modules on white and read them back with zxing-cpp: a pixel each, and larger if that is too small.

    Raises:
        DefectError: the symbol does not read.
    """
    side = len(modules) + 2 * QUIET_MODULES
    # The margin behind one row and that before the next lie side by side.
    between, edge = bytes(2 * QUIET_MODULES), bytes(QUIET_MODULES * (side + 1))
    dots = b"%b%b%b" % (edge, between.join(map(bytes, modules)), edge)
    dots = dots.translate(_PIXELS)
    if not modules or len(dots) != side * side:
        raise DefectError("QR modules are not a square")
    found = _read_zxing(memoryview(dots).cast("B", (side, side)))
    if len(found) != 1:
        size = (side * MODULE_PIXELS,) * 2
        picture = Image.frombytes("L", (side, side), dots).resize(size, Image.Resampling.NEAREST)
        found = _read_zxing(picture)
    if len(found) != 1:
        raise DefectError("a QR symbol of ours does not read")
    return found[0]


@cache  # without libzbar0 every import of pyzbar would search the machine for it again
def readers() -> Mapping[str, Reader]:
    """Return the readers this machine has, best first; each tries its own ladder of scales and filters."""
    found: dict[str, Reader] = {"zxing-cpp": _climb(_read_zxing)}
    try:
        from pyzbar import pyzbar  # libzbar0 is optional: without it the import itself fails
    except (ImportError, OSError):
        return MappingProxyType(found)

    def read_zbar(picture: Image.Image) -> tuple[str, ...]:
        try:
            symbols = pyzbar.decode(picture, symbols=[pyzbar.ZBarSymbol.QRCODE])
        except Exception:  # noqa: BLE001  # ValueError on structured append, and whatever ctypes raises
            return ()
        return _each_once(symbol.data.decode("utf-8", "replace") for symbol in symbols)

    found["pyzbar"] = _climb(read_zbar)
    return MappingProxyType(found)


def read_image(image: Image.Image, *, blurred: bool = False) -> tuple[str, ...]:
    """Return the texts of the QR symbols in a photo or a rendered page; () when none can be read.

    zxing-cpp is asked first, pyzbar second; the first reader that finds anything decides.

    Args:
        image: any picture.
        blurred: whether a camera may have been moved or out of focus; a picture in which nothing is found
            then costs a second more, and PATIENCE_S at the very most.
    """
    begun = time.monotonic()
    try:
        picture = _grey(image)
    except Exception:  # noqa: BLE001  # a hostile picture may fail in any way once its pixels are asked for
        return ()
    if texts := next((texts for read in readers().values() if (texts := read(picture))), ()):
        return texts
    for sharp in deblurred(_within(picture, FILTERED_SIDE)) if blurred else ():
        texts = _read_zxing(sharp)
        if texts or time.monotonic() - begun > PATIENCE_S:
            return texts
    return ()


def _climb(read: Reader) -> Reader:
    """Make a reader that tries one rung of the ladder after the other until one finds something."""
    return lambda picture: next((texts for rung in _ladder(picture) if (texts := read(rung))), ())


def _ladder(picture: Image.Image) -> Iterator[Image.Image]:
    """Yield the picture as it is, then in other sizes, then cleaned; cheap and likely ones first."""
    yield picture
    for factor in (0.5, 1 / 3):
        yield _scaled(picture, factor)
    small = _within(picture, FILTERED_SIDE)
    yield _scaled(small, 1.5)
    yield small.filter(ImageFilter.MedianFilter(3))
    yield ImageOps.autocontrast(small, cutoff=2)
    yield ImageOps.equalize(small)
    yield small.filter(ImageFilter.UnsharpMask(radius=3, percent=200))


def _grey(image: Image.Image) -> Image.Image:
    """Return an 8-bit grey picture on white, brought down to what a reader can take."""
    image = _within(image, LONGEST_SIDE)
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image.convert("RGBA"))
    return image.convert("L")


def _within(image: Image.Image, side: int) -> Image.Image:
    """Return the picture with neither side over *side* pixels."""
    scale = side / max(image.size)
    return image if scale >= 1 else _scaled(image, scale)


def _scaled(image: Image.Image, factor: float) -> Image.Image:
    """Return the picture in another size, each side one pixel at least."""
    width, height = (max(1, round(side * factor)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BILINEAR)


def _read_zxing(picture: Image.Image | memoryview) -> tuple[str, ...]:
    """Read by zxing-cpp, QR only."""
    try:
        symbols = zxingcpp.read_barcodes(
            picture, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
        )
    except Exception:  # noqa: BLE001  # an extension module: any error means "not read"
        return ()
    return _each_once(symbol.text for symbol in symbols)


def _each_once(texts: Iterator[str]) -> tuple[str, ...]:
    """Return the texts without repetitions, in order."""
    return tuple(dict.fromkeys(texts))
