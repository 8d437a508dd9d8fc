"""A photo of the paper leads to the record it names, and is never taken for the paper."""

from __future__ import annotations

import time
from itertools import cycle
from typing import Final

import pytest
from PIL import Image

from bench.photographs import CLASSES, EACH
from certsvc.domain.report import Check, Kind, Report, Result, Status, Verdict
from certsvc.verification.answers import may_show_full, report_body
from tests.drills import FULL, record
from tests.verification.conftest import Issued
from tests.verification.pictures import (
    ALSO,
    beside,
    drawn,
    jpeg,
    photo,
    png,
    symbol,
    with_symbol_of,
)

READ: Final = 0.9
"""Share of the photographs that must be read, over all classes together."""


def codes(report: Report) -> set[str]:
    """Return the codes of all findings."""
    return {finding.code for finding in report.findings}


def token_of(report: Report) -> str | None:
    """Return the token of the copy a report shows."""
    return report.entry.copy.token if report.entry is not None and report.entry.copy is not None else None


@pytest.mark.parametrize("made", [png, jpeg], ids=["png", "jpeg"])
def test_a_photo_shows_the_record_to_compare(issued: Issued, made: type) -> None:
    """The register speaks of the record only; the paper was not seen by anybody."""
    report = issued.world.verify(file=made(drawn(issued.first_pdf)))

    assert (report.verdict, report.status, report.subject) == (Verdict.VALID, Status.VALID, "record")
    assert report.kind is Kind.PHOTO
    assert token_of(report) == issued.first["token"]
    (ours,) = [finding for finding in report.findings if finding.check is Check.FILE_IS_OURS]
    assert (ours.result, ours.code) == (Result.SKIP, "COMPARE_FACE")


def test_a_photo_does_not_unmask_a_name(issued: Issued) -> None:
    """Anybody can draw a symbol; only a file of ours, or the name itself, shows the name."""
    report = issued.world.verify(file=png(drawn(issued.first_pdf)))

    assert not may_show_full(report)
    assert may_show_full(report, "样本甲")
    body = report_body(report, issuer_name="", lang="zh", full=may_show_full(report))
    assert "样本甲" not in str(body)
    assert may_show_full(issued.world.verify(file=issued.first_pdf))


def test_a_symbol_of_another_certificate_is_never_called_genuine(issued: Issued) -> None:
    """A genuine symbol pasted on another face: the page shows whose it is, to compare."""
    forged = with_symbol_of(drawn(issued.second_pdf), drawn(issued.first_pdf))
    report = issued.world.verify(file=jpeg(forged, 90))

    assert token_of(report) == issued.first["token"]
    assert report.subject == "record"
    assert "COMPARE_FACE" in codes(report)
    assert {"FILE_KNOWN", "OK"} & codes(report) == set()


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("https://example.com/v/abc", Status.NOT_OURS, "FOREIGN_DOMAIN"),
        ("http://127.0.0.1:8001/V/{token}", Status.NOT_OURS, "FOREIGN_DOMAIN"),
        ("http://127.0.0.1:8000@evil.example/V/{token}", Status.NOT_OURS, "FOREIGN_DOMAIN"),
        ("http://127.0.0.l:8000/V/{token}", Status.NOT_OURS, "HOMOGLYPH_DOMAIN"),
        ("file:///etc/passwd", Status.NOT_OURS, "FOREIGN_DOMAIN"),
        ("hello", Status.UNKNOWN, "MALFORMED_QR"),
        ("HTTP://127.0.0.1:8000/V/00000000000000000000000000", Status.UNKNOWN, "NOT_IN_REGISTRY"),
    ],
)
def test_a_photo_of_another_symbol_says_what_is_wrong(
    issued: Issued, text: str, status: Status, code: str
) -> None:
    """A look-alike site behind a genuine-looking symbol deceived 19,000 buyers in one case."""
    report = issued.world.verify(file=png(symbol(text.format(token=issued.first["token"]))))

    assert (report.verdict, report.status, report.subject) == (Verdict.INVALID, status, "record")
    assert code in codes(report)
    assert report.entry is None


