"""Sealing: what the update holds, that it depends on its inputs only, and what is refused."""

from __future__ import annotations

import time
import zlib
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from io import BytesIO

import pikepdf
import pytest

from certsvc.domain.report import FileOutcome
from certsvc.errors import DefectError
from certsvc.page.model import DocumentFacts
from certsvc.rendering.pdf_reference import ReferenceRenderer
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.cms import read_cms, smaller_s
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.lint_pdf import lint_pdf
from certsvc.sealing.pdf_reference import FIELD_NAME, seal_pdf
from certsvc.sealing.port import Signer
from tests.page.sample import a_page, sample_fonts
from tests.sealing.samples import (
    AT,
    LOCATION,
    REASON,
    a_sealed_pdf,
    a_stamp,
    an_unsigned_pdf,
    cms_of,
    covered_of,
    hole_of,
)

K = 72 / 25.4


def test_the_unsigned_bytes_stay_as_they_are(sealed: bytes) -> None:
    """What preflight looked at is what was sealed."""
    assert sealed.startswith(an_unsigned_pdf())


def test_the_update_is_one_certifying_locked_widget(sealed: bytes) -> None:
    """Field, permissions and lock as the lint and the checker ask for."""
    with pikepdf.open(BytesIO(sealed)) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        assert str(field.T) == FIELD_NAME
        assert (int(field.F), int(pdf.Root.AcroForm.SigFlags)) == (132, 3)
        signature = field.V
        assert signature.objgen == pdf.Root.Perms.DocMDP.objgen
        assert str(signature.SubFilter) == "/ETSI.CAdES.detached"
        assert (str(signature.Reason), str(signature.Location)) == (REASON, LOCATION)
        certification = signature.Reference[0]
        assert str(certification.TransformMethod) == "/DocMDP"
        assert int(certification.TransformParams.P) == 1
        assert "/Version" not in pdf.Root
        assert "/Extensions" not in pdf.Root


def test_info_and_xmp_are_not_rewritten(sealed: bytes) -> None:
    """A rewritten date would differ between Info and XMP and break PDF/A."""
    update = sealed[len(an_unsigned_pdf()) :]

    assert b"/ModDate" not in update
    assert b"xmpmeta" not in update


@pytest.mark.parametrize("offset_h", [0, 8])
def test_the_signing_time_is_the_given_one(signer: Signer, offset_h: int) -> None:
    """The registry's instant, whatever the machine's clock or the instant's offset says."""
    at = datetime(2031, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=offset_h)))

    with pikepdf.open(BytesIO(a_sealed_pdf(signer, at=at))) as pdf:
        written = pikepdf.models.metadata.decode_pdf_date(str(pdf.Root.Perms.DocMDP.M))

    assert written == at


def test_the_stamp_is_drawn_where_the_page_asks(sealed: bytes) -> None:
    """Millimetres from the top left become points from the bottom left, not cut to whole points."""
    with pikepdf.open(BytesIO(sealed)) as pdf:
        widget = pdf.pages[0].obj.Annots[0]
        left, bottom, right, top = (float(side) for side in widget.Rect.as_list())
        appearance = widget.AP.N
        drawing = appearance.read_bytes()
        states = appearance.Resources.ExtGState

        assert (left, top) == pytest.approx((130 * K, 841.8898 - 220 * K), abs=0.002)
        assert (right - left, top - bottom) == pytest.approx((40 * K, 40 * K), abs=0.002)
        assert [float(s) for s in appearance.BBox.as_list()] == pytest.approx(
            [0, 0, 40 * K, 40 * K], abs=0.001
        )
        assert float(states.G0.ca) == 0.8
        assert "/Font" not in appearance.Resources
    assert drawing.startswith(b"2.83465 0 0 -2.83465 0 113.386 cm")
    assert b"0.8 0 0 RG 1 w 40 20 m 40 31 31 40 20 40 c" in drawing
    assert drawing.endswith(b"10 19 m 30 19 l 30 21 l h f")


def test_equal_input_gives_equal_bytes(keystore: Keystore) -> None:
    """RSA: the whole file. ECDSA: all but the signature's own random number."""
    rsa, ecdsa = keystore.signer("rsa2048"), keystore.signer("p256")

    assert a_sealed_pdf(rsa) == a_sealed_pdf(rsa)
    assert covered_of(a_sealed_pdf(ecdsa)) == covered_of(a_sealed_pdf(ecdsa))


def test_another_base_gives_another_revision_name(signer: Signer) -> None:
    """The first part of /ID stays the document's, the second names the revision."""
    first, second = (
        a_sealed_pdf(signer, an_unsigned_pdf(page_extra=extra)) for extra in (b"", b" /Rotate 0")
    )
    with pikepdf.open(BytesIO(first)) as one, pikepdf.open(BytesIO(second)) as two:
        assert bytes(one.trailer.ID[0]) != bytes(one.trailer.ID[1]) != bytes(two.trailer.ID[1])


