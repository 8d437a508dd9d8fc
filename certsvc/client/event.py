"""The shape of one registration event, for callers who let a type checker read along.

``record_event`` takes any mapping; the service refuses a field that is not one of these.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class EventHolder(TypedDict, total=False):
    """The holder's data; amend_holder brings only what changed."""

    name: str
    sex: Literal["男", "女"]
    birth_date: str
    id_type: Literal[
        "resident_id",
        "residence_permit",
        "foreign_pr",
        "passport",
        "mainland_travel_permit",
        "taiwan_compatriot_permit",
        "other",
    ]
    id_number: str
    photo: str
    """Base64 of a JPEG or PNG."""
    signature: str
    """Base64 of a PNG."""


class EventEmployer(TypedDict):
    """聘用企业."""

    name: str
    uscc: str


class EventSpecialty(TypedDict):
    """One granted specialty; days are ``YYYY-MM-DD`` in Beijing."""

    name: str
    granted_on: str
    valid_to: NotRequired[str]


class EventQualification(TypedDict):
    """资格证书."""

    number: str


class EventReason(TypedDict):
    """Why a registration ends or is suspended."""

    code: str
    text: str


class Event(TypedDict):
    """One registration event; docs/api.md tells which type takes which parts."""

    source_id: str
    """The caller's own; makes a repetition harmless."""
    type: Literal[
        "initial",
        "add_specialty",
        "renew",
        "change_employer",
        "amend_employer",
        "amend_holder",
        "re_register",
        "cancel",
        "revoke",
        "revoke_penalty",
        "suspend",
        "resume",
        "reissue",
    ]
    certificate_type: NotRequired[str]
    effective_at: str
    """RFC 3339 with its offset."""
    registration_number: str
    new_registration_number: NotRequired[str]
    former_numbers: NotRequired[list[str]]
    holder: NotRequired[EventHolder]
    employer: NotRequired[EventEmployer]
    specialties: NotRequired[list[EventSpecialty]]
    qualification: NotRequired[EventQualification]
    reason: NotRequired[EventReason]
    override_reason: NotRequired[str]
