"""Programs of other people judge the sealed page, as they judge the certificate."""

from __future__ import annotations

import os
import re
import subprocess
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import x509
from pikepdf import pdfa
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from certsvc.rendering.xmp import RECEIPT_NAMESPACE
from certsvc.sealing.trust import read_certificate
from tests.tools import need
from tests.verification.conftest import Issued
from tests.verification.receipts import answered, keys_of


@pytest.fixture(scope="module")
def page(issued: Issued) -> bytes:
    """Make the page of a whole file."""
    return issued.world.services.report_press.make(
        *answered(issued, file=issued.first_pdf, specialty="建筑工程"), lang="zh"
    )


@pytest.fixture(scope="module")
def page_file(page: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Put it on disk."""
    path = tmp_path_factory.mktemp("report") / "report.pdf"
    path.write_bytes(page)
    return path


def _run(*command: object) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    )
    return f"{(done.stdout + done.stderr).decode('utf-8', 'replace')}\nexit {done.returncode}"


def test_poppler_finds_one_valid_trusted_whole_signature(
    issued: Issued, page_file: Path, tmp_path: Path
) -> None:
    """What a supervisor's viewer shows."""
    pdfsig, certutil = need("pdfsig"), need("certutil")
    store = f"sql:{tmp_path / 'nss'}"
    (tmp_path / "nss").mkdir()
    _run(certutil, "-N", "-d", store, "--empty-password")
    root = issued.world.services.keystore.root_pem
    _run(certutil, "-A", "-d", store, "-n", "root", "-t", "CT,CT,CT", "-i", root)

    words = _run(pdfsig, "-nssdir", store, page_file)

    assert words.count("Signature Validation: Signature is Valid.") == 1
    assert "Certificate Validation: Certificate is Trusted." in words
    assert "Total document signed" in words
    assert "Receipt TEST ONLY" in words or "Verification Receipt" in words


def test_other_readers_find_nothing_wrong(page_file: Path) -> None:
    """Structure, page and fonts, by two programs."""
    assert "No syntax or stream encoding errors found" in _run(need("qpdf"), "--check", page_file)
    info = _run(need("pdfinfo"), page_file)
    assert "Pages:           1" in info and "Encrypted:       no" in info and "JavaScript:      no" in info
    assert "595.2" in info and "Title:           核验报告" in info


def test_pyhanko_says_entire_file_certified_no_changes(issued: Issued, page: bytes) -> None:
    """The second opinion of a strict validator."""
    root = read_certificate(issued.world.services.keystore.root_pem)
    context = ValidationContext(trust_roots=[x509.Certificate.load(root)], moment=issued.world.clock.now())
    (embedded,) = PdfFileReader(BytesIO(page)).embedded_signatures

    status = validate_pdf_signature(embedded, context)

    assert status.bottom_line, status.summary()
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert status.signing_cert.dump() == keys_of(issued.world)[-1].certificate


def test_page_is_pdf_a_2b(page_file: Path) -> None:
    """It is kept for years, as the certificate is.

    The checker knows no extension schemas, so what the next test looks at is taken out of the copy; and what
    it refuses by principle in a sealed file.
    """
    copy = page_file.with_name("copy.pdf")
    with pikepdf.open(page_file) as pdf:
        sheet = pdf.pages[0]
        sheet.obj.Resources.XObject.Seal = sheet.obj.Annots[0].AP.N
        sheet.contents_add(b"/Seal Do")
        del pdf.Root.AcroForm, pdf.Root.Perms, sheet.obj.Annots
        packet = pdf.Root.Metadata.read_bytes().decode("utf-8")
        packet = re.sub(r"<receipt:jws>.*</receipt:jws>| xmlns:receipt=\"[^\"]*\"", "", packet)
        start = packet.index('<rdf:Description rdf:about="" xmlns:pdfaExtension')
        pdf.Root.Metadata.write((packet[:start] + packet[packet.index("</rdf:RDF>") :]).encode())
        pdf.save(copy, object_stream_mode=pikepdf.ObjectStreamMode.disable)

    with pikepdf.open(copy) as pdf:
        report = pdfa.check(pdf, "2b")

    assert report.verdict == "pass", [str(finding) for finding in report.findings]


def test_receipts_property_is_declared_and_no_other_namespace_is(page: bytes) -> None:
    """An undeclared property, or a namespace without one, makes the file no PDF/A."""
    with pikepdf.open(BytesIO(page)) as pdf:
        assert "/Filter" not in pdf.Root.Metadata
        packet = pdf.Root.Metadata.read_bytes().decode("utf-8")

    assert packet.count("<receipt:jws>") == 1
    assert re.findall(r"<pdfaProperty:name>(.*?)<", packet) == ["jws"]
    assert re.findall(r"<pdfaSchema:namespaceURI>(.*?)<", packet) == [RECEIPT_NAMESPACE]
    assert "elicence" not in packet
