"""The small reader: it follows what real programs write, and stops early on what is made to hurt."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from io import BytesIO

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.sealing.pdf_syntax import BrokenPDFError, Budget, Name, PDFObject, Ref, parse
from certsvc.sealing.read_pdf import PDFFile
from tests.sealing.samples import an_unsigned_pdf, written


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b" 12 ", 12),
        (b"-.5", -0.5),
        (b"true", True),
        (b"null", None),
        (b"/A#42c", Name(b"ABc")),
        (b"/", Name(b"")),
        (b"<4 1 4>", b"A@"),
        (b"(a(b)\\)c)", b"a(b)\\)c"),
        (b"[1 2 0 R (x)]", [1, Ref(2, 0), b"x"]),
        (b"<</A<</B[]>>>>", {Name(b"A"): {Name(b"B"): []}}),
        (b"%note\n%more\r [%x\n1]", [1]),
    ],
)
def test_objects_are_read(text: bytes, value: PDFObject) -> None:
    """Every kind, with comments and escapes where readers differ."""
    assert parse(text, 0, Budget(100))[0] == value


@pytest.mark.parametrize(
    "text",
    [b"", b"]", b">>", b"[1", b"<</A>>", b"<<1 2>>", b"<</A 1/A 2>>", b"(x", b"[R]", b"[/A 0 R]", b"[1>>",
     b"x", b"[" * 100, b"1" * 30, b"{", b"<xy>", b"[1 2 3" + b" 4" * 100],
)  # fmt: skip
def test_broken_objects_are_refused(text: bytes) -> None:
    """A key given twice is refused as well: readers disagree which one counts."""
    with pytest.raises(BrokenPDFError):
        parse(text, 0, Budget(100))


@given(st.binary(max_size=300))
def test_hostile_objects_end_in_the_one_error(text: bytes) -> None:
    """Nothing but BrokenPDFError comes out."""
    try:
        parse(text, 0, Budget(1000))
    except BrokenPDFError:
        return


@pytest.mark.parametrize("mode", list(pikepdf.ObjectStreamMode.__members__.values()), ids=str)
@pytest.mark.parametrize("linearize", [False, True])
def test_what_a_library_writes_is_followed(mode: pikepdf.ObjectStreamMode, linearize: bool) -> None:
    """Tables, cross-reference streams with predictors, object streams, linearised files."""
    with pikepdf.open(BytesIO(an_unsigned_pdf())) as pdf:
        out = BytesIO()
        pdf.save(out, object_stream_mode=mode, linearize=linearize)

    file = PDFFile(out.getvalue())

    (page,) = file.array(file.dictionary(file.root[Name(b"Pages")])[Name(b"Kids")])
    assert file.dictionary(page)[Name(b"MediaBox")] == [0, 0, 595.2756, 841.8898]


def _xref_stream_file(rows: bytes, settings: bytes, extra: bytes = b"") -> bytes:
    packed = zlib.compress(rows)
    head = b"%PDF-1.7\n"
    stream = (
        b"1 0 obj\n<< /Type /XRef /W [1 2 1] /Root 1 0 R /Filter /FlateDecode %s /Length %d %s>>\nstream\n"
    )
    body = stream % (settings, len(packed), extra) + packed + b"\nendstream\nendobj\n"
    return head + body + b"startxref\n%d\n%%%%EOF\n" % len(head)


PREDICTED = b"/DecodeParms << /Predictor 12 /Columns 1 >>"
HURTFUL: dict[str, Callable[[], bytes]] = {
    "bomb": lambda: _xref_stream_file(bytes(200_000_000), b"/Size 9"),
    "predicted_bomb": lambda: _xref_stream_file(bytes(30_000_000), b"/Size 9 " + PREDICTED),
    "too_many": lambda: _xref_stream_file(bytes(30_000_000), b"/Size 7000000"),
    "negative": lambda: _xref_stream_file(bytes(40), b"/Size 9 /Index [0 -5]"),
    "wide": lambda: _xref_stream_file(bytes(40), b"/Size 9").replace(b"[1 2 1]", b"[1 9 1]"),
    "short": lambda: _xref_stream_file(bytes(8), b"/Size 9"),
    "not_deflated": lambda: _xref_stream_file(b"", b"/Size 9").replace(b"x\x9c", b"zz"),
    "before_itself": lambda: _xref_stream_file(bytes(36), b"/Size 9", b"/Prev 9 "),
    "before_outside": lambda: _xref_stream_file(bytes(36), b"/Size 9", b"/Prev 999999 "),
    "length_of_length": lambda: written(
        {1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Length 2 0 R >>\nstream\n\nendstream"}, root=1
    ),
    "reference_circle": lambda: written({1: b"[]", 2: b"3 0 R", 3: b"2 0 R"}, root=2),
    "wrong_object": lambda: an_unsigned_pdf().replace(b"\n1 0 obj", b"\n7 0 obj"),
}


@pytest.mark.parametrize("name", HURTFUL)
def test_what_is_made_to_hurt_is_refused_soon(name: str) -> None:
    """Bombs, endless chains and false counts cost a second at most; five leave room for a busy machine."""
    data = HURTFUL[name]()
    began = time.process_time()

    with pytest.raises(BrokenPDFError):
        _open(data)

    assert time.process_time() - began < 5


def _open(data: bytes) -> None:
    file = PDFFile(data)
    pages = file.dictionary(file.root.get(Name(b"Pages")))
    if not pages:
        raise BrokenPDFError("no pages")
