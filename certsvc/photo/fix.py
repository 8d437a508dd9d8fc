"""``photo fix``: what can be put right in a one-inch photo without touching the person in it.

Only the frame, the file and the ground change; a face is never retouched, sharpened or made larger. A file
the tool made comes back from it byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image, ImageChops, ImageFilter

from certsvc.photo.check import CROWN, HEAD, judge_photo
from certsvc.photo.figure import Figure, figure_of
from certsvc.photo.ground import difference
from certsvc.photo.jpeg import without_metadata
from certsvc.photo.normalise import PHOTO_KEPT_WIDTH, PHOTO_SMALLEST
from certsvc.photo.opened import Picture, open_picture
from certsvc.photo.rules import LARGEST_FIXED, Change, Fixed, PhotoReport, Rule

HEADS: Final = (0.5, 0.46, 0.54, 0.42, 0.58, 0.40, 0.62)
"""Widths of the head to frame it at, best first: shares of the photo's width, all well inside HEAD."""
CROWNS: Final = (0.10, 0.08, 0.13, 0.06, 0.16, 0.04, 0.20)
"""The same for the crown."""
MOST_CUT: Final = 0.25
"""Greatest share of a picture cut away when no figure is found in it: more might cut somebody."""
NEARLY_WHITE: Final = 185
"""Darkest channel from which a ground is made white: a darker one is not ours to change."""
WHITE_ENOUGH: Final = 245
MOST_TINT: Final = 16
"""Greatest difference between channels of a ground that is nearly white."""
_GROUND_TO, _FIGURE_FROM = 22, 46
"""Difference from the ground up to which a pixel is lightened in full, and from which not at all."""
_QUALITIES: Final = (92, 88, 82, 75, 65, 55)
_PASSES: Final = 4
_FIXABLE: Final[frozenset[Rule]] = frozenset({"bytes", "pixels", "metadata", "orientation"})
"""Rules that any rewriting puts right."""

Box = tuple[int, int, int, int]
"""Left, upper, right, lower, in pixels."""


@dataclass(frozen=True, slots=True)
class _Step:
    content: bytes
    changes: tuple[Change, ...]


def fix_photo(content: bytes) -> Fixed:
    """Put right what can be.

    Returns:
        the report before and after, what was changed, and the bytes: JPEG of exactly 5:7, at most 590x826,
        without metadata; the bytes that came when there was nothing to change; None when nothing we could
        make of it would be taken.
    """
    picture = open_picture(content)
    before = after = judge_photo(content, picture)
    changes: list[Change] = []
    now = content
    for _ in range(_PASSES):
        step = _one_pass(now, picture, after)
        if step is None or step.content == now:
            break
        now = step.content
        changes += [change for change in step.changes if change not in changes]
        picture = open_picture(now)
        after = judge_photo(now, picture)
    if not after.accepted:
        return Fixed(before=before, after=None, changes=(), content=None)
    return Fixed(before=before, after=after, changes=tuple(changes), content=now)


def _one_pass(content: bytes, picture: Picture, report: PhotoReport) -> _Step | None:
    """Make the next file; None when there is nothing to do or no way to do it."""
    failed = report.failed()
    if picture.pixels is None or picture.size is None:
        return None
    figure = figure_of(picture.pixels)
    framed = failed & {"aspect", "head_size", "head_place"}
    box = _frame(picture.pixels.size, figure, must="aspect" in failed) if framed else None
    if "aspect" in failed and box is None:
        return None
    whiten = figure is not None and _may_whiten(figure)
    if failed & _FIXABLE == {"metadata"} and box is None and not whiten and picture.name == "JPEG":
        return _Step(without_metadata(content)[0], ("stripped",))
    if not (failed & _FIXABLE) and box is None and not whiten:
        return None
    return _rewritten(picture, figure if whiten else None, box, failed)


