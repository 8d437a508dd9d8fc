"""What the files of a copy say of themselves; the press and its rehearsal ask here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.elicence import licence_metadata
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import IdType
from certsvc.domain.policy import Issuer, Policy
from certsvc.domain.registration import Specialty
from certsvc.page.model import DocumentFacts
from certsvc.sealing.port import PinnedKey, PinnedSeal


def document_facts(
    copy: Copy,
    version: CertificateVersion,
    specialties: Sequence[Specialty],
    *,
    issuer: Issuer,
    policy: Policy,
    id_type: IdType | None,
) -> DocumentFacts:
    """Return title, dates and metadata of a copy's files; arguments as licence_metadata() takes them."""
    return DocumentFacts(
        title=f"{policy.title} {version.face.registration_number}",
        document_id=copy.copy_id,
        created_at=copy.reserved_at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z",
        metadata=licence_metadata(issuer, policy, version, copy, specialties, id_type=id_type),
        author=copy.issuer_name,
        use_from=copy.grant.use_from if copy.grant is not None else None,
        use_until=copy.grant.use_until if copy.grant is not None else None,
    )


def is_specimen(keys: Collection[str], pins: Sequence[PinnedKey | PinnedSeal]) -> bool:
    """Tell whether one of *keys* (ids) is for tests: such a certificate must never pass for a real one."""
    return any(pin.development and pin.key_id in keys for pin in pins)
