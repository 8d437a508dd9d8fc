"""PDF files, opened by pyHanko and pdfium: one signature, sound, by the right key, and the right words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from certsvc.audit.defect import Defect
from certsvc.audit.exhibit import Exhibit
from certsvc.audit.judges import openssl, pdf
from certsvc.audit.judges.broken import JudgeError


def check_pdf(exhibit: Exhibit) -> Iterator[Defect]:
    """Judge the signature, the metadata, the page's text and its glyphs."""
    if exhibit.key is None:
        return
    at = exhibit.copy.reserved_at
    try:
        facts = pdf.read_pdf(exhibit.content, exhibit.key.certificate, at)
        text = pdf.text_of(exhibit.content)
    except JudgeError as error:
        yield exhibit.defect("FILE_UNREADABLE", error.why)
        return
    if not facts.signatures:
        yield exhibit.defect("UNSIGNED")
    elif len(facts.signatures) > 1:
        yield exhibit.defect("MANY_SIGNATURES", str(len(facts.signatures)))
    for signature in facts.signatures[:1]:
        if signature.signer != exhibit.key.certificate:
            yield exhibit.defect("SIGNER_WRONG", f"not {exhibit.key.key_id}")
        if not signature.sound:
            yield exhibit.defect("SIGNATURE_BROKEN")
        elif not signature.whole:
            yield exhibit.defect("NOT_COVERED")
        if signature.at is None or signature.at.astimezone(UTC) != at.replace(microsecond=0):
            yield exhibit.defect("SIGNING_TIME_WRONG")
    yield from exhibit.compare_metadata(facts.metadata)
    yield from exhibit.compare_text(text)
    if facts.missing_glyphs:
        yield exhibit.defect("GLYPH_MISSING")


def check_pdf_by_program(exhibit: Exhibit) -> Iterator[Defect]:
    """Give the signature to the openssl program, which builds the chain up to the root by itself."""
    if exhibit.key is None:
        return
    at = exhibit.copy.reserved_at
    try:
        found = pdf.read_pdf(exhibit.content, exhibit.key.certificate, at).signatures
    except JudgeError:
        # Told by check_pdf, which opens every file this one does.
        return
    roots = exhibit.premises.roots
    if found and not openssl.accepts_cms(found[0].container, found[0].covered, roots, at):
        yield exhibit.defect("JUDGE_REFUSES", "openssl cms -verify")
