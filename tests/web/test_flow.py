"""The way of one certificate through the API, from its event to the page behind its QR."""

from __future__ import annotations

import hashlib

import pytest

from certsvc.domain.endorsement import FORMATS
from certsvc.web import schemas
from tests.web.site import HTML, Site, body_of, path_of
from tests.world import NUMBER


def test_certificate_goes_from_event_to_public_page(site: Site) -> None:
    """Everything a caller and a reader of the certificate do, once, over HTTP."""
    recorded = site.post("/api/v1/events", site.world.initial_body())
    endorsed = site.endorse("k1")
    refused = site.endorse("k2")
    copy = body_of(endorsed)
    first, second = (site.get(copy["files"]["pdf"]["url"]) for _ in range(2))
    ofd = site.get(copy["files"]["ofd"]["url"])
    page = site.client.get(f"/v/{copy['token']}", headers=HTML)

    assert recorded.status_code == 201
    assert endorsed.status_code == 201
    assert refused.status_code == 409
    assert first.status_code == second.status_code == 200
    assert first.data == second.data
    assert body_of(site.upload("/api/v1/verifications", ofd.data))["verdict"] == "VALID"
    assert hashlib.sha256(first.data).hexdigest() == copy["files"]["pdf"]["sha256"]
    assert page.status_code == 200
    assert "登记有效，请与纸面逐项核对" in page.text


def test_second_copy_of_a_day_is_refused_with_the_official_sentence(site: Site) -> None:
    """Callers compare the sentence byte for byte, and want the copy that is there already."""
    site.world.initial()
    first = body_of(site.endorse("k1"))

    refused = body_of(site.endorse("k2"))

    assert refused["code"] == "ENDORSED_TODAY"
    assert refused["detail"].encode() == "今日已申请过加注件,请勿重复加注".encode()
    assert refused["existing"] == {name: first[name] for name in ("endorsement_id", "state", "files")}


def test_a_replaced_key_is_refused_from_the_next_call_on(site: Site) -> None:
    """Whoever holds the leaked one is out; the caller goes on with the new one."""
    site.world.initial()
    assert site.get(path_of(NUMBER)).status_code == 200

    _, fresh = site.world.services.clients.rekey("tests")

    assert site.get(path_of(NUMBER)).status_code == 401
    assert site.get(path_of(NUMBER), **{"X-API-Key": fresh}).status_code == 200


def test_official_sentence_stands_in_english_answers_too(site: Site) -> None:
    """The sentence is the issuer's; the gloss goes into the title."""
    site.world.initial()
    site.endorse("k1")
    refused = site.post(
        path_of(NUMBER, "endorsements"),
        {"purpose": "投标使用"},
        **{"Idempotency-Key": "k2", "Accept-Language": "en"},
    )

    assert body_of(refused)["detail"] == "今日已申请过加注件,请勿重复加注"
    assert body_of(refused)["title"].isascii()


def test_retry_with_the_same_key_is_answered_alike_with_200(site: Site) -> None:
    """A caller whose reply was lost must see that nothing new was made."""
    site.world.initial()
    first, second = site.endorse("k1"), site.endorse("k1")

    assert (first.status_code, second.status_code) == (201, 200)
    assert body_of(first) == body_of(second)


def test_event_sent_twice_is_answered_alike_and_a_changed_one_refused(site: Site) -> None:
    """source_id makes an event safe to send again."""
    event = site.world.initial_body()
    first, second = site.post("/api/v1/events", event), site.post("/api/v1/events", event)
    other = site.post(
        "/api/v1/events", event | {"employer": {"name": "另一公司", "uscc": "91990000MA0000015Q"}}
    )

    assert (first.status_code, second.status_code, other.status_code) == (201, 200, 409)
    assert body_of(first) == body_of(second)
    assert body_of(other)["code"] == "IDEMPOTENCY_CONFLICT"


def test_original_is_issued_once_and_served_in_both_formats_and_as_a_picture(site: Site) -> None:
    """The original has no daily limit: asking again gives the same one."""
    site.world.initial()
    assert body_of(site.get(path_of(NUMBER, "original.pdf")))["code"] == "ORIGINAL_NOT_ISSUED"

    first, second = site.post(path_of(NUMBER, "original")), site.post(path_of(NUMBER, "original"))
    pdf, ofd, png = (site.get(path_of(NUMBER, f"original.{fmt}")) for fmt in ("pdf", "ofd", "png"))

    assert (first.status_code, second.status_code) == (201, 200)
    assert body_of(first) == body_of(second)
    assert pdf.data.startswith(b"%PDF-") and pdf.mimetype == "application/pdf"
    assert ofd.data.startswith(b"PK\x03\x04") and ofd.mimetype == "application/ofd"
    assert png.data.startswith(b"\x89PNG") and png.mimetype == "image/png"


