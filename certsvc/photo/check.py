"""``photo check``: every rule at once, refusing ones and advice, for a one-inch photo."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from certsvc.errors import Fault, ImageRejectedError
from certsvc.photo.extra import extra_bytes
from certsvc.photo.figure import Figure, figure_of
from certsvc.photo.ground import UNIFORM_SHARE, Ground, ground_of, small_copy
from certsvc.photo.light import light_of
from certsvc.photo.normalise import (
    PHOTO_LARGEST,
    PHOTO_MAX_BYTES,
    PHOTO_SMALLEST,
    RATIO_TOLERANCE_PERCENT,
    WHITE_FROM,
    is_photo_ratio,
    is_photo_size,
    normalise_photo,
    normalise_signature,
)
from certsvc.photo.opened import Picture, open_picture
from certsvc.photo.rules import Finding, Kind, Outcome, PhotoReport, Rule, Severity

HEAD: Final = (0.36, 0.66)
"""Width of the head, hair included, as a share of the photo's width."""
CROWN: Final = (0.02, 0.25)
"""Crown from the upper edge, as a share of the height."""
OFF_MIDDLE: Final = 0.08
"""How far the head may stand beside the middle, as a share of the width."""
BLURRED_BELOW: Final = 60.0
SHARP_FROM: Final = 90.0
"""Variance of the Laplacian; between the two nobody can tell. Measured: docs/decisions/photo-tool.md."""
DARK_BELOW, LIGHT_FROM = 50.0, 75.0
"""Mean grey level of the face; skins differ, so that only what is nearly black is called too dark."""
BRIGHT_TO, GLARING_ABOVE = 215.0, 230.0
FLAT_BELOW, CLEAR_FROM = 40, 60
"""Difference between the lightest and the darkest hundredth of the face."""


def check_photo(content: bytes) -> PhotoReport:
    """Judge a one-inch photo by every rule.

    Args:
        content: any bytes, untrusted; up to opened.MOST_PIXELS are decoded, so call it where that is bounded.

    Returns:
        the report; ``accepted`` is what normalise_photo() says.
    """
    return judge_photo(content, open_picture(content))


def judge_photo(content: bytes, picture: Picture) -> PhotoReport:
    """Judge a photo that is open already; arguments belong together."""
    findings = [*file_findings(content, picture, most=PHOTO_MAX_BYTES, formats=("JPEG", "PNG"))]
    if picture.size is not None:
        width, height = picture.size
        least, most = (f"{size[0]}×{size[1]}" for size in (PHOTO_SMALLEST, PHOTO_LARGEST))
        findings += [
            found("pixels", is_photo_size(width, height), f"{width}×{height}", "px", f"{least}–{most}"),
            found(
                "aspect",
                is_photo_ratio(width, height),
                f"{width / height:.3f}",
                "",
                f"{PHOTO_SMALLEST[0] / PHOTO_SMALLEST[1]:.3f} ±{RATIO_TOLERANCE_PERCENT}%",
            ),
        ]
    findings += extra_findings(content, picture)
    if picture.pixels is not None:
        figure = figure_of(picture.pixels)
        ground = figure.ground if figure is not None else ground_of(small_copy(picture.pixels))
        findings += [_white_ground(ground), _head_size(figure), _head_place(figure)]
        findings += _light(picture, figure)
    return concluded("photo", content, findings)


def file_findings(content: bytes, picture: Picture, *, most: int, formats: tuple[str, ...]) -> list[Finding]:
    """Judge a file before its picture: format, size, whether it can be opened."""
    findings = [
        found("format", picture.name in formats, picture.name, "", " / ".join(formats)),
        found("bytes", len(content) <= most, f"{len(content) / 1024:.0f}", "KB", f"≤ {most // 1024}"),
    ]
    if picture.name in ("JPEG", "PNG"):
        findings.append(_with(found("readable", picture.fault is None), picture.fault))
    return findings


def extra_findings(content: bytes, picture: Picture) -> list[Finding]:
    """Judge what a file carries besides its picture."""
    if picture.size is None:
        return []
    extra = extra_bytes(content)
    return [
        found("metadata", extra == 0, str(extra), "B", "0", severity="advice"),
        found("orientation", not picture.turned, severity="advice"),
    ]


