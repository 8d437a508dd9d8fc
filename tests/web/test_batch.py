"""Many verifications in one request: each for itself, in its place, and none a way round a limit."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from werkzeug.test import TestResponse

from certsvc.registry.sql import SQLRegistry
from certsvc.verification.question import BATCH_ITEMS
from certsvc.web import limits
from certsvc.web.body import JSON_LIMIT
from tests.drills import record
from tests.verification.receipts import checked
from tests.web.site import Site, body_of
from tests.world import JSON, NUMBER

PATH = "/api/v1/verifications/batch"
PROBLEM = {"type", "title", "status", "detail", "instance", "code", "errors"}


@pytest.fixture
def copy(site: Site) -> JSON:
    """Issue one endorsed copy."""
    return site.issued()


def reports(site: Site, *items: object, **headers: str) -> list[JSON]:
    """Send a batch that is taken."""
    answer = site.post(PATH, {"items": items}, **headers)
    assert answer.status_code == 200, answer.text
    found: list[JSON] = body_of(answer)["reports"]
    assert len(found) == len(items)
    return found


def refusal(answer: TestResponse) -> tuple[int, str, list[str]]:
    """Return status, code and pointers of a refused request."""
    body = body_of(answer)
    return answer.status_code, body["code"], [fault["pointer"] for fault in body["errors"]]


def test_each_item_is_answered_as_if_it_were_asked_alone(site: Site, copy: JSON) -> None:
    """Same verdict, same findings, same data, in the order of the questions."""
    day = "2026-11-19T10:00:00+08:00"
    items: list[dict[str, Any]] = [
        {"sha256": copy["files"]["pdf"]["sha256"]},
        {"sha256": "0" * 64},
        {"sha256": copy["files"]["ofd"]["sha256"].upper(), "specialty": "建筑工程"},
        {"qr": copy["verify_url"], "specialty": "公路工程"},
        {"qr": "https://evil.example/v/x"},
        {"code": copy["code"], "as_of": day},
        {"code": "0000-0000-0000"},
        {"registration_number": NUMBER, "name": "样本甲"},
        {"registration_number": NUMBER, "name": "样本乙"},
    ]

    found = reports(site, *items)

    for item, report in zip(items, found, strict=True):
        assert report == body_of(site.post("/api/v1/verifications", item)), item
    assert [one["status"] for one in found] == [
        *("VALID", "UNKNOWN", "VALID", "EXPIRED", "NOT_OURS", "NOT_YET", "UNKNOWN", "VALID", "UNKNOWN")
    ]


def test_wrong_items_have_their_problem_and_fail_no_other(site: Site, copy: JSON) -> None:
    """One slip among a thousand must not cost the other answers."""
    good = {"sha256": copy["files"]["pdf"]["sha256"]}
    wrong: list[tuple[object, str, list[str]]] = [
        ({}, "INVALID_FIELD", [""]),
        (None, "INVALID_FIELD", [""]),
        (7, "INVALID_FIELD", [""]),
        ([good], "INVALID_FIELD", [""]),
        ({"sha256": "x"}, "INVALID_FIELD", ["/sha256"]),
        ({"sha256": "0" * 64, "qr": "x"}, "INVALID_FIELD", [""]),
        ({"registration_number": NUMBER}, "INVALID_FIELD", ["/name"]),
        (good | {"colour": "red"}, "INVALID_FIELD", ["/colour"]),
        (good | {"as_of": "yesterday"}, "INVALID_FIELD", ["/as_of"]),
        (good | {"as_of": "2099-01-01T00:00:00Z"}, "AS_OF_IN_FUTURE", ["/as_of"]),
        (good | {"receipt": "yes"}, "INVALID_FIELD", ["/receipt"]),
    ]
    items = [item for one in wrong for item in (good, one[0])] + [good]

    found = reports(site, *items)

    assert {one["status"] for one in found[::2]} == {"VALID"}
    for place, (one, (item, code, pointers)) in enumerate(zip(found[1::2], wrong, strict=True)):
        assert set(one) == PROBLEM and one["code"] == code, item
        told = [fault["pointer"] for fault in one["errors"]]
        assert told == [f"/items/{2 * place + 1}{pointer}" for pointer in pointers], item


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (422, "INVALID_FIELD", ["/items"])),
        ([], (422, "INVALID_FIELD", [""])),
        ({"items": {}}, (422, "INVALID_FIELD", ["/items"])),
        ({"items": None}, (422, "INVALID_FIELD", ["/items"])),
        ({"items": [], "receipt": True}, (422, "INVALID_FIELD", ["/receipt"])),
        ({"items": [{"code": "x"}] * (BATCH_ITEMS + 1)}, (422, "INVALID_FIELD", ["/items"])),
    ],
    ids=["nothing", "a list", "an object", "null", "a field of the items", "one too many"],
)
def test_fault_of_the_whole_body_is_422(
    standing_site: Site, body: object, expected: tuple[int, str, list[str]]
) -> None:
    """A batch that is not one is refused as a whole, before anything is looked up or counted."""
    assert refusal(standing_site.post(PATH, body)) == expected


def test_empty_batch_has_no_answers(standing_site: Site) -> None:
    """Who sends the rest of a list may find that there is none."""
    assert reports(standing_site) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"items": [{"code": "a", "code": "b"}]}', (400, "MALFORMED")),
        (b'{"items": [' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"]}", (400, "MALFORMED")),
        (b'{"items": [' + b"[" * 100_000, (400, "MALFORMED")),
        (b'{"items": [{"qr": "\\u0000"}]}', (400, "MALFORMED")),
        (b" " * (JSON_LIMIT + 1), (413, "TOO_LARGE")),
    ],
    ids=["a key twice", "too deep", "much too deep", "NUL", "too large"],
)
def test_json_that_parsers_disagree_about_is_refused_as_elsewhere(
    standing_site: Site, data: bytes, expected: tuple[int, str]
) -> None:
    """No item of such a body is answered."""
    answer = standing_site.client.post(
        PATH, data=data, content_type="application/json", headers={"X-API-Key": standing_site.key}
    )

    assert refusal(answer)[:2] == expected


def test_codes_and_numbers_count_one_try_each_and_nothing_else_does(site: Site, copy: JSON) -> None:
    """A batch is no way to guess a thousand at the price of one; a hash cannot be guessed at all.

    Who is put off learns how long, and what may be answered is.
    """
    tries = limits.RATES["client"].burst
    code, known = {"code": "0000-0000-0000"}, {"sha256": copy["files"]["pdf"]["sha256"]}
    person = {"registration_number": NUMBER, "name": "样本甲"}
    for _ in range(tries // BATCH_ITEMS):
        assert {one["status"] for one in reports(site, *[code] * BATCH_ITEMS)} == {"UNKNOWN"}
    left = [code] * (tries % BATCH_ITEMS - 1)

    found = reports(
        site, known, *left, {"code": "x", "as_of": "no"}, known, person, known, code, known, person
    )

    last = [one.get("code", one.get("status")) for one in found[len(left) :]]
    assert {one["status"] for one in found[: len(left) + 1]} == {"VALID", "UNKNOWN"}
    assert last == [
        *("UNKNOWN", "INVALID_FIELD", "VALID", "VALID", "VALID", "RATE_LIMITED", "VALID", "RATE_LIMITED")
    ]
    assert (found[-1]["status"], set(found[-1])) == (429, PROBLEM | {"retry_after_s"})
    assert found[-1]["retry_after_s"] > 0
    assert refusal(site.post("/api/v1/verifications", code))[:2] == (429, "RATE_LIMITED")


def test_receipts_are_given_to_the_items_that_ask(site: Site, copy: JSON) -> None:
    """Each about its own question."""
    known = {"sha256": copy["files"]["pdf"]["sha256"]}

    found = reports(site, known | {"receipt": True}, known, {"sha256": "0" * 64, "receipt": True})

    claims = [checked(site.world, one["receipt"]).claims for one in found if one["receipt"]]
    assert [one and one["status"] for one in claims] == ["VALID", "UNKNOWN"]
    assert found[1]["receipt"] is None


def test_whole_batch_is_one_view_of_the_register(
    site: Site, copy: JSON, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction for all: fast, and no event falls between two answers."""
    opened = 0
    reading = SQLRegistry.reading

    def counted(registry: SQLRegistry) -> Any:
        nonlocal opened
        opened += 1
        return reading(registry)

    items = [{"sha256": copy["files"]["pdf"]["sha256"]}, {"sha256": "0" * 64}] * (BATCH_ITEMS // 2)
    body = json.dumps({"items": items}).encode()
    monkeypatch.setattr(SQLRegistry, "reading", counted)
    begun, spent = time.perf_counter(), time.process_time()
    answer = site.client.post(
        PATH, data=body, content_type="application/json", headers={"X-API-Key": site.key}
    )
    record(
        "batch of hashes",
        items=BATCH_ITEMS,
        seconds=f"{time.perf_counter() - begun:.2f}",
        processor_s=f"{time.process_time() - spent:.2f}",
    )

    found = body_of(answer)["reports"]
    assert [one["status"] for one in found] == ["VALID", "UNKNOWN"] * (BATCH_ITEMS // 2)
    assert len({one["checked_at"] for one in found}) == 1
    # One more lets the client in.
    assert opened == 2


@pytest.mark.parametrize("scopes", [("read",), ("issue", "endorse")])
def test_batch_wants_the_scope_verify(site: Site, scopes: tuple[str, ...]) -> None:
    """As every question of a platform."""
    _, key = site.world.services.clients.add("other", scopes)
    answer = site.post(PATH, {"items": []}, **{"X-API-Key": key})

    assert refusal(answer)[:2] == (403, "FORBIDDEN")
