"""Erasing a holder's personal data: when it may be done, and what stands in its place afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from certsvc.domain.certificate import Face
from certsvc.domain.clock import beijing_day
from certsvc.domain.events import Event, HolderFields, Sex, SpecialtyGrant, erased_name
from certsvc.domain.policy import Policy
from certsvc.domain.registration import ENDED, fold, live_on, merged_holder, specialty_from
from certsvc.errors import RegistrationInForceError

_LAST: datetime = datetime.max.replace(tzinfo=UTC)


class StandIns:
    """What stands for one holder's personal data; what differed before differs afterwards.

    So a copy whose holder changed the name later is still superseded, though nobody knows by which name.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._people: dict[tuple[str | None, Sex | None, date | None], int] = {}
        self._images: dict[str, int] = {}

    def person(self, name: str | None, sex: Sex | None, birth_date: date | None) -> str:
        """Return the stand-in for a name together with sex and birth date."""
        return erased_name(self._people.setdefault((name, sex, birth_date), len(self._people)))

    def image(self, sha256: str | None) -> str | None:
        """Return the stand-in for an image's hash; None stays None."""
        return None if sha256 is None else erased_name(self._images.setdefault(sha256, len(self._images)))


def first_day(events: Sequence[Event], now: datetime, policy: Policy, keep_days: int) -> date:
    """Return the first day in Beijing on which the data of one ended registration may be erased.

    Args:
        events: all of the registration.
        now: the present instant.
        policy: rules of the certificate type.
        keep_days: how many days it is kept after the end.

    Raises:
        RegistrationInForceError: it has not ended, or only begins.
    """
    registration = fold(events, now, policy)
    if registration is None or live_on(registration, beijing_day(now)):
        raise RegistrationInForceError
    if registration.standing in ENDED:
        ended = beijing_day(registration.standing_since)
    else:
        # The last day of validity is a day in force.
        ended = max(one.valid_to for one in registration.specialties) + timedelta(days=1)
    return ended + timedelta(days=keep_days)


def erased_events(events: Sequence[Event], stand_ins: StandIns, policy: Policy) -> list[Event]:
    """Return the events of one registration without what is personal in them.

    Each says of the holder which value it brought, not which one it was; and each grant says when it ends,
    because the rule could not be applied again without a birth date.
    """
    whole = fold(events, _LAST, policy)
    born = whole.holder.birth_date if whole is not None else None
    told = HolderFields()
    erased = []
    for event in sorted(events, key=lambda one: (one.effective_at, one.seq)):
        holder = event.holder
        if holder is not None:
            told = merged_holder(told, holder)
            holder = HolderFields(
                name=stand_ins.person(told.name, told.sex, told.birth_date),
                photo_sha256=stand_ins.image(holder.photo_sha256),
                signature_sha256=stand_ins.image(holder.signature_sha256),
            )
        grants = tuple([_fixed(one, born, policy, event.override_reason) for one in event.specialties])
        erased.append(replace(event, holder=holder, specialties=grants))
    return erased


def _fixed(
    grant: SpecialtyGrant, birth_date: date | None, policy: Policy, override_reason: str | None
) -> SpecialtyGrant:
    given = specialty_from(grant, birth_date, policy, override_reason)
    return replace(grant, stated_to=given.valid_to)


def erased_face(face: Face, stand_ins: StandIns) -> Face:
    """Return a face without what it printed of the person."""
    return replace(
        face,
        name=stand_ins.person(face.name, face.sex, face.birth_date),
        sex=None,
        birth_date=None,
        photo_sha256=stand_ins.image(face.photo_sha256),
        signature_sha256=stand_ins.image(face.signature_sha256),
    )
