"""Certificate versions: none missing, numbers that follow, licence ids and hashes that are right."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from certsvc.audit.case import Case
from certsvc.audit.defect import Defect
from certsvc.audit.rules import hash_of_face, licence_fault
from certsvc.domain.certificate import CertificateVersion

_LAST: Final = 999


def check_versions(case: Case) -> Iterator[Defect]:
    """Check each version by itself, and the chain of them."""
    for _, version in case.versions:
        fault = licence_fault(version.licence_id, version.serial, version.version)
        if fault:
            yield _of(version, "LICENCE_ID_WRONG", fault)
        # Of an erased face a random hash is kept: the true one would be found by trying names.
        if not version.face.erased and hash_of_face(version.face) != version.face_hash:
            yield _of(version, "FACE_HASH_WRONG")
    if not case.is_whole("certificate_version"):
        return
    for place, (ordinal, _) in enumerate(case.versions, start=1):
        if ordinal != place:
            yield Defect(
                code="VERSION_MISSING",
                kind="registration",
                id=case.registration_id,
                detail=f"number {place} in the order of recording",
            )
            # Behind a gap nothing follows from what stands before it.
            return
    if case.versions and not _is_first(case.versions[0][1]):
        yield _of(case.versions[0][1], "VERSION_CHAIN", "the first version is not number 1")
    for (_, before), (_, after) in pairwise(case.versions):
        if not _follows(before, after):
            yield _of(after, "VERSION_CHAIN", f"version {after.version} after {before.version}")


def _is_first(version: CertificateVersion) -> bool:
    return version.version == 1 and version.previous_licence_id is None


def _follows(before: CertificateVersion, after: CertificateVersion) -> bool:
    if before.version == _LAST:
        return (
            after.version == 1
            and after.serial != before.serial
            and after.previous_licence_id == before.licence_id
        )
    return (
        after.version == before.version + 1
        and after.serial == before.serial
        and after.previous_licence_id is None
    )


def _of(version: CertificateVersion, code: str, detail: str = "") -> Defect:
    return Defect(code=code, kind="certificate_version", id=version.version_id, detail=detail)