def test_a_picture_without_a_symbol_says_so(issued: Issued) -> None:
    """Not "unknown": nothing was looked up."""
    report = issued.world.verify(file=png(Image.new("RGB", (900, 700), "white")))

    assert (report.verdict, report.status) == (Verdict.INDETERMINATE, Status.UNREADABLE)
    assert "NO_QR_FOUND" in codes(report)
    assert "NOT_IN_REGISTRY" not in codes(report)


def test_of_many_symbols_the_only_one_of_ours_decides(issued: Issued) -> None:
    """Desks are full of other symbols."""
    ours = symbol(issued.first["verify_url"])
    picture = beside(symbol("https://example.com/menu"), ours, symbol("WIFI:S:guest;;"))

    assert token_of(issued.world.verify(file=png(picture))) == issued.first["token"]
    assert token_of(issued.world.verify(file=png(beside(ours, ours)))) == issued.first["token"]


def test_many_symbols_none_of_which_can_be_chosen(issued: Issued) -> None:
    """Two of ours, or several of others: the asker chooses, not we."""
    two = beside(symbol(issued.first["verify_url"]), symbol(issued.second["verify_url"]))
    others = beside(symbol("https://example.com/a"), symbol("https://example.com/b"))
    for picture in (two, others):
        report = issued.world.verify(file=png(picture))
        assert (report.verdict, report.status) == (Verdict.INDETERMINATE, Status.UNREADABLE)
        assert "MANY_QR" in codes(report)
        assert report.entry is None


def test_a_lookalike_among_many_symbols_is_named(issued: Issued) -> None:
    """Nobody comes by such an address by chance."""
    picture = beside(symbol("https://example.com/a"), symbol("http://127.0.0.l:8000/V/X"))
    report = issued.world.verify(file=png(picture))

    assert report.status is Status.NOT_OURS
    assert "HOMOGLYPH_DOMAIN" in codes(report)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"GIF89a" + bytes(50), Status.UNREADABLE, "KIND_NOT_READ"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", Status.UNREADABLE, "KIND_NOT_READ"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(50), Status.UNREADABLE, "KIND_NOT_READ"),
        (b"PK\x03\x04" + bytes(50), Status.UNREADABLE, "NOT_AN_OFD"),
        (b"\x89PNG\r\n\x1a\n", Status.UNREADABLE, "UNREADABLE_FILE"),
        (b"\xff\xd8\xff", Status.UNREADABLE, "UNREADABLE_FILE"),
    ],
)
def test_other_kinds_of_files_are_named(issued: Issued, content: bytes, status: Status, code: str) -> None:
    """Phones send HEIC; the asker learns which kinds are read."""
    report = issued.world.verify(file=content)

    assert (report.verdict, report.status) == (Verdict.INDETERMINATE, status)
    assert code in codes(report)


def test_a_changed_certificate_behind_a_foreign_first_byte_stays_altered(issued: Issued) -> None:
    """Bytes before the PDF do not turn it into a picture of unknown kind."""
    assert issued.world.verify(file=b"GIF89a\n" + issued.first_pdf).status is Status.ALTERED


def test_photos_as_phones_take_them(issued: Issued) -> None:
    """Not one wrong record, whatever is done to the picture; nine in ten are read, clean ones all.

    Undoing blur ends with its time: on a busy machine fewer blurred ones are read. Whole drills count them.
    """
    many = EACH if FULL else EACH // 10
    pages = cycle([(issued.first, drawn(issued.first_pdf)), (issued.second, drawn(issued.second_pdf))])
    counted = 0
    for kind in (*ALSO, *CLASSES):
        read, wrong, took = 0, 0, []
        for number in range(many):
            copy, page = next(pages)
            content = photo(page, kind, number)
            begun = time.monotonic()
            report = issued.world.verify(file=content)
            took.append(time.monotonic() - begun)
            read += token_of(report) == copy["token"]
            wrong += token_of(report) not in {None, copy["token"]}
            assert token_of(report) is not None or "NO_QR_FOUND" in codes(report)
        record(
            f"photos, {kind}", photos=many, read=f"{100 * read // many} %", wrong=wrong,
            median_ms=round(1000 * sorted(took)[many // 2]),
        )  # fmt: skip
        assert wrong == 0
        assert kind != "clean" or read == many
        counted += read if kind in CLASSES and (FULL or kind not in ("blur", "motion")) else 0
    assert counted >= READ * many * (len(CLASSES) if FULL else len(CLASSES) - 2)
