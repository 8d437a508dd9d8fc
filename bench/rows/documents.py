"""Page to sealed file: OFD beside the PDF reference path, in turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bench.measure import timed
from bench.row import Aim, Row
from bench.stage import Stage
from certsvc.ofd.draft import Draft
from certsvc.page.compose import Subject
from certsvc.page.model import DocumentFacts, Page, Stamp
from certsvc.qr.encode import encode
from certsvc.sealing.ofd import seal_ofd
from certsvc.sealing.pdf import seal_pdf

TITLE: Final = "Documents: one page, photo, signature image, QR symbol"
PLACE: Final = 40
_DOCUMENTS_PER_S: Final = 1000

Composed = tuple[Page, DocumentFacts]


def rows(stage: Stage) -> Sequence[Row]:
    """Both formats, step by step and together."""
    return [*_before(stage), *_pdf(stage), *_ofd(stage)]


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


def _pdf(stage: Stage) -> Sequence[Row]:
    signer, render = stage.keystore.signer("p256"), stage.pdf_renderer.render

    def rendered() -> tuple[bytes, Stamp]:
        page, facts = stage.page()
        return render(page, facts), page.stamp

    def seal(work: tuple[bytes, Stamp]) -> bytes:
        unsigned, stamp = work
        return seal_pdf(
            unsigned, signer=signer, stamp=stamp, at=stage.at, reason="电子证照签发", location="示例"
        )

    return [
        Row(
            name="PDF render",
            includes="composed page to PDF/A-2b: fonts cut, pictures and content written",
            turn=timed(stage.page, lambda work: render(*work)),
        ),
        Row(
            name="PDF seal",
            includes="PAdES with ECDSA P-256, by pyHanko; private key loaded",
            turn=timed(rendered, seal),
        ),
        Row(
            name="PDF render + seal",
            includes="composed page to sealed PDF",
            turn=timed(stage.page, lambda work: seal((render(*work), work[0].stamp))),
        ),
    ]


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
            reference="PDF render",
        ),
        Row(
            name="OFD seal",
            includes="every part hashed, signed with SM2 (verified before it leaves), container written",
            turn=timed(rendered, seal),
            reference="PDF seal",
        ),
        Row(
            name="OFD generate + seal",
            includes="composed page to sealed OFD",
            turn=timed(stage.page, generate_and_seal),
            reference="PDF render + seal",
            aim=Aim(at_least=_DOCUMENTS_PER_S, of="rate"),
        ),
        Row(
            name="OFD from the record",
            includes="compose + generate + seal: everything but the QR symbol's builder",
            turn=timed(stage.subject, from_record),
        ),
    ]
