"""What the client brings home is worth something without it: receipts, the trust bundle, the feed."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from certsvc.client import AnswerError, Client
from certsvc.domain.report import Result
from certsvc.verification.receipt_check import check_receipt
from certsvc.verification.trust_bundle import read_bundle
from tests.client.bodies import WHEN
from tests.client.chaos import Chaos, Fault, Said, said_json
from tests.client.service import Service

EMPLOYER = {"name": "另一建设有限公司", "uscc": "91990000MA0000015Q"}


def test_receipt_is_proved_by_the_bundle_alone(service: Service, client: Client) -> None:
    """Years later a platform shows what it was told, of which file, at which hour."""
    copy = client.endorse(service.person(client), "投标使用")
    content = client.download(copy.files["ofd"])
    when = datetime.now(UTC)
    report = client.verify_file(content, as_of=when, receipt=True)
    bundle = read_bundle(client.trust_bundle())

    assert report.is_valid and report.receipt is not None
    proved = check_receipt(
        report.receipt.encode(), bundle.keys_for("receipt"), keys_as_of=bundle.issued_at, given=content
    )
    assert (proved.result, proved.input) == (Result.PASS, "same")
    assert proved.claims is not None and proved.claims["verdict"] == "VALID"


def test_receipt_of_a_file_that_was_sent_is_about_its_bytes(
    service: Service, client: Client, behind: Client, chaos: Chaos
) -> None:
    """A refusal needs its evidence most."""
    copy = client.endorse(service.person(client), "投标使用")
    altered = client.download(copy.files["pdf"]) + b"\n"
    report = behind.verify_file(altered, upload=True, receipt=True)
    bundle = read_bundle(client.trust_bundle())

    assert len(chaos.seen) == 2 and report.receipt is not None
    proved = check_receipt(
        report.receipt.encode(), bundle.keys_for("receipt"), keys_as_of=bundle.issued_at, given=altered
    )
    assert (proved.result, proved.input) == (Result.PASS, "same")
    assert proved.claims is not None and proved.claims["verdict"] == "INVALID"


def test_bundle_speaks_of_every_copy(service: Service, client: Client) -> None:
    """A list without the newest copies would leave them untold offline."""
    client.endorse(service.person(client), "投标使用")
    bundle = read_bundle(client.trust_bundle())

    assert bundle.pinned and bundle.pinned_seals
    assert bundle.public_url == service.url
    assert bundle.status_issued_at is not None


def a_page(cursor: str, *licences: str) -> Said:
    """Write one page of the feed."""
    item = {"token": None, "status": "SUPERSEDED", "changed_fields": ["employer"], "at": WHEN.isoformat()}
    return said_json({"items": [{**item, "licence_id": one} for one in licences], "next_cursor": cursor})


def asked_since(chaos: Chaos) -> list[str | None]:
    """Return the cursor of each request the proxy saw."""
    return [parse_qs(urlsplit(one.path).query).get("since", [None])[0] for one in chaos.seen]


def test_feed_tells_of_what_the_platform_verified(service: Service, client: Client) -> None:
    """A certificate parked elsewhere after the award is what platforms fear."""
    number = service.person(client)
    copy = client.endorse(number, "投标使用")
    with service.client(api_key=service.add_key(("verify",))) as platform:
        assert platform.verify_sha256(copy.files["pdf"].sha256).is_valid
        # Asking for the feed settles from when on it tells; nothing has changed yet.
        assert list(platform.changes()) == []
        client.record_event(service.world.event("amend_employer", number, employer=EMPLOYER))
        (page,) = platform.changes()
        (told,) = page.items

        assert (told.token, told.status, told.changed_fields) == (copy.token, "SUPERSEDED", ("employer",))
        assert list(platform.changes(page.next_cursor)) == []
        assert list(platform.changes()) == [page]


def test_feed_goes_on_from_page_to_page(behind: Client, chaos: Chaos) -> None:
    """A page that was lost is asked for again with its own cursor."""
    chaos.plan(a_page("b", "1", "2"), Fault.LOST_BEFORE, Fault.LOST_BEFORE, a_page("c", "3"), a_page("c"))

    pages = list(behind.changes("a"))

    assert asked_since(chaos) == ["a", "b", "b", "b", "c"]
    assert [[change.licence_id for change in page.items] for page in pages] == [["1", "2"], ["3"]]
    assert [page.next_cursor for page in pages] == ["b", "c"]


def test_feed_begins_without_a_cursor_and_ends_when_there_is_nothing(behind: Client, chaos: Chaos) -> None:
    """The first time of all."""
    chaos.plan(a_page("a"))

    assert list(behind.changes()) == [] and asked_since(chaos) == [None]


def test_feed_that_turns_in_a_circle_ends(behind: Client, chaos: Chaos) -> None:
    """Otherwise one change would be dealt with for ever."""
    chaos.plan(a_page("a", "1"))

    with pytest.raises(AnswerError, match="go on"):
        list(behind.changes("a"))


def test_page_is_not_asked_for_before_the_one_before_it_is_dealt_with(behind: Client, chaos: Chaos) -> None:
    """Who stops in between has kept the right cursor."""
    chaos.plan(a_page("b", "1"), a_page("c", "2"))

    next(behind.changes("a"))

    assert len(chaos.seen) == 1
