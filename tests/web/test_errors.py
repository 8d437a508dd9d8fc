"""Errors: one table, one shape, no detail of what nobody foresaw."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import structlog
from flask import Response

from certsvc import errors
from certsvc.domain.wording import OFFICIAL, error_text
from certsvc.errors import CertsvcError
from certsvc.web.app import create_app
from certsvc.web.errors import STATUS
from certsvc.wiring import build
from tests.factories import TOKEN
from tests.web.site import AS_JSON, HTML, Site, body_of, path_of
from tests.world import NUMBER, World

ROOTS = {
    errors.CertsvcError,
    errors.RuleError,
    errors.InputError,
    errors.AccessError,
    errors.OperatorError,
}
RAISED = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, CertsvcError) and kind not in ROOTS
]


@pytest.mark.parametrize("kind", RAISED)
def test_every_error_has_a_row_and_a_sentence(kind: type[CertsvcError]) -> None:
    """An error without a row would leave as a 500."""
    assert STATUS[kind] in range(400, 600)
    assert error_text(kind.code).zh and error_text(kind.code).en


def test_table_has_no_rows_of_the_past() -> None:
    """A row nobody can reach hides that its error is gone."""
    assert set(STATUS) == set(RAISED)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("GET", "/api/v1/nothing", 404, "NOT_FOUND"),
        ("GET", "/static/nothing.css", 404, "NOT_FOUND"),
        ("DELETE", "/api/v1/events", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/healthz", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/api/v1/events", 401, "UNAUTHENTICATED"),
        ("GET", "/metrics", 401, "UNAUTHENTICATED"),
    ],
)
def test_refusals_of_the_server_are_problems_too(
    standing_site: Site, method: str, path: str, status: int, code: str
) -> None:
    """A client parses one shape, whoever refuses."""
    answer = standing_site.client.open(path, method=method)

    body = body_of(answer)
    assert answer.status_code == body["status"] == status
    assert answer.mimetype == "application/problem+json"
    assert body["code"] == code
    assert set(body) == {"type", "title", "status", "detail", "instance", "code", "errors"}


def test_405_names_what_is_allowed(standing_site: Site) -> None:
    """RFC 9110 wants Allow with a 405."""
    answer = standing_site.client.put("/verify")

    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_scope_that_is_missing_is_403(standing_site: Site) -> None:
    """A key for verifying must not read registrations."""
    _, key = standing_site.world.services.clients.add("platform", ["verify"])

    answer = standing_site.client.get(path_of(NUMBER), headers={"X-API-Key": key})

    assert (answer.status_code, body_of(answer)["code"]) == (403, "FORBIDDEN")


def test_unforeseen_error_loses_its_detail(world: World) -> None:
    """A message may repeat what somebody typed; only its type reaches the log."""
    site = Site(world)

    def broken() -> Response:
        raise ValueError("secret 11010119900101001X")

    site.app.add_url_rule("/broken", view_func=broken)
    with structlog.testing.capture_logs() as lines:
        answer = site.client.get("/broken")

    assert (answer.status_code, body_of(answer)["code"]) == (500, "INTERNAL")
    assert "secret" not in answer.text
    assert "secret" not in str(lines)
    assert any(line.get("error") == "ValueError" for line in lines)


def test_operator_error_keeps_its_note_inside(world: World) -> None:
    """Which file of ours is wrong is for the operator."""
    site = Site(world)

    def broken() -> Response:
        raise errors.TemplateError("layout.toml line 3")

    site.app.add_url_rule("/broken", view_func=broken)

    answer = site.client.get("/broken")

    assert answer.status_code == 500
    assert "layout.toml" not in answer.text


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (errors.EndorsementPendingError(), "2"),
        (errors.RateLimitedError(9), "9"),
        (errors.UnavailableError("db"), "30"),
        (errors.UnavailableError("in a moment", retry_after_s=2), "2"),
        (errors.KeyCapReachedError("tomorrow", 7200), "7200"),
        (errors.StorageFullError("disk"), "30"),
        (errors.RecordDamagedError("row"), "30"),
    ],
)
def test_what_passes_says_when_to_ask_again(world: World, error: CertsvcError, seconds: str) -> None:
    """Without Retry-After clients hammer a server that is already in trouble."""
    site = Site(world)

    def refusing() -> Response:
        raise error

    site.app.add_url_rule("/refusing", view_func=refusing)

    answer = site.client.get("/refusing")

    assert answer.headers["Retry-After"] == seconds
    assert answer.status_code == STATUS[type(error)]


@pytest.mark.parametrize(
    ("accepted", "chinese"), [("", True), ("zh-CN", True), ("en-GB,en;q=0.9", False), ("fr", True)]
)
def test_language_follows_the_caller_and_chinese_is_the_default(
    standing_site: Site, accepted: str, chinese: bool
) -> None:
    """Platforms abroad read English, everybody else Chinese."""
    answer = standing_site.get("/api/v1/expiring?within_days=x", **{"Accept-Language": accepted})

    body = body_of(answer)
    assert body["detail"].isascii() is not chinese
    assert body["errors"][0]["detail"].isascii() is not chinese
    assert answer.headers["Content-Language"] == ("zh-CN" if chinese else "en")


@pytest.mark.parametrize("accepted", ["zh", "en"])
def test_not_found_says_the_official_sentence_in_every_language(standing_site: Site, accepted: str) -> None:
    """Byte for byte, whatever the language."""
    body = body_of(standing_site.get(path_of("京1112020202299999"), **{"Accept-Language": accepted}))

    assert body["detail"].encode() == OFFICIAL["NOT_FOUND"].encode() == "查询不到相关证照".encode()
    assert body["title"] == error_text("NOT_FOUND").en


def test_fields_are_named_by_json_pointers(standing_site: Site) -> None:
    """A form can show the fault beside its field."""
    event = standing_site.world.initial_body()
    event["specialties"][0]["granted_on"] = "yesterday"
    event["holder"]["a/b"] = 1

    body = body_of(standing_site.post("/api/v1/events", event))

    assert body["code"] == "INVALID_FIELD"
    assert {fault["pointer"] for fault in body["errors"]} == {"/specialties/0/granted_on", "/holder/a~1b"}


def test_browser_on_a_public_address_gets_a_page(standing_site: Site) -> None:
    """A person who mistypes an address reads a sentence, not JSON; the API stays JSON."""
    page = standing_site.client.get("/nothing", headers=HTML)
    api = standing_site.client.get("/api/v1/nothing", headers=HTML)

    assert page.mimetype == "text/html" and "没有这个页面" in page.text
    assert page.status_code == 404
    assert api.mimetype == "application/problem+json"


def test_problem_never_repeats_the_address(standing_site: Site) -> None:
    """Somebody will put an identity number into a path."""
    answer = standing_site.get(path_of("11010119900101001X"))

    assert "11010119900101001X" not in answer.text
    assert body_of(answer)["instance"] == f"urn:uuid:{answer.headers['X-Request-Id']}"


def test_registry_that_is_away_is_503_and_not_an_invalid_certificate(
    standing_site: Site, tmp_path: Path
) -> None:
    """An outage shown as "invalid" has cost others their trust."""
    nowhere = f"sqlite:///{tmp_path}/missing/registry.db"
    settings = standing_site.world.settings.model_copy(update={"database_url": nowhere})
    client = create_app(build(settings, standing_site.world.clock)).test_client()

    answer = client.get(path_of(NUMBER), headers={"X-API-Key": standing_site.key})
    page = client.get(f"/v/{TOKEN}", headers=HTML)
    report = client.get(f"/v/{TOKEN}", headers=AS_JSON)
    ready = client.get("/readyz")

    assert (answer.status_code, body_of(answer)["code"]) == (503, "UNAVAILABLE")
    assert (page.status_code, report.status_code, ready.status_code) == (503, 503, 503)
    assert all(one.headers["Retry-After"] for one in (answer, page, report, ready))
    assert "暂时无法核验" in page.text
    assert body_of(report)["verdict"] == "INDETERMINATE"
    assert body_of(ready)["parts"] == {
        "registry": "UNAVAILABLE",
        "storage": "ok",
        "keys": "ok",
        "log": "ok",
        "seal": "ok",
        "clock": "ok",
        "decoders": "ok",
        "chores": "ok",
        "workers": "ok",
    }
