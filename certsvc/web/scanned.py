"""What a scanned symbol opens, answered without the framework: one look, one judgement, one prepared page.

Only what is asked for thousands of times a second goes this way: GET of a token's address, found. Everything
else, a token nobody has and any fault included, passes on to the application, whose own view of the same
address says the same (tests/web/test_scanned.py compares them byte for byte).
"""

from __future__ import annotations

import json
import os
import time
from binascii import b2a_base64
from collections.abc import Iterable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

from certsvc.domain.report import Report, Status
from certsvc.qr.token import TOKEN_LENGTH, canonical_token
from certsvc.verification.answers import report_body
from certsvc.verification.question import Question
from certsvc.web import observe, security
from certsvc.web.negotiation import best_kind, best_language
from certsvc.web.record_page import RecordPages
from certsvc.web.texts import Lang
from certsvc.wiring import Services

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ENDPOINT: Final = "public.show"
"""The view of the application that answers the same."""
_PREFIXES: Final = frozenset({"/v/", "/V/", "/c/", "/C/"})
_LANGUAGES: Final = {"": "", "lang=zh": "zh", "lang=en": "en"}
"""Queries that may go this way, with the language they ask for."""
_NOT_HERE: Final = frozenset({Status.UNKNOWN, Status.UNAVAILABLE})
"""Statuses with an HTTP status of their own."""
_AT_ONCE: Final = 2
"""Threads of a process that answer at once: one computes while the other waits for the database. With all of
them at it, each wait costs the interpreter's lock, and getting it back a third of the time of an answer."""
_PATIENCE_S: Final = 0.05
"""A database that hangs keeps nobody waiting for a turn any longer than this."""
_NONCE: Final = "{nonce}"
_OCTETS: Final = 34
"""Random octets of one page: sixteen for its id, the rest for its nonce."""
_DRAWN: Final = 64
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
"""Of octets, which takes a tenth of the same for text."""
_TO_JSON: Final = json.JSONEncoder(ensure_ascii=False).encode


class Scanned:
    """Stands before the application; safe between threads."""

    def __init__(self, application: WSGIApplication, services: Services, pages: RecordPages) -> None:
        """Take what answers everything else, and what an answer is made of."""
        self.application = application
        self._services = services
        self._pages = pages
        # A queue of the standard library's C code takes a fifth of its semaphore's time.
        self._turns: SimpleQueue[None] = SimpleQueue()
        for _ in range(_AT_ONCE):
            self._turns.put(None)
        self._octets: list[bytes] = []
        headers = {**security.common_headers(services.settings.public_url), "Vary": "Accept, Accept-Language"}
        self._policy = headers.pop("Content-Security-Policy")
        self._page_policy = security.page_policy(_NONCE)
        self._headers = tuple(headers.items())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ["PATH_INFO"]
        if (
            environ["REQUEST_METHOD"] == "GET"
            and len(path) == 3 + TOKEN_LENGTH
            and path[:3] in _PREFIXES
            and environ.get("QUERY_STRING", "") in _LANGUAGES
            and not environ.get("SCRIPT_NAME")
            and environ.get("CONTENT_LENGTH", "") in {"", "0"}
            and "HTTP_TRANSFER_ENCODING" not in environ
        ):
            body = self._in_turn(environ, start_response, path[3:])
            if body is not None:
                return body
        return self.application(environ, start_response)

    def _in_turn(
        self, environ: WSGIEnvironment, start_response: StartResponse, token: str
    ) -> list[bytes] | None:
        """Answer with few others at the same time, but wait no longer for them than a moment."""
        try:
            self._turns.get(timeout=_PATIENCE_S)
        except Empty:
            return self._answer(environ, start_response, token)
        try:
            return self._answer(environ, start_response, token)
        finally:
            self._turns.put(None)

    def _answer(
        self, environ: WSGIEnvironment, start_response: StartResponse, token: str
    ) -> list[bytes] | None:
        """Answer for a token; None when that is not for here, and nothing was counted yet."""
        began = time.perf_counter()
        if canonical_token(token) is None:
            return None
        report = self._services.verifier.verify(Question(token=token))
        if report.entry is None or report.status in _NOT_HERE:
            return None
        lang = best_language(_LANGUAGES[environ["QUERY_STRING"]], environ.get("HTTP_ACCEPT_LANGUAGE"))
        request_id, nonce = self._fresh()
        if best_kind(environ.get("HTTP_ACCEPT")) == "json":
            kind, policy = "application/json", self._policy
            body = self._json(report, lang)
        else:
            kind, policy = "text/html; charset=utf-8", self._page_policy.replace(_NONCE, nonce)
            body = self._pages.page(report, action=f"/v/{token}", lang=lang, nonce=nonce)
        self._services.lookups.count(report)
        start_response(
            "200 OK",
            [
                *self._headers,
                ("Content-Security-Policy", policy),
                ("Content-Language", "en" if lang == "en" else "zh-CN"),
                ("X-Request-Id", request_id),
                ("Content-Type", kind),
                ("Content-Length", str(len(body))),
            ],
        )
        observe.tell_page(ENDPOINT, time.perf_counter() - began, request_id)
        return [body]

    def _json(self, report: Report, lang: Lang) -> bytes:
        issuer_name = self._services.settings.issuer_name
        return _TO_JSON(report_body(report, issuer_name=issuer_name, lang=lang, full=False)).encode()

    def _fresh(self) -> tuple[str, str]:
        """Return an id for a request (a UUID, version 4) and a nonce of 144 bits.

        Random octets are drawn for many pages at once; each is taken out once, by whichever thread.
        """
        try:
            octets = self._octets.pop()
        except IndexError:
            drawn = os.urandom(_OCTETS * _DRAWN)
            octets, *rest = [drawn[at : at + _OCTETS] for at in range(0, len(drawn), _OCTETS)]
            self._octets += rest
        text = octets[:16].hex()
        variant = "89ab"[octets[8] & 3]
        request_id = f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
        return request_id, b2a_base64(octets[16:], newline=False).translate(_URL_SAFE).decode()
