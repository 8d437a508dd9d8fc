"""The compiled PDF is what the reference renderer makes: the same pixels, text, metadata and verdict."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageChops

from certsvc.domain.report import FileOutcome
from certsvc.page.compose import expected_texts
from certsvc.page.model import DocumentFacts, Page
from certsvc.pdf.grammar import read_layout
from certsvc.rendering.pdfium import PDFIUM
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.lint_pdf import lint_pdf
from certsvc.sealing.pdf import seal_draft
from certsvc.sealing.pdf_reference import seal_pdf
from certsvc.sealing.port import Signer
from tests.drills import record, some
from tests.rendering.certificates import a_certificate
from tests.rendering.test_pdf import renderer
from tests.rendering.test_pdf_reference import renderer as reference
from tests.sealing.any_pdf import check_any_pdf

CERTIFICATES = 500
AT = datetime(2026, 11, 20, 2, 0, 0, tzinfo=UTC)
SCALES = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0)
"""Of a point to a pixel; most pages are looked at small, which takes a quarter of the time."""


def both(page: Page, facts: DocumentFacts, signer: Signer) -> tuple[bytes, bytes]:
    """Make one certificate in both ways."""
    draft = renderer().render(page, facts)
    compiled = seal_draft(draft, signer=signer, at=AT, reason="电子证照签发", location="示例省")
    unsigned = reference().render(page, facts)
    updated = seal_pdf(
        unsigned, signer=signer, stamp=page.stamp, at=AT, reason="电子证照签发", location="示例省"
    )
    return compiled, updated


def drawn(pdf: bytes, scale: float) -> tuple[Image.Image, str]:
    """Draw the page with its seal, and extract its text."""
    with PDFIUM:
        document = pypdfium2.PdfDocument(pdf)
        try:
            document.init_forms()
            page = document[0]
            image = page.render(scale=scale, may_draw_forms=True).to_pil().convert("RGB")
            return image, str(page.get_textpage().get_text_bounded())
        finally:
            document.close()


def told(pdf: bytes) -> dict[str, object]:
    """Collect everything a file says apart from its page."""
    with pikepdf.open(BytesIO(pdf)) as document:
        root, signature = document.Root, document.Root.Perms.DocMDP
        field = root.AcroForm.Fields[0]
        return {
            "info": {str(key): str(value) for key, value in document.docinfo.items()},
            "xmp": root.Metadata.read_bytes(),
            "lang": str(root.Lang),
            "id": bytes(document.trailer.ID[0]),
            "intent": bytes(root.OutputIntents[0].DestOutputProfile.read_bytes()),
            "page": [round(float(side), 2) for side in document.pages[0].MediaBox],
            "place": [round(float(side), 2) for side in field.Rect],
            "stamp": field.AP.N.read_bytes() if b"/GS" not in field.AP.N.read_bytes() else b"",
            "lock": (int(field.F), str(field.Lock.Action), int(field.Lock.P), str(field.T)),
            "seal": [str(signature[key]) for key in ("/Reason", "/Location", "/Filter", "/SubFilter")],
            "at": pikepdf.models.metadata.decode_pdf_date(str(signature.M)),
            "rules": [
                (str(rule.TransformMethod), int(rule.TransformParams.P)) for rule in signature.Reference
            ],
        }


@pytest.fixture(scope="module")
def keystore(dev_keys: Path) -> Keystore:
    """The test PKI."""
    return Keystore.open(dev_keys)


def test_both_ways_show_and_say_the_same(keystore: Keystore) -> None:
    """The face is what people compare: not a pixel may differ, and every text extracts as itself."""
    seeds = some(range(CERTIFICATES), "compiled beside reference")
    rare = 0
    for seed in seeds:
        page, facts = a_certificate(seed)
        signer = keystore.signer("rsa2048" if seed % 2 else "p256")
        compiled, updated = both(page, facts, signer)

        scale = SCALES[seed % len(SCALES)]
        (image, text), (expected_image, expected_text) = drawn(compiled, scale), drawn(updated, scale)
        assert ImageChops.difference(image, expected_image).getbbox() is None, seed
        assert text == expected_text, seed
        assert told(compiled) == told(updated), seed
        checks = [check(compiled, keystore.pinned) for check in (check_pdf, check_any_pdf)]
        assert checks == [check_pdf(updated, keystore.pinned)] * 2, seed
        assert (checks[0].outcome, checks[0].key_id) == (FileOutcome.INTACT, signer.key_id)
        assert read_layout(compiled) is not None
        assert lint_pdf(compiled) == lint_pdf(updated) == ()
        rare += any(max(value) > "\uffff" for value in expected_texts(page).values())
    record(
        "compiled beside reference", certificates=len(seeds), with_rare_characters=rare, pixels_differing=0
    )
