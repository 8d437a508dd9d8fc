"""Sealing in one pass: what the signature says, that it depends on its inputs only, and what is refused."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from io import BytesIO

import pikepdf
import pytest

from certsvc.domain.report import FileOutcome
from certsvc.errors import DefectError
from certsvc.pdf.draft import BYTE_RANGE_ROOM
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.cms import read_cms, smaller_s
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.pdf import seal_draft
from certsvc.sealing.port import Signer
from tests.sealing.compiled import a_compiled_pdf, a_draft, a_small_page
from tests.sealing.samples import AT, LOCATION, REASON, cms_of, covered_of, hole_of

K = 72 / 25.4


@pytest.fixture(scope="module")
def compiled(signer: Signer) -> bytes:
    """The small certificate, sealed with P-256."""
    return a_compiled_pdf(signer)


def test_the_beginning_of_the_draft_is_the_beginning_of_the_file(compiled: bytes) -> None:
    """What preflight looked at is what was sealed; only the signature and what counts bytes differ."""
    unsealed = a_draft().unsealed()
    end = unsealed.index(b"3 0 obj\nnull")

    assert compiled.startswith(unsealed[:end])
    assert compiled[end:].startswith(b"3 0 obj\n<< /Type /Sig")


def test_it_is_one_certifying_locked_signature(compiled: bytes) -> None:
    """Field, permissions and lock as the lint and the checker ask for; the place and instant as given."""
    with pikepdf.open(BytesIO(compiled)) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        assert (int(field.F), int(pdf.Root.AcroForm.SigFlags)) == (132, 3)
        signature = field.V
        assert signature.objgen == pdf.Root.Perms.DocMDP.objgen
        assert str(signature.SubFilter) == "/ETSI.CAdES.detached"
        assert (str(signature.Reason), str(signature.Location)) == (REASON, LOCATION)
        assert pikepdf.models.metadata.decode_pdf_date(str(signature.M)) == AT
        assert [int(rule.TransformParams.P) for rule in signature.Reference] == [1, 1]
        stamp = a_small_page().stamp
        left, bottom, right, top = (float(side) for side in field.Rect.as_list())
        assert (left, top) == pytest.approx((stamp.x_mm * K, 80 * K - stamp.y_mm * K), abs=0.005)
        assert (right - left, top - bottom) == pytest.approx((40 * K, 40 * K), abs=0.002)


def test_the_signing_time_is_the_given_instant(signer: Signer) -> None:
    """Whatever offset it is told in, and whatever the machine's clock says."""
    at = datetime(2031, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=8)))
    sealed = seal_draft(a_draft(), signer=signer, at=at, reason="r", location="l")

    assert b"/M (D:20310101190405Z)" in sealed


def test_an_instant_without_offset_is_refused(signer: Signer) -> None:
    """It would be read as the machine's local time."""
    with pytest.raises(DefectError):
        seal_draft(a_draft(), signer=signer, at=AT.replace(tzinfo=None), reason="r", location="l")


def test_equal_input_gives_equal_bytes(keystore: Keystore) -> None:
    """RSA: the whole file. ECDSA: all but the signature's own random number."""
    rsa, ecdsa = keystore.signer("rsa2048"), keystore.signer("p256")

    assert a_compiled_pdf(rsa) == a_compiled_pdf(rsa)
    assert covered_of(a_compiled_pdf(ecdsa)) == covered_of(a_compiled_pdf(ecdsa))


def test_the_hole_is_just_large_enough(keystore: Keystore) -> None:
    """An RSA signature fills it; an ECDSA signature may be a few bytes shorter than the longest."""
    for algorithm in ("p256", "rsa2048", "rsa3072"):
        sealed = a_compiled_pdf(keystore.signer(algorithm))
        start, end = hole_of(sealed)
        left = end - start - 2 - 2 * len(cms_of(sealed))
        assert left == 0 if algorithm.startswith("rsa") else 0 <= left <= 16


def test_the_byte_range_is_everything_but_the_hole(compiled: bytes) -> None:
    """Brackets belong to the hole; blanks fill up what shorter numbers leave."""
    found = re.search(rb" /ByteRange \[0 (\d+) (\d+) (\d+)\] *(?= /Contents)", compiled)
    assert found is not None
    start, end = hole_of(compiled)

    assert list(map(int, found.groups())) == [start, end, len(compiled) - end]
    assert len(found[0]) == BYTE_RANGE_ROOM


def test_a_key_in_hardware_can_be_plugged_in(signer: Signer, keystore: Keystore) -> None:
    """Only the names of the port are used; a device that answers the larger s is put right."""

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
    sealed = a_compiled_pdf(device)

    assert device.asked == [read_cms(cms_of(sealed)).signed_bytes]
    assert smaller_s(read_cms(cms_of(sealed)).signature) == read_cms(cms_of(sealed)).signature
    assert check_pdf(sealed, keystore.pinned).outcome is FileOutcome.INTACT


@pytest.mark.parametrize("answer", [b"", b"no signature", bytes(9000)])
def test_a_key_that_answers_nonsense_seals_nothing(answer: bytes, signer: Signer) -> None:
    """A device at fault must not make a file that looks sealed."""

    class Device:
        key_id = signer.key_id
        certificate = signer.certificate
        chain = signer.chain
        algorithm = signer.algorithm

        def sign(self, message: bytes) -> bytes:
            return answer

    with pytest.raises(DefectError):
        a_compiled_pdf(Device())
