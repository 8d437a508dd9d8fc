"""A PDF without a seal whose page is a picture: the record is shown, and the original asked for."""

from __future__ import annotations

from io import BytesIO

import pikepdf
import pytest
from PIL import Image

from certsvc.domain.report import Check, Kind, Report, Result, Status, Verdict
from certsvc.domain.wording import status_advice
from certsvc.errors import UnavailableError
from certsvc.registry.port import Registry
from certsvc.verification.answers import may_show_full
from certsvc.verification.question import Question
from certsvc.verification.verify import Verifier
from tests.verification.conftest import Issued
from tests.verification.hostile import a_page, a_stream
from tests.verification.pictures import beside, drawn, jpeg, pdf_of, symbol, with_symbol_of
from tests.verification.test_photos import codes, token_of


def is_unsigned(report: Report) -> bool:
    """Tell whether the one status of a scan stands."""
    return (report.verdict, report.status, report.subject, report.kind) == (
        Verdict.INVALID,
        Status.NO_SIGNATURE,
        "file",
        Kind.PDF,
    )


def with_words(scan: bytes, mode: int) -> bytes:
    """Lay words over or behind a scan, as text recognition does with mode 3."""
    with pikepdf.open(BytesIO(scan)) as document:
        page = document.pages[0]
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        page.Resources.Font = pikepdf.Dictionary(F=document.make_indirect(font))
        words = b"BT /F 20 Tf %d Tr 100 100 Td (recognised) Tj ET" % mode
        page.contents_add(pikepdf.Stream(document, words))
        out = BytesIO()
        document.save(out)
    return out.getvalue()


def test_a_scan_shows_the_record_its_symbol_names(issued: Issued) -> None:
    """People scan what they were given; the answer leads them to the original."""
    report = issued.world.verify(file=pdf_of(drawn(issued.first_pdf)))

    assert is_unsigned(report)
    assert token_of(report) == issued.first["token"]
    assert report.state_at_as_of is Status.VALID
    (said,) = [finding for finding in report.findings if finding.check is Check.QR_MATCHES]
    assert (said.result, said.code) == (Result.SKIP, "COMPARE_FACE")
    assert "原始文件" in status_advice(report.status, "file").zh


def test_a_scan_does_not_unmask_a_name(issued: Issued) -> None:
    """It is a file, but not one of ours."""
    assert not may_show_full(issued.world.verify(file=pdf_of(drawn(issued.first_pdf))))


def test_a_scan_with_recognised_text_is_still_a_picture(issued: Issued) -> None:
    """Scanners lay invisible words behind the page; words one sees make it another kind of file."""
    scan = pdf_of(drawn(issued.first_pdf))

    assert token_of(issued.world.verify(file=with_words(scan, 3))) == issued.first["token"]
    seen = issued.world.verify(file=with_words(scan, 0))
    assert is_unsigned(seen)
    assert seen.entry is None


def test_the_page_may_be_any_of_ten(issued: Issued) -> None:
    """A bid is scanned whole; a longer document is judged by its missing seal alone."""
    blank, page = Image.new("L", (400, 560), "white"), drawn(issued.first_pdf)

    assert token_of(issued.world.verify(file=pdf_of(blank, page))) == issued.first["token"]
    long = issued.world.verify(file=pdf_of(page, *[blank] * 10))
    assert is_unsigned(long)
    assert long.entry is None


def test_a_swapped_symbol_on_a_scan_shows_whose_it_is(issued: Issued) -> None:
    """The record shown is the symbol's, to compare; the file stays unsigned."""
    forged = with_symbol_of(drawn(issued.second_pdf), drawn(issued.first_pdf))
    report = issued.world.verify(file=pdf_of(forged))

    assert is_unsigned(report)
    assert token_of(report) == issued.first["token"]
    assert "COMPARE_FACE" in codes(report)


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (("https://example.com/v/x",), "FOREIGN_DOMAIN"),
        (("http://127.0.0.l:8000/V/X",), "HOMOGLYPH_DOMAIN"),
        (("https://example.com/a", "https://example.com/b"), "MANY_QR"),
        (("HTTP://127.0.0.1:8000/V/00000000000000000000000000",), "NOT_IN_REGISTRY"),
    ],
)
def test_other_symbols_on_a_scan_are_told_of(issued: Issued, texts: tuple[str, ...], code: str) -> None:
    """What the symbol is does not change that the file carries no seal."""
    report = issued.world.verify(file=pdf_of(beside(*map(symbol, texts))))

    assert is_unsigned(report)
    assert code in codes(report)
    assert report.entry is None


def test_a_page_drawn_without_pictures_is_no_scan(issued: Issued) -> None:
    """Re-saved by an editor, or of somebody else: no record is shown on its word."""
    report = issued.world.verify(file=a_page(a_stream(b"0 g 100 100 50 50 re f")))

    assert is_unsigned(report)
    assert report.entry is None


def test_a_small_picture_on_a_page_is_no_scan(issued: Issued) -> None:
    """A letter with a symbol on it is a letter; a picture over most of the page is a scan."""
    symbol_file = jpeg(symbol(issued.first["verify_url"]))
    side = symbol(issued.first["verify_url"]).width
    for size, shown in ((150, None), (590, issued.first["token"])):
        image = a_stream(
            symbol_file,
            b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB "
            b"/BitsPerComponent 8 /Filter /DCTDecode" % (side, side),
        )
        draw = a_stream(b"q %d 0 0 %d 2 100 cm /I Do Q" % (size, size))
        report = issued.world.verify(file=a_page(draw, resources=b"/XObject << /I 5 0 R >>", more=(image,)))
        assert is_unsigned(report)
        assert token_of(report) == shown


class AwayRegistry:
    """A register that cannot be asked."""

    def reading(self) -> None:
        """Fail as an absent database does."""
        raise UnavailableError


def test_without_the_register_a_scan_is_still_unsigned(issued: Issued) -> None:
    """What the bytes alone show is said; a photo needs the register and cannot be judged."""
    services = issued.world.services
    registry: Registry = AwayRegistry()  # type: ignore[assignment]  # the one call verification makes
    verifier = Verifier(
        registry=registry,
        kinds=services.kinds,
        pinned=services.keystore.pinned,
        pinned_seals=services.keystore.pinned_seals,
        readers=services.verifier._readers,
        clock=services.clock,
        public_url=services.settings.public_url,
    )
    page = drawn(issued.first_pdf)
    assert is_unsigned(verifier.verify(Question(file=pdf_of(page))))
    assert verifier.verify(Question(file=jpeg(page))).status is Status.UNAVAILABLE
    foreign = jpeg(symbol("https://example.com/v/x"))
    assert verifier.verify(Question(file=foreign)).status is Status.NOT_OURS
