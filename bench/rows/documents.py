"""Page to sealed file: OFD beside the PDF reference path, in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from bench.measure import timed
from bench.row import Aim, Row
from bench.stage import Stage
from certsvc.ofd.draft import Draft
from certsvc.page.compose import Subject
from certsvc.page.model import DocumentFacts, Page, Stamp
from certsvc.pdf.draft import Draft as PDFDraft
from certsvc.qr.encode import encode
from certsvc.sealing.ofd import seal_ofd
from certsvc.sealing.pdf import seal_draft
from certsvc.sealing.pdf_reference import seal_pdf
from certsvc.sealing.port import Signer

TITLE: Final = "Documents: one page, photo, signature image, QR symbol"
PLACE: Final = 40
_DOCUMENTS_PER_S: Final = 1000
_PAIRS_PER_S: Final = 600
_REASON: Final = "电子证照签发"
_LOCATION: Final = "示例"

Composed = tuple[Page, DocumentFacts]


def rows(stage: Stage) -> Sequence[Row]:
    """Both formats, step by step and together."""
    return [*_before(stage), *_reference(stage), *_pdf(stage), *_ofd(stage), *_pair(stage)]


def _before(stage: Stage) -> Sequence[Row]:
    """What comes before either format."""
    tokens = iter(range(10**25, 10**26))
    return [
        Row(
            name="QR symbol",
            includes="a new address to the modules of its symbol",
            turn=timed(lambda: f"HTTPS://CERTS.EXAMPLE.ORG/V/{next(tokens)}", encode),
        ),
        Row(
            name="compose",
            includes="record to page: texts set and fitted, boxes placed; the QR symbol is given",
            turn=timed(stage.subject, stage.composed),
        ),
    ]


def _reference(stage: Stage) -> Sequence[Row]:
    """The way the libraries lay out a PDF: what certificates took before, and reports still do."""
    signer, render = stage.keystore.signer("p256"), stage.reference_renderer.render

    def rendered() -> tuple[bytes, Stamp]:
        page, facts = stage.page()
        return render(page, facts), page.stamp

    def seal(work: tuple[bytes, Stamp]) -> bytes:
        unsigned, stamp = work
        return seal_pdf(unsigned, signer=signer, stamp=stamp, at=stage.at, reason=_REASON, location=_LOCATION)

    return [
        Row(
            name="reference PDF render",
            includes="composed page to PDF/A-2b by reportlab: fonts cut, pictures and content written",
            turn=timed(stage.page, lambda work: render(*work)),
        ),
        Row(
            name="reference PDF seal",
            includes="PAdES with ECDSA P-256 in an incremental update by pyHanko; private key loaded",
            turn=timed(rendered, seal),
        ),
        Row(
            name="reference PDF render + seal",
            includes="composed page to sealed PDF",
            turn=timed(stage.page, lambda work: seal((render(*work), work[0].stamp))),
        ),
    ]


def _pdf(stage: Stage) -> Sequence[Row]:
    """The compiled path, for each kind of key beside the least a key and a hash take."""
    render = stage.pdf_renderer.render

    def seal(draft: PDFDraft, signer: Signer) -> bytes:
        return seal_draft(draft, signer=signer, at=stage.at, reason=_REASON, location=_LOCATION)

    rows = [
        Row(
            name="PDF generate",
            includes="composed page to every byte but the signature's value: fonts cut, streams packed",
            turn=timed(stage.page, lambda work: render(*work)),
            reference="reference PDF render",
        )
    ]
    for algorithm, shown in (("p256", "P-256"), ("rsa2048", "RSA-2048")):
        signer = stage.keystore.signer(algorithm)

        def floor(data: bytes, signer: Signer = signer) -> bytes:
            return signer.sign(sha256(data).digest())

        def sealed(work: Composed, signer: Signer = signer) -> bytes:
            return seal(render(*work), signer)

        def one_sealed(sealed: Callable[[Composed], bytes] = sealed) -> bytes:
            return sealed(stage.page())

        def seal_one(draft: PDFDraft, signer: Signer = signer) -> bytes:
            return seal(draft, signer)

        rows += [
            Row(
                name=f"floor, {shown}",
                includes="what nobody can leave out: SHA-256 of a file of this size, one signature",
                turn=timed(one_sealed, floor),
            ),
            Row(
                name=f"PDF seal, {shown}",
                includes="digest, CMS, signature, the file put together; private key loaded",
                turn=timed(lambda: render(*stage.page()), seal_one),
                reference="reference PDF seal",
            ),
            Row(
                name=f"PDF generate + seal, {shown}",
                includes="composed page to sealed PDF",
                turn=timed(stage.page, sealed),
                reference="reference PDF render + seal",
            ),
        ]
    return rows


def _ofd(stage: Stage) -> Sequence[Row]:
    signer, render = stage.seal_signer, stage.ofd_renderer.render

    def rendered() -> tuple[Draft, Stamp]:
        page, facts = stage.page()
        return render(page, facts), page.stamp

    def seal(work: tuple[Draft, Stamp]) -> bytes:
        draft, stamp = work
        return seal_ofd(draft, signer=signer, stamp=stamp, at=stage.at)

    def generate_and_seal(work: Composed) -> bytes:
        return seal((render(*work), work[0].stamp))

    def from_record(subject: Subject) -> bytes:
        return generate_and_seal((stage.composed(subject), stage.facts(subject)))

    return [
        Row(
            name="OFD generate",
            includes="composed page to every part but OFD.xml: fonts cut, XML written, parts packed",
            turn=timed(stage.page, lambda work: render(*work)),
            reference="reference PDF render",
        ),
        Row(
            name="OFD seal",
            includes="every part hashed, signed with SM2 (verified before it leaves), container written",
            turn=timed(rendered, seal),
            reference="reference PDF seal",
        ),
        Row(
            name="OFD generate + seal",
            includes="composed page to sealed OFD",
            turn=timed(stage.page, generate_and_seal),
            reference="reference PDF render + seal",
            aim=Aim(at_least=_DOCUMENTS_PER_S, of="rate"),
        ),
        Row(
            name="OFD from the record",
            includes="compose + generate + seal: everything but the QR symbol's builder",
            turn=timed(stage.subject, from_record),
        ),
    ]


def _pair(stage: Stage) -> Sequence[Row]:
    """Both files of one certificate."""
    signer, seal_signer = stage.keystore.signer("p256"), stage.seal_signer

    def pair(work: Composed) -> None:
        page, facts = work
        plan = stage.planner.plan(page)
        pdf, ofd = stage.pdf_renderer.render(page, facts, plan), stage.ofd_renderer.render(page, facts, plan)
        seal_draft(pdf, signer=signer, at=stage.at, reason=_REASON, location=_LOCATION)
        seal_ofd(ofd, signer=seal_signer, stamp=page.stamp, at=stage.at)

    return [
        Row(
            name="pair generate + seal",
            includes="composed page to sealed PDF (P-256) and sealed OFD (SM2); fonts cut once for both",
            turn=timed(stage.page, pair),
            aim=Aim(at_least=_PAIRS_PER_S, of="rate"),
        )
    ]
