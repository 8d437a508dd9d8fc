"""Which language and which kind of answer a caller wants, by headers that browsers send again and again."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from werkzeug.datastructures import LanguageAccept, MIMEAccept
from werkzeug.http import parse_accept_header

from certsvc.web.texts import Lang

_KEPT: Final = 512
"""Different headers kept with what they mean."""
_LONGEST: Final = 500
"""Characters of a header that is kept: nobody fills the memory with long ones."""

Kind = Literal["html", "json"]


def best_language(asked: str, header: str | None) -> Lang:
    """Choose the language: the one *asked* for by ``?lang=``, else by Accept-Language, else Chinese."""
    if asked in {"zh", "en"}:
        return "en" if asked == "en" else "zh"
    if header is None:
        return "zh"
    return _language(header) if len(header) <= _LONGEST else _language.__wrapped__(header)


def best_kind(header: str | None) -> Kind:
    """Choose between page and JSON by Accept; a page when either will do."""
    if header is None:
        return "html"
    return _kind(header) if len(header) <= _LONGEST else _kind.__wrapped__(header)


@lru_cache(maxsize=_KEPT)
def _language(header: str) -> Lang:
    accepted = parse_accept_header(header, LanguageAccept)
    best = accepted.best_match(["zh", "zh-CN", "zh-Hans", "en", "en-GB", "en-US"])
    return "en" if best is not None and best.startswith("en") else "zh"


@lru_cache(maxsize=_KEPT)
def _kind(header: str) -> Kind:
    best = parse_accept_header(header, MIMEAccept).best_match(
        ["text/html", "application/json"], default="text/html"
    )
    return "json" if best == "application/json" else "html"
