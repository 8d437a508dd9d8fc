"""The unsealed PDF: PDF/A-2b, the same bytes for the same page, nothing in it that sealing would refuse."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pikepdf
import pytest
from pikepdf import pdfa
from PIL import Image

from certsvc.domain.endorsement import CopyKind
from certsvc.errors import DefectError
from certsvc.page.compose import Subject
from certsvc.page.model import DocumentFacts, TextRun
from certsvc.page.model import Path as Outline
from certsvc.rendering.pdf import PDFRenderer
from certsvc.rendering.plan import Planner
from certsvc.rendering.xmp import NAMESPACE
from tests.images import a_photo, drawn_signature, file_of
from tests.page.sample import FACTS, TEN, a_page, a_subject, sample_fonts

NS = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "e": NAMESPACE,
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "property": "http://www.aiim.org/pdfa/ns/property#",
    "schema": "http://www.aiim.org/pdfa/ns/schema#",
    "extension": "http://www.aiim.org/pdfa/ns/extension/",
}
SUBJECTS = {
    "endorsed": a_subject(),
    "original": a_subject(CopyKind.ORIGINAL),
    "both fonts, ten specialties": a_subject(name="王𪜀·𠀀", specialties=TEN, purpose="投标，" * 60),
    "more than one cut of a font": a_subject(
        employer="".join(map(chr, range(0x5E00, 0x5E00 + 100))),
        purpose="".join(map(chr, range(0x4E00, 0x4E00 + 200))),
    ),
}


@cache
def renderer() -> PDFRenderer:
    """Make the fonts ready once per run."""
    return PDFRenderer(Planner(sample_fonts()))


def rendered(subject: Subject | None = None, facts: DocumentFacts = FACTS) -> bytes:
    """Render a sample subject."""
    return renderer().render(a_page(subject), facts).unsealed()


def stripped(pdf: bytes) -> pikepdf.Pdf:
    """Open *pdf* without what the archive checker refuses by principle: forms and own XMP properties.

    The stamp becomes a part of the page; that every own property is declared is a test of its own.
    """
    document = pikepdf.open(io.BytesIO(pdf))
    if "/AcroForm" in document.Root:
        page = document.pages[0]
        page.obj.Resources.XObject.Seal = page.obj.Annots[0].AP.N
        page.contents_add(b"/Seal Do")
        del document.Root.AcroForm, document.Root.Perms, page.obj.Annots
    packet = document.Root.Metadata.read_bytes().decode()
    packet = re.sub(r"<elicence:(\w+)>.*?</elicence:\1>\n", "", packet, flags=re.DOTALL)
    packet = re.sub(r' xmlns:elicence="[^"]*"', "", packet)
    start = packet.index('<rdf:Description rdf:about="" xmlns:pdfaExtension')
    packet = packet[:start] + packet[packet.index("</rdf:RDF>") :]
    document.Root.Metadata.write(packet.encode())
    return document


@pytest.mark.parametrize("case", SUBJECTS)
def test_it_is_pdf_a_2b(case: str) -> None:
    """Certificates are kept for decades; an archive refuses anything else."""
    with stripped(rendered(SUBJECTS[case])) as document:
        report = pdfa.check(document, "2b")

    assert list(report.findings) == []
    assert report.verdict == "pass"


def test_every_own_property_is_declared_once_with_its_value() -> None:
    """An undeclared property makes the file no PDF/A, and the checker above cannot see it."""
    with pikepdf.open(io.BytesIO(rendered())) as document:
        metadata = document.Root.Metadata
        assert "/Filter" not in metadata
        tree = ElementTree.fromstring(metadata.read_bytes())

    declared = [item.text for item in tree.iterfind(".//property:name", NS)]
    used = {
        item.tag.removeprefix(f"{{{NAMESPACE}}}"): item.text
        for item in tree.iter()
        if item.tag.startswith(f"{{{NAMESPACE}}}")
    }
    assert declared == [name for name, _ in FACTS.metadata]
    assert used == dict(FACTS.metadata)
    assert [item.text for item in tree.iterfind(".//schema:namespaceURI", NS)] == [NAMESPACE]


def test_info_and_xmp_say_the_same_time_and_the_id_is_the_copys() -> None:
    """PDF/A wants equal dates; the /ID tells two copies apart."""
    with pikepdf.open(io.BytesIO(rendered())) as document:
        tree = ElementTree.fromstring(document.Root.Metadata.read_bytes())
        info = document.docinfo
        stamps = {str(info[key]) for key in ("/CreationDate", "/ModDate")}
        fingerprint = hashlib.sha256(b"C1").digest()[:16]
        assert [bytes(part) for part in document.trailer.ID.as_list()] == [fingerprint, fingerprint]
        assert str(info.Title) == FACTS.title

    assert stamps == {"D:20261120020000Z"}
    for name in ("CreateDate", "ModifyDate", "MetadataDate"):
        assert [item.text for item in tree.iterfind(f".//xmp:{name}", NS)] == ["2026-11-20T02:00:00Z"]


def test_equal_input_gives_equal_bytes() -> None:
    """A copy that was lost between two steps must come out the same."""
    first = rendered()
    rendered(SUBJECTS["original"])

    assert rendered() == first
    assert PDFRenderer(Planner(sample_fonts())).render(a_page(), FACTS).unsealed() == first
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
        expected = {"/Type", "/Pages", "/Lang", "/Metadata", "/OutputIntents", "/AcroForm", "/Perms"}
        assert set(document.Root.keys()) == expected
        assert set(page.obj.keys()) == {"/Type", "/Parent", "/MediaBox", "/Contents", "/Resources", "/Annots"}
        assert [round(float(number), 1) for number in page.MediaBox] == [0, 0, 595.3, 841.9]


def test_the_photo_passes_through_and_transparency_becomes_a_mask() -> None:
    """A second compression would lose detail of the face, and take 26 ms."""
    clear = drawn_signature().convert("RGBA")
    clear.putalpha(clear.convert("L").point(lambda value: 255 - value))
    subject = replace(a_subject(), signature=file_of(clear, "PNG"))

    with pikepdf.open(io.BytesIO(rendered(subject))) as document:
        images = [item for item in document.pages[0].Resources.XObject.values() if item.Subtype == "/Image"]
        photo, signature = sorted(images, key=lambda image: str(image.Filter))
        assert photo.read_raw_bytes() == a_photo()
        assert (int(photo.Width), int(photo.Height)) == (295, 413)
        mask = signature.SMask.read_bytes()
        assert len(mask) == 240 * 90
        assert (min(mask), max(mask)) == (0, clear.getchannel("A").getextrema()[1])


def test_an_opaque_signature_has_no_mask() -> None:
    """Masks are only for what needs them."""
    with pikepdf.open(io.BytesIO(rendered())) as document:
        assert all("/SMask" not in item for item in document.pages[0].Resources.XObject.values())


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0 no photo", a_photo("PNG")])
def test_a_picture_that_is_none_stops_the_rendering(content: bytes) -> None:
    """A certificate fails closed: no empty frame instead of a face."""
    with pytest.raises(DefectError):
        rendered(replace(a_subject(), photo=content))


def test_a_cmyk_photo_stops_the_rendering() -> None:
    """Its colours would be wrong in an sRGB document."""
    with pytest.raises(DefectError):
        rendered(replace(a_subject(), photo=file_of(Image.new("CMYK", (295, 413)), "JPEG")))


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

    with stripped(renderer().render(page, FACTS).unsealed()) as document:
        assert list(pdfa.check(document, "2b").findings) == []
        states = document.pages[0].Resources.ExtGState
        assert set(dict(states.items())) == {"/GS300", "/GS500"}


@pytest.mark.parametrize("program", ["qpdf", "mutool"])
def test_strict_readers_find_nothing_to_repair(program: str, tmp_path: Path) -> None:
    """A reader that repairs a file may show something else than the next."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed here")
    path = tmp_path / "page.pdf"
    path.write_bytes(rendered(SUBJECTS["both fonts, ten specialties"]))
    command = {"qpdf": ["--check", str(path)], "mutool": ["info", str(path)]}[program]

    done = subprocess.run([program, *command], capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert done.stderr == ""
