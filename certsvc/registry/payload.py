"""Parts of events, faces and grants as JSON text, in one form only, because the row's MAC covers it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Final, TypedDict, cast

from certsvc.domain.certificate import Face
from certsvc.domain.events import ERASED, Employer, Event, HolderFields, IdType, Reason, Sex, SpecialtyGrant
from certsvc.errors import DefectError
from certsvc.registry.crypto import HolderKey
from certsvc.registry.holder_keys import Opener
from certsvc.registry.payload_lines import SpecialtyJSON, specialties_from, specialty_items, text_of

_SEXES: Final = {sex.value: sex for sex in Sex}
_ID_TYPES: Final = {kind.value: kind for kind in IdType}
_read: Final = json.JSONDecoder().raw_decode
"""Reads one of the texts below: each was written by text_of(), so nothing stands around it."""


_BETWEEN: Final = "\0"
"""Between the values of a holder part that is sealed; no text of ours holds it."""


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


class EventJSON(TypedDict):
    """What an event brought, as far as it has no column of its own."""

    registration_number: str
    new_registration_number: str | None
    former_numbers: list[str]
    holder: HolderJSON | str | None
    """As text it is sealed, see HolderKey.seal_text()."""
    employer: PairJSON | None
    specialties: list[GrantJSON]
    qualification_number: str | None
    reason: PairJSON | None
    override_reason: str | None


class FaceJSON(TypedDict):
    """What a face prints besides the person, see PersonJSON."""

    certificate_type: str
    registration_number: str
    employer: PairJSON
    specialties: list[SpecialtyJSON]
    qualification_number: str | None


class PersonJSON(TypedDict):
    """What a face prints of the person; beside FaceJSON in the first rows and where it was erased.

    Elsewhere it is sealed, under the name ``holder``.
    """

    name: str
    sex: str | None
    birth_date: str | None
    photo_sha256: str | None
    signature_sha256: str | None


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _sealed(values: HolderJSON | PersonJSON, key: HolderKey, place: str) -> str:
    """Seal values, in the order of their names' class; an empty one is None."""
    texts = [cast("str | None", value) for value in values.values()]
    if "" in texts:
        raise DefectError("an empty text of a holder reached the registry")
    return key.seal_text(_BETWEEN.join([text or "" for text in texts]), place)


def _opened(sealed: str, opener: Opener, place: str) -> list[str] | None:
    text = opener.text(sealed, place)
    return None if text is None else text.split(_BETWEEN)


def event_text(event: Event, key: HolderKey | None) -> str:
    """Return the payload column of *event*; the ID number is not in it.

    Args:
        event: what is told.
        key: the holder's; None for stand-ins of what was erased, which need no hiding.
    """
    holder, employer, reason = event.holder, event.employer, event.reason
    said = None
    if holder is not None:
        said = HolderJSON(
            name=holder.name,
            name_raw=holder.name_raw,
            sex=holder.sex,
            birth_date=_day_text(holder.birth_date),
            id_type=holder.id_type,
            photo_sha256=holder.photo_sha256,
            signature_sha256=holder.signature_sha256,
        )
    payload = EventJSON(
        registration_number=event.registration_number,
        new_registration_number=event.new_registration_number,
        former_numbers=list(event.former_numbers),
        holder=said if said is None or key is None else _sealed(said, key, _event_place(event.event_id)),
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


def _event_place(event_id: str) -> str:
    """Return where an event's holder part opens."""
    return f"event {event_id} holder"


def key_of(holder: HolderJSON | str | None) -> str | None:
    """Return under whose key a holder part is encrypted, its ID number as well; None when it is not."""
    return holder.partition(" ")[0] if isinstance(holder, str) else None


def read_holder(
    holder: HolderJSON | str | None, id_number: str | None, opener: Opener, event_id: str
) -> HolderFields | None:
    """Return an event's holder part with its ID number, kept apart; a stand-in once it was erased."""
    if holder is None:
        return None
    if not isinstance(holder, str):
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
    said = _opened(holder, opener, _event_place(event_id))
    if said is None:
        return HolderFields(name=ERASED)
    name, name_raw, sex, birth_date, id_type, photo, signature = said
    return HolderFields(
        name=name or None,
        name_raw=name_raw or None,
        sex=_SEXES[sex] if sex else None,
        birth_date=date.fromisoformat(birth_date) if birth_date else None,
        id_type=_ID_TYPES[id_type] if id_type else None,
        id_number=id_number,
        photo_sha256=photo or None,
        signature_sha256=signature or None,
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


def _face_place(version_id: str) -> str:
    return f"version {version_id} face"


def face_text(face: Face, key: HolderKey | None, version_id: str) -> str:
    """Return the face column of a version; *key* as for event_text()."""
    person = PersonJSON(
        name=face.name,
        sex=face.sex,
        birth_date=_day_text(face.birth_date),
        photo_sha256=face.photo_sha256,
        signature_sha256=face.signature_sha256,
    )
    shown = FaceJSON(
        certificate_type=face.certificate_type,
        registration_number=face.registration_number,
        employer=PairJSON(first=face.employer.name, second=face.employer.uscc),
        specialties=specialty_items(face.specialties),
        qualification_number=face.qualification_number,
    )
    if key is None:
        return text_of({**shown, **person})
    return text_of({**shown, "holder": _sealed(person, key, _face_place(version_id))})


def read_face(text: str, opener: Opener, version_id: str) -> Face:
    """Return the face a version froze; with stand-ins for the person once that was erased."""
    face = _read(text)[0]
    sealed = face.get("holder")
    if sealed is None:
        name, sex, birth_date = face["name"], face["sex"], face["birth_date"]
        photo, signature = face["photo_sha256"], face["signature_sha256"]
    else:
        said = _opened(sealed, opener, _face_place(version_id)) or [ERASED, "", "", "", ""]
        name, sex, birth_date, photo, signature = said
    return Face(
        certificate_type=face["certificate_type"],
        registration_number=face["registration_number"],
        name=name,
        sex=_SEXES[sex] if sex else None,
        birth_date=date.fromisoformat(birth_date) if birth_date else None,
        employer=Employer(name=face["employer"]["first"], uscc=face["employer"]["second"]),
        specialties=specialties_from(face["specialties"]),
        qualification_number=face["qualification_number"],
        photo_sha256=photo or None,
        signature_sha256=signature or None,
    )
