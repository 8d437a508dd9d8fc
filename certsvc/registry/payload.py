"""Parts of events, faces and grants as JSON text, in one form only, because the row's MAC covers it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Final, TypedDict

from certsvc.domain.certificate import Face
from certsvc.domain.endorsement import Warning
from certsvc.domain.events import Employer, Event, HolderFields, IdType, Reason, Sex, SpecialtyGrant
from certsvc.domain.registration import Specialty

_SEXES: Final = {sex.value: sex for sex in Sex}
_ID_TYPES: Final = {kind.value: kind for kind in IdType}
_read: Final = json.JSONDecoder().raw_decode
"""Reads one of the texts below: each was written by text_of(), so nothing stands around it."""


class HolderJSON(TypedDict):
    """HolderFields without the ID number, which has an encrypted column of its own."""

    name: str | None
    name_raw: str | None
    sex: str | None
    birth_date: str | None
    id_type: str | None
    photo_sha256: str | None
    signature_sha256: str | None


class PairJSON(TypedDict):
    """An employer (name, uscc) or a reason (code, text)."""

    first: str
    second: str


class GrantJSON(TypedDict):
    """SpecialtyGrant."""

    name: str
    granted_on: str
    stated_to: str | None


class SpecialtyJSON(TypedDict):
    """Specialty."""

    name: str
    valid_from: str
    valid_to: str
    override_reason: str | None


class WarningJSON(TypedDict):
    """Warning."""

    code: str
    specialty: str
    days_left: int


class EventJSON(TypedDict):
    """What an event brought, as far as it has no column of its own."""

    registration_number: str
    new_registration_number: str | None
    former_numbers: list[str]
    holder: HolderJSON | None
    employer: PairJSON | None
    specialties: list[GrantJSON]
    qualification_number: str | None
    reason: PairJSON | None
    override_reason: str | None


class FaceJSON(TypedDict):
    """Face."""

    certificate_type: str
    registration_number: str
    name: str
    sex: str
    birth_date: str
    employer: PairJSON
    specialties: list[SpecialtyJSON]
    qualification_number: str | None
    photo_sha256: str | None
    signature_sha256: str | None


def text_of(value: object) -> str:
    """Return the canonical JSON text of *value* (JSON values only)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def event_text(event: Event) -> str:
    """Return the payload column of *event*; the ID number is not in it."""
    holder, employer, reason = event.holder, event.employer, event.reason
    payload = EventJSON(
        registration_number=event.registration_number,
        new_registration_number=event.new_registration_number,
        former_numbers=list(event.former_numbers),
        holder=None
        if holder is None
        else HolderJSON(
            name=holder.name,
            name_raw=holder.name_raw,
            sex=holder.sex,
            birth_date=_day_text(holder.birth_date),
            id_type=holder.id_type,
            photo_sha256=holder.photo_sha256,
            signature_sha256=holder.signature_sha256,
        ),
        employer=None if employer is None else PairJSON(first=employer.name, second=employer.uscc),
        specialties=[
            GrantJSON(
                name=grant.name,
                granted_on=grant.granted_on.isoformat(),
                stated_to=_day_text(grant.stated_to),
            )
            for grant in event.specialties
        ],
        qualification_number=event.qualification_number,
        reason=None if reason is None else PairJSON(first=reason.code, second=reason.text),
        override_reason=event.override_reason,
    )
    return text_of(payload)


def read_event(text: str) -> EventJSON:
    """Return the payload an event row holds."""
    payload: EventJSON = _read(text)[0]
    return payload


def read_holder(holder: HolderJSON | None, id_number: str | None) -> HolderFields | None:
    """Return an event's holder part with its ID number, which was kept apart."""
    if holder is None:
        return None
    return HolderFields(
        name=holder["name"],
        name_raw=holder["name_raw"],
        sex=None if holder["sex"] is None else _SEXES[holder["sex"]],
        birth_date=_day(holder["birth_date"]),
        id_type=None if holder["id_type"] is None else _ID_TYPES[holder["id_type"]],
        id_number=id_number,
        photo_sha256=holder["photo_sha256"],
        signature_sha256=holder["signature_sha256"],
    )


def read_employer(pair: PairJSON | None) -> Employer | None:
    """Return an event's employer part."""
    return None if pair is None else Employer(name=pair["first"], uscc=pair["second"])


def read_reason(pair: PairJSON | None) -> Reason | None:
    """Return an event's reason part."""
    return None if pair is None else Reason(code=pair["first"], text=pair["second"])


def read_grants(grants: Sequence[GrantJSON]) -> tuple[SpecialtyGrant, ...]:
    """Return the specialties an event granted."""
    return tuple(
        [
            SpecialtyGrant(
                name=grant["name"],
                granted_on=date.fromisoformat(grant["granted_on"]),
                stated_to=_day(grant["stated_to"]),
            )
            for grant in grants
        ]
    )


def _specialties(specialties: Sequence[Specialty]) -> list[SpecialtyJSON]:
    return [
        SpecialtyJSON(
            name=specialty.name,
            valid_from=specialty.valid_from.isoformat(),
            valid_to=specialty.valid_to.isoformat(),
            override_reason=specialty.override_reason,
        )
        for specialty in specialties
    ]


def _read_specialties(items: Sequence[SpecialtyJSON]) -> tuple[Specialty, ...]:
    return tuple(
        [
            Specialty(
                name=item["name"],
                valid_from=date.fromisoformat(item["valid_from"]),
                valid_to=date.fromisoformat(item["valid_to"]),
                override_reason=item["override_reason"],
            )
            for item in items
        ]
    )


def specialties_text(specialties: Sequence[Specialty]) -> str:
    """Return the specialties column of a copy."""
    return text_of(_specialties(specialties))


def read_specialties(text: str) -> tuple[Specialty, ...]:
    """Return the specialties a copy was granted for."""
    items: list[SpecialtyJSON] = _read(text)[0]
    return _read_specialties(items)


def warnings_text(warnings: Sequence[Warning]) -> str:
    """Return the warnings column of a copy."""
    return text_of(
        [
            WarningJSON(code=warning.code, specialty=warning.specialty, days_left=warning.days_left)
            for warning in warnings
        ]
    )


def read_warnings(text: str) -> tuple[Warning, ...]:
    """Return the warnings that came with a copy."""
    items: list[WarningJSON] = _read(text)[0]
    return tuple(Warning(**item) for item in items)


def face_text(face: Face) -> str:
    """Return the face column of a version."""
    return text_of(
        FaceJSON(
            certificate_type=face.certificate_type,
            registration_number=face.registration_number,
            name=face.name,
            sex=face.sex,
            birth_date=face.birth_date.isoformat(),
            employer=PairJSON(first=face.employer.name, second=face.employer.uscc),
            specialties=_specialties(face.specialties),
            qualification_number=face.qualification_number,
            photo_sha256=face.photo_sha256,
            signature_sha256=face.signature_sha256,
        )
    )


def read_face(text: str) -> Face:
    """Return the face a version froze."""
    face: FaceJSON = _read(text)[0]
    return Face(
        certificate_type=face["certificate_type"],
        registration_number=face["registration_number"],
        name=face["name"],
        sex=_SEXES[face["sex"]],
        birth_date=date.fromisoformat(face["birth_date"]),
        employer=Employer(name=face["employer"]["first"], uscc=face["employer"]["second"]),
        specialties=_read_specialties(face["specialties"]),
        qualification_number=face["qualification_number"],
        photo_sha256=face["photo_sha256"],
        signature_sha256=face["signature_sha256"],
    )
