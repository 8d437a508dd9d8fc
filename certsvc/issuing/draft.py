"""From a checked request to an event in canonical form, with its images normalised."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from certsvc.domain import identity
from certsvc.domain.events import (
    Employer,
    Event,
    EventId,
    EventType,
    HolderFields,
    IdType,
    Reason,
    Sex,
    SpecialtyGrant,
)
from certsvc.domain.policy import Policy
from certsvc.errors import Fault, ImageRejectedError, InvalidFieldError
from certsvc.issuing.schema import EmployerBody, EventRequest, HolderBody
from certsvc.page.fonts import FontChain
from certsvc.photo import normalise_photo, normalise_signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event not yet placed in a registration, and the images it brings."""

    event: Event
    images: Mapping[str, bytes]
    """By hex sha256: normalised photo (JPEG) and signature (PNG)."""


class Drafter:
    """Turns requests into drafts; the glyphs of every printed word are checked here, long before signing."""

    def __init__(self, fonts: FontChain) -> None:
        """Take the font chain that will print the certificate."""
        self._fonts = fonts

    def draft(self, request: EventRequest, policy: Policy, now: datetime) -> Draft:
        """Return *request* in canonical form.

        Raises:
            InvalidFieldError: a name, number or code breaks its rule; GLYPH_MISSING and IMAGE_REJECTED too.
        """
        images: dict[str, bytes] = {}
        number = identity.check_registration_number(
            request.registration_number, policy, pointer="/registration_number"
        )
        new_number = request.new_registration_number
        if new_number is not None:
            new_number = identity.check_registration_number(
                new_number, policy, pointer="/new_registration_number"
            )
        event = Event(
            event_id=EventId(secrets.token_hex(16)),
            source_id=request.source_id,
            type=EventType(request.type),
            certificate_type=request.certificate_type,
            effective_at=request.effective_at,
            recorded_at=now,
            seq=0,
            registration_number=number,
            new_registration_number=new_number,
            former_numbers=_former(request.former_numbers, policy),
            holder=self._holder(request.holder, policy, images) if request.holder is not None else None,
            employer=self._employer(request.employer, policy) if request.employer is not None else None,
            specialties=tuple(
                SpecialtyGrant(name=line.name, granted_on=line.granted_on, stated_to=line.valid_to)
                for line in request.specialties
            ),
            qualification_number=self._line(request.qualification.number, "/qualification/number")
            if request.qualification is not None
            else None,
            reason=Reason(
                code=_plain(request.reason.code, "/reason/code"),
                text=_plain(request.reason.text, "/reason/text"),
            )
            if request.reason is not None
            else None,
            override_reason=_plain(request.override_reason, "/override_reason")
            if request.override_reason is not None
            else None,
        )
        return Draft(event=event, images=images)

    def _holder(self, body: HolderBody, policy: Policy, images: dict[str, bytes]) -> HolderFields:
        name = None
        if body.name is not None:
            name = identity.canonical_name(body.name, pointer="/holder/name", limit=policy.name_max)
            self._fonts.check(name, pointer="/holder/name")
        return HolderFields(
            name=name,
            name_raw=body.name,
            sex=Sex(body.sex) if body.sex is not None else None,
            birth_date=body.birth_date,
            id_type=IdType(body.id_type) if body.id_type is not None else None,
            id_number=body.id_number,
            photo_sha256=_image(body.photo, normalise_photo, "/holder/photo", images),
            signature_sha256=_image(body.signature, normalise_signature, "/holder/signature", images),
        )

    def _employer(self, body: EmployerBody, policy: Policy) -> Employer:
        name = identity.canonical_employer_name(
            body.name, pointer="/employer/name", limit=policy.employer_max
        )
        self._fonts.check(name, pointer="/employer/name")
        return Employer(name=name, uscc=identity.check_uscc(body.uscc, pointer="/employer/uscc"))

    def _line(self, text: str, pointer: str) -> str:
        """Check one short text that goes into the file's metadata."""
        plain = _plain(text, pointer)
        self._fonts.check(plain, pointer=pointer)
        return plain


def checked_holder(
    holder: HolderFields | None, known: HolderFields | None, today: date
) -> HolderFields | None:
    """Check the identity document against birth date and sex, the event's own or those already *known*.

    Returns *holder* with the document in canonical form.

    Raises:
        InvalidFieldError: the document's check fails or contradicts the other fields.
    """
    if holder is None:
        return None
    id_type = holder.id_type or (known.id_type if known else None)
    id_number = holder.id_number or (known.id_number if known else None)
    birth_date = holder.birth_date or (known.birth_date if known else None)
    sex = holder.sex or (known.sex if known else None)
    if id_type is None or id_number is None or birth_date is None or sex is None:
        raise InvalidFieldError(
            Fault(
                "/holder", "缺少证件、出生日期或性别,请补充", "document, birth date or sex is missing; add it"
            )
        )
    canonical = identity.check_id_number(
        id_type, id_number, birth_date=birth_date, sex=sex, today=today, pointer="/holder/id_number"
    )
    if holder.id_type is None and holder.id_number is None:
        return holder
    return replace(holder, id_type=id_type, id_number=canonical)


def _former(numbers: list[str], policy: Policy) -> tuple[str, ...]:
    for index, number in enumerate(numbers):
        if not identity.is_lookup_number(number, policy):
            raise InvalidFieldError(
                Fault(
                    f"/former_numbers/{index}",
                    "不是注册编号,请核对",
                    "this is not a registration number; check it",
                )
            )
    return tuple(numbers)


def _plain(text: str, pointer: str) -> str:
    """Refuse characters nobody sees."""
    return identity.canonical_text(text, pointer=pointer, limit=1000)


def _image(
    text: str | None, normalise: Callable[..., bytes], pointer: str, images: dict[str, bytes]
) -> str | None:
    """Decode and normalise one image into *images*; returns its key."""
    if text is None:
        return None
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageRejectedError(
            Fault(pointer, "不是有效的 base64 图片,请重新编码", "this is not base64; encode the image again")
        ) from error
    content = normalise(raw, pointer=pointer)
    sha256 = hashlib.sha256(content).hexdigest()
    images[sha256] = content
    return sha256
