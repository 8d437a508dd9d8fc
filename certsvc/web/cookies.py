"""Cookies of logins, and the token of their forms: one rule for the desk and for holders.

A form carries a token made of the cookie that its page was sent with. Another site can make a browser send
the cookie, but cannot read it, and so cannot make the token.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final, Literal

from flask import Response, g, request

from certsvc.access.sessions import new_secret
from certsvc.errors import FormExpiredError
from certsvc.web.current import services

CSRF_FIELD: Final = "csrf"
_SECRET_LONGEST: Final = 100
SameSite = Literal["Strict", "Lax"]


def is_secure() -> bool:
    """Tell whether browsers reach us by https alone."""
    return services().settings.public_url.startswith("https://")


def cookie_name(plain: str) -> str:
    """Return the name a cookie goes by: with https no other host or page can plant one under it."""
    return f"__Host-{plain}" if is_secure() else plain


def read_cookie(plain: str) -> str | None:
    """Return what the browser sent, or what set_cookie() will send it with this answer."""
    waiting: dict[str, str] = g.get("cookies", {})
    if plain in waiting:
        return waiting[plain] or None
    found = request.cookies.get(cookie_name(plain))
    return found if found and len(found) <= _SECRET_LONGEST else None


def set_cookie(
    response: Response, plain: str, value: str, *, same_site: SameSite, max_age_s: int | None = None
) -> None:
    """Send a cookie that no script reads; without *max_age_s* it ends with the browser."""
    response.set_cookie(
        cookie_name(plain),
        value,
        max_age=max_age_s,
        path="/",
        secure=is_secure(),
        httponly=True,
        samesite=same_site,
    )


def drop_cookie(response: Response, plain: str, *, same_site: SameSite) -> None:
    """Take a cookie back."""
    response.delete_cookie(
        cookie_name(plain), path="/", secure=is_secure(), httponly=True, samesite=same_site
    )


def csrf_token(plain: str) -> str:
    """Return the token for forms of this page; a browser without cookie gets one with this answer.

    Whoever answers with the page calls hand_out() on it.
    """
    value = read_cookie(plain)
    if value is None:
        value = new_secret()
        g.setdefault("cookies", {})[plain] = value
    return _token(value)


def hand_out(response: Response, plain: str, *, same_site: SameSite) -> Response:
    """Send the cookie that csrf_token() had to make, if it had to."""
    waiting: dict[str, str] = g.get("cookies", {})
    if waiting.get(plain):
        set_cookie(response, plain, waiting[plain], same_site=same_site)
    return response


def check_form(plain: str) -> None:
    """Refuse a form that was not made for the cookie *plain* or comes from another site.

    Raises:
        FormExpiredError: nothing may be done.
    """
    check_origin()
    value = request.cookies.get(cookie_name(plain))
    sent = request.form.getlist(CSRF_FIELD)
    if not value or len(value) > _SECRET_LONGEST or len(sent) != 1:
        raise FormExpiredError
    if not hmac.compare_digest(sent[0].encode(), _token(value).encode()):
        raise FormExpiredError


def check_origin() -> None:
    """Refuse what a browser says comes from another site; FormExpiredError."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site != "same-origin":
            raise FormExpiredError
        return
    origin = request.headers.get("Origin")
    ours = {services().settings.public_url.rstrip("/"), request.host_url.rstrip("/")}
    if origin is not None and origin not in ours:
        raise FormExpiredError


def _token(value: str) -> str:
    key = services().keystore.registry_secret
    return hashlib.blake2b(b"certsvc web 1: form " + value.encode(), key=key, digest_size=24).hexdigest()
