"""The one shape of every sentence shown to people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or label in both languages."""

    zh: str
    """Simplified Chinese, zh-CN."""
    en: str
