"""A sealed file strictly checked: PDF beside pyHanko's own validation, and OFD."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import BytesIO
from itertools import cycle
from typing import Final

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from bench.measure import timed
from bench.row import Aim, Row
from bench.stage import ROOT, Stage
from certsvc.domain.report import FileCheck, FileOutcome, Report
from certsvc.errors import CertsvcError
from certsvc.sealing.check_ofd import check_ofd
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.ofd import seal_ofd
from certsvc.sealing.pdf import seal_draft
from certsvc.sealing.pdf_reference import seal_pdf
from certsvc.sealing.trust import read_certificate
from certsvc.verification.question import Question
from certsvc.wiring import Services, build, initialise

TITLE: Final = "Verification of a sealed file"
PLACE: Final = 50
_TIMES_PYHANKO: Final = 20


def rows(stage: Stage) -> Sequence[Row]:
    """Both formats, and the library that made the PDF's signature."""
    signer, seal_signer = stage.keystore.signer("p256"), stage.seal_signer
    pinned, pinned_seals = stage.keystore.pinned, stage.keystore.pinned_seals
    services = _services(stage)
    verify, issued = services.verifier.verify, cycle(_issued(services))
    roots = [x509.Certificate.load(read_certificate(stage.keystore.root_pem))]

    def a_pdf() -> bytes:
        draft = stage.pdf_renderer.render(*stage.page())
        return seal_draft(draft, signer=signer, at=stage.at, reason="电子证照签发", location="示例")

    def an_updated_pdf() -> bytes:
        page, facts = stage.page()
        unsigned = stage.reference_renderer.render(page, facts)
        return seal_pdf(
            unsigned, signer=signer, stamp=page.stamp, at=stage.at, reason="电子证照签发", location="示例"
        )

    def an_ofd() -> bytes:
        page, facts = stage.page()
        draft = stage.ofd_renderer.render(page, facts)
        return seal_ofd(draft, signer=seal_signer, stamp=page.stamp, at=stage.at)

    def validate(data: bytes) -> None:
        (embedded,) = PdfFileReader(BytesIO(data)).embedded_signatures
        status = validate_pdf_signature(embedded, ValidationContext(trust_roots=roots))
        if not status.bottom_line or status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
            raise ValueError(f"pyHanko refuses a file just sealed: {status.summary()}")

    return [
        Row(
            name="pyHanko validate",
            includes="PdfFileReader and validate_pdf_signature to our root: signature, chain, later changes",
            turn=timed(a_pdf, validate),
        ),
        Row(
            name="PDF verify, as issued",
            includes="the service's whole answer to a file it issued: hashed, found in the registry, judged",
            turn=timed(issued.__next__, lambda data: _known(verify(Question(file=data)))),
            reference="pyHanko validate",
            aim=Aim(at_least=_TIMES_PYHANKO, of="ratio"),
        ),
        Row(
            name="PDF check",
            includes="all that is asked of the bytes of a file laid out as ours: signature by a pinned key, "
            "what it covers, every object compared with the one way we write it; no child process",
            turn=timed(a_pdf, lambda data: _intact(check_pdf(data, pinned))),
            reference="pyHanko validate",
            aim=Aim(at_least=_TIMES_PYHANKO, of="ratio"),
        ),
        Row(
            name="pyHanko validate, update",
            includes="the same as its row above, of a file sealed in an incremental update",
            turn=timed(an_updated_pdf, validate),
        ),
        Row(
            name="PDF check, update",
            includes="of such a file, as reports and older certificates are: every object reached, searched",
            turn=timed(an_updated_pdf, lambda data: _intact(check_pdf(data, pinned))),
            reference="pyHanko validate, update",
        ),
        Row(
            name="OFD check",
            includes="the same for an OFD: container, every part's SM3, seal and its maker, SM2 signature",
            turn=timed(an_ofd, lambda data: _intact(check_ofd(data, pinned_seals))),
            reference="PDF check",
        ),
    ]


def _services(stage: Stage) -> Services:
    """Make an instance of its own, with a registry on disk."""
    initialise(stage.settings, dev=True)
    return build(stage.settings)


def _issued(services: Services) -> list[bytes]:
    """Register the people of the samples; returns the original of each."""
    originals: list[bytes] = []
    for file in sorted((ROOT / "samples" / "requests").glob("*-initial-*.json")):
        body = json.loads(file.read_text(encoding="utf-8"))
        number = body["registration_number"]
        try:
            services.recorder.record(body)
            services.desk.original(number)
        except CertsvcError:
            # One of them has no pictures at first, and gets no certificate.
            continue
        originals.append(services.enquiry.original_file(number, "pdf").content)
    return originals


def _known(report: Report) -> None:
    """Stop the run when a file just issued is not known."""
    if all(finding.code != "FILE_KNOWN" for finding in report.findings):
        raise ValueError(f"a file just issued is {report.status}")


def _intact(check: FileCheck) -> None:
    """Stop the run when a file just sealed does not pass: a figure for refusing it would be no figure."""
    if check.outcome is not FileOutcome.INTACT:
        raise ValueError(f"a file just sealed is {check.outcome}: {check.findings}")
