"""The door of the desk: who is there, and whether they may; login and logout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import structlog
from apiflask import APIBlueprint, APIFlask
from flask import Response, g, redirect, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response as BaseResponse

from certsvc.access.operators import normal_name
from certsvc.access.roles import ROLES, Role
from certsvc.access.throttle import DEVICE, KNOWN_FOR, login_budgets
from certsvc.errors import (
    DefectError,
    Fault,
    InvalidFieldError,
    RateLimitedError,
    RoleMissingError,
    UnsupportedTypeError,
)
from certsvc.registry.port_access import Operator
from certsvc.web import cookies, limits
from certsvc.web.body import form_fields
from certsvc.web.current import request_id, services
from certsvc.web.desk import pages, texts
from certsvc.web.desk.roles_table import ALLOWED, NOBODY, WITH_ONE_TIME_PASSWORD

bp = APIBlueprint("desk", __name__, url_prefix="/desk", enable_openapi=False)

PREFIX: Final = "/desk"
COOKIE: Final = pages.COOKIE
DEVICE_COOKIE: Final = "certsvc-desk-device"
LOGIN: Final = "/desk/login"
PASSWORD: Final = "/desk/password"  # noqa: S105  an address
_FIELD_MAX: Final = 400
_FORM: Final = "application/x-www-form-urlencoded"
_ROLES: Final = "certsvc_roles"

_log = structlog.get_logger("certsvc.desk")
_V = TypeVar("_V", bound=Callable[..., object])


def role(*roles: Role) -> Callable[[_V], _V]:
    """Say beside a view who may call it; the start compares it with the table, which is what the guard reads.

    Without *roles* every operator may.
    """

    def marked(view: _V) -> _V:
        setattr(view, _ROLES, frozenset(roles or ROLES))
        return view

    return marked


def operator() -> Operator:
    """Return who is logged in; only behind the guard."""
    held = g.operator
    assert isinstance(held, Operator)
    return held


def register(app: APIFlask) -> None:
    """Put the guard before every route under /desk, and refuse to start where the table does not fit."""
    check_table(app)
    app.before_request(_guard)
    app.after_request(_close)


def check_table(app: APIFlask) -> None:
    """Compare the table of roles with the routes and with what views say of themselves.

    Raises:
        DefectError: a route is not in the table, a row has no route, or a view says something else.
    """
    routes = {}
    for rule in app.url_map.iter_rules():
        if rule.rule == PREFIX or rule.rule.startswith(f"{PREFIX}/"):
            view = app.view_functions[rule.endpoint]
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                routes[method, rule.rule] = getattr(view, _ROLES, NOBODY)
    if routes != ALLOWED:
        differ = {key for key in {*routes, *ALLOWED} if routes.get(key) != ALLOWED.get(key)}
        raise DefectError(f"routes of the desk and the table of roles differ: {sorted(differ)}")


def _guard() -> BaseResponse | None:
    """Let through who may call the route; before the body is read, but for the token of a form."""
    rule = request.url_rule
    if not (request.path == PREFIX or request.path.startswith(f"{PREFIX}/")):
        return None
    if rule is None:
        return None
    method = "GET" if request.method == "HEAD" else request.method
    allowed = ALLOWED.get((method, rule.rule))
    if allowed is None:
        # OPTIONS, which nothing here needs.
        raise MethodNotAllowed
    found = _who()
    if allowed is not NOBODY:
        if found is None:
            return redirect(LOGIN, 303)
        if found.password_once and rule.rule not in WITH_ONE_TIME_PASSWORD:
            return redirect(PASSWORD, 303)
        if allowed.isdisjoint(found.roles):
            raise RoleMissingError
        g.operator = found
    if method != "GET":
        if request.mimetype != _FORM:
            raise UnsupportedTypeError
        cookies.check_form(COOKIE)
    return None


def _who() -> Operator | None:
    """Return the operator whose session the cookie names, if both are good now."""
    doors = services().doors
    session = doors.sessions.find(cookies.read_cookie(COOKIE))
    if session is None or session.principal.kind != "operator":
        return None
    found = doors.operators.find(session.principal.id)
    if found is None or session.created_at < found.password_at:
        return None
    return found


def _close(response: Response) -> Response:
    """Have browsers name this site, and no other, as where forms of the desk come from."""
    if request.path.startswith(PREFIX):
        response.headers["Referrer-Policy"] = "same-origin"
        cookies.hand_out(response, COOKIE, same_site="Strict")
    return response


@bp.get("/login")
def ask_login() -> BaseResponse:
    """Show the form."""
    if _who() is not None:
        return redirect(f"{PREFIX}/", 303)
    return pages.answer(pages.login_page())


@bp.post("/login")
def login() -> BaseResponse:
    """Let somebody in; what is wrong is not told, and costs the same whatever it is."""
    fields = form_fields()
    name = normal_name(fields.get("name", ""))[:_FIELD_MAX]
    password = fields.get("password", "")[:_FIELD_MAX]
    doors = services().doors
    device = doors.devices.device(name, cookies.read_cookie(DEVICE_COOKIE))
    try:
        for kind, whose in login_budgets(name, limits.address(), device):
            limits.take(kind, whose)
    except RateLimitedError as error:
        late = pages.answer(pages.login_page(name=name, refused=texts.TOO_MANY), 429)
        late.headers["Retry-After"] = str(error.retry_after_s)
        return late
    found = doors.operators.recognise(name, password)
    if found is None:
        _log.warning("login refused", request_id=request_id())
        return pages.answer(pages.login_page(name=name, refused=texts.LOGIN_REFUSED), 401)
    # A new secret, whatever the browser came with: a cookie somebody planted is worth nothing.
    doors.sessions.revoke(cookies.read_cookie(COOKIE))
    secret = doors.sessions.begin(found.principal)
    if doors.operators.find(found.operator_id) != found:
        # Reset or disabled while the password was looked at: what was proved is no longer so.
        doors.sessions.revoke(secret)
        return pages.answer(pages.login_page(name=name, refused=texts.LOGIN_REFUSED), 401)
    answer = redirect(PASSWORD if found.password_once else f"{PREFIX}/", 303)
    assert isinstance(answer, Response)
    cookies.set_cookie(answer, COOKIE, secret, same_site="Strict")
    cookies.set_cookie(
        answer,
        DEVICE_COOKIE,
        doors.devices.mark(name),
        same_site="Strict",
        max_age_s=int(KNOWN_FOR.total_seconds()),
    )
    return answer


@bp.post("/logout")
@role()
def logout() -> BaseResponse:
    """End the session in hand."""
    services().doors.sessions.revoke(cookies.read_cookie(COOKIE))
    answer = redirect(LOGIN, 303)
    assert isinstance(answer, Response)
    cookies.drop_cookie(answer, COOKIE, same_site="Strict")
    return answer


@bp.get("/")
@role()
def home() -> BaseResponse:
    """Lead to the first page the operator's roles may see."""
    return pages.answer(pages.home_page(operator()))


@bp.get("/password")
@role()
def ask_password() -> BaseResponse:
    """Show the form for a new password."""
    return pages.answer(pages.password_page(operator()))


@bp.post("/password")
@role()
def change_password() -> BaseResponse:
    """Set a new password; every session ends, and this browser gets a new one."""
    who, fields = operator(), form_fields()
    doors = services().doors
    try:
        if fields.get("new") != fields.get("again"):
            raise InvalidFieldError(Fault("/again", texts.NOT_TWICE.zh, texts.NOT_TWICE.en))
        limits.take(DEVICE, f"password {who.operator_id}")
        doors.operators.change_password(
            who, fields.get("old", "")[:_FIELD_MAX], fields.get("new", "")[:_FIELD_MAX]
        )
    except InvalidFieldError as error:
        return pages.answer(pages.password_page(who, error.faults), 422)
    answer = redirect(f"{PREFIX}/", 303)
    assert isinstance(answer, Response)
    cookies.set_cookie(answer, COOKIE, doors.sessions.begin(who.principal), same_site="Strict")
    return answer
