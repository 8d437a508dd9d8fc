"""What the photo tool answers, as models for the description of the API."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from certsvc.photo.rules import Change, Conclusion, Kind, Outcome, Rule, Severity


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow")


class PhotoRule(_Answer):
    """One rule: what was measured, what it is held against, and what to do."""

    rule: Rule
    name: str
    result: Outcome
    severity: Severity
    value: str | None
    unit: str | None
    wanted: str | None
    reason: str | None
    remedy: str | None


class PhotoReport(_Answer):
    """All rules for one picture; ``accepted`` is whether the register would take it."""

    kind: Kind
    conclusion: Conclusion
    heading: str
    accepted: bool
    rules: list[PhotoRule]


class PhotoChange(_Answer):
    """One thing that was done."""

    change: Change
    text: str


class PhotoFile(_Answer):
    """The file that was made."""

    media_type: Literal["image/jpeg", "image/png"]
    size: int
    sha256: str
    content: str
    """Base64."""


class FixedPhoto(_Answer):
    """What was made of a picture; ``file`` is null when nothing was changed."""

    kind: Kind
    fixed: bool
    before: PhotoReport
    after: PhotoReport | None
    changes: list[PhotoChange]
    not_fixed: list[PhotoRule]
    file: PhotoFile | None
