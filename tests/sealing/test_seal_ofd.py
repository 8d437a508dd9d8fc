"""What sealing makes of a draft: the same parts, one list, one signature, and nothing left to chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from certsvc.errors import DefectError
from certsvc.gm.seal_signature import read_seal_signature
from certsvc.gm.sm3 import sm3
from certsvc.ofd.names import OFD, SEAL, SIGNATURE, SIGNATURES, SIGNED_VALUE
from certsvc.ofd.parts import STORED, make_part
from certsvc.ofd.read_container import read_container
from certsvc.ofd.signature import read_signature
from certsvc.sealing.ofd import seal_ofd
from tests.sealing.ofd_samples import (
    DAY,
    FROM,
    TO,
    SealKeys,
    a_draft,
    a_seal,
    a_sealed_ofd,
    our_keys,
    some_keys,
)
from tests.sealing.samples import AT, a_stamp


def test_the_parts_of_the_draft_are_sealed_untouched_and_in_order() -> None:
    """What preflight looked at is what is handed out."""
    files = read_container(a_sealed_ofd())

    assert list(files) == [
        OFD,
        *(part.name for part in a_draft().parts),
        SIGNATURES,
        SEAL,
        SIGNATURE,
        SIGNED_VALUE,
    ]
    assert all(files[part.name] == part.content for part in a_draft().parts)
    assert files[SEAL] == our_keys().seal


def test_every_part_but_the_signature_itself_is_listed() -> None:
    """A part left out could be exchanged; the list of signatures is no exception."""
    files = read_container(a_sealed_ofd())
    listed = dict(read_signature(files[SIGNATURE]).references)

    assert listed.keys() == files.keys() - {SIGNATURE, SIGNED_VALUE}
    assert all(digest == sm3(files[name]) for name, digest in listed.items())


def test_the_signature_says_when_where_and_over_what() -> None:
    """Each of them is compared when the file is checked."""
    files = read_container(a_sealed_ofd())
    value = read_seal_signature(files[SIGNED_VALUE])

    assert (value.at, value.property_info) == (AT, f"/{SIGNATURE}")
    assert value.digest == sm3(files[SIGNATURE])
    assert (value.seal_der, value.certificate) == (our_keys().seal, our_keys().certificate)
    assert not value.has_extensions
    assert read_signature(files[SIGNATURE]).at == AT


def test_the_picture_stands_in_the_middle_of_the_stamps_place_in_its_own_size() -> None:
    """Readers draw the seal's picture into the boundary; another size would stretch it."""
    stamp = replace(a_stamp(), x_mm=100.0, y_mm=200.0, width_mm=50.0, height_mm=44.0)
    sealed = seal_ofd(a_draft(), signer=our_keys(), stamp=stamp, at=AT)

    drawn = read_signature(read_container(sealed)[SIGNATURE]).stamp

    assert drawn.boundary == (105.0, 202.0, 40.0, 40.0)
    assert drawn.page_id == a_draft().page_id


def test_parts_of_a_second_and_the_zone_leave_no_trace() -> None:
    """The register keeps the instant; the file names its second, in UTC."""
    beijing = timezone(timedelta(hours=8))
    for at in (AT.replace(microsecond=999_999), AT.astimezone(beijing)):
        files = read_container(a_sealed_ofd(at=at))
        assert read_seal_signature(files[SIGNED_VALUE]).at == AT
        assert read_signature(files[SIGNATURE]).at == AT


def test_sealing_again_differs_in_the_signature_alone() -> None:
    """Nothing else depends on clock or chance."""
    first, second = (read_container(a_sealed_ofd()) for _ in range(2))

    assert {name for name in first if first[name] != second[name]} == {SIGNED_VALUE}


def test_the_signature_value_is_not_packed() -> None:
    """It would not get smaller, and each of its bytes can then be told from a damaged one."""
    sealed = a_sealed_ofd()

    assert read_container(sealed)[SIGNED_VALUE] in sealed
    assert make_part("x", b"\0" * 99).method != STORED


@pytest.mark.parametrize("at", [FROM - DAY, FROM - timedelta(seconds=1), TO + timedelta(seconds=1)])
def test_no_file_is_sealed_outside_the_validity_of_the_seal(at: datetime) -> None:
    """It would never verify."""
    with pytest.raises(DefectError, match="not valid"):
        a_sealed_ofd(at=at)


def test_no_file_is_sealed_outside_the_validity_of_the_certificate() -> None:
    """A seal may outlive the certificate of one of its signers."""
    longer = replace(our_keys(), seal=a_seal(our_keys(), valid=(FROM - DAY, TO + DAY)))

    for at in (FROM - DAY, TO + DAY):
        with pytest.raises(DefectError, match="not valid"):
            a_sealed_ofd(longer, at=at)


def _refusing(keys: SealKeys) -> SealKeys:
    """Return the same keys with a signer that must not be reached."""
    return replace(keys, key=_NeverSigns())


class _NeverSigns:
    public = our_keys().key.public

    def sign(self, message: bytes) -> bytes:
        raise AssertionError("something was signed")


def test_nothing_is_signed_when_the_seal_is_not_the_signers() -> None:
    """A mixed-up key folder is noticed before a key is used."""
    mixed = replace(_refusing(our_keys()), certificate=some_keys("other").certificate)

    with pytest.raises(DefectError, match="not on the list"):
        a_sealed_ofd(mixed)


@pytest.mark.parametrize("field", ["seal", "certificate"])
def test_nothing_is_signed_with_a_damaged_seal_or_certificate(field: str) -> None:
    """Damaged key material must not end in files that nobody can verify."""
    keys = _refusing(our_keys())
    damaged = {"seal": replace(keys, seal=b"\x30\x00"), "certificate": replace(keys, certificate=b"\x30\x00")}

    with pytest.raises(DefectError, match="cannot be read"):
        a_sealed_ofd(damaged[field])


def test_an_instant_without_offset_is_refused() -> None:
    """Whose midnight it is would be a guess."""
    with pytest.raises(DefectError, match="offset"):
        a_sealed_ofd(_refusing(our_keys()), at=AT.replace(tzinfo=None))


def test_a_draft_that_brings_its_own_signature_is_refused() -> None:
    """Two parts of one name are two files in one."""
    draft = replace(a_draft(), parts=(*a_draft().parts, make_part(SIGNATURE, b"<x/>")))

    with pytest.raises(DefectError):
        a_sealed_ofd(draft=draft)
