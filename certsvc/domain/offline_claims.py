"""What an offline code says of one endorsed copy: the face of the paper, and where its status stands."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import Final

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import Sex
from certsvc.domain.registration import Specialty

DIGEST_BYTES: Final = 16
"""128 bits: nobody finds another text with the same digest."""

Told = str | bytes
"""A text as printed, or the digest of one that the symbol has no room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The signed content of an offline code."""

    token: str
    """Of the copy; in the link, not among the fields."""
    status_index: int
    """Place in the status lists."""
    copy_number: int
    issued_at: datetime
    """UTC, whole seconds: the instant of the reservation."""
    licence_id: str
    """证照标识, whole."""
    profession: str
    """What the certificate certifies, e.g. 一级建造师: a code of one type says nothing on another's paper."""
    registration_number: str
    name: Told
    sex: Sex
    birth_date: date
    employer: Told
    purpose: Told
    use_from: date
    use_until: date
    """Last day of use; that day counts."""
    specialties: tuple[Specialty, ...]
    """Those printed, in the order of the page."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """The fields of which only a digest is known, in the order of the page."""
        told = (("name", self.name), ("employer", self.employer), ("purpose", self.purpose))
        return tuple(field for field, value in told if isinstance(value, bytes))

    def shorter(self) -> Claims | None:
        """Return the same with one more text replaced by its digest; None when none is left.

        The purpose goes first, for it is the longest; the name last.
        """
        if isinstance(self.purpose, str):
            return replace(self, purpose=digest_of_text(self.purpose))
        if isinstance(self.employer, str):
            return replace(self, employer=digest_of_text(self.employer))
        return replace(self, name=digest_of_text(self.name)) if isinstance(self.name, str) else None


def digest_of_text(text: str) -> bytes:
    """Return what stands for a text that does not fit: the first bytes of the SHA-256 of its UTF-8."""
    return hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES]


def same_text(told: Told, text: str) -> bool:
    """Tell whether *text* is what the code tells, in full or by its digest."""
    return told == (digest_of_text(text) if isinstance(told, bytes) else text)


def differences(claims: Claims, meant: Claims) -> tuple[str, ...]:
    """Name the fields in which a code differs from what our record says.

    Args:
        claims: as signed, some texts perhaps as digests.
        meant: every text in full.
    """

    def same(name: str) -> bool:
        told, text = getattr(claims, name), getattr(meant, name)
        return same_text(told, text) if isinstance(text, str) else bool(told == text)

    return tuple(one.name for one in fields(Claims) if not same(one.name))


def claims_of(
    copy: Copy, version: CertificateVersion, specialties: Sequence[Specialty], *, profession: str
) -> Claims:
    """Return what the code of an endorsed copy says, every text in full.

    Raises:
        ValueError: the copy is no endorsed one, or has no place in the status lists.
    """
    if copy.grant is None or copy.copy_number is None or copy.status_index is None:
        raise ValueError("only an endorsed copy with a place in the status lists has an offline code")
    face = version.face
    if face.sex is None or face.birth_date is None:
        raise ValueError("nothing is made for a holder whose personal data was erased")
    return Claims(
        token=copy.token,
        status_index=copy.status_index,
        copy_number=copy.copy_number,
        issued_at=copy.reserved_at.astimezone(UTC).replace(microsecond=0),
        licence_id=version.licence_id,
        profession=profession,
        registration_number=face.registration_number,
        name=face.name,
        sex=face.sex,
        birth_date=face.birth_date,
        employer=face.employer.name,
        purpose=copy.purpose or "",
        use_from=copy.grant.use_from,
        use_until=copy.grant.use_until,
        specialties=tuple(replace(one, override_reason=None) for one in specialties),
    )
