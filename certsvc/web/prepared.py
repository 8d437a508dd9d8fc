"""Pages of reports filled in without the template engine: it runs once for each form a page can take.

Most of a page is the same for everybody whose certificate stands alike: the engine fills the template once
with marks in place of what differs (names, numbers, days), and the page is cut at the marks. What is put in
their place later is escaped as the engine does it. How a page looks stays the template's matter alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment
from markupsafe import escape

from certsvc.config import Settings
from certsvc.domain import wording
from certsvc.domain.report import Report
from certsvc.web import texts
from certsvc.web.assets import Assets
from certsvc.web.report_page import Unmasking, report_context
from certsvc.web.rows import Row
from certsvc.web.texts import Lang

TEMPLATE: Final = "report.html"
_KEPT: Final = 256
"""Forms of pages in memory; there are some dozens, by status, language and number of lines."""
_MARK: Final = re.compile("\ue000(\\d+)\ue001")
"""Characters for private use: no text of ours and no template holds them."""
_SPECIAL: Final = re.compile("[&<>'\"]")
NONCE, FONT = 0, 1
"""Places of what is no text of the page."""


@lru_cache(maxsize=8)
def _fields_shown(lang: Lang) -> Mapping[str, str]:
    return {name: texts.said(wording.field_text(name), lang) for name in texts.FIELDS_SHOWN}


def frame_of(settings: Settings, lang: Lang, *, of_address: bool, moment: str = "") -> dict[str, Any]:
    """Return what every page is given: the frame around what it says.

    Args:
        settings: address and issuer.
        lang: the reader's language.
        of_address: the page may be asked for again at its address. One that answers a POST cannot be; its
            form can. The address is never written out: what was typed into it would come back in the page.
        moment: the as_of that links of the page keep.
    """
    other = "zh" if lang == "en" else "en"
    here = "" if of_address else "/verify"
    return {
        "home": "",
        "t": texts.words(lang),
        "f": _fields_shown(lang),
        "lang": lang,
        "tag": "en" if lang == "en" else "zh-CN",
        "public_url": settings.public_url.rstrip("/"),
        "site": settings.public_url.partition("://")[2],
        "issuer_name": settings.issuer_name,
        "switch": f"{here}?{urlencode({'lang': other, **({'as_of': moment} if moment else {})})}",
        "moment": moment,
        "query": f"?lang={lang}",
    }


@dataclass(frozen=True, slots=True)
class Form:
    """A page cut at its marks."""

    pieces: tuple[str, ...]
    """Text, and empty places between."""
    places: tuple[tuple[int, int], ...]
    """Which piece takes which value."""
    missing: frozenset[str]
    """Characters of the text itself that the static font lacks."""


class ReportPages:
    """Makes the pages of reports; safe between threads."""

    def __init__(self, environment: Environment, assets: Assets, settings: Settings) -> None:
        """Take the templates, the fonts and what frames name."""
        self._environment = environment
        self._assets = assets
        self._settings = settings
        self._forms: dict[tuple[object, ...], Form] = {}

    def page(
        self,
        report: Report,
        *,
        full: bool,
        unmasking: Unmasking | None,
        lang: Lang,
        of_address: bool,
        nonce: str,
        photo: str | None = None,
        signature: str | None = None,
    ) -> str:
        """Return the page of a report; arguments as report_context() and frame_of() take them."""
        context = report_context(
            report,
            full=full,
            unmasking=unmasking,
            lang=lang,
            issuer_name=self._settings.issuer_name,
            photo=photo,
            signature=signature,
        )
        if full or context["as_of"] is not None or (unmasking is not None and unmasking.hidden):
            # Rarely asked for, and with pictures or what was typed in it: nothing to prepare.
            moment = report.as_of.isoformat() if context["as_of"] is not None else ""
            return self.rendered(context, lang, of_address=of_address, nonce=nonce, moment=moment)
        return self._filled(context, lang, of_address, nonce)

    def rendered(
        self, context: Mapping[str, Any], lang: Lang, *, of_address: bool, nonce: str, moment: str = ""
    ) -> str:
        """Return the page as the template engine makes it from end to end."""
        frame = frame_of(self._settings, lang, of_address=of_address, moment=moment)
        return self._environment.get_template(TEMPLATE).render({**frame, "nonce": nonce, **context})

    def form_of(
        self, report: Report, *, unmasking: Unmasking, lang: Lang, missing: frozenset[str]
    ) -> tuple[Form, list[str]]:
        """Return the form of the page of a record at its address, and what stands in its places.

        Args:
            report: about now.
            unmasking: the form with the whole name.
            lang: the reader's language.
            missing: what the static font lacks of the values.
        """
        context = report_context(
            report, full=False, unmasking=unmasking, lang=lang, issuer_name=self._settings.issuer_name
        )
        return self._form_of(context, lang, of_address=True, missing=missing), _values(context)

    def _form_of(
        self, context: Mapping[str, Any], lang: Lang, *, of_address: bool, missing: frozenset[str]
    ) -> Form:
        key = (lang, of_address, bool(missing), *_shape_of(context))
        form = self._forms.get(key)
        if form is None:
            if len(self._forms) >= _KEPT:
                self._forms.clear()
            form = self._forms[key] = self._prepare(context, lang, of_address, missing)
        return form

    def _filled(self, context: Mapping[str, Any], lang: Lang, of_address: bool, nonce: str) -> str:
        values = _values(context)
        text = "".join(values)
        missing = self._assets.missing(text)
        form = self._form_of(context, lang, of_address=of_address, missing=missing)
        if _SPECIAL.search(text) is not None:
            values = [str(escape(value)) for value in values]
        values[NONCE] = nonce
        missing |= form.missing
        values[FONT] = self._assets.font_of(missing) if missing else ""
        pieces = list(form.pieces)
        for place, value in form.places:
            pieces[place] = values[value]
        return "".join(pieces)

    def _prepare(
        self, context: Mapping[str, Any], lang: Lang, of_address: bool, missing: frozenset[str]
    ) -> Form:
        marks = (f"\ue000{number}\ue001" for number in range(1_000_000))
        nonce, font = next(marks), next(marks)
        own: set[str] = set()

        def page_font(text: str) -> str:
            own.update(self._assets.missing(_MARK.sub("", str(text))))
            return font if own or missing else ""

        marked = {**_marked(context, lambda: next(marks)), "page_font": page_font}
        pieces = _MARK.split(self.rendered(marked, lang, of_address=of_address, nonce=nonce))
        return Form(
            pieces=tuple(piece if place % 2 == 0 else "" for place, piece in enumerate(pieces)),
            places=tuple((place, int(pieces[place])) for place in range(1, len(pieces), 2)),
            missing=frozenset(own),
        )


def _values(context: Mapping[str, Any]) -> list[str]:
    """Return what differs from one page of a form to another, in the order in which _marked() takes marks."""
    unmasking: Unmasking | None = context["unmasking"]
    values = ["", "", context["checked_at"], context["checked_at_iso"], context["since"] or ""]
    values.append(unmasking.action if unmasking is not None else "")
    for name in ("certificate", "use", "issuing"):
        for row in context[name]:
            values.append(row.value)
            values += row.whole
    for line in context["lines"]:
        values += (line.name, line.valid_to, str(line.days_left))
    values += [check.message for check in context["checks"]]
    return values


def _shape_of(context: Mapping[str, Any]) -> tuple[object, ...]:
    """Return all the rest of what a page is made of: pages alike in it are of one form."""
    unmasking: Unmasking | None = context["unmasking"]
    return (
        *(context["tone"], context["heading"], context["advice"], context["since"] is None),
        *(context["original"], context["state_now"], context["tone_now"], context["wet"]),
        unmasking is None or unmasking.differs,
        unmasking is None,
        tuple(context["changed"]),
        tuple(context["idle"]),
        tuple(
            [
                (row.label, row.form, row.note, len(row.whole))
                for name in ("certificate", "use", "issuing")
                for row in context[name]
            ]
        ),
        (len(context["certificate"]), len(context["use"])),
        tuple([line.status for line in context["lines"]]),
        tuple(
            [(check.result, check.name, check.outcome, bool(check.message)) for check in context["checks"]]
        ),
    )


def _marked(context: Mapping[str, Any], mark: Callable[[], str]) -> dict[str, Any]:
    """Return *context* with a mark in place of each of its _values()."""
    unmasking: Unmasking | None = context["unmasking"]
    marked = {**context, "checked_at": mark(), "checked_at_iso": mark()}
    since, action = mark(), mark()
    marked["since"] = since if context["since"] else context["since"]
    marked["unmasking"] = None if unmasking is None else replace(unmasking, action=action)

    def row_marked(row: Row) -> Row:
        return row._replace(value=mark(), whole=tuple(mark() for _ in row.whole))

    for name in ("certificate", "use", "issuing"):
        marked[name] = [row_marked(row) for row in context[name]]
    marked["lines"] = [
        line._replace(name=mark(), valid_to=mark(), days_left=mark()) for line in context["lines"]
    ]
    messages = [mark() for _ in context["checks"]]
    marked["checks"] = [
        check._replace(message=message if check.message else "")
        for check, message in zip(context["checks"], messages, strict=True)
    ]
    return marked
