"""What the photo tool (照片处理工具) finds: one line for each rule, in words a program can act on.

Refusing rules say again what normalise_photo() and normalise_signature() refuse by, all at once; whether a
file would be recorded is decided by those two alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

Kind = Literal["photo", "signature"]
"""One-inch photo (一寸照片) or signature image (签名图像)."""
Severity = Literal["refuses", "advice"]
"""Whether the register refuses a file for it, or somebody should only have a look."""
Rule = Literal[
    "format",
    "bytes",
    "readable",
    "pixels",
    "aspect",
    "metadata",
    "orientation",
    "white_ground",
    "head_size",
    "head_place",
    "sharpness",
    "light",
    "contrast",
    "paper",
    "ink",
    "cropped",
    "transparent",
    "strokes",
]
Change = Literal[
    "turned",
    "stripped",
    "cropped",
    "scaled",
    "converted",
    "compressed",
    "ground_whitened",
    "ink_separated",
]
"""One thing the tool did to a picture."""


class Outcome(StrEnum):
    """What one rule came to."""

    PASSED = "passed"
    FAILED = "failed"
    CANNOT_TELL = "cannot_tell"


class Conclusion(StrEnum):
    """What all rules come to together."""

    PASSED = "passed"
    ADVICE = "advice"
    """It would be recorded; a rule of advice failed."""
    REFUSED = "refused"
    CANNOT_TELL = "cannot_tell"
    """It would be recorded, or could not be opened here; some rule could not be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule and what was measured for it."""

    rule: Rule
    outcome: Outcome
    severity: Severity
    value: str = ""
    """What was measured, as figures; empty when nothing could be."""
    unit: str = ""
    """Its unit; empty for words and plain numbers."""
    wanted: str = ""
    """What it is held against, in the same unit."""
    zh: str = ""
    """Sentence of the record-time check, where it says more than the rule's own text."""
    en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoReport:
    """All rules for one file."""

    kind: Kind
    accepted: bool
    """Whether the register would take the file as it is."""
    findings: tuple[Finding, ...]

    @property
    def conclusion(self) -> Conclusion:
        """Everything in one word; what refuses goes before what cannot be told."""
        if not self.accepted:
            unread = self.finding("readable")
            unread_here = unread is not None and unread.outcome is Outcome.CANNOT_TELL
            return Conclusion.CANNOT_TELL if unread_here else Conclusion.REFUSED
        outcomes = {finding.outcome for finding in self.findings}
        if Outcome.CANNOT_TELL in outcomes:
            return Conclusion.CANNOT_TELL
        return Conclusion.ADVICE if Outcome.FAILED in outcomes else Conclusion.PASSED

    def finding(self, rule: Rule) -> Finding | None:
        """Return what was found for *rule*; None when it was not asked."""
        return next((finding for finding in self.findings if finding.rule == rule), None)

    def failed(self) -> frozenset[Rule]:
        """Return the rules that failed."""
        return frozenset(one.rule for one in self.findings if one.outcome is Outcome.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """What the tool made of one file."""

    before: PhotoReport
    after: PhotoReport | None
    """None when no file could be made."""
    changes: tuple[Change, ...]
    """In the order they were made; empty when the file comes back byte for byte."""
    content: bytes | None
    """JPEG (photo) or PNG (signature) when changed; None when no file could be made."""

    @property
    def left(self) -> frozenset[Rule]:
        """Rules that still fail: somebody has to take another picture."""
        return (self.after or self.before).failed()


def unreadable_here(kind: Kind) -> PhotoReport:
    """Return the report on a file that could not be opened within the limits of time and memory."""
    finding = Finding(rule="readable", outcome=Outcome.CANNOT_TELL, severity="refuses")
    return PhotoReport(kind=kind, accepted=False, findings=(finding,))


LARGEST_FIXED: Final = 340 * 1024
"""Bytes of a file the tool makes: it has to pass, as base64, through the pipe of a reading child."""
