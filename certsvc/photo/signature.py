"""``photo check|fix --signature``: a signature image dark on white, cropped, on transparent ground."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image

from certsvc.photo.check import concluded, extra_findings, file_findings, found
from certsvc.photo.ink import Ink, ink_of
from certsvc.photo.normalise import (
    SIGNATURE_CONTRAST,
    SIGNATURE_KEPT,
    SIGNATURE_LARGEST,
    SIGNATURE_MAX_BYTES,
    SIGNATURE_SMALLEST,
    is_signature_size,
    signature_contrast,
)
from certsvc.photo.opened import Picture, open_picture
from certsvc.photo.rules import LARGEST_FIXED, Change, Finding, Fixed, PhotoReport, Rule

PAPER_FROM: Final = 200
"""Median grey of white paper, of 255."""
INK_TO: Final = 110
"""Grey of a dark stroke, of 255."""
CROPPED_FROM: Final = 40
"""Per cent of the picture the box around the ink covers."""
STROKES: Final = (1.0, 45.0)
"""Per cent of that box that is ink: less is a dot or a line, more a stamp or a blot."""
_MARGIN: Final = 0.06
_INK: Final = 24
"""Grey of the strokes the tool makes."""
_SOFT: Final = (0.25, 0.65)
"""Depths between which a stroke's edge fades, of the deepest."""
_LARGEST_READ: Final = (2400, 2400)
_PASSES: Final = 3
_FIXABLE: Final[frozenset[Rule]] = frozenset(
    {"format", "bytes", "pixels", "metadata", "orientation", "paper", "ink", "cropped", "transparent"}
)


def check_signature(content: bytes) -> PhotoReport:
    """Judge a signature image by every rule; ``accepted`` is what normalise_signature() says."""
    return _judge(content, open_picture(content))


def fix_signature(content: bytes) -> Fixed:
    """Tell the strokes from the paper and put them, dark, on a transparent ground, cropped.

    Returns:
        the report before and after, what was changed, and a PNG of grey and alpha, 1000x500 at most; the
        bytes that came when there was nothing to change; None when nothing we could make would be taken.
    """
    picture = open_picture(content)
    before = after = _judge(content, picture)
    changes: list[Change] = []
    now = content
    for _ in range(_PASSES):
        failed = after.failed()
        made = _separated(picture) if failed & _FIXABLE else None
        if made is None or made == now:
            break
        changes += [change for change in _changes(picture, failed) if change not in changes]
        now = made
        picture = open_picture(now)
        after = _judge(now, picture)
    if not after.accepted:
        return Fixed(before=before, after=None, changes=(), content=None)
    return Fixed(before=before, after=after, changes=tuple(changes), content=now)


def _judge(content: bytes, picture: Picture) -> PhotoReport:
    findings = file_findings(content, picture, most=SIGNATURE_MAX_BYTES, formats=("PNG",))
    if picture.size is not None:
        least, most = (f"{size[0]}×{size[1]}" for size in (SIGNATURE_SMALLEST, SIGNATURE_LARGEST))
        fits = is_signature_size(*picture.size)
        measured = f"{picture.size[0]}×{picture.size[1]}"
        findings.append(found("pixels", fits, measured, "px", f"{least}–{most}"))
    findings += extra_findings(content, picture)
    if picture.pixels is not None:
        contrast = signature_contrast(picture.pixels)
        findings.append(
            found("contrast", contrast >= SIGNATURE_CONTRAST, str(contrast), "", f"≥ {SIGNATURE_CONTRAST}")
        )
        findings += _ink_findings(picture, ink_of(picture.pixels))
    return concluded("signature", content, findings)


