"""What the checker says of an OFD that is intact, a stranger's, unsigned, cut, broken or hostile."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO
from typing import Final

import pytest
from PIL import Image

from certsvc.domain.report import Check, FileOutcome, Result
from certsvc.ofd.names import OFD, SEAL, SIGNED_VALUE
from certsvc.rendering.ofd import OFDRenderer
from certsvc.rendering.plan import Planner
from certsvc.sealing.check_ofd import check_ofd
from certsvc.sealing.ofd import seal_ofd
from certsvc.sealing.port import PinnedSeal
from tests.page.sample import FACTS, a_page, sample_fonts
from tests.sealing.ofd_attacks import edited, flipping
from tests.sealing.ofd_key_attacks import resealed
from tests.sealing.ofd_samples import (
    FROM,
    TO,
    a_seal,
    a_sealed_ofd,
    our_keys,
    some_keys,
)
from tests.sealing.ofd_strangers import honest_files, zipped
from tests.sealing.ofd_zip_attacks import Entry, lay_down
from tests.sealing.samples import AT, an_unsigned_pdf

ALTERED, UNREADABLE, INTACT = FileOutcome.ALTERED, FileOutcome.UNREADABLE, FileOutcome.INTACT
NO_SIGNATURE, NOT_OURS = FileOutcome.NO_SIGNATURE, FileOutcome.NOT_OURS


def _codes(data: bytes) -> tuple[FileOutcome, list[str]]:
    check = check_ofd(data, our_keys().pinned)
    return check.outcome, [finding.code for finding in check.findings]


def test_a_sealed_file_is_intact() -> None:
    """Each check of the file is named and passed, and the answer names the key that sealed."""
    check = check_ofd(a_sealed_ofd(), our_keys().pinned)

    assert (check.outcome, check.key_id) == (INTACT, our_keys().key_id)
    assert [(one.check, one.result, one.code) for one in check.findings] == [
        (Check.SIGNATURE, Result.PASS, "OK"),
        (Check.COVERAGE, Result.PASS, "OK"),
        (Check.SIGNER_PINNED, Result.PASS, "SIGNER_PINNED"),
        (Check.SEAL_PINNED, Result.PASS, "SEAL_PINNED"),
    ]


def test_the_first_and_the_last_second_of_validity_count() -> None:
    """Both ends belong to the period; one second beyond is outside, whoever signed."""
    ours = our_keys()
    for at in (FROM, TO):
        assert check_ofd(a_sealed_ofd(at=at), ours.pinned).outcome is INTACT
    for at in (
        FROM.replace(year=2025, month=12, day=31, hour=23, minute=59, second=59),
        TO.replace(second=1),
    ):
        assert check_ofd(resealed(ours, at=at)(a_sealed_ofd()), ours.pinned).outcome is NOT_OURS


def test_of_several_pinned_seals_the_one_used_is_named() -> None:
    """A renewed seal has the same signer; a retired key's files stay intact."""
    ours, second = our_keys(), some_keys("sm2-second")
    renewed = replace(ours, key_id="sm2-renewed", seal=a_seal(ours, valid=(FROM, TO.replace(year=2027))))
    pinned = (*second.pinned, *ours.pinned, *renewed.pinned)

    for keys in (ours, second, renewed):
        check = check_ofd(a_sealed_ofd(keys), pinned)
        assert (check.outcome, check.key_id) == (INTACT, keys.key_id)


def test_a_pinned_seal_whose_maker_did_not_sign_it_is_not_believed() -> None:
    """A seal damaged in our own trust list must not make files intact."""
    ours = our_keys()
    damaged = replace(ours, seal=ours.seal[:-1] + bytes([ours.seal[-1] ^ 1]))

    check = check_ofd(a_sealed_ofd(damaged), damaged.pinned)

    assert check.outcome is NOT_OURS
    assert "MAKER_NOT_OURS" in {finding.code for finding in check.findings}


def test_a_pinned_seal_that_does_not_list_its_signer_is_not_believed() -> None:
    """Who may use a seal is said by its maker, not by our trust list."""
    ours, other = our_keys(), some_keys("other")
    mismatched = PinnedSeal(
        key_id="odd", certificate=ours.certificate, seal=other.seal, valid_from=FROM, valid_to=TO
    )

    check = check_ofd(resealed(ours, seal=other.seal)(a_sealed_ofd()), (mismatched,))

    assert (check.outcome, [one.code for one in check.findings if one.result is Result.FAIL]) == (
        NOT_OURS,
        ["SIGNER_NOT_IN_SEAL"],
    )


def test_without_pinned_seals_nothing_is_ours() -> None:
    """An empty trust list trusts nobody."""
    assert check_ofd(a_sealed_ofd(), ()).outcome is NOT_OURS


def _without(name: str) -> bytes:
    files = honest_files(value=b"")
    del files[name]
    return zipped(files)


