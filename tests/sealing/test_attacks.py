"""Attacks on a sealed file. None may ever be INTACT, and each is named for what it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from certsvc.domain.report import FileOutcome
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.cms import build_cms, read_cms
from certsvc.sealing.file_signer import FileSigner
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.port import PinnedKey, Signer
from tests.sealing.samples import a_sealed_pdf, an_unsigned_pdf, cms_of, hole_of, with_container
from tests.sealing.strangers import a_stranger, signed_by_pyhanko

ALTERED, UNREADABLE = FileOutcome.ALTERED, FileOutcome.UNREADABLE
FORGED_PAGE = b"\n3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 10 10] /Resources << >> >>\nendobj\n"


def _isa_1(pdf: bytes) -> bytes:
    """A forged page and a whole new cross-reference table."""
    offset = len(pdf) + 1
    tail = FORGED_PAGE + b"xref\n3 1\n%010d 00000 n \ntrailer\n<< /Size 15 /Root 1 0 R /Prev %d >>\n"
    return (
        pdf + tail % (offset, _startxref(pdf)) + b"startxref\n%d\n%%%%EOF\n" % (len(pdf) + len(FORGED_PAGE))
    )


def _isa_2(pdf: bytes) -> bytes:
    """A forged page and a trailer, no cross-reference."""
    return pdf + FORGED_PAGE + b"trailer\n<< /Size 15 /Root 1 0 R >>\n"


def _isa_3(pdf: bytes) -> bytes:
    """A new object, an empty cross-reference, a trailer, startxref without %%EOF."""
    tail = b"xref\n0 0\ntrailer\n<< /Size 15 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n"
    return pdf + FORGED_PAGE + tail % (_startxref(pdf), len(pdf) + len(FORGED_PAGE))


def _isa_4(pdf: bytes) -> bytes:
    """A forged page alone, which repairing viewers pick up."""
    return pdf + FORGED_PAGE


def _startxref(pdf: bytes) -> int:
    return int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])


def _increment(change: Callable[[IncrementalPdfFileWriter], None]) -> Callable[[bytes], bytes]:
    def grown(pdf: bytes) -> bytes:
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        change(writer)
        out = BytesIO()
        writer.write(out)  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
        return out.getvalue()

    return grown


def _new_info(writer: IncrementalPdfFileWriter) -> None:
    info = writer.trailer["/Info"]
    info["/Title"] = generic.pdf_string("another title")
    writer.update_container(info)


def _fill_form(writer: IncrementalPdfFileWriter) -> None:
    form = writer.root["/AcroForm"]
    text = generic.DictionaryObject(
        {  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
            generic.pdf_name("/FT"): generic.pdf_name("/Tx"),
            generic.pdf_name("/T"): generic.pdf_string("name"),
            generic.pdf_name("/V"): generic.pdf_string("forged"),
        }
    )
    form["/Fields"].append(writer.add_object(text))
    writer.update_container(form["/Fields"])


def _draw_more(writer: IncrementalPdfFileWriter) -> None:
    content = generic.StreamObject(stream_data=b"0 g 0 0 500 500 re f")
    page, place = 0, writer.add_object(content)
    writer.add_stream_to_page(page, place)  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped


def _timestamped_again(pdf: bytes) -> bytes:
    return pdf + pdf[len(an_unsigned_pdf()) :]


GROWN: dict[str, Callable[[bytes], bytes]] = {
    "one_byte": lambda pdf: pdf + b"x",
    "newline": lambda pdf: pdf + b"\n",
    "zero": lambda pdf: pdf + b"\0",
    "comment": lambda pdf: pdf + b"% hello\n",
    "eof_again": lambda pdf: pdf + b"%%EOF\n",
    "isa_1": _isa_1,
    "isa_2": _isa_2,
    "isa_3": _isa_3,
    "isa_4": _isa_4,
    "metadata_only": _increment(_new_info),
    "form_fill": _increment(_fill_form),
    "drawn_over": _increment(_draw_more),
    "update_twice": _timestamped_again,
    "foreign_second_signature": lambda pdf: signed_by_pyhanko(pdf, a_stranger()),
    "prefix_byte": lambda pdf: b"x" + pdf,
    "prefix_newline": lambda pdf: b"\n" + pdf,
    "hidden_byte_range": lambda pdf: pdf + b"9 0 obj\n<< /Byte#52ange [0 1 2 3] >>\nendobj\n",
    "byte_range_in_comment": lambda pdf: pdf.replace(b"\n", b"\n%/ByteRange [0 1 2 3]\n", 1),
    "last_newline_cut": lambda pdf: pdf[:-1],
}


@pytest.mark.parametrize("attack", GROWN)
@pytest.mark.parametrize("algorithm", ["p256", "rsa3072"])
def test_what_grew_after_sealing_is_altered(attack: str, algorithm: str, keystore: Keystore) -> None:
    """Viewers show the added page while many validators still say valid: we never do."""
    sealed = a_sealed_pdf(keystore.signer(algorithm))
    forged = GROWN[attack](sealed)
    assert forged != sealed

    check = check_pdf(forged, keystore.pinned)

    assert check.outcome is ALTERED
    assert check.key_id == keystore.signer(algorithm).key_id


def test_a_second_signature_with_our_own_key_is_altered(
    sealed: bytes, keystore: Keystore, pinned: Sequence[PinnedKey]
) -> None:
    """Exactly one signature: even our key may not sign a file twice."""
    ours = keystore.signer("p256")
    assert isinstance(ours, FileSigner)

    check = check_pdf(signed_by_pyhanko(sealed, ours), pinned)

    assert check.outcome is ALTERED
    assert check.findings[0].code == "MANY_SIGNATURES"


def test_our_key_used_outside_our_shape_is_altered(keystore: Keystore, pinned: Sequence[PinnedKey]) -> None:
    """A valid signature by our key over a file this service did not lay out proves nothing we promise."""
    ours = keystore.signer("p256")
    assert isinstance(ours, FileSigner)

    assert check_pdf(signed_by_pyhanko(an_unsigned_pdf(), ours), pinned).outcome is ALTERED


def test_a_flipped_byte_is_never_intact(sealed: bytes, pinned: Sequence[PinnedKey]) -> None:
    """Every 23rd byte of the whole file and every byte around the hole, lowest and highest bit."""
    start, end = hole_of(sealed)
    close = [
        *range(start - 60, start + 40),
        *range(end - 20, end + 60),
        *range(len(sealed) - 40, len(sealed)),
    ]
    for at in {*range(0, len(sealed), 7), *close}:
        for bit in (0x01, 0x80):
            forged = bytearray(sealed)
            forged[at] ^= bit
            check = check_pdf(bytes(forged), pinned)
            assert check.outcome in (ALTERED, UNREADABLE), f"byte {at} bit {bit:#x}: {check.outcome}"


def test_each_hex_digit_of_the_container_counts(sealed: bytes, pinned: Sequence[PinnedKey]) -> None:
    """Certificates, names, algorithm and padding in the hole are not hashed; the one shape guards them."""
    start, _ = hole_of(sealed)
    for at in range(start + 1, start + 1 + 2 * len(cms_of(sealed)) + 8, 3):
        forged = bytearray(sealed)
        forged[at] = ord("1") if forged[at] != ord("1") else ord("2")
        assert check_pdf(bytes(forged), pinned).outcome is ALTERED, f"digit at {at}"


CHANGES = ("0", "-1", "+1", "2^31", "huge", "negative", "word")


@pytest.mark.parametrize(
    ("position", "change"),
    [(position, change) for position in range(4) for change in CHANGES if (position, change) != (0, "0")],
)
def test_each_byte_range_number_counts(
    position: int, change: str, sealed: bytes, pinned: Sequence[PinnedKey]
) -> None:
    """Any other range than the whole file but the hole is refused before anything is hashed."""
    found = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\] *", sealed)
    assert found is not None
    numbers = [int(number) for number in found.groups()]
    old = numbers[position]
    new = {"0": 0, "-1": old - 1, "+1": old + 1, "2^31": 2**31, "huge": 10**30, "negative": -5, "word": None}
    words = [b"%d" % number for number in numbers]
    words[position] = b"x" if new[change] is None else b"%d" % int(str(new[change]))
    forged = sealed.replace(found[0], (b"/ByteRange [" + b" ".join(words) + b"]").ljust(len(found[0])), 1)

    assert check_pdf(forged, pinned).outcome is ALTERED


@pytest.mark.parametrize(
    "key",
    ["/ByteRange", "/Contents <", "/Type /Sig\n", "/DocMDP", "/Perms", "/AcroForm", "/SubFilter", "/V 14"],
)
def test_a_dropped_key_is_altered(key: str, sealed: bytes, pinned: Sequence[PinnedKey]) -> None:
    """Renaming a key keeps all lengths; the trace of our certificate remains."""
    name = key.encode()
    assert name in sealed

    forged = sealed.replace(name, name.replace(name[1:3], b"Zz", 1))

    assert check_pdf(forged, pinned).outcome is ALTERED


def test_a_lower_case_container_is_altered(sealed: bytes, pinned: Sequence[PinnedKey]) -> None:
    """Hex may be written in two cases; only the one we write is the file we made."""
    start, end = hole_of(sealed)

    forged = sealed[:start] + sealed[start:end].lower() + sealed[end:]

    assert check_pdf(forged, pinned).outcome is ALTERED


def test_the_twin_of_an_ecdsa_signature_is_altered(sealed: bytes, pinned: Sequence[PinnedKey]) -> None:
    """(r, n - s) verifies as well; were it taken, one seal had two valid files."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    seal = read_cms(cms_of(sealed))
    r, s = decode_dss_signature(seal.signature)
    twin = build_cms(seal.certificates, seal.digest, "ecdsa", encode_dss_signature(r, order - s))

    assert check_pdf(with_container(sealed, twin), pinned).outcome is ALTERED


def test_a_seal_of_another_file_is_altered(
    signer: Signer, sealed: bytes, pinned: Sequence[PinnedKey]
) -> None:
    """A genuine container moved to another document covers another digest."""
    other = a_sealed_pdf(signer, an_unsigned_pdf(page_extra=b" /Rotate 90"))

    check = check_pdf(with_container(other, cms_of(sealed)), pinned)

    assert (check.outcome, check.findings[0].code) == (ALTERED, "DIGEST_MISMATCH")
