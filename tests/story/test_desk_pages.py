"""The desk's pages, as each role sees them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from registration_desk.book import Book
from registration_desk.outbox import deliver_due, letters
from registration_desk.pages import create_desk

from certsvc.client import Client
from certsvc.domain.wording import OFFICIAL
from tests.client.service import Service
from tests.story.conftest import CONTRACT, INITIAL, approved

ROLES = ("person", "enterprise", "province", "ministry")


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    """Connect straight."""
    with service.client() as connected:
        yield connected


@pytest.fixture
def visitor(book: Book, client: Client) -> FlaskClient:
    """Open a browser on the desk; one client plays both institutions."""
    return create_desk(book, client, client).test_client()


def become(visitor: FlaskClient, **choice: str) -> None:
    """Switch role or language."""
    assert visitor.post("/switch", data=choice).status_code == 302


def test_application_goes_through_four_hands_on_the_pages(
    visitor: FlaskClient, book: Book, client: Client
) -> None:
    """Each role sees its own button and nobody else's, and the track grows."""
    assert visitor.post("/apply/initial", data={"person": "p1", **INITIAL}).location == "/applications/1"
    for role, action, words in (
        ("enterprise", "confirm", "企业确认"),
        ("province", "accept", "省级审查通过"),
        ("ministry", "approve", "批准"),
    ):
        for other in ROLES:
            become(visitor, role=other)
            shown = f"/applications/1/{action}" in visitor.get("/applications/1").text
            assert shown is (other == role)
            if other != role:
                assert visitor.post(f"/applications/1/{action}").status_code == 409
        become(visitor, role=role)
        assert "第 1 号" in visitor.get("/").text
        assert visitor.post(f"/applications/1/{action}").status_code == 302
        assert words in visitor.get("/applications/1").text

    assert "待送达" in visitor.get("/applications/1").text
    deliver_due(book, client)
    page = visitor.get("/applications/1").text
    assert "已送达" in page and letters(book)[0].source_id in page

    certificate = visitor.get("/certificates/p1").text
    assert "样本第一建设有限公司" in certificate and "data:image/png;base64,iVBOR" in certificate
    for _ in range(2):
        visitor.post("/certificates/p1/endorse", data={"purpose": "样本投标 <b>"})
    certificate = visitor.get("/certificates/p1").text
    assert OFFICIAL["ENDORSED_TODAY"] in certificate
    assert "样本投标 &lt;b&gt;" in certificate and "<b>" not in certificate
    link = re.search(r"/copies/[^\"]+\.pdf", certificate)
    assert link is not None
    file = visitor.get(link[0])
    assert file.data.startswith(b"%PDF")

    report = visitor.post("/platform", data={"file": (io.BytesIO(file.data), "copy.pdf")}).text
    assert "VALID · VALID" in report
    spoilt = visitor.post("/platform", data={"file": (io.BytesIO(file.data + b"%"), "copy.pdf")}).text
    assert "INVALID · ALTERED" in spoilt
    before = visitor.post(
        "/platform", data={"file": (io.BytesIO(file.data), "c"), "as_of": "2024-01-01T09:00"}
    ).text
    assert "INVALID · NOT_YET" in before


def test_returned_application_shows_why_and_is_submitted_again(visitor: FlaskClient, book: Book) -> None:
    """The form comes back as it was filled in."""
    visitor.post("/apply/initial", data={"person": "p2", **INITIAL})
    become(visitor, role="enterprise")
    refused = visitor.post("/applications/1/return", data={"note": ""})
    assert refused.status_code == 422 and "退回须写明原因" in refused.text
    visitor.post("/applications/1/return", data={"note": "样本：合同日期有误"})
    become(visitor, role="person")
    page = visitor.get("/applications/1").text
    assert "样本：合同日期有误" in page and "/apply/initial?again=1" in page
    form = visitor.get("/apply/initial?again=1").text
    assert 'value="2039-12-31"' in form and 'name="person"' not in form
    assert (
        visitor.post("/apply/initial", data={"again": "1", **INITIAL, "contract_to": ""}).status_code == 422
    )
    visitor.post("/apply/initial", data={"again": "1", **INITIAL, "contract_to": "2031-01-01"})
    assert book.application(1).state == "submitted"
    assert book.application(1).said["contract_to"] == "2031-01-01"
    assert visitor.post("/apply/initial", data={"again": "1", **INITIAL}).status_code == 409


