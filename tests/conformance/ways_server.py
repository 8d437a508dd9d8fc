"""Requests that are refused at the door."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from werkzeug.test import TestResponse

from certsvc.issuing.client_certificate import from_der
from tests.certificates import a_certificate
from tests.conformance.way import EVENTS, OTHER, VERIFICATIONS, way
from tests.web.desk.person import at_the_desk
from tests.web.site import Site, path_of
from tests.world import NUMBER

_LEAST_BODY: Final = b'{"purpose": "x"}'


@way("MALFORMED", 400, pointer="")
def _cut_json(site: Site) -> TestResponse:
    return site.client.post(
        EVENTS, data=b'{"type":', content_type="application/json", headers={"X-API-Key": site.key}
    )


@way("MALFORMED", 400, pointer="")
def _unnamed_form_field(site: Site) -> TestResponse:
    """Beside a good file, so that nothing else is wrong."""
    body = (
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b\r\n"
        b'Content-Disposition: form-data; name="specialty"\r\n\r\nx\r\n--b\r\n'
        b'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\nx\r\n--b--\r\n'
    )
    return site.client.post(
        VERIFICATIONS,
        data=body,
        content_type="multipart/form-data; boundary=b",
        headers={"X-API-Key": site.key},
    )


@way("UNAUTHENTICATED", 401)
def _no_key(site: Site) -> TestResponse:
    return site.client.get(path_of(NUMBER))


@way("UNAUTHENTICATED", 401, pointer="")
def _key_without_its_certificate(site: Site) -> TestResponse:
    clients = site.world.services.clients
    _, key = clients.add("bound", ["read"], from_der(a_certificate("bound").der))
    return site.client.get(path_of(NUMBER), headers={"X-API-Key": key})


@way("FORBIDDEN", 403)
def _key_without_the_scope(site: Site) -> TestResponse:
    _, key = site.world.services.clients.add("platform", ["verify"])
    return site.client.get(path_of(NUMBER), headers={"X-API-Key": key})


@way("ROLE_MISSING", 403)
def _reader_at_the_operators(site: Site) -> TestResponse:
    site.client.set_cookie("certsvc-desk", at_the_desk(site, ["reader"]).cookie())
    return site.client.get("/desk/operators")


@way("FORM_EXPIRED", 403)
def _form_without_its_token(site: Site) -> TestResponse:
    return site.client.post("/desk/login", data={"name": "x", "password": "y"})


@way("NOT_FOUND", 404)
def _unknown_number(site: Site) -> TestResponse:
    return site.get(path_of(OTHER))


@way("METHOD_NOT_ALLOWED", 405)
def _delete_events(site: Site) -> TestResponse:
    return site.client.delete(EVENTS, headers={"X-API-Key": site.key})


@way("LENGTH_REQUIRED", 411)
def _body_without_a_length(site: Site) -> TestResponse:
    return site.client.post(
        EVENTS,
        data=_LEAST_BODY,
        content_type="application/json",
        headers={"X-API-Key": site.key, "Transfer-Encoding": "chunked"},
    )


@way("TOO_LARGE", 413)
def _event_over_four_megabytes(site: Site) -> TestResponse:
    return site.post(EVENTS, {"source_id": "x" * (4 * 1024 * 1024)})


@way("UNSUPPORTED_TYPE", 415)
def _event_as_text(site: Site) -> TestResponse:
    return site.client.post(
        EVENTS, data=_LEAST_BODY, content_type="text/plain", headers={"X-API-Key": site.key}
    )


@way("RATE_LIMITED", 429)
def _guessing_codes(site: Site) -> TestResponse:
    for _ in range(100):
        answer = site.client.post("/verify", data={"code": "0000-0000-0000"}, headers={"Accept": "*/*"})
        if answer.status_code != 200:
            return answer
    raise AssertionError("a hundred guesses went through")


@way("INVALID_FIELD", 422, pointer="/file")
def _upload_without_a_file(site: Site) -> TestResponse:
    return site.client.post(
        VERIFICATIONS,
        data={"as_of": "x"},
        content_type="multipart/form-data",
        headers={"X-API-Key": site.key},
    )


@way("AS_OF_IN_FUTURE", 422, pointer="/as_of")
def _registration_as_of_tomorrow(site: Site) -> TestResponse:
    site.world.initial()
    moment = site.world.clock.now() + timedelta(days=1)
    return site.get(path_of(NUMBER) + f"?as_of={moment:%Y-%m-%dT%H:%M:%SZ}")
