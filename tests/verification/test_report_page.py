"""The page for people: one sealed PDF that says it is no certificate, and names nobody in full."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from certsvc.domain.report import Check, Finding, Report, Result, Status
from certsvc.domain.texts_findings import FINDINGS
from certsvc.domain.texts_receipt import NOT_A_CERTIFICATE, RECORD_ADVICE
from certsvc.domain.wording import status_text
from certsvc.rendering.xmp import RECEIPT_NAMESPACE
from certsvc.verification.question import Question
from certsvc.verification.receipt_pdf import Lang
from tests.drills import record, some
from tests.factories import FixedClock
from tests.verification.conftest import Issued
from tests.verification.receipts import answered, as_status, checked, keys_of, parts_of
from tests.world import NUMBER, World, settings_in

PERSONAL = ("样本甲", "1985", "示例建设", "91990000MA0000015Q", "投标使用", "男")
"""What the certificate shows and the page does not."""


def a_page(issued: Issued, report: Report, asked: Question, lang: Lang = "zh") -> bytes:
    """Return the page of an answer."""
    return issued.world.services.report_press.make(report, asked, lang=lang)


def text_of(pdf: bytes) -> str:
    """Return the text of a page without blanks."""
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 1
    text = document[0].get_textpage().get_text_bounded()
    document.close()
    return "".join(text.split())


def jws_of(pdf: bytes) -> str:
    """Return the receipt a page carries, as a PDF library finds it."""
    with pikepdf.open(BytesIO(pdf)) as opened, opened.open_metadata() as metadata:
        found = metadata[f"{{{RECEIPT_NAMESPACE}}}jws"]
    assert isinstance(found, str)
    return found


@pytest.fixture(scope="module")
def page(issued: Issued) -> bytes:
    """Make the page of a whole file."""
    return a_page(issued, *answered(issued, file=issued.first_pdf, specialty="建筑工程"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_outcome_fits_on_one_page_and_says_what_it_is_not(issued: Issued, lang: Lang) -> None:
    """Whatever was answered, the first thing read is that this is no certificate."""
    report, asked = answered(issued, file=issued.first_pdf)
    for status in Status if lang == "zh" else some(list(Status), "pages", least=4):
        shown = text_of(a_page(issued, as_status(report, status), asked, lang))

        for sentence in (NOT_A_CERTIFICATE.zh, NOT_A_CERTIFICATE.en):
            assert "".join(sentence.split()) in shown
        heading = status_text(status)
        assert "".join((heading.en if lang == "en" else heading.zh).split()) in shown, status
        assert str(status) in shown
        assert hashlib.sha256(issued.first_pdf).hexdigest() in shown


def test_page_shows_whose_certificate_it_was_and_no_more(issued: Issued, page: bytes) -> None:
    """It travels with the papers of a tender: the name in part, the number, nothing else of the person."""
    shown = text_of(page)

    assert "样**" in shown and NUMBER in shown
    assert "建筑工程" in shown, "the specialty that was asked for"
    assert [one for one in PERSONAL if one in shown] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_of_a_record_is_never_that_of_a_file(issued: Issued, lang: Lang) -> None:
    """The symbol is genuine on any paper it is pasted on: nothing calls that paper valid."""
    shown = text_of(a_page(issued, *answered(issued, qr=issued.first["verify_url"]), lang))

    heading, advice = status_text(Status.VALID, "record"), RECORD_ADVICE
    for text in (heading, advice):
        assert "".join((text.en if lang == "en" else text.zh).split()) in shown
    assert ("VALID（登记状态）" if lang == "zh" else "VALID(stateoftherecord)") in shown


def test_receipt_inside_is_the_one_of_the_answer(issued: Issued, page: bytes) -> None:
    """Program and person are told the same; only the random part of a signature differs."""
    report, asked = answered(issued, file=issued.first_pdf, specialty="建筑工程")
    receipt = issued.world.services.receipts.give(report, asked)
    inside = jws_of(page)

    assert inside.rpartition(".")[0] == receipt.rpartition(".")[0]
    assert checked(issued.world, inside).code == "RECEIPT_GENUINE"
    assert hashlib.sha256(inside.encode()).hexdigest() in text_of(page)


def test_page_is_checked_like_its_receipt_and_every_change_is_noticed(issued: Issued, page: bytes) -> None:
    """The statement inside holds whatever is done around it; what people read would not."""
    good = checked(issued.world, page, given=issued.first_pdf)
    assert (good.code, good.input) == ("RECEIPT_GENUINE", "same")

    changed = 0
    for place in some(range(0, len(page), 40), "changed reports", least=150):
        forged = bytearray(page)
        forged[place] ^= 1
        assert checked(issued.world, bytes(forged)).result is Result.FAIL, place
        changed += 1
    for tail in (b"\n", b"%%EOF\n", page[-3000:]):
        assert checked(issued.world, page + tail).code in {"RECEIPT_PDF_ALTERED", "RECEIPT_NOT_FOUND"}
    record("reports changed in one bit", reports=changed, accepted=0)


def test_receipt_in_a_certificates_file_is_no_page(issued: Issued) -> None:
    """The PDF around it has to be sealed with the key that signed the receipt."""
    receipt = jws_of(a_page(issued, *answered(issued, file=issued.first_pdf)))
    smuggled = issued.first_pdf + f"<receipt:jws>{receipt}</receipt:jws>".encode()

    assert checked(issued.world, smuggled).code == "RECEIPT_PDF_ALTERED"


def test_page_handed_in_is_told_from_a_certificate_and_from_a_strangers_file(
    issued: Issued, page: bytes
) -> None:
    """Somebody will hand it in for the certificate; "not ours" would be wrong, and "valid" worse."""
    report = issued.world.verify(file=page)
    changed = issued.world.verify(file=page + b"\n")

    assert report.status is Status.UNKNOWN
    told = [(one.check, one.result) for one in report.findings if one.code == "RECEIPT_NOT_CERTIFICATE"]
    assert told == [(Check.FILE_IS_OURS, Result.FAIL)]
    assert report.entry is None and report.face is None
    assert changed.status is Status.ALTERED


def test_no_detail_out_of_a_file_stands_over_our_seal(issued: Issued) -> None:
    """What a stranger's file is called or holds must not become a sentence of ours."""
    report, asked = answered(issued, file=issued.first_pdf)
    planted = Finding(
        check=Check.COVERAGE, result=Result.FAIL, code="FORBIDDEN_CONTENT", detail="此件有效, genuine, 𰻝"
    )
    named = Finding(
        check=Check.SUPERSEDED, result=Result.FAIL, code="SUPERSEDED", detail="employer, 2026-11-20, 建筑工程"
    )

    shown = text_of(a_page(issued, replace(report, findings=(planted, named)), asked))

    assert "此件有效" not in shown and "genuine" not in shown
    assert "（聘用企业、2026年11月20日、建筑工程）" in shown


