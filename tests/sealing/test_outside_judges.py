"""Programs of other people judge our sealed files: each with its own reader and its own cryptography."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import x509
from pikepdf import pdfa
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from certsvc.sealing.keystore import Keystore
from certsvc.sealing.trust import read_certificate
from tests.sealing.compiled import a_compiled_pdf
from tests.sealing.samples import a_sealed_pdf, cms_of, covered_of
from tests.tools import need

ALGORITHMS = ["p256", "rsa2048", "rsa3072"]


def _run(*command: object) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    )
    return f"{(done.stdout + done.stderr).decode('utf-8', 'replace')}\nexit {done.returncode}"


@pytest.fixture(params=ALGORITHMS)
def algorithm(request: pytest.FixtureRequest) -> str:
    """Each algorithm in turn."""
    return str(request.param)


@pytest.fixture(params=["in one pass", "in an update"])
def judged(request: pytest.FixtureRequest, algorithm: str, judged_keystore: Keystore, tmp_path: Path) -> Path:
    """A sealed file on disk, written in each way."""
    path = tmp_path / "sealed.pdf"
    signer = judged_keystore.signer(algorithm)
    path.write_bytes(a_compiled_pdf(signer) if request.param == "in one pass" else a_sealed_pdf(signer))
    return path


def test_poppler_finds_one_valid_trusted_whole_signature(
    judged: Path, judged_keystore: Keystore, tmp_path: Path
) -> None:
    """The free desktop's viewers show this; pdfsig exits 0 whatever it finds, so its words are read."""
    pdfsig, certutil = need("pdfsig"), need("certutil")
    store = f"sql:{tmp_path / 'nss'}"
    (tmp_path / "nss").mkdir()
    _run(certutil, "-N", "-d", store, "--empty-password")
    _run(certutil, "-A", "-d", store, "-n", "root", "-t", "CT,CT,CT", "-i", judged_keystore.root_pem)

    words = _run(pdfsig, "-nssdir", store, judged)

    assert words.count("Signature Validation: Signature is Valid.") == 1
    assert "Certificate Validation: Certificate is Trusted." in words
    assert "Total document signed" in words
    assert "ETSI.CAdES.detached" in words
    assert "Signing Time: Nov 20 2026 03:04:05" in words
    assert "TEST ONLY" in words


def test_openssl_verifies_the_container_to_the_root(
    judged: Path, judged_keystore: Keystore, tmp_path: Path
) -> None:
    """Plain CMS over the covered bytes, CAdES attributes checked, the chain built from what is inside."""
    sealed = judged.read_bytes()
    (tmp_path / "cms.der").write_bytes(cms_of(sealed))
    (tmp_path / "covered.bin").write_bytes(covered_of(sealed))

    words = _run(
        need("openssl"), "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-purpose", "any",
        "-in", tmp_path / "cms.der", "-content", tmp_path / "covered.bin", "-out", os.devnull,
        "-CAfile", judged_keystore.root_pem,
    )  # fmt: skip

    assert "Verification successful" in words
    assert words.endswith("exit 0")


@pytest.mark.parametrize("program", ["qpdf", "mutool"])
def test_the_structure_is_sound(program: str, judged: Path, tmp_path: Path) -> None:
    """Two readers follow every object without a warning."""
    if program == "qpdf":
        words = _run(need("qpdf"), "--check", judged)
        assert "No syntax or stream encoding errors found" in words
    else:
        words = _run(need("mutool"), "draw", "-q", "-o", tmp_path / "page.png", judged)
        words = words.replace("warning: ICC support is not available", "")
    assert "warning" not in words.lower()
    assert words.endswith("exit 0")


def test_pyhanko_says_entire_file_certified_no_changes(
    judged: Path, algorithm: str, judged_keystore: Keystore
) -> None:
    """The second opinion of a strict validator, on the day on which the keys were made."""
    context = ValidationContext(
        trust_roots=[x509.Certificate.load(read_certificate(judged_keystore.root_pem))],
        moment=datetime.now(UTC),
    )
    (embedded,) = PdfFileReader(BytesIO(judged.read_bytes())).embedded_signatures

    status = validate_pdf_signature(embedded, context)

    assert status.bottom_line, status.summary()
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert status.docmdp_ok is not False
    assert embedded.docmdp_level is not None
    assert embedded.docmdp_level.value == 1
    assert status.signing_cert.dump() == judged_keystore.signer(algorithm).certificate


def test_the_file_stays_pdf_a_2b(judged: Path) -> None:
    """What this checker refuses by principle (form, permissions, annotation) is taken out of the copy.

    The seal's drawing is put on the page instead, so that it is judged too.
    """
    copy = judged.with_name("copy.pdf")
    with pikepdf.open(judged) as pdf:
        assert "/Version" not in pdf.Root
        page = pdf.pages[0]
        page.obj.Resources.XObject = page.obj.Resources.get("/XObject", pikepdf.Dictionary())
        page.obj.Resources.XObject.Seal = page.obj.Annots[0].AP.N
        page.contents_add(b"/Seal Do")
        del pdf.Root.AcroForm, pdf.Root.Perms, page.obj.Annots
        pdf.save(copy, object_stream_mode=pikepdf.ObjectStreamMode.disable)

    with pikepdf.open(copy) as pdf:
        report = pdfa.check(pdf, "2b")

    assert report.verdict == "pass", [str(finding) for finding in report.findings]


def test_streams_end_with_a_line_of_their_own(judged: Path) -> None:
    """ISO 19005-2, 6.1.7.1: an end of line before endstream, none after the last %%EOF's."""
    sealed = judged.read_bytes()

    assert sealed.count(b"endstream") == sealed.count(b"\nendstream")
    assert sealed.endswith(b"\n%%EOF\n")
    assert b"%%EOF\n3 0 obj" in sealed or b"%%EOF\n1 0 obj" in sealed or sealed.count(b"%%EOF") == 1
