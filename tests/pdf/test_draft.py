"""A laid out file: every offset right, the digest that of the file, the same bytes for the same draft."""

from __future__ import annotations

import hashlib
import re
import zlib

import pytest

from certsvc.pdf.draft import Draft, Hollow
from certsvc.pdf.grammar import read_layout, without_signature
from certsvc.pdf.shapes import HEADER
from certsvc.pdf.values import text_string
from certsvc.rendering.pdf import PDFRenderer
from certsvc.rendering.plan import Planner
from tests.page.sample import FACTS, a_page, sample_fonts
from tests.sealing.compiled import a_draft

GOLDEN = "cd07c96a3e0c18e6d71976fe3f026efe8c0bf3f3cfdd5567aa26dd1eecab2623"
"""SHA-256 of the sample certificate, its streams unpacked: how they are packed depends on the processor."""


def hollow(draft: Draft, digits: int = 2000) -> Hollow:
    """Lay out around a hole."""
    return draft.hollow(b"D:20261120030405Z", text_string("因"), text_string("地"), digits=digits)


@pytest.mark.parametrize("digits", [2, 2000, 9998])
def test_every_object_lies_where_the_table_says(digits: int) -> None:
    """A reader that has to repair a file may show another."""
    content = hollow(a_draft(), digits).filled(b"\x30")
    table = int(re.findall(rb"startxref\n(\d+)\n%%EOF\n\Z", content)[0])
    assert content.startswith(b"xref\n0 ", table)
    entries = re.findall(rb"(\d{10}) 00000 n \n", content[table:])

    assert len(entries) == content.count(b" obj\n")
    for number, place in enumerate(entries, start=1):
        assert content.startswith(b"%d 0 obj\n" % number, int(place))


def test_the_digest_is_that_of_all_but_the_hole() -> None:
    """Kept states of the beginning must not change it."""
    laid = hollow(a_draft())
    content = laid.filled(bytes.fromhex("30820001aa"))
    start = content.index(b"/Contents <") + len(b"/Contents ")
    end = content.index(b">", start) + 1

    assert end - start == 2002
    assert laid.digest == hashlib.sha256(content[:start] + content[end:]).digest()
    assert hollow(a_draft()).digest == laid.digest


def test_what_does_not_fit_is_refused() -> None:
    """Digits over the end would be a broken file."""
    laid = hollow(a_draft(), 10)
    laid.filled(bytes(5))

    with pytest.raises(ValueError, match="in a hole of 10"):
        laid.filled(bytes(6))


def test_taking_the_signature_out_gives_the_draft_back() -> None:
    """Nothing but the signature's value was added."""
    draft = a_draft()

    assert without_signature(hollow(draft).filled(b"\x30")) == draft.unsealed()
    with pytest.raises(ValueError, match="not laid out"):
        without_signature(draft.unsealed())


def test_only_a_sealed_file_has_a_layout() -> None:
    """A draft, a part of a file, or a file with anything before or behind it has none."""
    content = hollow(a_draft()).filled(b"\x30")

    assert read_layout(content) is not None
    for other in (a_draft().unsealed(), content[:-1], content + b"\n", b"\n" + content, HEADER, b""):
        assert read_layout(other) is None


def test_the_sample_certificate_is_the_golden_one() -> None:
    """Whoever changes what a file says or looks like sees it here, and says why in the commit."""
    content = PDFRenderer(Planner(sample_fonts())).render(a_page(), FACTS).unsealed()

    assert hashlib.sha256(unpacked(content)).hexdigest() == GOLDEN


def unpacked(content: bytes) -> bytes:
    """Every object with its stream inflated and without its length, then the names of the trailer."""
    parts = []
    for number, head, stream in re.findall(
        rb"(?s)(?<=\n)(\d+) 0 obj\n(.*?)(?:stream\n(.*?)\nendstream\n|\n)endobj\n", content
    ):
        plain = zlib.decompress(stream) if b"/FlateDecode /Length" in head else stream
        parts.append(number + re.sub(rb"/Length \d+", b"", head) + plain)
    return b"\n".join([*parts, content[content.rindex(b"/Root") : content.rindex(b"startxref")]])
