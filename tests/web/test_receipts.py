"""Receipts over HTTP: as JWS in the answer, as a page for people, or a coded refusal."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from certsvc.sealing.trust import retire_key
from tests.drills import record
from tests.factories import FixedClock
from tests.verification.receipts import checked, parts_of
from tests.verification.test_report_page import jws_of, text_of
from tests.web.site import Site, body_of
from tests.world import JSON, NUMBER, World, settings_in

PATH = "/api/v1/verifications"
PDF = {"Accept": "application/pdf"}


@pytest.fixture(scope="module")
def site_with_copy(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Site:
    """Make one site for the module."""
    folder = tmp_path_factory.mktemp("receipts")
    (folder / "var").mkdir()
    (folder / "var" / "cache").symlink_to(font_cache)
    return Site(World(settings_in(folder / "var", dev_keys), FixedClock()))


@pytest.fixture(scope="module")
def copy(site_with_copy: Site) -> JSON:
    """Issue one copy."""
    return site_with_copy.issued()


def forms(copy: JSON) -> list[JSON]:
    """Return every JSON form about a copy."""
    return [
        {"sha256": copy["files"]["pdf"]["sha256"]},
        {"qr": copy["verify_url"]},
        {"code": copy["code"]},
        {"registration_number": NUMBER, "name": "样本甲"},
    ]


def test_answer_and_page_say_the_same_at_the_same_instant(site_with_copy: Site, copy: JSON) -> None:
    """Asked both ways with one clock: the signed part is the same, letter for letter."""
    pages = 0
    for form in forms(copy):
        asked = form | {"receipt": True, "specialty": "建筑工程"}
        answer = body_of(site_with_copy.post(PATH, asked))
        page = site_with_copy.post(PATH, asked, **PDF)

        assert (page.status_code, page.mimetype) == (200, "application/pdf")
        inside = jws_of(page.data)
        assert inside.rpartition(".")[0] == answer["receipt"].rpartition(".")[0]
        claims = parts_of(answer["receipt"])[1]
        names = ("verdict", "status", "subject", "as_of", "checked_at")
        assert [claims[name] for name in names] == [answer[name] for name in names]
        assert claims["licence_id"] == answer["certificate"]["licence_id"]
        pages += 1
    record("answers and pages compared", pages=pages, different=0)


@pytest.mark.parametrize("receipt", ["true", "false"])
def test_file_with_the_field_receipt(site_with_copy: Site, copy: JSON, receipt: str) -> None:
    """As in the JSON forms."""
    content = site_with_copy.world.file(copy)

    answer = body_of(site_with_copy.upload(PATH, content, receipt=receipt))

    assert (answer["receipt"] is not None) == (receipt == "true")
    if receipt == "true":
        assert checked(site_with_copy.world, answer["receipt"], given=content).input == "same"


def test_page_of_a_file_is_handed_out_as_a_file_nobody_keeps(site_with_copy: Site, copy: JSON) -> None:
    """In the caller's language, under a name that says what it is."""
    content = site_with_copy.world.file(copy)
    page = site_with_copy.upload(PATH, content, {**PDF, "Accept-Language": "en"}, receipt="true")

    assert page.headers["Content-Disposition"].startswith('attachment; filename="verification-2026')
    assert page.headers["Cache-Control"] == "no-store" and "Accept" in page.headers["Vary"]
    assert page.headers["Content-Language"] == "en"
    assert "Verificationreport" in text_of(page.data)
    assert "样本甲" in body_of(site_with_copy.upload(PATH, content))["certificate"]["name"]
    assert "样本甲" not in text_of(page.data), "made to be passed on, also by who may see the whole name"


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [
        ("*/*", "application/json"),
        ("application/json, application/pdf", "application/json"),
        ("application/pdf;q=0.5, application/json", "application/json"),
        ("application/json;q=0.5, application/pdf", "application/pdf"),
        ("text/html", "application/json"),
    ],
)
def test_page_is_given_to_who_prefers_it(
    site_with_copy: Site, copy: JSON, accept: str, mimetype: str
) -> None:
    """A program that takes anything gets JSON."""
    answer = site_with_copy.post(PATH, forms(copy)[0] | {"receipt": True}, Accept=accept)

    assert (answer.status_code, answer.mimetype) == (200, mimetype)


def test_page_without_asking_for_a_receipt_is_refused(site_with_copy: Site, copy: JSON) -> None:
    """A page without evidence would be a picture."""
    for form in forms(copy):
        answer = site_with_copy.post(PATH, form, **PDF)
        assert answer.status_code == 422
        assert body_of(answer)["errors"][0]["pointer"] == "/receipt"


def test_page_handed_in_at_the_public_page_is_no_certificate(site_with_copy: Site, copy: JSON) -> None:
    """Whoever was sent the report instead of the certificate is told so."""
    page = site_with_copy.post(PATH, forms(copy)[0] | {"receipt": True}, **PDF).data

    shown = site_with_copy.upload("/verify", page, {"Accept": "text/html"})

    assert shown.status_code == 200
    assert "这是本服务出具的核验报告，不是证书" in shown.text
    assert "样本甲" not in shown.text


def test_without_a_key_there_is_no_answer_instead_of_one_without_receipt(
    tmp_path: Path, dev_keys: Path, font_cache: Path
) -> None:
    """Who asks for evidence must not believe to have got it; the other questions go on."""
    keys = shutil.copytree(dev_keys, tmp_path / "keys")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    site = Site(World(settings_in(tmp_path / "var", keys), FixedClock()))
    (key,) = site.world.services.keystore.service_keys("receipt")
    retire_key(keys, key.key_id, site.world.clock.now())
    asked = {"sha256": "0" * 64}

    refused = [site.post(PATH, asked | {"receipt": True}, Accept=accept) for accept in ("*/*", PDF["Accept"])]
    batch = body_of(site.post(f"{PATH}/batch", {"items": [asked, asked | {"receipt": True}]}))["reports"]

    assert [(one.status_code, body_of(one)["code"]) for one in refused] == [(500, "KEY_MATERIAL")] * 2
    assert site.post(PATH, asked).status_code == 200
    assert [one.get("code", one["status"]) for one in batch] == ["UNKNOWN", "KEY_MATERIAL"]
