"""What the registration system tells us: events (操作轨迹), append-only, possibly late."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NewType

EventId = NewType("EventId", str)
RegistrationId = NewType("RegistrationId", str)
HolderId = NewType("HolderId", str)


ERASED: Final = "已删除"
"""What stands where erased personal data stood; in front of a number where it had more than one value."""


def erased_name(place: int) -> str:
    """Return what stands for the *place*-th value, from 0, of something that was erased.

    Two values that differed get two of these, so that a change is still seen to have been one.
    """
    return ERASED if place == 0 else f"{ERASED}{place + 1}"


class EventType(StrEnum):
    """The operations on a registration; the values are the API's names."""

    INITIAL = "initial"
    """初始注册"""
    ADD_SPECIALTY = "add_specialty"
    """增项注册"""
    RENEW = "renew"
    """延续注册"""
    CHANGE_EMPLOYER = "change_employer"
    """变更注册"""
    AMEND_EMPLOYER = "amend_employer"
    """企业信息修改"""
    AMEND_HOLDER = "amend_holder"
    """个人信息修改"""
    RE_REGISTER = "re_register"
    """重新注册"""
    CANCEL = "cancel"
    """注销"""
    REVOKE = "revoke"
    """撤销: void from the beginning"""
    REVOKE_PENALTY = "revoke_penalty"
    """吊销"""
    SUSPEND = "suspend"
    """暂停"""
    RESUME = "resume"
    """恢复"""
    REISSUE = "reissue"
    """证书更换"""


class Sex(StrEnum):
    """性别, as printed."""

    MALE = "男"
    FEMALE = "女"


class IdType(StrEnum):
    """Kind of identity document."""

    RESIDENT_ID = "resident_id"
    RESIDENCE_PERMIT = "residence_permit"
    FOREIGN_PR = "foreign_pr"
    PASSPORT = "passport"
    MAINLAND_TRAVEL_PERMIT = "mainland_travel_permit"
    TAIWAN_COMPATRIOT_PERMIT = "taiwan_compatriot_permit"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderFields:
    """The holder's data an event brings; None means "not said by this event".

    Of a holder whose personal data was erased the name is a stand-in, see erased_name(), and most is None.
    """

    name: str | None = None
    """Canonical form, see identity.canonical_name."""
    name_raw: str | None = None
    """The name exactly as it came in."""
    sex: Sex | None = None
    birth_date: date | None = None
    id_type: IdType | None = None
    id_number: str | None = field(default=None, repr=False)
    """In clear only in memory: the registry stores it encrypted."""
    photo_sha256: str | None = None
    """Hex sha256 of the normalised JPEG kept by the registry."""
    signature_sha256: str | None = None
    """Hex sha256 of the normalised PNG kept by the registry."""

    @property
    def erased(self) -> bool:
        """Tell, of a whole holder as fold() gives him, whether his personal data was erased."""
        return self.birth_date is None and self.name is not None and self.name.startswith(ERASED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Employer:
    """聘用企业."""

    name: str
    uscc: str
    """统一社会信用代码, 18 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialtyGrant:
    """One specialty (注册专业) granted by an event."""

    name: str
    granted_on: date
    """First day of validity; that day counts."""
    stated_to: date | None = None
    """The valid_to the caller stated, last day included; None when left to the rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a registration was ended or suspended."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of one registration, as recorded."""

    event_id: EventId
    source_id: str
    """The caller's own id; makes the event idempotent."""
    type: EventType
    certificate_type: str
    effective_at: datetime
    """Instant from which it counts (UTC)."""
    recorded_at: datetime
    """Instant at which we wrote it down (UTC)."""
    seq: int
    """Place in the order of recording, rising over the whole registry; 0 before it is recorded."""
    registration_number: str
    """The number the event named."""
    new_registration_number: str | None = None
    former_numbers: tuple[str, ...] = ()
    holder: HolderFields | None = None
    employer: Employer | None = None
    specialties: tuple[SpecialtyGrant, ...] = ()
    qualification_number: str | None = None
    reason: Reason | None = None
    override_reason: str | None = None