def found(
    rule: Rule,
    passed: bool | None,
    value: str = "",
    unit: str = "",
    wanted: str = "",
    *,
    severity: Severity = "refuses",
) -> Finding:
    """Return a finding; *passed* None is "cannot tell"."""
    outcome = Outcome.CANNOT_TELL if passed is None else Outcome.PASSED if passed else Outcome.FAILED
    return Finding(rule=rule, outcome=outcome, severity=severity, value=value, unit=unit, wanted=wanted)


def concluded(kind: Kind, content: bytes, findings: list[Finding]) -> PhotoReport:
    """Ask the record-time check, which alone decides, and put its words where no rule has said so."""
    normalise = normalise_photo if kind == "photo" else normalise_signature
    try:
        normalise(content, pointer="")
    except ImageRejectedError as error:
        refused = any(one.severity == "refuses" and one.outcome is Outcome.FAILED for one in findings)
        if not refused:
            findings = [one for one in findings if one.rule != "readable"]
            findings.append(_with(found("readable", False), error.faults[0]))
        return PhotoReport(kind=kind, accepted=False, findings=tuple(findings))
    return PhotoReport(kind=kind, accepted=True, findings=tuple(findings))


def _with(finding: Finding, fault: Fault | None) -> Finding:
    return finding if fault is None else replace(finding, zh=fault.zh, en=fault.en)


def _white_ground(ground: Ground) -> Finding:
    passed = ground.darkest >= WHITE_FROM if ground.uniform else None
    value = (
        str(ground.darkest) if ground.uniform else f"{ground.share * 100:.0f}% / {UNIFORM_SHARE * 100:.0f}%"
    )
    return found("white_ground", passed, value, "", f"≥ {WHITE_FROM}", severity="advice")


def _head_size(figure: Figure | None) -> Finding:
    wanted = f"{HEAD[0] * 100:.0f}–{HEAD[1] * 100:.0f}"
    if figure is None:
        return found("head_size", None, "", "%", wanted, severity="advice")
    passed = HEAD[0] <= figure.head <= HEAD[1]
    return found("head_size", passed, f"{figure.head * 100:.0f}", "%", wanted, severity="advice")


def _head_place(figure: Figure | None) -> Finding:
    wanted = f"{CROWN[0] * 100:.0f}–{CROWN[1] * 100:.0f} / ±{OFF_MIDDLE * 100:.0f}"
    if figure is None:
        return found("head_place", None, "", "%", wanted, severity="advice")
    value = f"{figure.top * 100:.0f} / {(figure.middle - 0.5) * 100:+.0f}"
    passed = (
        not figure.cut_above and CROWN[0] <= figure.top <= CROWN[1] and abs(figure.middle - 0.5) <= OFF_MIDDLE
    )
    # No shoulders to be seen: cut off, or in clothes as white as the ground.
    told = passed if figure.shoulders or not passed else None
    return found("head_place", told, value, "%", wanted, severity="advice")


def _light(picture: Picture, figure: Figure | None) -> list[Finding]:
    assert picture.pixels is not None
    light = light_of(picture.pixels, figure)
    # Without a figure, what was measured may be the wall.
    known = figure is not None
    sharp = _between(light.sharpness, BLURRED_BELOW, SHARP_FROM)
    lit = _between(light.mean, DARK_BELOW, LIGHT_FROM)
    if light.mean > BRIGHT_TO:
        lit = False if light.mean > GLARING_ABOVE else None
    clear = _between(light.spread, FLAT_BELOW, CLEAR_FROM)
    return [
        found(
            "sharpness",
            sharp if known else None,
            f"{light.sharpness:.0f}",
            "",
            f"≥ {SHARP_FROM:.0f}",
            severity="advice",
        ),
        found(
            "light",
            lit if known else None,
            f"{light.mean:.0f}",
            "",
            f"{LIGHT_FROM:.0f}–{BRIGHT_TO:.0f}",
            severity="advice",
        ),
        found(
            "contrast",
            clear if known else None,
            f"{light.spread:.0f}",
            "",
            f"≥ {CLEAR_FROM}",
            severity="advice",
        ),
    ]


def _between(value: float, fails_below: float, passes_from: float) -> bool | None:
    """Return True from *passes_from* on, False below *fails_below*, None between."""
    return True if value >= passes_from else False if value < fails_below else None
