"""Made-up policies, holders, events and registrations; import them from ``tests.factories``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from certsvc.domain.clock import beijing_day
from certsvc.domain.events import (
    Employer,
    Event,
    EventId,
    EventType,
    HolderFields,
    HolderId,
    IdType,
    Reason,
    RegistrationId,
    Sex,
    SpecialtyGrant,
)
from certsvc.domain.policy import Issuer, Policy
from certsvc.domain.registration import Registration, Specialty, Standing, fold

CONSTRUCTOR_1: Final = "constructor-1"
NUMBER: Final = "京1112020202200001"
OTHER_NUMBER: Final = "沪1312020202200001"
PHOTO: Final = "a" * 64
"""A sha256 standing for a normalised photo."""
SIGNATURE: Final = "b" * 64
BUILDING: Final = "建筑工程"
HIGHWAY: Final = "公路工程"
MECHANICAL: Final = "机电工程"
REGISTRATION: Final = RegistrationId("R1")
HOLDER: Final = HolderId("H1")


def at(text: str) -> datetime:
    """Return an RFC 3339 instant as UTC, e.g. ``at("2026-11-20T10:00+08:00")``; an offset is required."""
    instant = datetime.fromisoformat(text)
    assert instant.tzinfo is not None, "an instant needs its offset"
    return instant.astimezone(UTC)


STARTED: Final = at("2025-06-02T09:00+08:00")
"""When the default registration took effect."""
NOW: Final = at("2026-11-20T10:00+08:00")


class FixedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, instant: datetime = NOW) -> None:
        """Stand at *instant*."""
        self.instant = instant

    def now(self) -> datetime:
        """Return where it stands."""
        return self.instant

    def advance(self, by: timedelta) -> None:
        """Move by *by*, which may be negative."""
        self.instant += by


def a_policy(
    *,
    certificate_type: str = CONSTRUCTOR_1,
    usage_days: int = 180,
    warn_below_days: int = 180,
    validity_years: int = 3,
    age_limit: int = 65,
    renew_ahead_days: int = 30,
    specialty_cap: Literal["latest", "earliest"] = "latest",
    purpose_max: int = 200,
    name_max: int = 50,
    employer_max: int = 100,
) -> Policy:
    """Return the numbers of constructor-1 (templates/constructor-1/policy.toml)."""
    return Policy(
        certificate_type=certificate_type,
        title="一级建造师电子注册证书",
        profession="一级建造师",
        usage_days=usage_days,
        warn_below_days=warn_below_days,
        copies_per_day=1,
        validity_years=validity_years,
        age_limit=age_limit,
        renew_ahead_days=renew_ahead_days,
        specialty_cap=specialty_cap,
        reendorse_after_change=False,
        registration_number_pattern=(
            "^[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新军]"
            r"1\d{2}(19|20)\d{2}(19|20)\d{2}\d{5}$"
        ),
        old_number_pattern=(r"^[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新军]\d{12}$"),
        specialties=(
            (BUILDING, "10401001"),
            (HIGHWAY, "10401002"),
            ("铁路工程", ""),
            ("民航机场工程", ""),
            ("港口与航道工程", ""),
            ("水利水电工程", "10401005"),
            ("矿业工程", "10401007"),
            ("市政公用工程", "10401010"),
            ("通信与广电工程", ""),
            (MECHANICAL, "10401012"),
        ),
        purpose_max=purpose_max,
        name_max=name_max,
        employer_max=employer_max,
    )


def an_issuer() -> Issuer:
    """Return the made-up issuer of every sample."""
    return Issuer(
        name="示例省住房和城乡建设厅（测试）", uscc="11990000000000019A", type_code="11990000000000019A001"
    )


def an_employer(name: str = "示例建设工程有限公司", uscc: str = "91990000MA0000015Q") -> Employer:
    """Return a made-up employer whose USCC has a correct check character."""
    return Employer(name=name, uscc=uscc)


def a_holder(
    *,
    name: str = "张示例",
    sex: Sex = Sex.MALE,
    birth_date: date = date(1991, 1, 1),
    id_type: IdType = IdType.RESIDENT_ID,
    id_number: str = "360426199101010071",
    photo_sha256: str | None = PHOTO,
    signature_sha256: str | None = SIGNATURE,
) -> HolderFields:
    """Return a complete holder; a test that changes the birth date changes the number too if that matters."""
    return HolderFields(
        name=name,
        name_raw=name,
        sex=sex,
        birth_date=birth_date,
        id_type=id_type,
        id_number=id_number,
        photo_sha256=photo_sha256,
        signature_sha256=signature_sha256,
    )


def a_grant_of(
    name: str = BUILDING, granted_on: date = date(2025, 6, 2), stated_to: date | None = None
) -> SpecialtyGrant:
    """Return one specialty as an event grants it."""
    return SpecialtyGrant(name=name, granted_on=granted_on, stated_to=stated_to)


def a_specialty(
    name: str = BUILDING, valid_from: date = date(2025, 6, 2), valid_to: date = date(2028, 6, 1)
) -> Specialty:
    """Return one specialty as a registration holds it."""
    return Specialty(name=name, valid_from=valid_from, valid_to=valid_to)


def a_reason(text: str = "聘用单位解除劳动合同") -> Reason:
    """Return a reason for ending or suspending."""
    return Reason(code="OTHER", text=text)


_NEEDS_REASON = {EventType.CANCEL, EventType.REVOKE, EventType.REVOKE_PENALTY, EventType.SUSPEND}


def an_event(
    type: EventType = EventType.REISSUE,  # the field's own name
    *,
    effective_at: datetime = NOW,
    recorded_at: datetime | None = None,
    seq: int = 1,
    source_id: str | None = None,
    certificate_type: str = CONSTRUCTOR_1,
    registration_number: str = NUMBER,
    new_registration_number: str | None = None,
    former_numbers: tuple[str, ...] = (),
    holder: HolderFields | None = None,
    employer: Employer | None = None,
    specialties: Sequence[SpecialtyGrant] = (),
    qualification_number: str | None = None,
    reason: Reason | None = None,
    override_reason: str | None = None,
) -> Event:
    """Return one event; types that need a reason get one, ``recorded_at`` follows ``effective_at``."""
    name = f"{type.value}-{effective_at.isoformat()}-{seq}"
    return Event(
        event_id=EventId(f"event-{name}"),
        source_id=source_id or f"source-{name}",
        type=type,
        certificate_type=certificate_type,
        effective_at=effective_at,
        recorded_at=recorded_at or effective_at,
        seq=seq,
        registration_number=registration_number,
        new_registration_number=new_registration_number,
        former_numbers=former_numbers,
        holder=holder,
        employer=employer,
        specialties=tuple(specialties),
        qualification_number=qualification_number,
        reason=reason or (a_reason() if type in _NEEDS_REASON else None),
        override_reason=override_reason,
    )


def an_initial(
    *,
    effective_at: datetime = STARTED,
    recorded_at: datetime | None = None,
    seq: int = 1,
    type: EventType = EventType.INITIAL,  # the field's own name
    registration_number: str = NUMBER,
    new_registration_number: str | None = None,
    former_numbers: tuple[str, ...] = (),
    holder: HolderFields | None = None,
    employer: Employer | None = None,
    specialties: Sequence[SpecialtyGrant] | None = None,
    qualification_number: str | None = "示例资格00000001",
    override_reason: str | None = None,
) -> Event:
    """Return an initial (or re_register) event; the specialty is granted on its Beijing day."""
    granted = (a_grant_of(granted_on=beijing_day(effective_at)),)
    return an_event(
        type,
        effective_at=effective_at,
        recorded_at=recorded_at,
        seq=seq,
        registration_number=registration_number,
        new_registration_number=new_registration_number,
        former_numbers=former_numbers,
        holder=holder or a_holder(),
        employer=employer or an_employer(),
        specialties=granted if specialties is None else specialties,
        qualification_number=qualification_number,
        override_reason=override_reason,
    )


def a_whole_event(
    type: EventType,  # the field's own name
    *,
    seq: int = 5,
) -> Event:
    """Return an event of *type* with every part it needs, taking effect NOW after the default initial."""
    employer: Employer | None = None
    holder: HolderFields | None = None
    specialties: list[SpecialtyGrant] = []
    if type in (EventType.INITIAL, EventType.RE_REGISTER):
        return an_initial(type=type, seq=seq, effective_at=NOW)
    if type in (EventType.ADD_SPECIALTY, EventType.RENEW):
        specialties = [a_grant_of(BUILDING if type is EventType.RENEW else HIGHWAY, beijing_day(NOW))]
    if type in (EventType.CHANGE_EMPLOYER, EventType.AMEND_EMPLOYER):
        employer = an_employer(name="示例乙公司")
    if type is EventType.AMEND_HOLDER:
        holder = HolderFields(name="李示例")
    return an_event(type, seq=seq, employer=employer, holder=holder, specialties=specialties)


def a_registration(
    *,
    holder: HolderFields | None = None,
    specialties: Sequence[Specialty] | None = None,
    standing: Standing = Standing.ACTIVE,
) -> Registration:
    """Return a registration directly, without events behind it."""
    return Registration(
        certificate_type=CONSTRUCTOR_1,
        registration_number=NUMBER,
        numbers=(NUMBER,),
        holder=holder or a_holder(),
        employer=an_employer(),
        specialties=(a_specialty(),) if specialties is None else tuple(specialties),
        qualification_number="示例资格00000001",
        standing=standing,
        standing_since=STARTED,
        standing_reason=None,
        reissues=0,
    )


def folded(events: Sequence[Event], instant: datetime = NOW) -> Registration:
    """Fold *events* at *instant*; there must be a registration then."""
    registration = fold(events, instant, a_policy())
    assert registration is not None
    return registration
