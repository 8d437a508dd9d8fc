"""A page of nobody: a template's own placeholder values, for a preview of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time

from certsvc.domain.certificate import CertificateVersion, Face, VersionId
from certsvc.domain.clock import first_instant
from certsvc.domain.endorsement import CapReason, Copy, CopyId, CopyKind, CopyState, Grant
from certsvc.domain.events import Employer, EventId, HolderId, RegistrationId, Sex
from certsvc.domain.policy import Issuer
from certsvc.domain.registration import Specialty
from certsvc.page.certificate_type import CertificateType
from certsvc.page.compose import Subject


def sample_subject(
    kind: CertificateType, modules: tuple[Sequence[int], ...], copy_kind: CopyKind = CopyKind.ENDORSEMENT
) -> Subject:
    """Return a subject made of layout.toml's ``[sample]``; photo and signature stay empty, it is a specimen.

    Args:
        kind: the certificate type to be looked at.
        modules: any QR symbol.
        copy_kind: an original or an endorsed copy.
    """
    sample = kind.layout.sample
    issued_at = first_instant(sample.valid_from)
    specialties = tuple(
        Specialty(name=name, valid_from=sample.valid_from, valid_to=sample.valid_to)
        for name in sample.specialties
    )
    face = Face(
        certificate_type=kind.policy.certificate_type,
        registration_number=sample.registration_number,
        name=sample.name,
        sex=Sex(sample.sex),
        birth_date=sample.birth_date,
        employer=Employer(name=sample.employer, uscc=sample.employer_uscc),
        specialties=specialties,
        qualification_number=None,
        photo_sha256=None,
        signature_sha256=None,
    )
    version = CertificateVersion(
        version_id=VersionId("sample"),
        registration_id=RegistrationId("sample"),
        serial="0",
        version=1,
        licence_id=sample.licence_id,
        previous_licence_id=None,
        face=face,
        face_hash="",
        event_id=EventId("sample"),
        created_at=issued_at,
    )
    reserved_at = datetime.combine(sample.day, time(4), UTC)
    copy = Copy(
        copy_id=CopyId("sample"),
        kind=CopyKind.ORIGINAL,
        registration_id=version.registration_id,
        holder_id=HolderId("sample"),
        certificate_type=face.certificate_type,
        version_id=version.version_id,
        day=sample.day,
        state=CopyState.PENDING,
        worker="",
        lease_until=reserved_at,
        token="",
        code="",
        reissue=0,
        content_digest="",
        key_id="",
        seal_key_id="",
        issuer_name="",
        reserved_at=reserved_at,
    )
    if copy_kind is CopyKind.ENDORSEMENT:
        grant = Grant(
            use_from=sample.day,
            use_until=sample.use_until,
            cap_reason=CapReason.NONE,
            specialties=specialties,
            warnings=(),
        )
        copy = replace(copy, kind=copy_kind, grant=grant, copy_number=1, purpose=sample.purpose)
    return Subject(
        version=version,
        specialties=specialties,
        copy=copy,
        issuer=Issuer(name=sample.issuer, uscc=sample.issuer_uscc, type_code=sample.type_code),
        photo=None,
        signature=None,
        modules=modules,
        host=sample.host,
        code=sample.code,
        specimen=True,
    )
