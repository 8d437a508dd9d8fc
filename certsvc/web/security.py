"""Headers every answer carries."""

from __future__ import annotations

from typing import Final

from apiflask import APIFlask
from flask import Response

from certsvc.web.current import language_tag, nonce, request_id, services

_PERMISSIONS: Final = (
    "accelerometer=(), autoplay=(), camera={camera}, display-capture=(), encrypted-media=(), fullscreen=(), "
    "geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), "
    "publickey-credentials-get=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()"
)
_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": _PERMISSIONS.format(camera="()"),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
_NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PAGE: Final = (
    "default-src 'none'; style-src 'self' 'nonce-{nonce}'; font-src 'self' data:; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_SCANNING: Final = _PAGE + "; script-src 'nonce-{nonce}'"
"""The page with the camera has one script of ours, and the reader it may bring."""
_POLLING: Final = _PAGE + "; script-src 'nonce-{nonce}'; connect-src 'self'"
"""A page of the desk that keeps itself up to date."""
_ALONE: Final = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; font-src data:; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page that works alone asks nobody for anything, not even us."""
DOCS_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Swagger UI is a script of ours; it calls only this server."""


def let_scan(response: Response, *, alone: bool = False) -> Response:
    """Let a page of ours run its script and use the camera; *alone*: and reach nothing at all."""
    policy = _ALONE if alone else _SCANNING
    response.headers["Content-Security-Policy"] = policy.format(nonce=nonce())
    response.headers["Permissions-Policy"] = _PERMISSIONS.format(camera="(self)")
    return response


def let_poll(response: Response) -> Response:
    """Let a page run its script and ask this server again."""
    response.headers["Content-Security-Policy"] = _POLLING.format(nonce=nonce())
    return response


def register(app: APIFlask) -> None:
    """Put the headers on every answer of *app*, errors included."""
    app.after_request(_harden)


def page_policy(nonce: str) -> str:
    """Return the Content-Security-Policy of a page without scripts."""
    return _PAGE.format(nonce=nonce)


def common_headers(public_url: str) -> dict[str, str]:
    """Return what every answer of this instance carries, where its view has not set it itself."""
    headers = {**_ALWAYS, "Content-Security-Policy": _NOTHING, "Cache-Control": "no-store"}
    if public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def _harden(response: Response) -> Response:
    """Add what the view has not set itself."""
    headers = response.headers
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", page_policy(nonce()))
        headers.setdefault("Content-Language", language_tag())
    for name, value in common_headers(services().settings.public_url).items():
        headers.setdefault(name, value)
    headers.setdefault("X-Request-Id", request_id())
    return response
