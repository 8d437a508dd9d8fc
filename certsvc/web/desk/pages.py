"""Pages of the desk: templates filled in, with the frame all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Response, g, render_template, request

from certsvc.domain.text import Text
from certsvc.errors import Fault
from certsvc.registry.port_access import Operator
from certsvc.web import cookies
from certsvc.web.current import language, nonce, services
from certsvc.web.desk import texts
from certsvc.web.desk.roles_table import entries
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
            **context,
        },
    )


def current() -> Operator | None:
    """Return who is logged in, if somebody is."""
    held = g.get("operator")
    return held if isinstance(held, Operator) else None


def told(faults: Sequence[Fault]) -> list[str]:
    """Return what is wrong in the reader's language."""
    return [fault.en if language() == "en" else fault.zh for fault in faults]


def login_page(*, name: str = "", refused: Text | None = None) -> str:
    """Compose the form for name and password."""
    faults = [] if refused is None else [said(refused, language())]
    return render("desk/login.html", None, name=name, faults=faults)


def home_page(who: Operator) -> str:
    """Compose the first page: what there is to do."""
    return render("desk/home.html", who)


def password_page(who: Operator, faults: Sequence[Fault] = ()) -> str:
    """Compose the form for a new password."""
    return render("desk/password.html", who, once=who.password_once, faults=told(faults))
