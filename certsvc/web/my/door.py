"""The ways in to 我的证书 and out again: a one-time link, an assertion of the portal, a login that ends."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from certsvc.domain.events import HolderId
from certsvc.errors import CertsvcError, TooLargeError, UnsupportedTypeError
from certsvc.registry.port_access import Principal
from certsvc.web import cookies, errors, limits
from certsvc.web.body import form_fields
from certsvc.web.current import language, services, wants_html
from certsvc.web.my import pages

bp = APIBlueprint("my", __name__, url_prefix="/my", enable_openapi=False)

COOKIE: Final = "certsvc-my"
_FORM: Final = "application/x-www-form-urlencoded"
_FIELD_MAX: Final = 10_000
"""Characters of one field: an assertion has up to 8192."""


def holder() -> HolderId | None:
    """Return who is in; None for a stranger, and for somebody whose visit is over."""
    session = services().doors.sessions.find(cookies.read_cookie(COOKIE))
    if session is None or session.principal.kind != "holder":
        return None
    return HolderId(session.principal.id)


def inside(view: Callable[..., BaseResponse]) -> Callable[..., BaseResponse]:
    """Call the view with who is in; anybody else is led to the door."""

    @wraps(view)
    def guarded(*args: object, **kwargs: object) -> BaseResponse:
        found = holder()
        if found is None:
            return to("/my")
        return view(found, *args, **kwargs)

    return guarded


def form() -> dict[str, str]:
    """Return the fields of a form that was made for this visit.

    Raises:
        FormExpiredError: it was made for another one, or comes from another site.
        UnsupportedTypeError: it is no form.
        TooLargeError: a field is longer than any of ours.
    """
    fields = plain_form()
    cookies.check_form(COOKIE)
    return fields


def plain_form() -> dict[str, str]:
    """Return the fields of any form."""
    if request.mimetype != _FORM:
        raise UnsupportedTypeError
    fields = form_fields()
    if any(len(value) > _FIELD_MAX for value in fields.values()):
        raise TooLargeError
    return fields


def to(path: str) -> Response:
    """Lead to another page, in the same language; 303, so that it is asked for with GET."""
    answer = redirect(f"{path}?lang={language()}", 303)
    assert isinstance(answer, Response)
    return answer


@bp.after_request
def _close(response: Response) -> Response:
    # The address of a link holds its secret, so that no Referer may hold the address; the origin it may,
    # as browsers that have no Sec-Fetch-Site send Origin only then.
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


@bp.errorhandler(CertsvcError)
def _refuse(error: CertsvcError) -> BaseResponse:
    """Say what went wrong on a page that leads back."""
    answer = errors.answer(error)
    assert isinstance(answer, Response)
    if wants_html():
        answer.set_data(pages.problem_page(error, answer.status_code))
    return answer


@bp.get("/enter/<secret>")
def ask_enter(secret: str) -> Response:
    """Show one button. Whoever only opens addresses (previews, scanners of mail) uses nothing up."""
    return pages.answer(pages.enter_page(secret))


@bp.post("/enter")
def enter() -> Response:
    """Use a one-time link up, and let its holder in."""
    if request.headers.get("Sec-Fetch-Site") != "none":
        # Another site could let its own holder's visit begin in somebody's browser.
        cookies.check_origin()
    fields = plain_form()
    limits.take("enter")
    return _let_in(services().holders.links.use(fields.get("secret", "")))


@bp.post("/assertion")
def assertion() -> Response:
    """Take a holder over from the portal, whose page sends this form; so it comes from another site."""
    fields = plain_form()
    limits.take("enter")
    return _let_in(services().holders.assertions.use(fields.get("assertion", "")))


@bp.post("/leave")
def leave() -> Response:
    """End the visit."""
    form()
    services().doors.sessions.revoke(cookies.read_cookie(COOKIE))
    answer = to("/my/left")
    cookies.drop_cookie(answer, COOKIE, same_site="Lax")
    return answer


@bp.get("/left")
def left() -> Response:
    """Say that the visit is over."""
    return pages.answer(pages.left_page())


def _let_in(holder_id: HolderId) -> Response:
    """Begin a visit under a new secret, whatever the browser came with; what it had before ends."""
    sessions = services().doors.sessions
    sessions.revoke(cookies.read_cookie(COOKIE))
    answer = to("/my")
    # Lax: the portal's form and a link in a message come from elsewhere, and only lead here.
    cookies.set_cookie(
        answer, COOKIE, sessions.begin(Principal(kind="holder", id=holder_id)), same_site="Lax"
    )
    return answer