def _rewritten(
    picture: Picture, whitened: Figure | None, box: Box | None, failed: frozenset[Rule]
) -> _Step | None:
    assert picture.pixels is not None
    assert picture.size is not None
    photo = picture.pixels
    changes: list[Change] = []
    if "orientation" in failed:
        changes.append("turned")
    if "metadata" in failed:
        changes.append("stripped")
    if whitened is not None:
        photo = _white(photo, whitened)
        changes.append("ground_whitened")
    if box is not None:
        photo = photo.crop(box)
        changes.append("cropped")
    # Within the tolerance of the ratio: as the register does it, what is over is cut.
    fifth = min(photo.width // 5, photo.height // 7)
    if (5 * fifth, 7 * fifth) != photo.size:
        left, top = (photo.width - 5 * fifth) // 2, (photo.height - 7 * fifth) // 2
        photo = photo.crop((left, top, left + 5 * fifth, top + 7 * fifth))
    if photo.width < PHOTO_SMALLEST[0]:
        return None
    if photo.width > PHOTO_KEPT_WIDTH:
        photo = photo.resize((PHOTO_KEPT_WIDTH, PHOTO_KEPT_WIDTH * 7 // 5), Image.Resampling.LANCZOS)
    if photo.width < (picture.size[0] if box is None else (box[2] - box[0]) * _reduced(picture)):
        changes.append("scaled")
    if picture.name != "JPEG":
        changes.append("converted")
    if "bytes" in failed:
        changes.append("compressed")
    return _Step(_jpeg(photo), tuple(changes))


def _reduced(picture: Picture) -> float:
    """Return how many pixels of the file one decoded pixel stands for, along a side."""
    assert picture.size is not None
    assert picture.pixels is not None
    return picture.size[0] / picture.pixels.width


def _frame(size: tuple[int, int], figure: Figure | None, *, must: bool) -> Box | None:
    """Return the 5:7 part of a picture that frames the figure; None when it cannot be.

    Args:
        size: of the picture.
        figure: who stands there.
        must: its ratio is wrong, so that some frame has to be found.
    """
    if figure is not None:
        for box in _around(size, figure):
            return box
    if not must:
        return None
    width, height = size
    fifth = min(width // 5, height // 7)
    if 1 - 35 * fifth * fifth / (width * height) > MOST_CUT:
        return None
    middle = width / 2 if figure is None else figure.middle * width
    left = round(min(max(0.0, middle - 2.5 * fifth), width - 5 * fifth))
    # What is over is cut below: above is the head.
    top = 0 if figure is not None else (height - 7 * fifth) // 2
    return (left, top, left + 5 * fifth, top + 7 * fifth)


def _around(size: tuple[int, int], figure: Figure) -> Iterator[Box]:
    """Yield frames in which the head is large enough, whole and in the middle, best first."""
    if figure.cut_above or not figure.shoulders:
        return
    width, height = size
    head, middle, crown = figure.head * width, figure.middle * width, figure.top * height
    for share in HEADS:
        assert HEAD[0] < share < HEAD[1]
        fifth = int(head / share / 5)
        if 5 * fifth < PHOTO_SMALLEST[0]:
            continue
        for above in CROWNS:
            assert CROWN[0] < above < CROWN[1]
            left, top = round(middle - 2.5 * fifth), round(crown - above * 7 * fifth)
            if left >= 0 and top >= 0 and left + 5 * fifth <= width and top + 7 * fifth <= height:
                yield (left, top, left + 5 * fifth, top + 7 * fifth)


def _may_whiten(figure: Figure) -> bool:
    """Tell whether a ground is grey by accident: nearly white, of one colour, without a tint.

    And whether the figure ends where it seems to: without shoulders, light clothes were taken for ground.
    """
    ground = figure.ground
    return figure.shoulders and NEARLY_WHITE <= ground.darkest < WHITE_ENOUGH and ground.tint <= MOST_TINT


def _white(photo: Image.Image, figure: Figure) -> Image.Image:
    """Make the ground white; the figure, and whatever it encloses, stays as it is to the pixel."""
    ground = figure.ground
    lift = 255 - min(ground.low, ground.darkest) + 2
    lifted = ImageChops.add(photo, Image.new("RGB", photo.size, (lift, lift, lift)))
    span = _FIGURE_FROM - _GROUND_TO
    soft = difference(photo, ground.colour).point(
        lambda apart: max(0, min(255, (_FIGURE_FROM - apart) * 255 // span))
    )
    # The shape is known on a small copy: its edge may be off by a pixel of that, never its inside.
    outside = ImageChops.invert(figure.mask.filter(ImageFilter.MinFilter(3)))
    outside = outside.resize(photo.size, Image.Resampling.BILINEAR).point(lambda v: 255 if v >= 128 else 0)
    return Image.composite(lifted, photo, ImageChops.darker(soft, outside))


def _jpeg(photo: Image.Image) -> bytes:
    """Return a baseline JPEG without metadata, as good as fits."""
    content = b""
    for quality in _QUALITIES:
        out = BytesIO()
        photo.save(out, "JPEG", quality=quality, optimize=True, progressive=False)
        content = out.getvalue()
        if len(content) <= LARGEST_FIXED:
            break
    return content
