"""The shape of requests: what a body may hold, before any rule is asked (contract: Event)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from certsvc.domain.bodies import Day, Instant, StrictBody

_Text = Annotated[str, Field(max_length=1000)]
_Number = Annotated[str, Field(min_length=1, max_length=40)]


class HolderBody(StrictBody):
    """The holder's data; amend_holder brings only what changed."""

    name: _Text | None = None
    sex: Literal["男", "女"] | None = None
    birth_date: Day | None = None
    id_type: (
        Literal[
            "resident_id",
            "residence_permit",
            "foreign_pr",
            "passport",
            "mainland_travel_permit",
            "taiwan_compatriot_permit",
            "other",
        ]
        | None
    ) = None
    id_number: Annotated[str, Field(max_length=64)] | None = None
    photo: Annotated[str, Field(max_length=2_000_000, description="base64 of a JPEG or PNG")] | None = None
    signature: Annotated[str, Field(max_length=600_000, description="base64 of a PNG")] | None = None


class EmployerBody(StrictBody):
    """聘用企业."""

    name: _Text
    uscc: Annotated[str, Field(max_length=64)]


class SpecialtyBody(StrictBody):
    """One granted specialty."""

    name: _Text
    granted_on: Day
    valid_to: Day | None = None


class QualificationBody(StrictBody):
    """资格证书."""

    number: Annotated[str, Field(min_length=1, max_length=64)]


class ReasonBody(StrictBody):
    """Why a registration ends or is suspended."""

    code: Annotated[str, Field(min_length=1, max_length=64)]
    text: _Text


class EventRequest(StrictBody):
    """One registration event."""

    source_id: Annotated[str, Field(min_length=1, max_length=200)]
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
    certificate_type: _Number = "constructor-1"
    effective_at: Instant
    registration_number: _Number
    new_registration_number: _Number | None = None
    former_numbers: Annotated[list[_Number], Field(max_length=20, default_factory=list)]
    holder: HolderBody | None = None
    employer: EmployerBody | None = None
    specialties: Annotated[list[SpecialtyBody], Field(max_length=50, default_factory=list)]
    qualification: QualificationBody | None = None
    reason: ReasonBody | None = None
    override_reason: _Text | None = None


class EndorsementRequest(StrictBody):
    """What an endorsed copy is for."""

    purpose: _Text
