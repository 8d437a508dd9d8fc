"""The reference renderer: what it makes is PDF/A-2b too, or comparing with it would prove little."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import pikepdf
import pytest
from pikepdf import pdfa

from certsvc.page.compose import Subject
from certsvc.page.model import DocumentFacts, TextRun
from certsvc.page.model import Path as Outline
from certsvc.rendering.pdf_reference import ReferenceRenderer
from tests.page.sample import FACTS, TEN, a_page, a_subject, sample_fonts
from tests.rendering.test_pdf import stripped

SUBJECTS = {
    "endorsed": a_subject(),
    "both fonts, ten specialties": a_subject(name="王𪜀·𠀀", specialties=TEN, purpose="投标，" * 60),
    "more than one cut of a font": a_subject(
        employer="".join(map(chr, range(0x5E00, 0x5E00 + 100))),
        purpose="".join(map(chr, range(0x4E00, 0x4E00 + 200))),
    ),
}


@cache
def renderer() -> ReferenceRenderer:
    """Parse the fonts once per run."""
    return ReferenceRenderer(sample_fonts())


def rendered(subject: Subject | None = None, facts: DocumentFacts = FACTS) -> bytes:
    """Render a sample subject."""
    return renderer().render(a_page(subject), facts)


@pytest.mark.parametrize("case", SUBJECTS)
def test_it_is_pdf_a_2b(case: str) -> None:
    """Certificates are kept for decades; an archive refuses anything else."""
    with stripped(rendered(SUBJECTS[case])) as document:
        report = pdfa.check(document, "2b")

    assert list(report.findings) == []
    assert report.verdict == "pass"


def test_many_characters_take_more_than_one_cut_of_a_font() -> None:
    """One cut holds 255 characters; the case above must really need two."""
    assert b"AAAAAB+NotoSerifSC-Regular" in rendered(SUBJECTS["more than one cut of a font"])


def test_equal_input_gives_equal_bytes() -> None:
    """A copy that was lost between two steps must come out the same."""
    first = rendered()
    rendered(SUBJECTS["more than one cut of a font"])

    assert rendered() == first
    assert ReferenceRenderer(sample_fonts()).render(a_page(), FACTS) == first
    assert rendered(facts=replace(FACTS, document_id="C2")) != first


def test_it_has_only_what_a_sealed_certificate_may_have() -> None:
    """Sealing adds the one annotation; anything else is what shadow attacks are made of."""
    content = rendered()

    assert content.startswith(b"%PDF-1.7\n%")
    assert content.endswith(b"%%EOF\n")
    assert content.count(b"%%EOF") == 1
    assert content.count(b"startxref") == 1
    assert b"Helvetica" not in content
    assert content.count(b"\nendstream\n") == content.count(b"endstream")
    with pikepdf.open(io.BytesIO(content)) as document:
        (page,) = document.pages
        assert set(document.Root.keys()) == {"/Type", "/Pages", "/Lang", "/Metadata", "/OutputIntents"}
        assert set(page.obj.keys()) == {"/Type", "/Parent", "/MediaBox", "/Contents", "/Resources"}
        assert [round(float(number), 1) for number in page.MediaBox] == [0, 0, 595.3, 841.9]


def test_turned_and_see_through_parts_stay_pdf_a() -> None:
    """The page model allows both, so a later template may use them."""
    page = a_page()
    turned = TextRun(
        text="样本", x_mm=80, y_mm=150, size_pt=40, font="serif", rotate_deg=30, opacity=0.3, tracking_mm=2
    )
    shape = Outline(
        segments=(("M", 10, 10), ("L", 50, 10), ("L", 50, 50), ("Z",)), fill="#FF0000", opacity=0.5
    )
    page = replace(page, static=(*page.static, shape), variable=(*page.variable, shape, turned))

    with stripped(renderer().render(page, FACTS)) as document:
        assert list(pdfa.check(document, "2b").findings) == []
        states = document.pages[0].Resources.ExtGState
        assert set(dict(states.items())) == {"/GS300", "/GS500"}
