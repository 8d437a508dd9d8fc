"""What belongs to the request in hand: the services, the language, the request's id and nonce."""

from __future__ import annotations

import secrets
import uuid
from typing import Final

from flask import current_app, g, request

from certsvc.registry.port import APIClient
from certsvc.web.assets import Assets
from certsvc.web.negotiation import best_language
from certsvc.web.prepared import ReportPages
from certsvc.web.texts import Lang
from certsvc.wiring import Services

EXTENSION: Final = "certsvc"
ASSETS: Final = "certsvc.assets"
REPORT_PAGES: Final = "certsvc.report_pages"


def services() -> Services:
    """Return the services the application was made with."""
    held = current_app.extensions[EXTENSION]
    assert isinstance(held, Services)
    return held


def assets() -> Assets:
    """Return the static files the application was made with."""
    held = current_app.extensions[ASSETS]
    assert isinstance(held, Assets)
    return held


def report_pages() -> ReportPages:
    """Return what makes the pages of reports."""
    held = current_app.extensions[REPORT_PAGES]
    assert isinstance(held, ReportPages)
    return held


def language() -> Lang:
    """Choose the language: ``?lang=``, else Accept-Language, else Chinese."""
    return best_language(request.args.get("lang", ""), request.headers.get("Accept-Language"))


def language_tag() -> str:
    """Return the language as the Content-Language and ``html lang`` say it."""
    return "en" if language() == "en" else "zh-CN"


def wants_html() -> bool:
    """Tell whether the caller asked for a page by name; a bare ``*/*`` did not."""
    accepted = request.accept_mimetypes
    named = any(mime == "text/html" for mime, _ in accepted)
    return named and accepted.quality("text/html") >= accepted.quality("application/json")


def request_id() -> str:
    """Return this request's id, made at its first use."""
    if "request_id" not in g:
        g.request_id = str(uuid.uuid4())
    return str(g.request_id)


def nonce() -> str:
    """Return this response's CSP nonce, made at its first use."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(18)
    return str(g.nonce)


def set_client(client: APIClient) -> None:
    """Remember who was let in."""
    g.client = client


def client_id() -> str | None:
    """Return the id of the API client that was let in; None on the public pages."""
    return client().client_id if "client" in g else None


def client() -> APIClient:
    """Return who was let in by ``auth.scope``."""
    held = g.client
    assert isinstance(held, APIClient)
    return held
