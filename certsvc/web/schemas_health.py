"""What the calls about health answer, as models for the description."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow")


class IllPart(_Answer):
    """What keeps a part of the service from working, and what its operator can do."""

    part: str
    code: str
    detail: str
    remedy: str


class Health(_Answer):
    """Alive, or ready with every part named."""

    status: Literal["ok"]
    parts: dict[str, str] | None = None
    ill: list[IllPart] | None = None
    """What does not keep this process from its work, and should be seen to."""
