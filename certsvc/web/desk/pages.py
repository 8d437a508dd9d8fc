"""Pages of the desk: templates filled in, with the frame all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from flask import Response, render_template, request

from certsvc.access.operators import DONE
from certsvc.access.roles import ROLES
from certsvc.domain import wording
from certsvc.domain.clock import BEIJING
from certsvc.domain.text import Text
from certsvc.errors import Fault
from certsvc.registry.port_access import Operator, OperatorAction
from certsvc.web import cookies
from certsvc.web.current import assets, language, nonce, services
from certsvc.web.desk import texts
from certsvc.web.desk.roles_table import ALLOWED, entries, may
from certsvc.web.prepared import frame_of
from certsvc.web.texts import said, words

COOKIE = "certsvc-desk"
"""The desk's cookie, without the prefix it has under https."""


def answer(page: str, status: int = 200) -> Response:
    """Return a page as an answer; no page of the desk is kept anywhere."""
    response = Response(page, status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response


def render(template: str, who: Operator | None, *tables: Mapping[str, Text], **context: object) -> str:
    """Fill in a template of the desk.

    Args:
        template: below templates/web.
        who: the operator it is for; None before the login.
        tables: more texts for ``t``, besides the frame's.
        context: what else the template is given; it wins.
    """
    lang = language()
    frame = frame_of(services().settings, lang, of_address=request.method in {"GET", "HEAD"})
    here = request.url_rule.rule if request.url_rule is not None else ""
    return render_template(
        template,
        **{
            **frame,
            "t": words(lang, texts.DESK, *tables),
            "nonce": nonce(),
            "csrf": cookies.csrf_token(COOKIE),
            "who": None if who is None else who.name,
            "roles": frozenset() if who is None else who.roles,
            "entries": () if who is None or who.password_once else entries(who.roles),
            "here": here,
            "faults": (),
            "page_font": assets().desk_font,
            **context,
        },
    )


def told(faults: Sequence[Fault]) -> list[str]:
    """Return what is wrong in the reader's language."""
    return [fault.en if language() == "en" else fault.zh for fault in faults]


def login_page(*, name: str = "", refused: Text | None = None) -> str:
    """Compose the form for name and password."""
    faults = [] if refused is None else [said(refused, language())]
    return render("desk/login.html", None, name=name, faults=faults)


def password_page(who: Operator, faults: Sequence[Fault] = ()) -> str:
    """Compose the form for a new password."""
    return render("desk/password.html", who, once=who.password_once, faults=told(faults))


def confirm_page(
    who: Operator, kind: str, registration: Mapping[str, object], fields: Mapping[str, str]
) -> str:
    """Compose the question before something that nothing undoes; *fields* are sent again as they came."""
    return render(
        "desk/confirm.html",
        who,
        kind=kind,
        what=said(texts.ACTIONS[kind], language()),
        registration=registration,
        fields={name: fields.get(name, "") for name in ("action_id", "reason")},
    )


def faults_page(who: Operator, faults: Sequence[Fault]) -> str:
    """Compose what is wrong with the form of an action; the browser's way back has what was typed."""
    return render("desk/faults.html", who, faults=told(faults))


def action_page(who: Operator, action: OperatorAction) -> str:
    """Compose what became of one action."""
    return render(
        "desk/action.html", who, action=_shown(action), registration_link=_registration_link(who, action)
    )


def actions_page(
    who: Operator, found: Sequence[OperatorAction], query: Mapping[str, str], *, more: bool
) -> str:
    """Compose the list of actions; *query* is what it was asked by."""
    kept = {name: query.get(name, "") for name in ("operator", "number")}
    older = None
    if more:
        older = urlencode({**kept, "before": found[-1].seq, "lang": language()})
    return render(
        "desk/actions_list.html", who, actions=[_shown(one) for one in found], kept=kept, older=older
    )


def operators_page(
    who: Operator,
    everybody: Sequence[Operator],
    password_told: tuple[str, str] | None,
    faults: Sequence[Fault],
) -> str:
    """Compose the list of operators.

    Args:
        who: the admin.
        everybody: all operators.
        password_told: name and one-time password of somebody who was just given one.
        faults: what is wrong with the form that was sent.
    """
    lang = language()
    return render(
        "desk/operators.html",
        who,
        everybody=everybody,
        password_told=password_told,
        faults=told(faults),
        role_names={name: said(texts.ROLES[name], lang) for name in ROLES},
    )


def deeds() -> dict[str, object]:
    """Return what the template desk/actions.html needs besides ``number``, ``roles`` and the frame."""
    # Here, not above: deeds.py makes its answers of these pages.
    from certsvc.web.desk.deeds import RECORDED, new_action_id

    lang = language()
    return {
        "new_action_id": new_action_id,
        "events": [(kind, said(texts.ACTIONS[kind], lang)) for kind in RECORDED],
    }


def _registration_link(who: Operator, action: OperatorAction) -> str | None:
    route = "/desk/registrations/<number:number>"
    if action.target_kind != "registration" or ("GET", route) not in ALLOWED:
        return None
    return f"/desk/registrations/{quote(action.target_id)}" if may(who.roles, "GET", route) else None


def _shown(action: OperatorAction) -> dict[str, object]:
    """Return an action as templates show it."""
    lang = language()
    advice = None
    if action.outcome not in {None, DONE}:
        code = str(action.outcome)
        official = wording.OFFICIAL.get(code)
        advice = official or said(wording.error_text(code), lang)
    return {
        "id": action.action_id,
        "at": f"{action.at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
        "operator": action.operator,
        "what": said(texts.ACTIONS[action.action], lang),
        "target": action.target_id,
        "reason": action.reason,
        "state": {None: "unknown", DONE: "done"}.get(action.outcome, "refused"),
        "code": action.outcome,
        "advice": advice,
    }
