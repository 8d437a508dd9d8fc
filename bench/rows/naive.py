"""The baseline every ratio "× naive" is measured against, and our own whole way beside it, in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Final

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from bench.measure import timed
from bench.naive import NaiveWay
from bench.row import Row
from bench.stage import Stage
from certsvc.gm.seal import read_seal
from certsvc.page.compose import Subject
from certsvc.page.model import Page
from certsvc.qr.encode import encode
from certsvc.sealing.trust import read_certificate

TITLE: Final = "One sealed PDF: the libraries as documented, and our whole way"
PLACE: Final = 35
KEYS: Final = (("p256", "P-256"), ("rsa2048", "RSA-2048"))


def rows(stage: Stage) -> Sequence[Row]:
    """Both kinds of keys."""
    return [row for key, shown in KEYS for row in (_naive(stage, key, shown), _whole(stage, key, shown))]


def _naive(stage: Stage, key: str, shown: str) -> Row:
    seal = read_seal(stage.seal_signer.seal).picture.content
    way = NaiveWay(stage.fonts, stage.keystore.folder, f"{key}-001", seal)
    _check(stage, way.issue(stage.page()[0], stage.address()))
    return Row(
        name=f"naive PDF, {shown}",
        includes="composed page to signed PDF by reportlab, Pillow, qrcode and pyHanko as their "
        "documentation shows: bench/naive.py",
        turn=timed(lambda: (stage.page()[0], stage.address()), _apart(way.issue)),
    )


def _whole(stage: Stage, key: str, shown: str) -> Row:
    def whole(work: tuple[Subject, str]) -> None:
        subject, address = work
        stage.sealed_pdf(replace(subject, modules=encode(address)), key)

    return Row(
        name=f"whole PDF, {shown}",
        includes="record to sealed file: symbol, page composed, rendered, sealed; more than the naive row",
        turn=timed(lambda: (stage.subject(), stage.address()), whole),
        reference=f"naive PDF, {shown}",
    )


def _apart(issue: Callable[[Page, str], bytes]) -> Callable[[tuple[Page, str]], bytes]:
    return lambda work: issue(*work)


def _check(stage: Stage, data: bytes) -> None:
    """Stop the run when the baseline makes no valid file: it would be measured at something else."""
    roots = [x509.Certificate.load(read_certificate(stage.keystore.root_pem))]
    (embedded,) = PdfFileReader(BytesIO(data)).embedded_signatures
    status = validate_pdf_signature(embedded, ValidationContext(trust_roots=roots))
    if not status.bottom_line or status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        raise ValueError(f"the naive way made no valid file: {status.summary()}")