def _ink_findings(picture: Picture, ink: Ink) -> list[Finding]:
    assert picture.pixels is not None
    findings = [
        found("paper", ink.paper >= PAPER_FROM, str(ink.paper), "", f"≥ {PAPER_FROM}", severity="advice"),
        found("transparent", _is_transparent(picture), severity="advice"),
    ]
    least, most = STROKES
    if ink.box is None or ink.deepest < SIGNATURE_CONTRAST // 2:
        unseen: tuple[tuple[Rule, str], ...] = (
            ("ink", f"≤ {INK_TO}"),
            ("cropped", f"≥ {CROPPED_FROM}"),
            ("strokes", f"{least:.0f}–{most:.0f}"),
        )
        return [*findings, *(found(rule, None, "", "", wanted, severity="advice") for rule, wanted in unseen)]
    left, top, right, bottom = ink.box
    covered = 100 * (right - left) * (bottom - top) / (picture.pixels.width * picture.pixels.height)
    share = 100 * ink.share
    return [
        *findings,
        found("ink", ink.darkest <= INK_TO, str(ink.darkest), "", f"≤ {INK_TO}", severity="advice"),
        found(
            "cropped",
            covered >= CROPPED_FROM,
            f"{covered:.0f}",
            "%",
            f"≥ {CROPPED_FROM}",
            severity="advice",
        ),
        found(
            "strokes",
            _are_strokes(ink),
            f"{share:.0f}",
            "%",
            f"{least:.0f}–{most:.0f}",
            severity="advice",
        ),
    ]


def _are_strokes(ink: Ink) -> bool:
    """Tell whether as much of the box is ink as a pen leaves there."""
    return STROKES[0] <= 100 * ink.share <= STROKES[1]


def _is_transparent(picture: Picture) -> bool:
    """Tell whether most of the ground, by the picture's border, is transparent."""
    if picture.alpha is None:
        return False
    alpha = picture.alpha
    edge = b"".join(
        alpha.crop(box).tobytes()
        for box in (
            (0, 0, alpha.width, 1),
            (0, alpha.height - 1, alpha.width, alpha.height),
            (0, 0, 1, alpha.height),
            (alpha.width - 1, 0, alpha.width, alpha.height),
        )
    )
    return sum(one < 16 for one in edge) * 2 > len(edge)


def _separated(picture: Picture) -> bytes | None:
    """Return the strokes alone as a PNG; None when there are none to be seen, or what is there is none."""
    if picture.pixels is None:
        return None
    pixels = picture.pixels
    if max(pixels.size) > max(_LARGEST_READ):
        pixels = pixels.copy()
        pixels.thumbnail(_LARGEST_READ, Image.Resampling.LANCZOS)
    ink = ink_of(pixels)
    if ink.box is None or ink.deepest < SIGNATURE_CONTRAST // 2 or not _are_strokes(ink):
        return None
    low, high = (round(ink.deepest * part) for part in _SOFT)
    alpha = ink.depth.point(lambda level: max(0, min(255, (level - low) * 255 // max(1, high - low))))
    alpha = _with_margin(alpha.crop(ink.box))
    alpha.thumbnail(SIGNATURE_KEPT, Image.Resampling.LANCZOS)
    content = _png(alpha)
    while len(content) > min(LARGEST_FIXED, SIGNATURE_MAX_BYTES) and min(alpha.size) > SIGNATURE_SMALLEST[0]:
        alpha = alpha.resize((alpha.width * 3 // 4, alpha.height * 3 // 4), Image.Resampling.LANCZOS)
        content = _png(alpha)
    return content


def _with_margin(alpha: Image.Image) -> Image.Image:
    """Put a margin around the strokes, and as much more as the least size asks for."""
    wide = max(SIGNATURE_SMALLEST[0], alpha.width + 2 * max(2, round(_MARGIN * alpha.width)))
    high = max(SIGNATURE_SMALLEST[1], alpha.height + 2 * max(2, round(_MARGIN * alpha.height)))
    sheet = Image.new("L", (wide, high), 0)
    sheet.paste(alpha, ((wide - alpha.width) // 2, (high - alpha.height) // 2))
    return sheet


def _png(alpha: Image.Image) -> bytes:
    out = BytesIO()
    Image.merge("LA", (Image.new("L", alpha.size, _INK), alpha)).save(out, "PNG", optimize=True)
    return out.getvalue()


def _changes(picture: Picture, failed: frozenset[Rule]) -> list[Change]:
    """Name what separating the strokes puts right."""
    told: tuple[tuple[Change, bool], ...] = (
        ("turned", "orientation" in failed),
        ("stripped", "metadata" in failed),
        ("ink_separated", bool(failed & {"paper", "ink", "transparent"})),
        ("cropped", "cropped" in failed),
        ("scaled", "pixels" in failed),
        ("converted", picture.name != "PNG"),
        ("compressed", "bytes" in failed),
    )
    return [change for change, made in told if made]
