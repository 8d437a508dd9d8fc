"""Batches over HTTP: submitted, followed, listed, cancelled; each client sees its own."""

from __future__ import annotations

import json

import pytest
from werkzeug.test import TestResponse

from certsvc.batch.announce import Bell
from certsvc.registry.port_batches import BatchState, Engine
from certsvc.web.api_batches import LINES_LIMIT, PAGE
from certsvc.web.body import BATCH_LIMIT, UPLOAD_LIMIT
from tests.batch.lines import endorse, event, jsonl, number_of, original, run
from tests.web.site import Site, body_of
from tests.world import NUMBER

BATCHES = "/api/v1/batches"


def send(site: Site, content: bytes, kind: str = "application/x-ndjson", key: str = "") -> TestResponse:
    """Submit bytes."""
    return site.client.post(BATCHES, data=content, content_type=kind, headers={"X-API-Key": key or site.key})


@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson", "application/jsonl"])
def test_from_submission_to_files(site: Site, kind: str) -> None:
    """What one call would have answered stands with each item, and its files can be fetched."""
    site.world.initial()
    items = [
        endorse("a", NUMBER),
        original("b", NUMBER),
        endorse("c", NUMBER),
        event("d", site.world.initial_body(number_of(2), order=2)),
        {"item_id": "e"},
    ]
    content = json.dumps(items).encode() if kind == "application/json" else jsonl(items)
    accepted = send(site, content, kind)
    body = body_of(accepted)
    batch_id = str(body["batch_id"])
    address = f"{BATCHES}/{batch_id}"

    assert (accepted.status_code, accepted.headers["Location"]) == (202, address)
    assert (body["state"], body["total"], body["failed"]) == ("running", 5, 1)
    assert site.world.services.bell.is_rung()
    assert run(site.world, batch_id) is BatchState.DONE
    told = body_of(site.get(address))
    listed = body_of(site.get(f"{address}/items"))
    assert (told["state"], told["done"], told["failed"], told["running"]) == ("done", 3, 2, 0)
    assert listed["next_cursor"] is None
    assert [item["state"] for item in listed["items"]] == ["done", "done", "failed", "done", "failed"]
    first, _, refused, recorded, wrong = listed["items"]
    assert site.get(first["answer"]["files"]["pdf"]["url"]).data.startswith(b"%PDF")
    assert refused["problem"]["code"] == "ENDORSED_TODAY"
    assert refused["problem"]["existing"]["endorsement_id"] == first["answer"]["endorsement_id"]
    assert recorded["answer"]["registration"]["registration_number"] == number_of(2)
    assert wrong["problem"]["errors"][0]["pointer"] == "/op"
    again = send(site, content, kind)
    assert (again.status_code, body_of(again)["batch_id"]) == (202, batch_id)


def test_items_come_page_by_page(site: Site) -> None:
    """A long batch is listed to its end, each item once."""
    site.world.initial()
    batch_id = body_of(send(site, jsonl([original(f"i{n}", NUMBER) for n in range(PAGE + 1)])))["batch_id"]
    first = body_of(site.get(f"{BATCHES}/{batch_id}/items"))
    second = body_of(site.get(f"{BATCHES}/{batch_id}/items?cursor={first['next_cursor']}"))

    assert [item["line"] for item in first["items"] + second["items"]] == list(range(1, PAGE + 2))
    assert second["next_cursor"] is None
    for wrong in ("x", "-1", "1" * 10, "%00"):
        answer = site.get(f"{BATCHES}/{batch_id}/items?cursor={wrong}")
        assert (answer.status_code, body_of(answer)["errors"][0]["pointer"]) == (422, "/cursor"), wrong


def test_a_client_sees_its_own_batches_only(site: Site) -> None:
    """Whose batch it is decides, not who knows its id."""
    batch_id = body_of(send(site, jsonl([original("a", NUMBER)])))["batch_id"]
    _, other = site.world.services.clients.add("other", ["issue"])
    for method, path in (("GET", ""), ("GET", "/items"), ("POST", "/cancel")):
        answer = site.client.open(f"{BATCHES}/{batch_id}{path}", method=method, headers={"X-API-Key": other})
        assert (answer.status_code, body_of(answer)["code"]) == (404, "NOT_FOUND")
    assert body_of(send(site, jsonl([original("a", NUMBER)]), key=other))["batch_id"] != batch_id


def test_each_operation_wants_its_scope(site: Site) -> None:
    """A batch is no way round what a single call is refused."""
    add = site.world.services.clients.add
    keys = {scope: add(scope, [scope])[1] for scope in ("endorse", "issue", "read", "verify")}
    lines = {"endorse": endorse("a", NUMBER), "original": original("a", NUMBER), "event": event("a", {})}
    allowed = {("endorse", "endorse"), ("issue", "original"), ("issue", "event")}

    for scope, key in keys.items():
        for op, line in lines.items():
            answer = send(site, jsonl([line]), key=key)
            assert answer.status_code == (202 if (scope, op) in allowed else 403), (scope, op)
    assert len(site.world.services.batches.running(Engine.SERVICE)) == len(allowed)


def test_cancelling(site: Site) -> None:
    """Nothing more is begun, and to cancel again changes nothing."""
    batch_id = body_of(send(site, jsonl([original("a", NUMBER), original("b", NUMBER)])))["batch_id"]
    for _ in range(2):
        answer = site.post(f"{BATCHES}/{batch_id}/cancel")
        assert (answer.status_code, body_of(answer)["state"]) == (200, "cancelled")
        assert body_of(answer)["cancelled"] == 2
    listed = body_of(site.get(f"{BATCHES}/{batch_id}/items"))["items"]
    assert [(item["state"], item["problem"]) for item in listed] == [("cancelled", None)] * 2


def test_what_cannot_be_read_at_all_is_refused(site: Site) -> None:
    """With a code, before anything is kept."""
    for content, kind, status, code in (
        (b" \n", "application/x-ndjson", 422, "INVALID_FIELD"),
        (b"[]", "application/json", 422, "INVALID_FIELD"),
        (b"[{", "application/json", 400, "MALFORMED"),
        (b'{"item_id": "a"}', "application/json", 400, "MALFORMED"),
        (b"{}", "text/plain", 415, "UNSUPPORTED_TYPE"),
        (b"\n" * (LINES_LIMIT + 2) + b"{}", "application/x-ndjson", 413, "TOO_LARGE"),
        (b" " * (BATCH_LIMIT + 1), "application/x-ndjson", 413, "TOO_LARGE"),
    ):
        answer = send(site, content, kind)
        assert (answer.status_code, body_of(answer)["code"]) == (status, code), (content[:10], kind)
    assert site.world.services.batches.running(Engine.SERVICE) == []


def test_only_batches_may_be_larger_than_an_upload(site: Site) -> None:
    """The larger limit is for one address."""
    content = jsonl([original("a", NUMBER)]) + b" " * UPLOAD_LIMIT
    assert send(site, content).status_code == 202
    other = site.client.post(
        "/api/v1/events", data=content, content_type="application/json", headers={"X-API-Key": site.key}
    )
    assert other.status_code == 413


def test_the_bell_is_heard_until_it_is_silenced(site: Site) -> None:
    """The server's main process looks at nothing else."""
    bell = Bell(site.world.settings.data_dir / "deep" / "wanted")
    assert not bell.is_rung()
    bell.ring()
    bell.ring()
    assert bell.is_rung()
    bell.silence()
    bell.silence()
    assert not bell.is_rung()