def test_the_container_is_pades_without_root_and_time(keystore: Keystore, signer: Signer) -> None:
    """Signer and issuing CA, nothing else; the time stands in /M as PAdES asks."""
    container = cms_of(a_sealed_pdf(signer))

    assert read_cms(container).certificates == (signer.certificate, *signer.chain)
    assert bytes.fromhex("06092a864886f70d010905") not in container  # signing-time


def test_a_key_in_hardware_can_be_plugged_in(signer: Signer, keystore: Keystore) -> None:
    """Only the four names of the port are used; a device that answers the larger s is put right."""

    class Device:
        key_id = signer.key_id
        certificate = signer.certificate
        chain = signer.chain
        algorithm = signer.algorithm
        asked: list[bytes] = []  # noqa: RUF012  one device, one test

        def sign(self, message: bytes) -> bytes:
            self.asked.append(message)
            return signer.sign(message)

    device = Device()
    sealed = a_sealed_pdf(device)

    assert device.asked == [read_cms(cms_of(sealed)).signed_bytes]
    assert smaller_s(read_cms(cms_of(sealed)).signature) == read_cms(cms_of(sealed)).signature
    assert check_pdf(sealed, keystore.pinned).outcome is FileOutcome.INTACT


@pytest.mark.parametrize("defect", ["no_newline", "not_a_pdf", "empty", "has_form", "other_version", "cut"])
def test_what_is_not_ours_to_seal_is_refused(defect: str, signer: Signer) -> None:
    """Our own renderer made the input, so anything odd is a defect, and no key is used on it."""
    unsigned = an_unsigned_pdf()
    broken = {
        "no_newline": unsigned[:-1],
        "not_a_pdf": b"hello",
        "empty": b"",
        "has_form": an_unsigned_pdf(catalog_extra=b" /AcroForm << /Fields [] >>"),
        "other_version": unsigned.replace(b"%PDF-1.7", b"%PDF-1.4"),
        "cut": b"%PDF-1.7\n%%EOF\n",
    }

    with pytest.raises(DefectError):
        a_sealed_pdf(signer, broken[defect])


def test_an_instant_without_offset_is_refused(signer: Signer) -> None:
    """It would be read as the machine's local time."""
    with pytest.raises(DefectError):
        a_sealed_pdf(signer, at=AT.replace(tzinfo=None))


def test_a_sealed_file_is_not_sealed_again(sealed: bytes, signer: Signer) -> None:
    """One seal per file."""
    with pytest.raises(DefectError):
        a_sealed_pdf(signer, sealed)


def test_a_stamp_may_have_no_paths(signer: Signer, keystore: Keystore) -> None:
    """An empty drawing is still a valid appearance."""
    stamp = replace(a_stamp(), paths=())
    sealed = seal_pdf(an_unsigned_pdf(), signer=signer, stamp=stamp, at=AT, reason="r", location="l")

    assert check_pdf(sealed, keystore.pinned).outcome is FileOutcome.INTACT
    assert lint_pdf(sealed) == ()


def test_a_real_page_is_sealed_intact_and_clean(keystore: Keystore) -> None:
    """The certificate as rendered, with fonts, photo and symbol, and its own stamp."""
    page = a_page()
    facts = DocumentFacts(title="t", document_id="id", created_at="2026-11-20T03:04:05Z", metadata=())
    unsigned = ReferenceRenderer(sample_fonts()).render(page, facts)
    for algorithm in ("p256", "rsa3072"):
        signer = keystore.signer(algorithm)
        sealed = seal_pdf(unsigned, signer=signer, stamp=page.stamp, at=AT, reason="r", location="l")

        assert check_pdf(sealed, keystore.pinned).outcome is FileOutcome.INTACT
        assert lint_pdf(sealed) == ()


def test_the_hole_is_large_enough_for_every_algorithm(keystore: Keystore) -> None:
    """And leaves room for a longer name or a second CA."""
    for algorithm in ("p256", "rsa2048", "rsa3072"):
        sealed = a_sealed_pdf(keystore.signer(algorithm))
        start, end = hole_of(sealed)
        assert 2 * len(cms_of(sealed)) < (end - start) * 3 // 4


def test_sealing_is_quick(keystore: Keystore) -> None:
    """Two or three milliseconds are usual; fifty would mean a key or stamp is prepared anew for each file."""
    signer = keystore.signer("rsa2048")
    a_sealed_pdf(signer)
    began = time.process_time()
    for _ in range(5):
        a_sealed_pdf(signer)

    assert (time.process_time() - began) / 5 < 0.05


def test_the_drawing_is_deflated(sealed: bytes) -> None:
    """A seal's curves are most of the update."""
    with pikepdf.open(BytesIO(sealed)) as pdf:
        stored = pdf.pages[0].obj.Annots[0].AP.N.read_raw_bytes()
    assert zlib.decompress(stored).endswith(b" h f")
