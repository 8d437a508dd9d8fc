"""Specialties running out: a chart by month, the list, and the same as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlencode

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from certsvc.access.overview import Month
from certsvc.web.current import language, services
from certsvc.web.desk import pages, texts_overview
from certsvc.web.desk.door import bp, operator, role
from certsvc.web.texts import Lang, words

CHOICES: Final = (30, 90, 180, 365, 730)
WITHIN: Final = 180
_WIDTH: Final = 44
"""Of one month in the drawing."""
_HEIGHT: Final = 120
"""Of the highest bar."""
_COLUMNS: Final = (
    "registration_number",
    "specialty",
    "valid_to",
    "days_left",
    "renew_deadline",
    "renewable",
)


class Bar(NamedTuple):
    """One month of the chart."""

    x: int
    y: float
    height: float
    ending: int
    label: str
    title: str


@bp.get("/expiring")
@role("reader")
def show_expiring() -> BaseResponse:
    """Show what runs out."""
    lang, within = language(), _within()
    cursor = request.args.get("cursor") or None
    found = services().enquiry.expiring(within, cursor)
    months = services().doors.overview.months(within)
    t = words(lang, texts_overview.OVERVIEW)
    following = found["next_cursor"]
    return pages.answer(
        pages.render(
            "desk/expiring.html",
            operator(),
            texts_overview.OVERVIEW,
            lead=t["expiring_lead"].format(days=within),
            total=t["expiring_total"].format(count=sum(month.count for month in months)),
            within=within,
            choices=CHOICES,
            bars=bars(months, lang),
            width=len(months) * _WIDTH,
            items=found["items"],
            following=urlencode({"within_days": within, "cursor": following, "lang": lang})
            if following
            else None,
            first=urlencode({"within_days": within, "lang": lang}) if cursor else None,
        )
    )


@bp.get("/expiring.csv")
@role("reader")
def download_expiring() -> BaseResponse:
    """Download the whole list."""
    # Whole before it is sent: a list cut short by a database that went away would pass for all there is.
    answer = Response("".join(_lines(_within())), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="expiring.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def bars(months: Sequence[Month], lang: Lang) -> list[Bar]:
    """Draw a bar for each month."""
    t = words(lang, texts_overview.OVERVIEW)
    highest = max((month.count for month in months), default=0)
    drawn = []
    for place, month in enumerate(months):
        height = round(_HEIGHT * month.count / highest, 1) if highest else 0.0
        name = t["month"].format(year=month.first.year, month=month.first.month)
        drawn.append(
            Bar(
                x=place * _WIDTH,
                y=round(_HEIGHT - height, 1),
                height=height,
                ending=month.count,
                label=f"{month.first:%y-%m}",
                title=t["chart_month"].format(month=name, count=month.count),
            )
        )
    return drawn


def _within() -> int:
    text = request.args.get("within_days", "")
    return int(text) if text.isascii() and text.isdecimal() and 1 <= len(text) <= 4 else WITHIN


def _lines(within: int) -> Iterator[str]:
    """Write the list page by page; a byte order mark tells spreadsheets that it is UTF-8."""
    enquiry = services().enquiry
    yield "\ufeff" + ",".join(_COLUMNS) + "\r\n"
    cursor: str | None = None
    while True:
        found = enquiry.expiring(within, cursor)
        items = found["items"]
        assert isinstance(items, list)
        yield "".join(map(_line, items))
        following = found["next_cursor"]
        if following is None:
            return
        cursor = str(following)


def _line(item: Mapping[str, object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(["" if item[name] is None else item[name] for name in _COLUMNS])
    return out.getvalue()
