"""Every call of the client, once, against a real server."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certsvc.client import Client, ProblemError, Question, Status, Verdict
from certsvc.translog.proof_file import read_proof
from tests.client.bodies import a_report
from tests.client.chaos import Chaos, said_json
from tests.client.service import Service
from tests.sealing.samples import an_unsigned_pdf

EMPLOYER = {"name": "另一建设有限公司", "uscc": "91990000MA0000015Q"}


def test_registration_is_recorded_read_and_its_history_told(client: Client, service: Service) -> None:
    """What a registration system does all day."""
    event = service.event(name="样本乙")
    recorded = client.record_event(event)
    number = recorded.registration.registration_number

    again = client.record_event(event)
    client.record_event(service.world.event("amend_employer", number, employer=EMPLOYER))

    assert again == recorded
    assert client.registration(number).employer.name == EMPLOYER["name"]
    assert client.registration(number).holder.name == "样本乙"
    assert [item.type for item in client.history(number)] == ["initial", "amend_employer"]
    assert client.history(number)[1].changed_fields == ("employer",)


def test_registration_is_told_as_of_an_instant(client: Client, service: Service) -> None:
    """A bid opened last week: what counted then."""
    number = service.person(client)
    before = datetime.now(UTC) - timedelta(days=1)

    with pytest.raises(ProblemError) as caught:
        client.registration(number, as_of=before)
    assert caught.value.code == "NOT_FOUND"
    assert client.registration(number, as_of=datetime.now(UTC)).status == "ACTIVE"


def test_copy_is_endorsed_downloaded_and_verified(client: Client, service: Service) -> None:
    """The way of one copy, from its order to the bid."""
    number = service.person(client)
    copy = client.endorse(number, "投标使用")
    files = {fmt: client.download(copy.files[fmt]) for fmt in ("pdf", "ofd")}

    assert client.endorsement(copy.endorsement_id) == copy
    assert copy.purpose == "投标使用" and copy.use_until > copy.use_from == copy.day
    assert files["pdf"].startswith(b"%PDF-") and files["ofd"].startswith(b"PK\x03\x04")
    for fmt, content in files.items():
        assert hashlib.sha256(content).hexdigest() == copy.files[fmt].sha256
        report = client.verify_file(content)
        assert (report.is_valid, report.subject, report.must_compare) == (True, "file", False)
        assert report.certificate is not None and report.certificate.registration_number == number


def test_a_holder_is_given_a_link(client: Client, service: Service) -> None:
    """Each call makes another; the end is a quarter of an hour away."""
    number = service.person(client)
    first, second = client.holder_link(number), client.holder_link(number)

    assert "/my/enter/" in first.url
    assert first.url != second.url
    assert timedelta(minutes=14) < first.expires_at - datetime.now(UTC) <= timedelta(minutes=15)


def test_original_is_issued_once(client: Client, service: Service) -> None:
    """Asking twice must not give two."""
    number = service.person(client)
    first, second = client.issue_original(number), client.issue_original(number)

    assert first == second
    assert client.verify_file(client.download(first.files["ofd"])).verdict is Verdict.VALID


def test_picture_of_an_original_follows_its_issue(client: Client, service: Service) -> None:
    """A desk shows it beside the data; before the original there is none."""
    number = service.person(client)
    with pytest.raises(ProblemError) as caught:
        client.original_picture(number)
    assert caught.value.code == "ORIGINAL_NOT_ISSUED"

    client.issue_original(number)
    assert client.original_picture(number).startswith(b"\x89PNG\r\n")


def test_proofs_of_a_copy_and_of_an_original_are_handed_out(client: Client, service: Service) -> None:
    """Asked for at once: the service says when to come again, and the client does, by a real clock."""
    number = service.person(client)
    copy, original = client.endorse(number, "投标使用"), client.issue_original(number)

    with Client(service.url, api_key=service.api_key) as patient:
        proofs = patient.endorsement_proof(copy.endorsement_id), patient.original_proof(number)

    said = [read_proof(one).opening.facts for one in proofs]
    assert [one["kind"] for one in said] == ["endorse", "issue"]
    assert [one["pdf_sha256"] for one in said] == [one.files["pdf"].sha256 for one in (copy, original)]


def test_second_copy_of_a_day_is_refused_with_the_one_there_is(client: Client, service: Service) -> None:
    """The caller downloads that one instead."""
    number = service.person(client)
    copy = client.endorse(number, "投标使用")

    with pytest.raises(ProblemError) as caught:
        client.endorse(number, "另一用途")

    assert caught.value.code == "ENDORSED_TODAY" and caught.value.status == 409
    existing = caught.value.problem.existing
    assert existing is not None and existing.endorsement_id == copy.endorsement_id
    assert client.download(existing.files["pdf"]) == client.download(copy.files["pdf"])


def test_own_key_gives_the_same_copy_in_another_process(client: Client, service: Service) -> None:
    """A platform that died in between asks again with the number of its order."""
    number = service.person(client)
    first = client.endorse(number, "投标使用", idempotency_key="order-1")
    with service.client() as other:
        second = other.endorse(number, "投标使用", idempotency_key="order-1")

    assert first == second


def test_wrong_fields_are_named(client: Client, service: Service) -> None:
    """A caller mends what is wrong without reading a log."""
    with pytest.raises(ProblemError) as caught:
        client.record_event({**service.event(), "specialities": []})

    assert caught.value.code == "INVALID_FIELD"
    assert [fault.pointer for fault in caught.value.errors] == ["/specialities"]
    assert "/specialities" in str(caught.value)


def test_key_without_the_scope_is_refused_at_once(service: Service, chaos: Chaos) -> None:
    """No repetition makes a key better."""
    keys = {"FORBIDDEN": service.add_key(("verify",)), "UNAUTHENTICATED": "cs_nobody"}
    for code, api_key in keys.items():
        with service.client(chaos.url, api_key=api_key) as limited, pytest.raises(ProblemError) as caught:
            limited.registration("x")
        assert caught.value.code == code

    assert len(chaos.seen) == 2


def test_expiring_goes_through_all_pages(client: Client, service: Service) -> None:
    """The list is as long as it is; pages are the client's business."""
    numbers = {service.person(client) for _ in range(3)}

    listed = list(client.expiring(within_days=3660))

    assert numbers <= {item.registration_number for item in listed}
    assert len({(item.registration_number, item.specialty) for item in listed}) == len(listed)
    assert list(client.expiring(within_days=1)) == []


