"""Who looked a holder's certificate up: as much as the journal of look-ups knows, and no more."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from certsvc.access.own_certificates import OwnCertificate, is_endorsed
from certsvc.web import rows, texts, texts_my
from certsvc.web.texts import Lang

DAYS: Final = 30
_HOURS_SHOWN: Final = 40
_HEIGHT: Final = 64
"""Of the highest bar, in the drawing's units."""


class Bar(NamedTuple):
    """One day of the drawing."""

    x: int
    y: float
    height: float
    title: str


class DayLine(NamedTuple):
    """One day on which somebody looked."""

    day: str
    public: int
    client: int


class HourLine(NamedTuple):
    """Look-ups of one kind in one hour."""

    hour: str
    what: str
    way: str
    caller: str
    times: int


class LookUpTable(NamedTuple):
    """The last 30 days."""

    total: str
    bars: list[Bar]
    days: list[DayLine]
    hours: list[HourLine]


def lookup_table(own: OwnCertificate, lang: Lang) -> LookUpTable:
    """Tell the look-ups of one registration and of its copies, the latest first."""
    words = texts.words(lang, texts_my.MY)
    first = own.today - timedelta(days=DAYS - 1)
    recent = {
        lookup: count
        for lookup, count in own.lookups.items()
        if first <= date.fromisoformat(lookup.hour[:10]) <= own.today
    }
    by_day: Counter[tuple[date, str]] = Counter()
    for lookup, count in recent.items():
        by_day[date.fromisoformat(lookup.hour[:10]), lookup.caller] += count
    days = [first + timedelta(days=place) for place in range(DAYS)]
    totals = {day: by_day[day, "public"] + by_day[day, "client"] for day in days}
    names = {
        copy.copy_id: words["my_copy_nr"].format(number=copy.copy_number)
        if is_endorsed(copy)
        else words["my_original"]
        for copy in own.copies
    }
    hours = sorted(recent.items(), key=lambda item: (item[0].hour, item[0].copy_id or ""), reverse=True)
    highest = max(totals.values())
    return LookUpTable(
        total=words["my_lookups_total"].format(count=sum(totals.values())),
        bars=[_bar(place, day, totals[day], highest, lang) for place, day in enumerate(days)],
        days=[
            DayLine(rows.day(day, lang), by_day[day, "public"], by_day[day, "client"])
            for day in reversed(days)
            if totals[day]
        ],
        hours=[
            HourLine(
                hour=_hour(lookup.hour, lang),
                what=names.get(lookup.copy_id, "—") if lookup.copy_id else words["my_record_itself"],
                way=words[f"my_way_{lookup.way}"],
                caller=words[f"my_{lookup.caller}"],
                times=times,
            )
            for lookup, times in hours[:_HOURS_SHOWN]
        ],
    )


def _bar(place: int, day: date, count: int, highest: int, lang: Lang) -> Bar:
    height = round(_HEIGHT * count / highest, 1) if highest else 0.0
    return Bar(
        x=place * 10, y=round(_HEIGHT - height, 1), height=height, title=f"{rows.day(day, lang)}: {count}"
    )


def _hour(hour: str, lang: Lang) -> str:
    """Write ``2026-11-20T09`` as people read it: the day, and from when to when."""
    begins = datetime.fromisoformat(f"{hour}:00")
    return f"{rows.day(begins.date(), lang)} {begins:%H}:00–{begins:%H}:59"