def test_refusal_of_the_service_is_read_by_the_applicant(
    visitor: FlaskClient, book: Book, client: Client
) -> None:
    """The coded reason, the official sentence, and what to do."""
    number = approved(book, "renew", "p4", {"specialty": "建筑工程", **CONTRACT})
    deliver_due(book, client)
    page = visitor.get(f"/applications/{number}").text

    assert "NO_REGISTRATION_FOR_RENEWAL" in page and OFFICIAL["NO_REGISTRATION_FOR_RENEWAL"] in page
    assert "请申请人按原因修改后重新提交" in page


def test_every_page_says_that_it_is_a_play_in_both_languages(visitor: FlaskClient, book: Book) -> None:
    """Nobody shall take it for an office."""
    approved(book, "initial", "p3", INITIAL)
    for lang, words in (("zh", "这是一场演示"), ("en", "This is a play")):
        become(visitor, lang=lang)
        for path in ("/", "/apply/cancel", "/applications/1", "/certificates", "/platform"):
            answer = visitor.get(path)
            assert answer.status_code == 200 and words in answer.text, path
            assert "script" not in answer.headers["Content-Security-Policy"]
            assert f'lang="{"zh-CN" if lang == "zh" else "en"}"' in answer.text
    for path in ("/apply/marriage", "/applications/9", "/certificates/p3", "/copies/x.exe"):
        assert visitor.get(path).status_code == 404


def test_what_nobody_has_is_not_there(visitor: FlaskClient, book: Book) -> None:
    """Numbers beyond those of the database, letters nobody wrote, the form of another business."""
    visitor.post("/apply/initial", data={"person": "p1", **INITIAL})
    become(visitor, role="enterprise")
    visitor.post("/applications/1/return", data={"note": "样本"})
    become(visitor, role="person")
    for number in ("7", "9" * 30):
        assert visitor.get(f"/applications/{number}").status_code == 404
        assert visitor.get(f"/apply/initial?again={number}").status_code == 404
        assert visitor.post(f"/letters/{number}/again", data={"application": "1"}).status_code == 404

    assert visitor.post("/apply/cancel", data={"again": "1", "reason": "样本"}).status_code == 404
    assert book.application(1).said == INITIAL


def test_form_of_another_site_is_refused(visitor: FlaskClient, book: Book) -> None:
    """The browser says where a form comes from."""
    data = {"person": "p1", **INITIAL}
    assert visitor.post("/apply/initial", data=data, headers={"Origin": "http://evil"}).status_code == 403
    assert (
        visitor.post("/apply/initial", data=data, headers={"Origin": "http://localhost"}).status_code == 302
    )
    assert len(book.applications()) == 1


def test_away_service_is_told_kindly(book: Book, service: Service) -> None:
    """The desk goes on; what is shown of certificates waits."""
    with service.client() as client:
        approved(book, "initial", "p2", INITIAL)
        deliver_due(book, client)
    with Client("http://127.0.0.1:9", api_key="cs_none", sleep=lambda _: None) as nowhere:
        visitor = create_desk(book, nowhere, nowhere).test_client()
        page = visitor.get("/certificates/p2")
        assert page.status_code == 200 and "暂时联系不上" in page.text
        visitor.post("/certificates/p2/endorse", data={"purpose": "样本"})
        assert "尚无答复" in visitor.get("/certificates/p2").text
        assert "暂时联系不上" in visitor.get("/platform").text


def test_day_of_granting_may_lie_back_but_not_ahead(visitor: FlaskClient, book: Book) -> None:
    """So that a play has registrations that run out."""
    visitor.post("/apply/initial", data={"person": "p1", **INITIAL})
    for role, action in (("enterprise", "confirm"), ("province", "accept")):
        become(visitor, role=role)
        visitor.post(f"/applications/1/{action}")
    become(visitor, role="ministry")
    ahead = datetime.now(UTC).date().replace(month=1, day=1, year=datetime.now(UTC).year + 2).isoformat()
    assert visitor.post("/applications/1/approve", data={"granted_on": ahead}).status_code == 422
    assert book.application(1).state == "accepted"
    assert visitor.post("/applications/1/approve", data={"granted_on": "2025-02-03"}).status_code == 302
    assert letters(book)[0].body["effective_at"] == "2025-02-03T09:00:00+08:00"
