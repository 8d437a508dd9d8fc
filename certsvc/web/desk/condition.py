"""Keys and health: what each part says of itself, and how long each key lasts."""

from __future__ import annotations

from werkzeug.wrappers import Response as BaseResponse

from certsvc.domain.clock import beijing_day
from certsvc.errors import CertsvcError
from certsvc.sealing.key_choice import state_of
from certsvc.sealing.pki import COUNTED
from certsvc.web import health, rows, texts, texts_health
from certsvc.web.current import language, services
from certsvc.web.desk import pages, texts_overview
from certsvc.web.desk.door import bp, operator, role
from certsvc.web.readiness import OK


@bp.get("/health")
@role("admin")
def show_health() -> BaseResponse:
    """Show both."""
    lang, held = language(), services()
    t = texts.words(lang, texts_overview.OVERVIEW)
    parts = health.parts_now()
    now = held.clock.now()
    keys = held.keystore.keys
    uses = _uses([key.key_id for key in keys if key.use in COUNTED])
    return pages.answer(
        pages.render(
            "desk/health.html",
            operator(),
            texts_overview.OVERVIEW,
            well=all(state == OK for state in parts.values()),
            parts=[(t[part], state, _remedy(part, state)) for part, state in parts.items()],
            keys=[
                {
                    "id": key.key_id,
                    "use": key.use,
                    "state": t[f"state_{state_of(key, keys, now)}"],
                    "ends": rows.day(beijing_day(key.valid_to), lang),
                    "used": uses.get(key.key_id, 0) if key.use in COUNTED and uses is not None else None,
                }
                for key in keys
            ],
            cap=t["cap"].format(count=held.settings.key_daily_cap) if held.settings.key_daily_cap else "",
        )
    )


def _remedy(part: str, state: str) -> str:
    """Say what is wrong with a part and what to do; nothing of one that works."""
    if state == OK:
        return ""
    told = texts_health.told(part, state, language())
    return f"{told['detail']} {told['remedy']}"


def _uses(key_ids: list[str]) -> dict[str, int] | None:
    """Return the counts of today; None while the register cannot be asked, which the parts tell of."""
    held = services()
    try:
        with held.registry.reading() as session:
            return dict(session.key_uses(key_ids, beijing_day(held.clock.now())))
    except CertsvcError:
        return None