def test_longest_answer_still_fits(issued: Issued) -> None:
    """A page that runs over would be no page at all: the longest sentence for each check, and some twice."""
    report, asked = answered(issued, file=issued.first_pdf)
    longest = max(FINDINGS, key=lambda code: len(FINDINGS[code].en))
    detail = ", ".join(["employer", "specialties", "validity", "name", "2026-11-20"])
    every = [Finding(check=check, result=Result.FAIL, code=longest, detail=detail) for check in Check]
    every += [
        Finding(check=check, result=Result.UNKNOWN, code="NEWER_COPY_EXISTS", detail=detail)
        for check in (Check.FILE_IS_OURS, Check.SPECIALTY, Check.SIGNATURE)
    ]
    changed = replace(report, findings=every, changed_fields=("employer", "specialties", "validity", "name"))

    for lang in ("zh", "en"):
        shown = text_of(a_page(issued, changed, asked, "en" if lang == "en" else "zh"))
        text = FINDINGS[longest]
        assert "".join((text.en if lang == "en" else text.zh).split())[:40] in shown


def test_page_sealed_with_a_test_key_says_so(issued: Issued, page: bytes) -> None:
    """The watermark is drawn, so it is looked for as ink: on the page of a test key, not on the other."""
    services = issued.world.services
    report, asked = answered(issued, file=issued.first_pdf, specialty="建筑工程")
    press = services.report_press
    real = type(services.receipts)(
        signer=lambda: services.keystore.service_signer("receipt"),
        keys=lambda: keys_of(issued.world, development=False),  # type: ignore[arg-type]
        specialties=services.receipts.specialties,
        issuer_name=services.settings.issuer_name,
        public_url=services.settings.public_url,
    )
    plain = type(press)(
        receipts=real,
        fonts=services.fonts,
        renderer=press._renderer,
        issuer_name=services.settings.issuer_name,
        public_url=services.settings.public_url,
    )

    assert _tint(page) > 5_000
    assert _tint(plain.make(report, asked, lang="zh")) == 0


def _tint(pdf: bytes) -> int:
    """Count the pixels in the watermark's colour."""
    document = pypdfium2.PdfDocument(pdf)
    image = document[0].render(scale=1).to_pil().convert("RGB")
    document.close()
    return sum(count for count, colour in image.getcolors(1 << 24) if colour == (0xEE, 0xF1, 0xF4))


@pytest.fixture
def changing(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Iterator[World]:
    """Make an instance that may be changed."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    yield World(settings_in(tmp_path / "var", dev_keys), FixedClock())


def test_superseded_copy_names_what_changed_and_the_newest_copy(changing: World) -> None:
    """Copy number, the newest one's day and the changed fields: the verifier learns what to ask for."""
    changing.initial()
    first = changing.endorse()
    changing.jump(days=1)
    changing.record(
        changing.event("change_employer", employer={"name": "样例集团有限公司", "uscc": "91990000MA0000015Q"})
    )
    changing.endorse()
    asked = Question(sha256=first["files"]["pdf"]["sha256"], receipt=True)
    report = changing.services.verifier.verify(asked)

    page = changing.services.report_press.make(report, asked, lang="zh")

    shown = text_of(page)
    assert report.status is Status.SUPERSEDED and report.changed_fields == ("employer",)
    assert "已变更的项目聘用企业" in shown
    assert "加注件序号1" in shown and "2·2026年11月21日" in shown
    assert "样例集团" not in shown
    assert parts_of(jws_of(page))[1]["status"] == "SUPERSEDED"


def test_a_missing_specialty_is_not_said_of_all(issued: Issued) -> None:
    """The page is evidence: others of the holder's specialties may well be in date."""
    lacking, asked = answered(issued, sha256=issued.first["files"]["pdf"]["sha256"], specialty="公路工程")
    ended = replace(lacking, findings=(Finding(check=Check.SPECIALTY, result=Result.FAIL, code="EXPIRED"),))

    of_one, of_all = (text_of(a_page(issued, report, asked)) for report in (lacking, ended))

    assert lacking.status is Status.EXPIRED
    assert "所要求的注册专业无效" in of_one and "均已届满" not in of_one
    assert "均已届满" in of_all


def test_state_now_speaks_of_the_specialty_asked_for(issued: Issued) -> None:
    """Its end is not the end of all."""
    report, asked = answered(issued, sha256=issued.first["files"]["pdf"]["sha256"], specialty="建筑工程")
    later = replace(report, state_now=Status.EXPIRED)

    assert "当前状态所要求的注册专业无效" in text_of(a_page(issued, later, asked))
