"""Attacks on a sealed OFD. None may ever be INTACT, and each is told for what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest

from certsvc.domain.report import FileCheck, FileOutcome
from certsvc.domain.wording import finding_text
from certsvc.ofd.names import PAGE
from certsvc.sealing.check_ofd import check_ofd
from tests.sealing.ofd_attacks import EDITED, SIGNED, Attack, edited, replacing
from tests.sealing.ofd_key_attacks import foreign, misused
from tests.sealing.ofd_samples import a_sealed_ofd, our_keys
from tests.sealing.ofd_strangers import a_lookalike
from tests.sealing.ofd_zip_attacks import ZIPPED, entries_of, lay_down, repacked

ALTERED, NOT_OURS = FileOutcome.ALTERED, FileOutcome.NOT_OURS
NO_SIGNATURE, INTACT = FileOutcome.NO_SIGNATURE, FileOutcome.INTACT

FOUND_IN_FILES: Final[Mapping[str, str]] = {
    "doc_root_swapped": "PART_CHANGED OFD.xml",
    "second_document": "MANY_DOCUMENTS 2 documents",
    "template_edited": "PART_CHANGED Doc_0/Tpls/Tpl_0/Content.xml",
    "page_edited": "PART_CHANGED Doc_0/Pages/Page_0/Content.xml",
    "font_swapped": "PART_CHANGED Doc_0/Res/font_3.ttf",
    "title_edited": "PART_CHANGED OFD.xml",
    "extra_file": "PART_ADDED Doc_0/Res/extra.bin",
    "extra_folder_file": "PART_ADDED META-INF/MANIFEST.MF",
    "part_dropped": "PART_MISSING Doc_0/Res/font_3.ttf",
    "page_added": "PART_ADDED Doc_0/Pages/Page_1/Content.xml",
    "annotation_added": "PART_ADDED Doc_0/Annotations.xml",
    "attachment_added": "PART_ADDED Doc_0/Attachments.xml",
    "tags_added": "PART_ADDED Doc_0/CustomTags.xml",
    "files_in_another_order": "CONTAINER_BROKEN the files lie in another order",
    "doctype": "XML_REFUSED DOCTYPE",
}
FOUND_IN_SEAL: Final[Mapping[str, str]] = {
    "stripped": "NO_SIGNATURE",
    "unnamed": "REFERENCES_WRONG OFD.xml names no signature",
    "value_dropped": "SIGNATURE_BROKEN",
    "signature_dropped": "SIGNATURE_BROKEN",
    "value_cut": "SIGNATURE_BROKEN",
    "signature_bit": "SIGNATURE_BROKEN",
    "signed_bit": "PROPERTY_WRONG",
    "seal_file_edited": "SEAL_REPLACED",
    "seal_file_replaced": "SEAL_REPLACED",
    "time_stamp_added": "SIGNATURE_BROKEN another algorithm or extensions",
    "certificate_replaced": "SIGNATURE_BROKEN",
    "second_signature": "MANY_SIGNATURES 2 signatures",
    "list_shortened": "DIGEST_MISMATCH Doc_0/Signs/Sign_0/Signature.xml",
    "list_shortened_page_edited": "PART_ADDED Doc_0/Pages/Page_0/Content.xml",
    "listed_twice": "REFERENCES_WRONG no reference, or one twice",
    "check_method_changed": "REFERENCES_WRONG digests are not SM3",
    "signature_method_changed": "SIGNATURE_BROKEN another algorithm or extensions",
    "references_rewritten": "DIGEST_MISMATCH Doc_0/Signs/Sign_0/Signature.xml",
}
FOUND_IN_PACKAGE: Final[Mapping[str, str]] = {
    "prefix_byte": "LEADING_BYTES",
    "prefix_program": "LEADING_BYTES",
    "prefix_uncounted": "LEADING_BYTES",
    "suffix_byte": "TRAILING_BYTES",
    "suffix_newline": "TRAILING_BYTES",
    "suffix_empty_directory": "CONTAINER_BROKEN",
    "suffix_second_zip": "HIDDEN_ENTRY",
    "comment": "TRAILING_BYTES",
    "duplicate_forged_first": "DUPLICATE_ENTRY",
    "duplicate_forged_last": "DUPLICATE_ENTRY",
    "hidden_local": "HIDDEN_ENTRY",
    "hidden_local_last": "HIDDEN_ENTRY",
    "hidden_new_name": "HIDDEN_ENTRY",
    "case_twin": "DUPLICATE_ENTRY",
    "nfc_twin": "DUPLICATE_ENTRY",
    "kelvin_twin": "DUPLICATE_ENTRY",
    "backslash_twin": "DUPLICATE_ENTRY",
    "chinese_name": "DUPLICATE_ENTRY",
    "encrypted_part": "ENCRYPTED_FILE",
    "strongly_encrypted_part": "ENCRYPTED_FILE",
    "value_hidden": "HIDDEN_ENTRY",
}
"""What is found in a broken package; where nothing stands here, CONTAINER_BROKEN."""
MISUSED: Final[Mapping[str, tuple[FileOutcome, str]]] = {
    "annotation": (ALTERED, "FORBIDDEN_CONTENT Annotations in Doc_0/Document.xml"),
    "attachment": (ALTERED, "FORBIDDEN_CONTENT Attachments in Doc_0/Document.xml"),
    "second_page": (ALTERED, "FORBIDDEN_CONTENT 2 times Page in Doc_0/Document.xml"),
    "action": (ALTERED, "FORBIDDEN_CONTENT Actions in Doc_0/Pages/Page_0/Content.xml"),
    "unused_file": (ALTERED, "FORBIDDEN_CONTENT Doc_0/Res/extra.bin is not used"),
    "other_prefix": (ALTERED, "FORBIDDEN_CONTENT"),
    "list_elsewhere": (ALTERED, "REFERENCES_WRONG the signature is not at its place"),
    "other_place": (ALTERED, "PROPERTY_WRONG"),
    "expired_seal": (NOT_OURS, "SEAL_EXPIRED"),
    "before_validity": (NOT_OURS, "SIGNED_OUTSIDE_VALIDITY"),
    "after_validity": (NOT_OURS, "SEAL_EXPIRED"),
    "strangers_seal": (NOT_OURS, "SEAL_NOT_OURS"),
    "foreign_maker": (NOT_OURS, "MAKER_NOT_OURS"),
    "seal_without_signer": (NOT_OURS, "SIGNER_NOT_IN_SEAL"),
}
FOREIGN: Final[Mapping[str, tuple[FileOutcome, str]]] = {
    "strangers_seal": (NOT_OURS, "SEAL_NOT_OURS"),
    "our_seal_borrowed": (NOT_OURS, "SIGNER_NOT_IN_SEAL"),
    "our_seal_edited": (NOT_OURS, "MAKER_NOT_OURS"),
    "our_seal_file_borrowed": (NOT_OURS, "SIGNER_NOT_OURS"),
    "strangers_seal_page_edited": (NOT_OURS, "SIGNER_NOT_OURS"),
    "signer_added_to_a_copy_of_our_seal": (NOT_OURS, "MAKER_NOT_OURS"),
    "our_certificate_borrowed": (ALTERED, "SIGNATURE_BROKEN"),
    "everything_borrowed": (ALTERED, "SIGNATURE_BROKEN"),
}


def _checked(attack: Attack) -> FileCheck:
    sealed = a_sealed_ofd()
    forged = attack(sealed)
    assert forged != sealed
    check = check_ofd(forged, our_keys().pinned)
    for finding in check.findings:
        # A code without a sentence would fail on the page that shows it.
        assert finding_text(finding.code).zh
        assert len(finding.detail) <= 80
    return check


def _told(check: FileCheck) -> set[str]:
    """Return each finding as its code, and as its code with the detail."""
    codes = {finding.code for finding in check.findings}
    return codes | {f"{finding.code} {finding.detail}" for finding in check.findings}


@pytest.mark.parametrize("attack", EDITED)
def test_a_changed_part_is_altered_and_named(attack: str) -> None:
    """Checkers that follow only the list of references still say valid to most of these."""
    check = _checked(EDITED[attack])

    assert (check.outcome, check.key_id) == (ALTERED, our_keys().key_id)
    assert FOUND_IN_FILES[attack] in _told(check)
    assert "SIGNER_PINNED" in _told(check)


@pytest.mark.parametrize("attack", SIGNED)
def test_a_seal_taken_out_or_damaged_is_told(attack: str) -> None:
    """What is left of our seal tells an altered file from one that nobody sealed."""
    check = _checked(SIGNED[attack])

    assert check.outcome is (NO_SIGNATURE if attack == "stripped" else ALTERED)
    assert FOUND_IN_SEAL[attack] in _told(check)


@pytest.mark.parametrize("attack", ZIPPED)
def test_a_package_of_another_shape_is_altered(attack: str) -> None:
    """Two programs that see two different files in one package cannot both show what was sealed."""
    check = _checked(ZIPPED[attack])

    assert (check.outcome, check.key_id) == (ALTERED, our_keys().key_id)
    assert FOUND_IN_PACKAGE.get(attack, "CONTAINER_BROKEN") in _told(check)


@pytest.mark.parametrize("attack", MISUSED)
def test_what_our_key_signed_and_we_never_issue_is_not_intact(attack: str) -> None:
    """Whoever got our key to sign it: a good signature alone is not what this service promises."""
    check = _checked(misused()[attack])

    outcome, found = MISUSED[attack]
    assert (check.outcome, check.key_id) == (outcome, our_keys().key_id)
    assert found in _told(check)


@pytest.mark.parametrize("attack", FOREIGN)
def test_what_a_stranger_sealed_is_not_ours(attack: str) -> None:
    """Seal, certificate and picture can be copied out of any file of ours; the key cannot."""
    check = _checked(foreign()[attack])

    outcome, found = FOREIGN[attack]
    assert check.outcome is outcome
    assert found in _told(check)
    assert "SIGNER_PINNED" not in _told(check)


def test_every_attack_has_its_expected_finding() -> None:
    """A row without expectation would pass on any finding."""
    assert set(EDITED) == set(FOUND_IN_FILES)
    assert set(SIGNED) == set(FOUND_IN_SEAL)
    assert set(FOUND_IN_PACKAGE) <= set(ZIPPED)
    assert set(misused()) == set(MISUSED)
    assert set(foreign()) == set(FOREIGN)


def test_100_lookalike_seals_are_not_ours() -> None:
    """Same names, serials, key identifiers and picture, every time other keys: 0 of 100 green."""
    ours = our_keys()
    for _ in range(100):
        check = check_ofd(a_sealed_ofd(a_lookalike(ours)), ours.pinned)

        assert (check.outcome, check.key_id) == (NOT_OURS, None)
        assert {finding.code for finding in check.findings} == {
            "SIGNER_LOOKALIKE",
            "SEAL_NOT_OURS",
            "MAKER_NOT_OURS",
        }


def test_a_seal_of_another_file_is_altered() -> None:
    """A genuine signature carried to another document is over another list."""
    sealed = a_sealed_ofd()
    other = edited(replacing(PAGE, "张", "李"))(sealed)

    assert check_ofd(other, our_keys().pinned).outcome is ALTERED


def test_the_files_not_their_packing_are_what_was_sealed() -> None:
    """A file packed otherwise is the same document; only the register, by its digest, tells the two apart."""
    sealed = a_sealed_ofd()

    assert check_ofd(lay_down(entries_of(sealed)), our_keys().pinned).outcome is INTACT
    assert repacked(sealed) != sealed
    assert check_ofd(repacked(sealed), our_keys().pinned).outcome is INTACT
