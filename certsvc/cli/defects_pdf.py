"""Bad PDF samples: ways to spoil or forge a certificate, each the only difference to a genuine one."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from certsvc.cli.defects import Defect, Good
from certsvc.domain.report import Status
from certsvc.pdf.grammar import without_signature
from certsvc.sealing.cms import read_cms
from certsvc.sealing.file_signer import FileSigner
from certsvc.sealing.pdf import sign_digest

_HOLE: Final = re.compile(rb"/Contents <([0-9A-F]+)>")
_PASSWORD: Final = "sample"  # noqa: S105  nothing is kept secret by it
_NUMBER: Final = re.compile(rb"(\d{4})(?=</elicence:)")


def _edited(good: Good) -> bytes:
    """One digit of the metadata is another one; the length stays."""
    digits = _NUMBER.search(good.endorsed_pdf)
    assert digits is not None
    place = digits.end() - 1
    other = b"1" if digits[0][-1:] != b"1" else b"2"
    return good.endorsed_pdf[:place] + other + good.endorsed_pdf[place + 1 :]


def _revised(good: Good) -> bytes:
    """A black box over the page, in a revision of its own, as editors save changes."""
    writer = IncrementalPdfFileWriter(BytesIO(good.endorsed_pdf))
    box = writer.add_object(generic.StreamObject(stream_data=b"0 g 0 0 200 200 re f"))
    page = 0
    writer.add_stream_to_page(page, box)  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
    out = BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
    return out.getvalue()


def _unsealed(good: Good) -> bytes:
    """The page as it was before it was sealed: the field is there, and nothing in it."""
    return without_signature(good.endorsed_pdf)


def _emptied(good: Good) -> bytes:
    """The signature's place is kept and filled with zeros."""
    hole = _hole(good.endorsed_pdf)
    return _filled(good.endorsed_pdf, b"0" * len(hole[1]))


def _transplanted(good: Good) -> bytes:
    """The seal of one genuine file on another."""
    return _filled(good.endorsed_pdf, _hole(good.original_pdf)[1])


def _encrypted(good: Good) -> bytes:
    """The page saved behind a password; a program that does this cannot keep the seal."""
    reader = PdfFileReader(BytesIO(_unsealed(good)))
    # An empty field is more than pyHanko can copy.
    for owner, key in (
        (reader.root, "/AcroForm"),
        (reader.root, "/Perms"),
        (reader.root["/Pages"]["/Kids"][0], "/Annots"),
    ):
        del owner[key]
    writer = copy_into_new_writer(reader)
    writer.encrypt(_PASSWORD, _PASSWORD)  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
    out = BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
    return out.getvalue()


def _hole(pdf: bytes) -> re.Match[bytes]:
    hole = _HOLE.search(pdf)
    assert hole is not None
    return hole


def _filled(pdf: bytes, digits: bytes) -> bytes:
    hole = _hole(pdf)
    return pdf[: hole.start(1)] + digits + pdf[hole.end(1) :]


def _resealed(good: Good, *, subject: x509.Name | None = None) -> bytes:
    """Our page under a seal made in our way by a stranger, whose certificate may bear any *subject*."""
    pdf = good.endorsed_pdf
    hole = _hole(pdf)
    start, end = hole.start(1) - 1, hole.end(1) + 1
    container = sign_digest(_stranger(subject), hashlib.sha256(pdf[:start] + pdf[end:]).digest())
    return _filled(pdf, container.hex().upper().encode("ascii").ljust(len(hole[1]), b"0"))


def _lookalike(good: Good) -> bytes:
    container = bytes.fromhex(_hole(good.endorsed_pdf)[1].decode("ascii"))
    size = 4 + int.from_bytes(container[2:4], "big")
    ours = read_cms(container[:size]).certificates[0]
    return _resealed(good, subject=x509.load_der_x509_certificate(ours).subject)


def _stranger(subject: x509.Name | None) -> FileSigner:
    """Make a key and a certificate for this one use."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = subject or x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stranger TEST ONLY")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    der = certificate.public_bytes(Encoding.DER)
    return FileSigner(key_id="stranger", certificate=der, chain=(), algorithm="p256", private_key=key)


DEFECTS: Final = (
    Defect(
        name="edited-after-sealing",
        says="one digit of the e-licence metadata changed",
        status=Status.ALTERED,
        code="DIGEST_MISMATCH",
        made=_edited,
    ),
    Defect(
        name="appended-revision",
        says="a black box drawn over the page, saved as a new revision",
        status=Status.ALTERED,
        code="LATER_REVISION",
        made=_revised,
    ),
    Defect(
        name="trailing-bytes",
        says="a comment after the end of the file",
        status=Status.ALTERED,
        code="TRAILING_BYTES",
        made=lambda good: good.endorsed_pdf + b"% more\n",
    ),
    Defect(
        name="leading-bytes",
        says="a line break before the file",
        status=Status.ALTERED,
        code="TRAILING_BYTES",
        made=lambda good: b"\n" + good.endorsed_pdf,
    ),
    Defect(
        name="last-byte-cut",
        says="the last byte is missing",
        status=Status.ALTERED,
        code="BYTE_RANGE_WRONG",
        made=lambda good: good.endorsed_pdf[:-1],
    ),
    Defect(
        name="cut",
        says="the second half is missing, as after a broken download",
        status=Status.UNREADABLE,
        code="UNREADABLE_FILE",
        made=lambda good: good.endorsed_pdf[: len(good.endorsed_pdf) // 2],
    ),
    Defect(
        name="no-signature",
        says="the page as it was before sealing",
        status=Status.NO_SIGNATURE,
        code="NO_SIGNATURE",
        made=_unsealed,
    ),
    Defect(
        name="emptied-signature",
        says="zeros where the signature was",
        status=Status.UNREADABLE,
        code="SIGNATURE_BROKEN",
        made=_emptied,
    ),
    Defect(
        name="transplanted-seal",
        says="the original's genuine signature in the endorsed copy",
        status=Status.ALTERED,
        code="DIGEST_MISMATCH",
        made=_transplanted,
    ),
    Defect(
        name="foreign-signer",
        says="our page sealed by a stranger, in our way",
        status=Status.NOT_OURS,
        code="SIGNER_NOT_OURS",
        made=_resealed,
    ),
    Defect(
        name="lookalike-signer",
        says="our page sealed by a stranger whose certificate bears our name",
        status=Status.NOT_OURS,
        code="SIGNER_LOOKALIKE",
        made=_lookalike,
    ),
    Defect(
        name="encrypted",
        says="the page saved anew behind a password",
        status=Status.UNREADABLE,
        code="ENCRYPTED_FILE",
        made=_encrypted,
    ),
)
"""Every bad PDF sample."""
