"""The lint finds everything a shadow attack could hide in one of our own files."""

from __future__ import annotations

import time
from io import BytesIO

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from certsvc.sealing.keystore import Keystore
from certsvc.sealing.lint_pdf import lint_pdf
from certsvc.sealing.port import Signer
from tests.sealing.samples import a_sealed_pdf, an_unsigned_pdf

CATALOG = {
    "layers": (b" /OCProperties << /OCGs [] /D << >> >>", "OCProperties"),
    "script_at_open": (b" /OpenAction << /S /JavaScript /JS (x) >>", "JavaScript"),
    "open_action": (b" /OpenAction [3 0 R /Fit]", "OpenAction"),
    "catalog_actions": (b" /AA << >>", "/AA"),
    "attachments": (b" /Names << /EmbeddedFiles << /Names [] >> >>", "EmbeddedFiles"),
    "script_names": (b" /Names << /JavaScript << /Names [] >> >>", "JavaScript"),
    "associated_file": (b" /AF []", "/AF"),
    "portfolio": (b" /Collection << >>", "Collection"),
    "hex_escaped_name": (b" /Open#41ction [3 0 R /Fit]", "OpenAction"),
    "two_layers_deep": (b" /Extra << /More [<< /S /Launch >>] >>", "Launch"),
    "uri": (b" /Extra << /S /URI /URI (http://example.org) >>", "URI"),
    "submit": (b" /Extra << /S /SubmitForm >>", "SubmitForm"),
    "rich_media": (b" /Extra << /Subtype /RichMedia >>", "RichMedia"),
    "xfa": (b" /Extra << /XFA [] >>", "XFA"),
    "file_specification": (b" /Extra << /Type /Filespec /F (a.exe) >>", "Filespec"),
    "external_file": (b" /Extra << /F (a.exe) >>", "names a file"),
}
PAGE = {
    "page_actions": (b" /AA << >>", "/AA"),
    "page_transition": (b" /Trans << >>", "/Trans"),
    "annotation": (b" /Annots [<< /Type /Annot /Subtype /FreeText /Rect [0 0 9 9] >>]", "annotations"),
    "link": (b" /Annots [<< /Subtype /Link /Rect [0 0 9 9] /A << /S /GoTo /D [3 0 R /Fit] >> >>]", "action"),
}
FONTS = {
    "bare_font": (b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", "Helvetica is not embedded"),
    "untyped_font": (b"<< /Subtype /Type1 /BaseFont /Helvetica >>", "without its type"),
    "type3": (b"<< /Type /Font /Subtype /Type3 /CharProcs << >> >>", "not embedded"),
    "hollow_descriptor": (
        b"<< /Type /Font /Subtype /TrueType /BaseFont /A /FontDescriptor << /Type /FontDescriptor >> >>",
        "not embedded",
    ),
    "no_descendant": (b"<< /Type /Font /Subtype /Type0 /BaseFont /A /DescendantFonts [] >>", "descendant"),
}


def test_a_file_of_ours_is_clean(keystore: Keystore) -> None:
    """Else nothing could be issued."""
    for algorithm in ("p256", "rsa2048"):
        assert lint_pdf(a_sealed_pdf(keystore.signer(algorithm))) == ()


@pytest.mark.parametrize("plant", CATALOG)
def test_forbidden_content_in_the_catalog_is_found(plant: str, signer: Signer) -> None:
    """Planted before sealing: the signature is good, the content is not."""
    extra, word = CATALOG[plant]

    assert word in " ".join(lint_pdf(a_sealed_pdf(signer, an_unsigned_pdf(catalog_extra=extra))))


@pytest.mark.parametrize("plant", PAGE)
def test_forbidden_content_on_the_page_is_found(plant: str, signer: Signer) -> None:
    """A second annotation can cover what was sealed."""
    extra, word = PAGE[plant]

    assert word in " ".join(lint_pdf(a_sealed_pdf(signer, an_unsigned_pdf(page_extra=extra))))


@pytest.mark.parametrize("plant", FONTS)
def test_a_font_that_is_not_embedded_is_found(plant: str, signer: Signer) -> None:
    """A font of the reader's machine can show other letters."""
    font, word = FONTS[plant]
    unsigned = an_unsigned_pdf(catalog_extra=b" /Extra << /Font << /F1 9 0 R >> >>", objects=font)

    assert word in " ".join(lint_pdf(a_sealed_pdf(signer, unsigned)))


def test_an_unused_object_is_found(signer: Signer) -> None:
    """It waits to be brought to life by a small change."""
    unsigned = an_unsigned_pdf(objects=b"<< /Type /Page /Parent 2 0 R >>")

    assert lint_pdf(a_sealed_pdf(signer, unsigned)) == ("object 9 is not used",)


def test_an_object_in_no_cross_reference_is_found(signer: Signer) -> None:
    """Repairing viewers find it all the same."""
    unsigned = an_unsigned_pdf()
    hidden = unsigned.replace(b"%\xe2\xe3", b"%9 0 obj <<>> endobj\xe2\xe3", 1)
    # The table is rebuilt by a library so that only the hidden object is at fault.
    moved = len(hidden) - len(unsigned)
    for number in range(1, 9):
        at = unsigned.index(b"%d 0 obj" % number)
        hidden = hidden.replace(b"%010d 00000 n" % at, b"%010d 00000 n" % (at + moved))
    start = unsigned.rindex(b"xref\n0 ")
    hidden = hidden.replace(b"startxref\n%d" % start, b"startxref\n%d" % (start + moved))

    (fault,) = lint_pdf(a_sealed_pdf(signer, hidden))
    assert "in no cross-reference" in fault


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        (b"/Action /All\n/Type /SigF", b"/Action /Inc\n/Type /SigF", "unlocked"),
        (b"/P 1\n>>\nendobj\n13", b"/P 3\n>>\nendobj\n13", "unlocked"),
        (b"/F 132", b"/F 004", "printed and locked"),
        (b"/FT /Sig", b"/FT /Txt", "no plain signature field"),
        (b"/DocMDP 14 0 R", b"/DocMDQ 14 0 R", "certify"),
        (b"/AP <<\n/N 13", b"/AQ <<\n/N 13", "appearance"),
        (b"/Annots [ 11 0 R ]", b"/Annots [ ]       ", "annotations"),
    ],
)
def test_a_loose_seal_is_found(old: bytes, new: bytes, word: str, sealed: bytes) -> None:
    """One field, one widget, locked, certifying, with one appearance."""
    assert sealed.count(old) == 1
    faults = " ".join(lint_pdf(sealed.replace(old, new)))

    assert word in faults


