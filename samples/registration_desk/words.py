"""A sentence in the two languages the desk speaks."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


class Words(NamedTuple):
    """One text, Chinese first."""

    zh: str
    en: str

    def spoken(self, language: Language) -> str:
        """Return the text in *language*."""
        return self.en if language == "en" else self.zh
