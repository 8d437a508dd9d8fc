"""Files and pictures by a bundle alone."""

from __future__ import annotations

import socket
from datetime import timedelta
from io import BytesIO
from typing import NoReturn

import pytest
from PIL import Image

from certsvc.domain.report import Check
from certsvc.domain.status_list import StatusValue
from certsvc.rendering.png import preview
from certsvc.verification.offline import OfflineVerifier
from certsvc.verification.offline_body import offline_body
from certsvc.verification.pool import ReaderPool
from tests.verification.offline_hand import Handed, drawn, listing, of, png, signed_by, with_key
from tests.world import NUMBER


@pytest.mark.parametrize("fmt", ["pdf", "ofd"])
def test_a_sealed_file_is_checked_by_its_seal_and_its_place_in_the_list(
    handed: Handed, readers: ReaderPool, fmt: str
) -> None:
    """The file carries its index, so a list speaks of it; whole, changed, and struck off."""
    content = {"pdf": handed.pdf, "ofd": handed.ofd}[fmt]
    now = handed.world.clock.now()
    verifier = OfflineVerifier(handed.bundle, readers)

    answer = verifier.verify_file(content, now=now)

    assert (answer.report.status, answer.report.subject, answer.report.kind) == ("VALID", "file", fmt)
    assert of(answer.report, Check.FILE_IS_OURS) == ("pass", "FILE_SIGNED")
    assert of(answer.report, Check.REGISTRY) == ("unknown", "STATUS_AS_OF_LIST")
    shown = offline_body(answer, handed.bundle, lang="zh")["certificate"]
    assert isinstance(shown, dict)
    assert shown["name"] == "样本甲"
    for value, status in ((StatusValue.ENDED, "CANCELLED"), (StatusValue.SUPERSEDED, "SUPERSEDED")):
        listed = listing(handed.bundle, value, handed.claims.status_index)
        assert OfflineVerifier(listed, readers).verify_file(content, now=now).report.status == status
    late = verifier.verify_file(content, now=now + timedelta(days=181)).report
    assert late.status == "USE_EXPIRED"
    changed = verifier.verify_file(content.replace(b"CreationDate", b"CreationDaTe", 1) + b" ", now=now)
    assert changed.report.status == "ALTERED"
    assert changed.data is None


@pytest.mark.parametrize("fmt", ["pdf", "ofd"])
def test_a_file_by_a_leaked_key_is_not_ours_offline(handed: Handed, readers: ReaderPool, fmt: str) -> None:
    """The instant in a file is written by whoever has the key."""
    content = {"pdf": handed.pdf, "ofd": handed.ofd}[fmt]
    since = handed.claims.issued_at + timedelta(days=1)
    verifier = OfflineVerifier(with_key(handed.bundle, "seal", compromised_since=since), readers)

    report = verifier.verify_file(content, now=handed.world.clock.now()).report

    assert report.status == "NOT_OURS"
    check = Check.SEAL_PINNED if fmt == "ofd" else Check.SIGNER_PINNED
    assert ("fail", "KEY_COMPROMISED") in [
        (str(one.result), one.code) for one in report.findings if one.check is check
    ]


def test_an_original_cannot_be_told_offline(handed: Handed, readers: ReaderPool) -> None:
    """It stands in no list."""
    handed.world.original()
    original = handed.world.services.enquiry.original_file(NUMBER, "pdf").content

    report = (
        OfflineVerifier(handed.bundle, readers).verify_file(original, now=handed.world.clock.now()).report
    )

    assert report.status == "UNAVAILABLE"
    assert of(report, Check.USAGE_WINDOW) == ("skip", "ORIGINAL_FOR_VIEWING")


def test_a_picture_of_the_page_is_read_and_both_symbols_must_agree(
    handed: Handed, readers: ReaderPool
) -> None:
    """People photograph the whole paper; with another paper's second symbol on it nothing is told."""
    verifier, now = OfflineVerifier(handed.bundle, readers), handed.world.clock.now()

    answer = verifier.verify_file(preview(handed.pdf, 200), now=now)

    assert (answer.report.status, answer.report.kind, answer.report.subject) == ("VALID", "photo", "record")
    link, mark, digits = signed_by(handed, token="0" * 26).partition("#")
    pasted = Image.open(BytesIO(preview(handed.pdf, 200))).convert("L")
    pasted.paste(drawn(link + mark, digits, 4), (480, 1640))
    report = verifier.verify_file(png(pasted), now=now).report
    assert (report.status, of(report, Check.QR_MATCHES)) == ("UNREADABLE", ("unknown", "MANY_QR"))


def test_a_picture_of_the_symbol_alone_is_enough(handed: Handed, readers: ReaderPool) -> None:
    """And one without any symbol, or of a kind we do not open, is no forgery."""
    link, mark, digits = handed.text.partition("#")
    verifier, now = OfflineVerifier(handed.bundle, readers), handed.world.clock.now()

    assert verifier.verify_file(png(drawn(link + mark, digits, 4)), now=now).report.status == "VALID"
    blank = verifier.verify_file(png(Image.new("L", (400, 400), 255)), now=now).report
    assert (blank.status, of(blank, Check.QR_MATCHES)) == ("UNREADABLE", ("unknown", "NO_QR_FOUND"))
    gif = verifier.verify_file(b"GIF89a....", now=now).report
    assert (gif.status, of(gif, Check.QR_MATCHES)) == ("UNREADABLE", ("unknown", "KIND_NOT_READ"))
    torn = verifier.verify_file(b"\x89PNG\r\n\x1a\n123", now=now).report
    assert torn.status == "UNREADABLE"


def test_a_scan_in_a_pdf_stays_unsigned_and_shows_the_record(handed: Handed, readers: ReaderPool) -> None:
    """The symbol on it is genuine, the file is not a certificate."""
    page = Image.open(BytesIO(preview(handed.pdf, 200))).convert("L")
    buffer = BytesIO()
    page.save(buffer, "PDF", resolution=200)

    answer = OfflineVerifier(handed.bundle, readers).verify_file(
        buffer.getvalue(), now=handed.world.clock.now()
    )

    assert answer.report.status == "NO_SIGNATURE"
    assert answer.claims is not None


def test_nothing_is_fetched(handed: Handed, readers: ReaderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline means offline: no socket is opened, whatever is asked."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    verifier, now = OfflineVerifier(handed.bundle, readers), handed.world.clock.now()

    assert verifier.verify_text(handed.text, now=now).report.status == "VALID"
    assert verifier.verify_file(handed.pdf, now=now).report.status == "VALID"
