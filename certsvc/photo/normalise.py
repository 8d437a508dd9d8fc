"""The one-inch photo (一寸照片) and the signature image: checked, set upright, brought to one form.

Whatever is recorded has passed through here once; rendering takes the bytes as they are.
"""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image, ImageOps, ImageStat

from certsvc.photo.decoding import open_header, reject, upright_pixels

PHOTO_MAX_BYTES: Final = 1024 * 1024
PHOTO_SMALLEST: Final = (295, 413)
"""One inch, 25 x 35 mm, at 300 dpi."""
PHOTO_LARGEST: Final = (1500, 2100)
PHOTO_KEPT_WIDTH: Final = 590
"""One inch at 600 dpi; a larger photo is brought down to this width."""
RATIO_TOLERANCE_PERCENT: Final = 2
WHITE_FROM: Final = 200
"""Mean of the darkest channel from which a ground counts as white, of 255."""

SIGNATURE_MAX_BYTES: Final = 300 * 1024
SIGNATURE_SMALLEST: Final = (40, 16)
SIGNATURE_LARGEST: Final = (2400, 1600)
SIGNATURE_KEPT: Final = (1000, 500)
"""A box of 42 x 21 mm at 600 dpi; a larger signature is brought down into it."""
SIGNATURE_CONTRAST: Final = 64
"""Least difference of grey between stroke and paper; below it nobody can compare the signature."""


def normalise_photo(content: bytes, *, pointer: str) -> bytes:
    """Check a one-inch photo and return it as baseline RGB JPEG, exactly 5:7, without metadata.

    The colour of the ground is not judged here, see is_on_white(): the contract lists what refuses a photo.

    Args:
        content: JPEG or PNG bytes, untrusted.
        pointer: JSON pointer of the field, for the error.

    Returns:
        JPEG bytes, 295x413 to 590x826; the same bytes for the same input.

    Raises:
        ImageRejectedError: the first rule broken, with what to do about it.
    """
    if len(content) > PHOTO_MAX_BYTES:
        reject(
            pointer,
            "照片文件不能超过 1 MB，请压缩后再提交",
            "The photo file is over 1 MB; make it smaller and send it again.",
        )
    header = open_header(content, pointer=pointer, formats=("JPEG", "PNG"))
    width, height = header.width, header.height
    if not is_photo_size(width, height):
        reject(
            pointer,
            "照片尺寸须在 295×413 至 1500×2100 像素之间，请按一寸照片重新提供",
            "The photo must measure 295x413 to 1500x2100 pixels; provide it as a one-inch photo.",
        )
    if not is_photo_ratio(width, height):
        reject(
            pointer,
            "照片宽高比须为 295:413（误差不超过 2%），请按一寸照片裁剪后再提交",
            "The photo must be 295:413 wide to high, within 2 %; crop it as a one-inch photo and resend it.",
        )
    photo = upright_pixels(header, pointer=pointer)
    # 295:413 is 5:7 exactly. What is over at the sides, 2 % at most, is cut so that no face is stretched.
    fifth = min(PHOTO_KEPT_WIDTH, width, height * 5 // 7) // 5
    photo = ImageOps.fit(photo, (fifth * 5, fifth * 7), Image.Resampling.LANCZOS)
    out = BytesIO()
    photo.save(out, "JPEG", quality=90, optimize=True, progressive=False)
    return out.getvalue()


def normalise_signature(content: bytes, *, pointer: str) -> bytes:
    """Check a signature image and return it as 8-bit RGB PNG, opaque on white, without metadata.

    Args:
        content: PNG bytes, untrusted.
        pointer: JSON pointer of the field, for the error.

    Returns:
        PNG bytes, not interlaced, 1000x500 at most; the same bytes for the same input.

    Raises:
        ImageRejectedError: the first rule broken, with what to do about it.
    """
    if len(content) > SIGNATURE_MAX_BYTES:
        reject(
            pointer,
            "签名图片不能超过 300 KB，请压缩后再提交",
            "The signature file is over 300 KB; make it smaller and send it again.",
        )
    header = open_header(content, pointer=pointer, formats=("PNG",))
    if not is_signature_size(header.width, header.height):
        reject(
            pointer,
            "签名图片尺寸须在 40×16 至 2400×1600 像素之间，请重新提供",
            "The signature must measure 40x16 to 2400x1600 pixels; provide it again in that size.",
        )
    signature = upright_pixels(header, pointer=pointer)
    if signature_contrast(signature) < SIGNATURE_CONTRAST:
        reject(
            pointer,
            "签名图片中看不到清晰的笔迹，请用深色笔在白纸上签名后重新提供",
            "The signature shows no clear stroke; sign in dark ink on white paper and provide it again.",
        )
    signature.thumbnail(SIGNATURE_KEPT, Image.Resampling.LANCZOS)
    out = BytesIO()
    signature.save(out, "PNG", optimize=True)
    return out.getvalue()


def is_on_white(photo: bytes) -> bool:
    """Tell whether a normalised photo stands before a white ground, by its two upper corners.

    Advice for whoever checks photos, never a reason to refuse: shadow, age and scanners make white grey.
    """
    with Image.open(BytesIO(photo), formats=("JPEG",)) as image:
        side = image.width // 12
        corners = [image.crop((left, 0, left + side, side)) for left in (0, image.width - side)]
    return all(min(ImageStat.Stat(corner).mean) >= WHITE_FROM for corner in corners)


def is_photo_size(width: int, height: int) -> bool:
    """Tell whether a photo has neither too few nor too many pixels."""
    return _within(width, height, PHOTO_SMALLEST, PHOTO_LARGEST)


def is_photo_ratio(width: int, height: int) -> bool:
    """Tell whether a photo is 295:413 wide to high, within the tolerance."""
    narrow, tall = PHOTO_SMALLEST
    return abs(width * tall - height * narrow) * 100 <= RATIO_TOLERANCE_PERCENT * height * narrow


def is_signature_size(width: int, height: int) -> bool:
    """Tell whether a signature image has neither too few nor too many pixels."""
    return _within(width, height, SIGNATURE_SMALLEST, SIGNATURE_LARGEST)


def signature_contrast(signature: Image.Image) -> int:
    """Return the difference of grey between the darkest and the lightest pixel, of 255."""
    darkest, lightest = ImageStat.Stat(signature.convert("L")).extrema[0]
    return round(lightest - darkest)


def _within(width: int, height: int, smallest: tuple[int, int], largest: tuple[int, int]) -> bool:
    """Tell whether both sides lie within their limits, both included."""
    return smallest[0] <= width <= largest[0] and smallest[1] <= height <= largest[1]
