"""What the checker says of a file that is intact, a stranger's, unsigned, cut, broken or hostile."""

from __future__ import annotations

import time
from collections.abc import Sequence
from io import BytesIO

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from certsvc.domain.report import FileOutcome
from certsvc.domain.wording import finding_text
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.cms import SIGNED_DATA
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.port import PinnedKey, Signer
from tests.sealing.samples import a_sealed_pdf, an_unsigned_pdf, cms_of, with_container
from tests.sealing.strangers import a_lookalike, a_stranger, signed_by_pyhanko

ALTERED, UNREADABLE = FileOutcome.ALTERED, FileOutcome.UNREADABLE
NO_SIGNATURE, NOT_OURS = FileOutcome.NO_SIGNATURE, FileOutcome.NOT_OURS


def test_a_sealed_file_is_intact(keystore: Keystore) -> None:
    """Each algorithm: the answer names the key that sealed."""
    for algorithm in ("p256", "rsa2048", "rsa3072"):
        signer = keystore.signer(algorithm)

        check = check_pdf(a_sealed_pdf(signer), keystore.pinned)

        assert (check.outcome, check.key_id) == (FileOutcome.INTACT, signer.key_id)
        assert {finding.code for finding in check.findings} == {"OK", "SIGNER_PINNED"}


def test_100_lookalikes_are_not_ours(signer: Signer, pinned: Sequence[PinnedKey]) -> None:
    """Same names, serial and key identifier, every time another key; the layout is ours to the byte."""
    for _ in range(100):
        check = check_pdf(a_sealed_pdf(a_lookalike(signer)), pinned)

        assert (check.outcome, check.findings[0].code) == (NOT_OURS, "SIGNER_LOOKALIKE")
        assert check.key_id is None


def test_a_lookalike_behind_another_program_is_recognised(
    signer: Signer, pinned: Sequence[PinnedKey]
) -> None:
    """Not only in our own container shape."""
    forged = signed_by_pyhanko(an_unsigned_pdf(), a_lookalike(signer))

    assert check_pdf(forged, pinned).findings[0].code == "SIGNER_LOOKALIKE"


def test_a_stranger_is_not_ours(pinned: Sequence[PinnedKey]) -> None:
    """Any other signer is "not issued by this service", in whichever layout."""
    stranger = a_stranger()
    for foreign in (a_sealed_pdf(stranger), signed_by_pyhanko(an_unsigned_pdf(), stranger)):
        check = check_pdf(foreign, pinned)

        assert (check.outcome, check.findings[0].code) == (NOT_OURS, "SIGNER_NOT_OURS")


def test_a_stranger_with_our_certificate_planted_is_altered(
    signer: Signer, pinned: Sequence[PinnedKey]
) -> None:
    """Our certificate in a stranger's container claims our name; it never earns INTACT."""
    forged = signed_by_pyhanko(an_unsigned_pdf(), a_stranger(), planted=[signer.certificate])

    assert check_pdf(forged, pinned).outcome is ALTERED


def test_our_signature_without_our_certificate_is_altered(
    signer: Signer, sealed: bytes, pinned: Sequence[PinnedKey]
) -> None:
    """Whose signature it is shows by the key, also when the certificate was taken out of the container."""
    container = cms_of(sealed).replace(signer.certificate, bytes(len(signer.certificate)))

    assert check_pdf(with_container(sealed, container), pinned).outcome is ALTERED


def test_an_unsigned_file_has_no_signature(pinned: Sequence[PinnedKey]) -> None:
    """Other validators pass an unsigned file in silence."""
    check = check_pdf(an_unsigned_pdf(), pinned)

    assert (check.outcome, check.findings[0].code) == (NO_SIGNATURE, "NO_SIGNATURE")


def test_a_stripped_signature_is_no_signature(sealed: bytes, pinned: Sequence[PinnedKey]) -> None:
    """Taken out cleanly by a PDF library, or cut back to the file before sealing."""
    with pikepdf.open(BytesIO(sealed)) as pdf:
        del pdf.Root.AcroForm
        del pdf.Root.Perms
        del pdf.pages[0].Annots
        out = BytesIO()
        pdf.save(out)

    assert check_pdf(out.getvalue(), pinned).outcome is NO_SIGNATURE
    assert check_pdf(sealed[: len(an_unsigned_pdf())], pinned).outcome is NO_SIGNATURE


@pytest.mark.parametrize("mode", list(pikepdf.ObjectStreamMode.__members__.values()), ids=str)
def test_a_file_saved_anew_is_altered(
    mode: pikepdf.ObjectStreamMode, sealed: bytes, pinned: Sequence[PinnedKey]
) -> None:
    """An editor's "save as" keeps the signature and moves every byte, object streams or not."""
    with pikepdf.open(BytesIO(sealed)) as pdf:
        out = BytesIO()
        pdf.save(out, object_stream_mode=mode, linearize=mode is pikepdf.ObjectStreamMode.disable)

    assert check_pdf(out.getvalue(), pinned).outcome is ALTERED


def test_a_truncated_file_is_altered_or_unreadable(sealed: bytes, pinned: Sequence[PinnedKey]) -> None:
    """Cut anywhere; only the exact file before sealing counts as unsigned."""
    base = len(an_unsigned_pdf())
    for size in {*range(0, len(sealed), 97), base - 2, base + 1, len(sealed) - 1, len(sealed) - 7}:
        expected = (ALTERED, UNREADABLE)
        assert check_pdf(sealed[:size], pinned).outcome in expected, f"cut to {size}"


