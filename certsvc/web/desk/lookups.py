"""What is looked up most, and requests that look like guessing."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from certsvc.access.overview import LookedUp
from certsvc.web import observe, rows, texts
from certsvc.web.current import language, services
from certsvc.web.desk import pages, texts_overview
from certsvc.web.desk.door import bp, operator, role

CHOICES: Final = (1, 7, 30)
_REFUSED: Final = 429
_NOWHERE: Final = 404


@bp.get("/lookups")
@role("auditor")
def show_lookups() -> BaseResponse:
    """Show both."""
    days = next((one for one in CHOICES if str(one) == request.args.get("days")), CHOICES[0])
    lang = language()
    t = texts.words(lang, texts_overview.OVERVIEW)
    answered = observe.answered({_REFUSED, _NOWHERE})
    return pages.answer(
        pages.render(
            "desk/lookups.html",
            operator(),
            texts_overview.OVERVIEW,
            lead=t["lookups_lead"].format(days=days),
            days=days,
            choices=[(one, t[f"days_{one}"]) for one in CHOICES],
            found=[_facts(one) for one in services().doors.overview.looked_up(days)],
            odd=sorted(
                (endpoint, its.get(_REFUSED, 0), its.get(_NOWHERE, 0)) for endpoint, its in answered.items()
            ),
        )
    )


def _facts(one: LookedUp) -> dict[str, object]:
    lang = language()
    t = texts.words(lang, texts_overview.OVERVIEW)
    hour = ""
    if one.busiest_hour:
        begins = datetime.fromisoformat(f"{one.busiest_hour}:00")
        hour = f"{rows.day(begins.date(), lang)} {begins:%H}:00"
    return {
        "number": one.registration_number,
        "damaged": one.damaged,
        "total": one.total,
        "public": one.by_public,
        "clients": one.total - one.by_public,
        "ways": [(t[f"way_{way}"], count) for way, count in sorted(one.by_way.items())],
        "hour": hour,
        "in_it": one.in_it,
    }