def test_a_second_form_field_is_found(sealed: bytes) -> None:
    """More than one field, signature or not."""
    writer = IncrementalPdfFileWriter(BytesIO(sealed))
    fields = writer.root["/AcroForm"]["/Fields"]
    other = generic.DictionaryObject({generic.pdf_name("/FT"): generic.pdf_name("/Sig")})  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
    fields.append(writer.add_object(other))
    writer.update_container(fields)
    out = BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped

    assert "2 form fields" in lint_pdf(out.getvalue())


def test_plants_in_object_streams_are_found(signer: Signer) -> None:
    """Compression hides nothing from the lint."""
    with pikepdf.open(BytesIO(an_unsigned_pdf())) as pdf:
        pdf.Root.Extra = pdf.make_indirect(pikepdf.Dictionary(JS=pikepdf.String("x")))
        out = BytesIO()
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)

    assert "/JS is there" in lint_pdf(out.getvalue())


def test_unreadable_bytes_are_a_fault() -> None:
    """The lint answers, it never raises."""
    for data in (b"", b"%PDF-1.7\n", b"x" * 100, a_circle()):
        assert len(lint_pdf(data)) == 1


def a_circle() -> bytes:
    """A cross-reference whose predecessor is itself."""
    return b"%PDF-1.7\nxref\n0 0\ntrailer\n<< /Size 1 /Prev 9 >>\nstartxref\n9\n%%EOF\n"


def test_the_lint_is_quick(sealed: bytes) -> None:
    """Issuing calls it for every file; twenty milliseconds were granted."""
    began = time.process_time()
    for _ in range(10):
        lint_pdf(sealed)

    assert (time.process_time() - began) / 10 < 0.02