@pytest.mark.parametrize("name", ["empty", "garbage", "png", "zip", "header_only", "words"])
def test_what_is_no_pdf_is_unreadable(name: str, pinned: Sequence[PinnedKey]) -> None:
    """To be unable to tell is its own answer, neither forged nor valid."""
    png = BytesIO()
    Image.new("RGB", (4, 4)).save(png, "PNG")
    files = {
        "empty": b"",
        "garbage": bytes(range(256)) * 40,
        "png": png.getvalue(),
        "zip": b"PK\x03\x04" + bytes(100),
        "header_only": b"%PDF-1.7\n",
        "words": b"%PDF-1.7\nstartxref\n9\n%%EOF\n",
    }

    check = check_pdf(files[name], pinned)

    assert (check.outcome, check.findings[0].code) == (UNREADABLE, "UNREADABLE_FILE")


@pytest.mark.parametrize("source", ["unsigned", "sealed"])
def test_an_encrypted_file_is_unreadable(source: str, sealed: bytes, pinned: Sequence[PinnedKey]) -> None:
    """Nobody can look inside, so nothing is claimed, and the reader is told why."""
    with pikepdf.open(BytesIO(sealed if source == "sealed" else an_unsigned_pdf())) as pdf:
        out = BytesIO()
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))

    check = check_pdf(out.getvalue(), pinned)

    if source == "unsigned":
        assert (check.outcome, check.findings[0].code) == (UNREADABLE, "ENCRYPTED_FILE")
    else:
        # A signature's Contents is never encrypted, so our certificate still shows.
        assert check.outcome is ALTERED


@pytest.mark.parametrize("mode", list(pikepdf.ObjectStreamMode.__members__.values()), ids=str)
def test_an_unsigned_file_of_other_programs_has_no_signature(
    mode: pikepdf.ObjectStreamMode, pinned: Sequence[PinnedKey]
) -> None:
    """Cross-reference streams with predictors and object streams are read, not called broken."""
    with pikepdf.open(BytesIO(an_unsigned_pdf())) as pdf:
        out = BytesIO()
        pdf.save(out, object_stream_mode=mode)

    assert check_pdf(out.getvalue(), pinned).outcome is NO_SIGNATURE


def test_forbidden_content_under_our_seal_is_altered(signer: Signer, pinned: Sequence[PinnedKey]) -> None:
    """Whoever made our key sign a file with a script in it: it is not what this service issues."""
    check = check_pdf(a_sealed_pdf(signer, an_unsigned_pdf(catalog_extra=b" /AA << >>")), pinned)

    assert (check.outcome, check.findings[0].code) == (ALTERED, "FORBIDDEN_CONTENT")


def test_every_finding_has_its_words(sealed: bytes, signer: Signer, pinned: Sequence[PinnedKey]) -> None:
    """A code without a sentence would fail on the page that shows it."""
    files = (sealed, sealed + b"x", sealed[:-9], b"", an_unsigned_pdf(), a_sealed_pdf(a_lookalike(signer)))
    for data in files:
        for finding in check_pdf(data, pinned).findings:
            assert finding_text(finding.code).zh


@given(st.binary(max_size=400), st.integers(0, 12_000))
@settings(max_examples=150, deadline=None)
def test_bytes_overwritten_anywhere_never_raise(piece: bytes, at: int) -> None:
    """The checker stands on the public page: it answers whatever is handed in."""
    base = a_sealed_pdf(STRANGER)

    check_pdf(base[:at] + piece + base[at + len(piece) :], ())


def _a_container_of_empties() -> bytes:
    """Just small enough to be looked into: signed data of 130,000 empty elements."""

    def element(tag: int, body: bytes) -> bytes:
        return bytes((tag, 0x83)) + len(body).to_bytes(3, "big") + body

    signed_data = element(0xA0, element(0x30, b"\x05\0" * 130_000))
    return element(0x30, SIGNED_DATA + signed_data)


STRANGER = a_stranger()
HOSTILE = {
    "open_brackets": b"<" * 10_000_000,
    "nested_arrays": b"1 0 obj" + b"[" * 9_000_000,
    "open_strings": b"1 0 obj" + b"(" * 9_000_000,
    "many_objects": b"1 0 obj<</A 1>>endobj\n" * 450_000,
    "hex_run": b"<" + b"30" * 5_000_000,
    "many_hex_runs": (b"<" + b"30820100" * 40 + b">") * 30_000,
    "many_byte_ranges": b"/ByteRange [0 1 2 3]" * 500_000,
    "byte_range_blanks": (b"/ByteRange" + b" " * 200) * 47_000,
    "many_startxref": b"startxref\n9\n" * 770_000,
    "many_comments": b"1 0 obj " + b"%\n" * 4_900_000,
    "tiny_elements": (b"<" + _a_container_of_empties().hex().upper().encode() + b">") * 18,
    "many_names": b"9 0 obj <<" + b"/A#41 1 " * 1_200_000,
    "der_of_empties": b"<" + b"3084004C4B40" + b"0500" * 2_400_000 + b">",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_ten_hostile_megabytes_are_answered_soon(name: str, pinned: Sequence[PinnedKey]) -> None:
    """No input makes the checker slow; ten seconds leave room for a busy machine, one is usual."""
    body = b"%PDF-1.7\n" + HOSTILE[name]
    table = b"\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<< /Size 2 /Root 1 0 R >>\n"
    data = body + table + b"startxref\n%d\n%%%%EOF\n" % (len(body) + 1)
    began = time.process_time()

    check = check_pdf(data, pinned)

    assert check.outcome is not FileOutcome.INTACT
    assert time.process_time() - began < 10