@pytest.mark.parametrize("form", ["qr", "code", "sha256", "number"])
def test_every_form_is_verified(client: Client, service: Service, form: str) -> None:
    """Whatever the platform has in hand."""
    number = service.person(client, name="样本丙")
    copy = client.endorse(number, "投标使用")
    when = datetime.now(UTC)
    report = {
        "qr": lambda: client.verify_qr(copy.verify_url, as_of=when),
        "code": lambda: client.verify_code(copy.code, as_of=when),
        "sha256": lambda: client.verify_sha256(copy.files["pdf"].sha256.upper(), as_of=when),
        "number": lambda: client.verify_number(number, "样本丙", as_of=when),
    }[form]()

    assert report.is_valid and report.kind == form and report.as_of == when
    assert report.must_compare == (form != "sha256")
    assert report.certificate is not None and report.certificate.name == "样本丙"


def test_specialty_that_is_not_held_is_not_valid(client: Client, service: Service) -> None:
    """The tender needs one specialty, not any."""
    copy = client.endorse(service.person(client), "投标使用")

    report = client.verify_qr(copy.verify_url, specialty="矿业工程")

    assert not report.is_valid
    assert "SPECIALTY_NOT_HELD" in {finding.code for finding in report.failed()}
    assert client.verify_qr(copy.verify_url, specialty="建筑工程").is_valid


