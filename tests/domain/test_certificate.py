"""What a certificate prints, and when it is another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given

from certsvc.domain.certificate import Face, changed_fields, face_hash, face_of
from certsvc.domain.events import EventType, HolderFields, IdType, Sex
from tests.factories import (
    BUILDING,
    OTHER_NUMBER,
    a_grant_of,
    a_registration,
    a_specialty,
    an_employer,
    an_event,
    an_initial,
    folded,
)
from tests.strategies import faces

FACE = face_of(a_registration())


@pytest.mark.parametrize(
    ("other", "fields"),
    [
        (replace(FACE, registration_number=OTHER_NUMBER), ("registration_number",)),
        (replace(FACE, name="李示例"), ("name",)),
        (replace(FACE, sex=Sex.FEMALE), ("sex",)),
        (replace(FACE, birth_date=date(1991, 1, 2)), ("birth_date",)),
        (replace(FACE, employer=an_employer(name="示例乙公司")), ("employer",)),
        (replace(FACE, employer=an_employer(uscc="91990000TEXT00017N")), ("employer_uscc",)),
        (replace(FACE, specialties=()), ("specialties",)),
        (replace(FACE, specialties=(a_specialty(valid_to=date(2028, 5, 31)),)), ("specialties",)),
        (replace(FACE, qualification_number=None), ("qualification",)),
        (replace(FACE, photo_sha256=None), ("photo",)),
        (replace(FACE, signature_sha256="e" * 64), ("signature",)),
        (replace(FACE, name="李示例", photo_sha256=None), ("name", "photo")),
        (FACE, ()),
    ],
)
def test_every_printed_field_is_compared_by_its_name(other: Face, fields: tuple[str, ...]) -> None:
    """A verifier is told what changed; a field left out here would change unseen."""
    assert changed_fields(FACE, other) == fields
    assert changed_fields(other, FACE) == fields


@given(one=faces(), other=faces())
def test_the_hash_differs_exactly_when_a_field_does(one: Face, other: Face) -> None:
    """Versions are made by the hash, SUPERSEDED is told by the fields: they must agree."""
    assert (face_hash(one) == face_hash(other)) == (changed_fields(one, other) == ())


def test_the_hash_is_the_same_for_ever() -> None:
    """Stored hashes are compared with new ones after years and upgrades."""
    assert face_hash(FACE) == "994b12f4e2f911f505b9da231edfd42ec682951b7de10ddc24dacab1d10f9369"


def test_the_identity_document_is_not_printed() -> None:
    """Moving to a new ID number alone makes no new version."""
    amended = an_event(
        EventType.AMEND_HOLDER,
        seq=2,
        holder=HolderFields(id_type=IdType.PASSPORT, id_number="E12345678"),
    )

    assert face_of(folded([an_initial(), amended])) == face_of(folded([an_initial()]))


def test_why_an_end_was_overridden_is_not_printed() -> None:
    """The history shows it; another reason for the same day must not supersede copies."""
    stated = [a_grant_of(BUILDING, stated_to=date(2027, 1, 1))]
    one = folded([an_initial(specialties=stated, override_reason="法院裁定")])
    other = folded([an_initial(specialties=stated, override_reason="行政复议")])

    assert one.specialties != other.specialties
    assert face_of(one) == face_of(other)


@pytest.mark.parametrize(
    "type",
    [EventType.SUSPEND, EventType.CANCEL, EventType.REVOKE, EventType.REVOKE_PENALTY, EventType.REISSUE],
)
def test_standing_and_reissue_print_nothing(type: str) -> None:
    """证书更换 leaves unchanged content valid; an end freezes the version."""
    assert face_of(folded([an_initial(), an_event(EventType(type), seq=2)])) == face_of(
        folded([an_initial()])
    )


def test_a_registration_without_a_holder_is_a_mistake_of_ours() -> None:
    """Nothing is ever printed with a blank where a name belongs."""
    with pytest.raises(ValueError, match="name"):
        face_of(a_registration(holder=HolderFields()))
