"""Certificate versions (证书版本): frozen snapshots of what is printed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Final, NewType

from certsvc.domain.events import Employer, EventId, RegistrationId, Sex
from certsvc.domain.registration import Registration, Specialty

VersionId = NewType("VersionId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What a certificate prints about its holder. Its hash decides whether a version is new."""

    certificate_type: str
    registration_number: str
    name: str
    sex: Sex | None
    """None, as the birth date, once the holder's personal data was erased."""
    birth_date: date | None
    employer: Employer
    specialties: tuple[Specialty, ...]
    qualification_number: str | None
    photo_sha256: str | None
    signature_sha256: str | None

    @property
    def erased(self) -> bool:
        """Tell whether the holder's personal data was erased; the name and the images are stand-ins then."""
        return self.birth_date is None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateVersion:
    """One numbered version of one certificate."""

    version_id: VersionId
    registration_id: RegistrationId
    serial: str
    """流水号, [0-9A-Z]+."""
    version: int
    """1 to 999, in the order of recording."""
    licence_id: str
    previous_licence_id: str | None
    """Set when version 999 was used up and a new serial began."""
    face: Face
    face_hash: str
    """Hex sha256 of the canonical form of *face*, see face_hash()."""
    event_id: EventId
    created_at: datetime


_PRINTED: Final[dict[str, Callable[[Face], object]]] = {
    "registration_number": lambda face: face.registration_number,
    "name": lambda face: face.name,
    "sex": lambda face: face.sex,
    "birth_date": lambda face: face.birth_date,
    "employer": lambda face: face.employer.name,
    "employer_uscc": lambda face: face.employer.uscc,
    "specialties": lambda face: face.specialties,
    "qualification": lambda face: face.qualification_number,
    "photo": lambda face: face.photo_sha256,
    "signature": lambda face: face.signature_sha256,
}
"""Names of what a face shows, as ``changed_fields`` gives them, in the order of the page."""


def face_of(registration: Registration) -> Face:
    """Return what a certificate of *registration* prints: no ID number, no reason for an overridden end.

    Raises:
        ValueError: the registration does not name its holder, which check_parts() keeps from being recorded.
    """
    holder = registration.holder
    if holder.name is None or (not holder.erased and (holder.sex is None or holder.birth_date is None)):
        raise ValueError("a registration always has its holder's name, sex and birth date")
    return Face(
        certificate_type=registration.certificate_type,
        registration_number=registration.registration_number,
        name=holder.name,
        sex=holder.sex,
        birth_date=holder.birth_date,
        employer=registration.employer,
        specialties=tuple(
            [
                one if one.override_reason is None else replace(one, override_reason=None)
                for one in registration.specialties
            ]
        ),
        qualification_number=registration.qualification_number,
        photo_sha256=holder.photo_sha256,
        signature_sha256=holder.signature_sha256,
    )


def face_hash(face: Face) -> str:
    """Return the hex sha256 of *face* as JSON with sorted names, no spaces and ISO days, in UTF-8."""
    canonical = json.dumps(
        asdict(face), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=date.isoformat
    )
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def changed_fields(old: Face, new: Face) -> tuple[str, ...]:
    """Return the names of what differs in print, in the order of the page; empty when nothing does."""
    if old == new:
        return ()
    return tuple(name for name, printed in _PRINTED.items() if printed(old) != printed(new))