def test_known_file_never_leaves_the_platform(
    service: Service, chaos: Chaos, client: Client, behind: Client
) -> None:
    """Its hash is enough, even where sending it is allowed."""
    copy = client.endorse(service.person(client), "投标使用")
    content = client.download(copy.files["pdf"])

    report = behind.verify_file(content, upload=True)

    assert report.is_valid and report.kind == "sha256"
    (asked,) = chaos.seen
    assert len(asked.body) < 200 and content[:100] not in asked.body


def test_unknown_file_is_sent_only_when_the_caller_allows(
    service: Service, chaos: Chaos, client: Client, behind: Client, tmp_path: Path
) -> None:
    """A bid is a secret until it is opened; and why a file is refused only its bytes can tell."""
    copy = client.endorse(service.person(client), "投标使用")
    path = tmp_path / "bid.pdf"
    path.write_bytes(client.download(copy.files["pdf"]) + b"\n%more")
    when = datetime.now(UTC)

    kept = behind.verify_file(path, as_of=when)
    assert len(chaos.seen) == 1
    sent = behind.verify_file(path, as_of=when, specialty="建筑工程", upload=True)

    assert (kept.verdict, kept.status, kept.kind) == (Verdict.INVALID, Status.UNKNOWN, "sha256")
    assert (sent.verdict, sent.status, sent.kind) == (Verdict.INVALID, Status.ALTERED, "pdf")
    assert [request.headers["content-type"].partition(";")[0] for request in chaos.seen] == [
        "application/json",
        "application/json",
        "multipart/form-data",
    ]
    for name, text in {"specialty": "建筑工程", "as_of": when.isoformat()}.items():
        assert f'name="{name}"\r\n\r\n{text}\r\n'.encode() in chaos.seen[2].body
    assert b"bid.pdf" not in chaos.seen[2].body


def test_file_is_sent_when_the_register_cannot_tell_now(chaos: Chaos, behind: Client) -> None:
    """That nobody sealed it stands in its bytes; for that no register is needed."""
    chaos.plan(said_json(a_report(status="UNAVAILABLE", verdict="INDETERMINATE", kind="sha256")))

    report = behind.verify_file(an_unsigned_pdf(), upload=True)

    assert (report.verdict, report.status, report.kind) == (Verdict.INVALID, Status.NO_SIGNATURE, "pdf")


@pytest.mark.parametrize("content", [b"", b"x", b"\x89PNG\r\n\x1a\n"])
def test_rubbish_gets_a_report_too(client: Client, content: bytes) -> None:
    """A bidder's broken file must not stop the platform."""
    assert not client.verify_file(content, upload=True).is_valid


def test_file_over_the_limit_is_judged_by_its_hash(behind: Client, chaos: Chaos) -> None:
    """It cannot be one of ours, and sending it would only be refused."""
    report = behind.verify_file(b"x" * (10 * 1024 * 1024 + 1), upload=True)

    assert report.status == Status.UNKNOWN and len(chaos.seen) == 1


def test_question_of_a_stranger_is_not_valid(client: Client) -> None:
    """The three ways to be wrong that a platform meets most."""
    assert client.verify_qr("https://example.com/V/0").status == Status.NOT_OURS
    assert client.verify_code("0000-0000-0000").status == Status.UNKNOWN
    assert client.verify(Question(sha256="0" * 64)).status == Status.UNKNOWN


def test_sentences_come_in_the_language_asked_for(service: Service, client: Client) -> None:
    """Codes are the same; people read the rest."""
    with Client(service.url, api_key=service.api_key) as chinese:
        zh, en = (one.verify_code("0000-0000-0000").failed()[0] for one in (chinese, client))

    assert zh.code == en.code and zh.message != en.message
    assert en.message.isascii()