def _png() -> bytes:
    out = BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG")
    return out.getvalue()


def _with_ofd_xml(content: bytes) -> bytes:
    return zipped({**honest_files(), OFD: content})


def _bomb() -> bytes:
    """60 KB that unpack to 60 MB."""
    return lay_down([Entry(name=OFD.encode(), content=b"<x/>"), Entry(name=b"bomb", content=bytes(60 << 20))])


def _many_entries() -> bytes:
    return lay_down(
        [Entry(name=OFD.encode(), content=b"<x/>"), *(Entry(name=b"%d" % n, content=b"") for n in range(600))]
    )


def _locked() -> bytes:
    names = honest_files().items()
    return lay_down(Entry(name=name.encode(), content=content, flags=1) for name, content in names)


UNREAD: Final[Mapping[str, tuple[Callable[[], bytes], str]]] = {
    "empty": (lambda: b"", "NOT_AN_OFD"),
    "garbage": (lambda: bytes(range(256)) * 40, "NOT_AN_OFD"),
    "png": (_png, "NOT_AN_OFD"),
    "pdf": (an_unsigned_pdf, "NOT_AN_OFD"),
    "zip_end_only": (lambda: b"PK\x05\x06" + bytes(18), "NOT_AN_OFD"),
    "docx": (lambda: zipped({"word/document.xml": b"<x/>"}), "NOT_AN_OFD"),
    "no_entrance": (lambda: _without(OFD), "NOT_AN_OFD"),
    "other_xml": (lambda: _with_ofd_xml(b"<html/>"), "NOT_AN_OFD"),
    "no_xml": (lambda: _with_ofd_xml(b"hello"), "UNREADABLE_FILE"),
    "utf_16": (lambda: _with_ofd_xml("<OFD/>".encode("utf-16")), "UNREADABLE_FILE"),
    "no_document": (lambda: zipped({OFD: honest_files()[OFD]}), "PART_MISSING"),
    "signature_nowhere": (lambda: _without(SIGNED_VALUE), "SIGNATURE_BROKEN"),
    "doctype": (lambda: _with_ofd_xml(b"<!DOCTYPE x><OFD/>"), "XML_REFUSED"),
    "external_entity": (
        lambda: _with_ofd_xml(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><OFD>&e;</OFD>'),
        "XML_REFUSED",
    ),
    "deep_xml": (lambda: _with_ofd_xml(b"<a>" * 100_000), "XML_TOO_COMPLEX"),
    "huge_xml": (lambda: _with_ofd_xml(b"<a>" + b"<b/>" * 300_000 + b"</a>"), "XML_TOO_COMPLEX"),
    "bomb": (_bomb, "FILE_TOO_LARGE"),
    "many_entries": (_many_entries, "FILE_TOO_LARGE"),
    "encrypted_entries": (_locked, "ENCRYPTED_FILE"),
    "encrypted_by_format": (
        lambda: zipped({**honest_files(), "Encryptions.xml": b"<ofd:Encryptions/>"}),
        "ENCRYPTED_FILE",
    ),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_cannot_be_read_is_unreadable_and_says_why(name: str) -> None:
    """To be unable to tell is its own answer, neither forged nor valid."""
    make, code = UNREAD[name]

    assert _codes(make()) == (UNREADABLE, [code])


def test_a_truncated_file_is_altered_or_unreadable() -> None:
    """Cut anywhere: as soon as our seal is in what is left, it is ours and altered."""
    sealed = a_sealed_ofd()
    seal_ends = sealed.index(SIGNED_VALUE.encode())
    for size in {*range(0, len(sealed), 53), len(sealed) - 1}:
        outcome = _codes(sealed[:size])[0]
        assert outcome in ((ALTERED,) if size > seal_ends else (ALTERED, UNREADABLE)), f"cut to {size}"


def test_a_damaged_value_beside_our_seal_is_altered() -> None:
    """Where no signature can be read any more, the seal that lies there tells whose it was."""
    forged = edited(lambda files: files.update({SIGNED_VALUE: b"gone"}))(a_sealed_ofd())

    assert _codes(forged) == (ALTERED, ["SIGNATURE_BROKEN"])
    assert _codes(edited(flipping(SEAL, 400))(forged))[0] is ALTERED


def test_the_page_we_really_issue_is_intact() -> None:
    """The real renderer's page, fonts, pictures and template are what the checker lets pass."""
    page = a_page()
    draft = OFDRenderer(Planner(sample_fonts())).render(page, FACTS)
    sealed = seal_ofd(draft, signer=our_keys(), stamp=page.stamp, at=AT)

    assert check_ofd(sealed, our_keys().pinned).outcome is INTACT
    with zipfile.ZipFile(BytesIO(sealed)) as package:
        assert package.testzip() is None
