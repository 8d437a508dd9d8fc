"""Defects planted in files, each with just what the audit must say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from certsvc.cli.defects import Good
from certsvc.cli.defects_pdf import DEFECTS as PDF_DEFECTS
from certsvc.cli.forge_ofd import added, changed, forged_text, resealed, stripped
from certsvc.ofd.names import PAGE
from tests.audit.planting import Expected, Plant, altered, found
from tests.audit.store import Spoiler

_PDF: Final = {defect.name: defect.made for defect in PDF_DEFECTS}


def _good(spoiler: Spoiler, copy_id: str) -> Good:
    pdf, ofd = spoiler.read(copy_id), spoiler.read(copy_id, "ofd")
    return Good(original_pdf=pdf, original_ofd=ofd, endorsed_pdf=pdf, endorsed_ofd=ofd)


def _inside(form: str, make: Callable[[Good], bytes], *codes: str) -> Callable[[Spoiler], Expected]:
    """Return what puts a spoilt file in a copy's place, its sha256 in the row under a MAC that holds."""

    def spoil(spoiler: Spoiler) -> Expected:
        subject = spoiler.pick()
        spoiler.reissue(subject, form, make(_good(spoiler, subject.copy_id)))
        return altered(subject.copy_id) | {(code, "copy", subject.copy_id, form) for code in codes}

    return spoil


def _file_removed(spoiler: Spoiler) -> Expected:
    copy_id = spoiler.pick().copy_id
    spoiler.refile(copy_id, {f"{copy_id}.ofd": None})
    return found("FILE_MISSING", "copy", copy_id, "ofd")


def _byte_flipped(spoiler: Spoiler) -> Expected:
    copy_id = spoiler.pick().copy_id
    path = spoiler.pack_of(copy_id)
    raw = bytearray(path.read_bytes())
    raw[raw.find(spoiler.read(copy_id)) + 5_000] ^= 1
    path.write_bytes(raw)
    return found("FILE_DAMAGED", "copy", copy_id, "pdf")


def _swapped(spoiler: Spoiler) -> Expected:
    one, other = spoiler.pick().copy_id, spoiler.pick().copy_id
    first, second = spoiler.read(one), spoiler.read(other)
    spoiler.refile(one, {f"{one}.pdf": second})
    spoiler.refile(other, {f"{other}.pdf": first})
    return found("FILE_DIFFERS", "copy", one, "pdf") | found("FILE_DIFFERS", "copy", other, "pdf")


def _stale_hash(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    spoiler.edit("copy", subject.copies[0], ofd_sha256="0" * 64)
    return found("FILE_DIFFERS", "copy", subject.copy_id, "ofd") | altered(subject.copy_id)


def _stray(spoiler: Spoiler) -> Expected:
    path = spoiler.pack_of(spoiler.pick().copy_id).with_name("notes.txt")
    path.write_text("left here")
    return found("STRAY_FILE", "file", "/".join(path.parts[-3:]))


def _unknown_member(spoiler: Spoiler) -> Expected:
    copy_id = spoiler.pick().copy_id
    stranger = f"{copy_id[:16]}{'e' * 16}"
    spoiler.refile(copy_id, {f"{stranger}.pdf": b"%PDF-1.7\n"})
    return found("FILE_WITHOUT_ROW", "copy", stranger)


def _index_damaged(spoiler: Spoiler) -> Expected:
    path = spoiler.pack_of(spoiler.pick().copy_id)
    raw = bytearray(path.read_bytes())
    raw[-60] ^= 1
    path.write_bytes(raw)
    return found("PACK_DAMAGED", "pack", "/".join(path.parts[-3:]))


def _misplaced(spoiler: Spoiler) -> Expected:
    path = spoiler.pack_of(spoiler.pick().copy_id)
    twin = path.with_name(f"{'0' * 16}.pack")
    twin.write_bytes(path.read_bytes())
    return found("STRAY_FILE", "file", "/".join(twin.parts[-3:]))


FILE_PLANTS: Final = (
    Plant("a file taken out of its pack", _file_removed),
    Plant("a byte flipped", _byte_flipped),
    Plant("two files swapped", _swapped),
    Plant("a hash that is another's", _stale_hash),
    Plant("a file that is none of ours", _stray),
    Plant("a file in a pack that no row knows", _unknown_member),
    Plant("a pack where none belongs", _misplaced),
    # A black box lies over the page, and the program that drew it wrote metadata of its own.
    Plant(
        "a PDF grown by a revision",
        _inside("pdf", _PDF["appended-revision"], "NOT_COVERED", "METADATA_DIFFERS", "QR_UNREADABLE"),
    ),
    Plant("a PDF without signature", _inside("pdf", _PDF["no-signature"], "UNSIGNED")),
    Plant(
        "a PDF signed by another key",
        _inside("pdf", _PDF["foreign-signer"], "SIGNER_WRONG", "JUDGE_REFUSES"),
    ),
    Plant(
        "a PDF edited after signing",
        _inside("pdf", _PDF["edited-after-sealing"], "SIGNATURE_BROKEN", "METADATA_DIFFERS", "JUDGE_REFUSES"),
    ),
    Plant("half a PDF", _inside("pdf", _PDF["cut"], "FILE_UNREADABLE")),
    Plant("an OFD page edited", _inside("ofd", changed(PAGE, forged_text), "PART_DIFFERS", "TEXT_DIFFERS")),
    Plant("a part added to an OFD", _inside("ofd", added("Doc_0/more.txt"), "PART_UNLISTED")),
    Plant("an OFD without seal", _inside("ofd", stripped, "UNSIGNED")),
    Plant("an OFD sealed by another key", _inside("ofd", resealed(our_seal=False), "SIGNER_WRONG")),
    Plant("a damaged index of a pack", _index_damaged),
)
