"""OFDs of others: honest ones are not ours or not sealed, and never called altered or unreadable."""

from __future__ import annotations

from dataclasses import replace

import pytest

from certsvc.domain.report import FileOutcome
from certsvc.ofd.names import OFD, SIGNED_VALUE
from certsvc.ofd.read_container import read_container
from certsvc.sealing.check_ofd import check_ofd
from tests.sealing.ofd_key_attacks import resealed
from tests.sealing.ofd_samples import a_draft, a_sealed_ofd, a_stranger_with_seal, our_keys
from tests.sealing.ofd_strangers import VALUES, a_digest_seal, a_lookalike, honest_files, zipped

ALTERED, NOT_OURS, NO_SIGNATURE = FileOutcome.ALTERED, FileOutcome.NOT_OURS, FileOutcome.NO_SIGNATURE


def _codes(data: bytes) -> tuple[FileOutcome, list[str]]:
    check = check_ofd(data, our_keys().pinned)
    return check.outcome, [finding.code for finding in check.findings]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("prefix", [True, False], ids=["prefixed", "default_namespace"])
def test_other_vendors_seals_are_not_ours(value: str, prefix: bool) -> None:
    """Version 1 or 5, raw signatures, no seal at all, ordinary packing: honest, and not issued by us."""
    foreign = zipped(honest_files(prefix=prefix, value=VALUES[value]()))

    outcome, codes = _codes(foreign)

    assert (outcome, codes[0]) == (NOT_OURS, "SIGNER_NOT_OURS")


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("prefix", [True, False])
def test_other_vendors_unsigned_files_have_no_signature(prefix: bool, stored: bool) -> None:
    """Dates, folders and data descriptors are how ordinary programs pack."""
    assert _codes(zipped(honest_files(prefix=prefix), stored=stored)) == (NO_SIGNATURE, ["NO_SIGNATURE"])


def test_an_unsealed_draft_of_ours_has_no_signature() -> None:
    """Before sealing it is nothing yet."""
    assert _codes(a_draft().unsealed()) == (NO_SIGNATURE, ["NO_SIGNATURE"])


@pytest.mark.parametrize("stored", [True, False])
def test_our_certificate_attached_to_a_strangers_file_is_not_its_seal(stored: bool) -> None:
    """A bid attaches our certificates; the bid itself is neither altered nor ours."""
    attached = {"Doc_0/Attachs/certificate.ofd": a_sealed_ofd()}

    assert _codes(zipped({**honest_files(), **attached}, stored=stored))[0] is NO_SIGNATURE
    signed = honest_files(value=VALUES["version_1"]())
    assert _codes(zipped({**signed, **attached}, stored=stored))[0] is NOT_OURS


def test_an_unsigned_file_with_several_documents_has_no_signature() -> None:
    """The format permits them; we never make them."""
    files = honest_files()
    body = files[OFD][files[OFD].index(b"<ofd:DocBody>") : files[OFD].index(b"</ofd:OFD>")]

    outcome, codes = _codes(zipped({**files, OFD: files[OFD].replace(body, body + body)}))

    assert (outcome, codes) == (NO_SIGNATURE, ["NO_SIGNATURE", "MANY_DOCUMENTS"])


def test_a_strangers_signature_that_nothing_names_is_still_not_ours() -> None:
    """Taken out of the list, it remains in the file."""
    files = honest_files() | {SIGNED_VALUE: VALUES["version_1"]()}

    assert _codes(zipped(files)) == (NOT_OURS, ["SIGNER_NOT_OURS"])


def test_of_two_strangers_the_one_who_copies_us_is_told() -> None:
    """Behind a harmless signature a look-alike must not go unnoticed."""
    lookalike = read_container(a_sealed_ofd(a_lookalike(our_keys())))[SIGNED_VALUE]
    files = honest_files(value=VALUES["version_4"]()) | {"Doc_0/Signs/Sign_1/SignedValue.dat": lookalike}

    assert _codes(zipped(files))[1][0] == "SIGNER_LOOKALIKE"


def test_of_two_signatures_of_ours_the_one_that_holds_tells() -> None:
    """A damaged copy in front must not hide that our key did sign."""
    value = read_container(a_sealed_ofd())[SIGNED_VALUE]
    damaged = value[:-1] + bytes([value[-1] ^ 1])
    files = honest_files(value=damaged) | {"Doc_0/Signs/Sign_1/SignedValue.dat": value}

    outcome, codes = _codes(zipped(files))

    assert (outcome, codes[-1]) == (ALTERED, "SIGNER_PINNED")


def test_a_missing_page_is_told() -> None:
    """Readers show an empty page for it."""
    files = honest_files()
    del files["Doc_0/Pages/Page_0/Content.xml"]

    assert _codes(zipped(files)) == (NO_SIGNATURE, ["NO_SIGNATURE", "PART_MISSING"])


def test_a_seal_that_lists_digests_is_a_strangers_right_and_never_ours() -> None:
    """What is not compared byte by byte is not called one of the signers; of a stranger it is no reproach."""
    ours, stranger = our_keys(), a_stranger_with_seal()
    digests = replace(ours, seal=a_digest_seal(ours))
    forged = resealed(ours, seal=digests.seal)(a_sealed_ofd())

    own = check_ofd(forged, digests.pinned)
    foreign = check_ofd(resealed(stranger, seal=a_digest_seal(stranger))(a_sealed_ofd()), ours.pinned)

    assert (own.outcome, own.findings[0].code) == (NOT_OURS, "SIGNER_NOT_IN_SEAL")
    assert [one.code for one in foreign.findings] == ["SIGNER_NOT_OURS", "SEAL_NOT_OURS", "MAKER_NOT_OURS"]