@pytest.mark.parametrize("fmt", FORMATS)
def test_file_comes_as_an_attachment_under_its_digest(site: Site, fmt: str) -> None:
    """A caller that has the bytes already is told so instead of sent them again."""
    copy = site.issued()
    url = copy["files"][fmt]["url"]
    served = site.get(url)

    again = site.get(url, **{"If-None-Match": served.headers["ETag"]})
    other = site.get(url, **{"If-None-Match": '"0"'})

    assert url.endswith(f".{fmt}") and served.mimetype == f"application/{fmt}"
    assert served.headers["ETag"] == f'"{copy["files"][fmt]["sha256"]}"'
    assert hashlib.sha256(served.data).hexdigest() == copy["files"][fmt]["sha256"]
    assert len(served.data) == copy["files"][fmt]["size"]
    disposition = served.headers["Content-Disposition"]
    assert disposition == f'attachment; filename="{copy["endorsement_id"]}.{fmt}"'
    assert again.status_code == 304 and not again.data
    assert other.status_code == 200


def test_answers_have_the_shape_the_description_promises(site: Site) -> None:
    """The models of openapi.json are checked against real answers, not against hopes."""
    event = site.post("/api/v1/events", site.world.initial_body())
    original = site.post(path_of(NUMBER, "original"))
    copy = site.endorse("k1")
    identifier = body_of(copy)["endorsement_id"]
    site.world.jump(days=1000)

    schemas.Recorded.model_validate(body_of(event))
    schemas.Original.model_validate(body_of(original))
    schemas.Endorsement.model_validate(body_of(copy))
    schemas.Endorsement.model_validate(body_of(site.get(f"/api/v1/endorsements/{identifier}")))
    schemas.Registration.model_validate(body_of(site.get(path_of(NUMBER))))
    schemas.History.model_validate(body_of(site.get(path_of(NUMBER, "history"))))
    expiring = schemas.Expiring.model_validate(body_of(site.get("/api/v1/expiring")))
    report = site.post("/api/v1/verifications", {"code": body_of(copy)["code"]})
    schemas.Report.model_validate(body_of(report))
    schemas.Problem.model_validate(body_of(site.get("/api/v1/endorsements/none")))
    assert [item.registration_number for item in expiring.items] == [NUMBER]


def test_state_in_the_past_is_told_for_a_registration(site: Site) -> None:
    """A bid opened last week: what counted then."""
    site.world.initial()
    then = site.world.clock.now().isoformat()
    site.world.jump(days=5)
    site.world.record(site.world.event("cancel", reason={"code": "C", "text": "本人申请"}))

    now = site.get(path_of(NUMBER))
    before = site.client.get(path_of(NUMBER), query_string={"as_of": then}, headers={"X-API-Key": site.key})

    assert body_of(now)["status"] == "CANCELLED"
    assert body_of(before)["status"] == "ACTIVE"


@pytest.mark.parametrize("form", ["file", "qr", "code", "sha256", "number"])
def test_platform_verifies_by_every_form_and_sees_the_whole_name(site: Site, form: str) -> None:
    """The verify scope is trusted with the name; every way in gives one report."""
    copy = site.issued(name="样本甲")
    questions = {
        "qr": {"qr": copy["verify_url"]},
        "code": {"code": copy["code"]},
        "sha256": {"sha256": copy["files"]["pdf"]["sha256"]},
        "number": {"registration_number": NUMBER, "name": "样本甲"},
    }
    if form == "file":
        answer = site.upload("/api/v1/verifications", site.world.file(copy))
    else:
        answer = site.post("/api/v1/verifications", questions[form])

    report = body_of(answer)
    assert (answer.status_code, report["verdict"]) == (200, "VALID")
    assert report["certificate"]["name"] == "样本甲"
    assert report["subject"] == ("file" if form in {"file", "sha256"} else "record")


@pytest.mark.parametrize(
    "content", [b"", b"x", b"%PDF-1.7\n", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
)
def test_file_within_the_limit_always_gets_a_report(standing_site: Site, content: bytes) -> None:
    """A platform that sends rubbish learns that it cannot be told, not that the server failed."""
    answer = standing_site.upload("/api/v1/verifications", content)

    assert answer.status_code == 200
    assert body_of(answer)["verdict"] != "VALID"
