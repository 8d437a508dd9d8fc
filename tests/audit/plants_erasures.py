"""Persons erased by hand: what is missing without a record of an erasure is a defect."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from certsvc.domain.events import ERASED
from certsvc.registry.payload import face_text
from tests.audit.planting import Expected, Plant, found
from tests.audit.store import Spoiler


def _face_erased(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    (version,) = subject.versions
    nobody = replace(spoiler.face_of(version), name=ERASED, sex=None, birth_date=None)
    version_id = str(version["version_id"])
    spoiler.edit("certificate_version", version, face=face_text(nobody, None, version_id))
    return (
        found("ERASED_WITHOUT_RECORD", "certificate_version", version_id)
        | found("FACE_DIFFERS", "certificate_version", version_id)
        | found("VERSION_NOT_IN_FORCE", "copy", subject.copy_id)
    )


def _key_destroyed(spoiler: Spoiler) -> Expected:
    """The register says that the holder was erased; rows, files, log and the list of erasures do not."""
    subject = spoiler.pick()
    holder_id = str(subject.copies[0]["holder_id"])
    (key,) = spoiler.rows("holder_key", holder_id=holder_id)
    spoiler.edit("holder_key", key, wrapped=None, erased_at="2026-01-01T00:00:00.000000Z")
    facts = [subject.events[0]["event_id"], subject.copy_id]
    left = frozenset(
        ("PERSONAL_DATA_LEFT", "log_entry", str(spoiler.entry_of(fact)["entry"]), "") for fact in facts
    )
    pictures = spoiler.rows("holder_image", holder_id=holder_id)
    return (
        left
        | frozenset(
            ("PERSONAL_DATA_LEFT", "holder_image", f"{holder_id}, {one['sha256']!s}", "") for one in pictures
        )
        | found("ERASED_FILE_LEFT", "copy", subject.copy_id, "pdf")
        | found("ERASED_FILE_LEFT", "copy", subject.copy_id, "ofd")
        | found("ERASURE_UNLISTED", "holder_key", holder_id)
        | found("NOT_USABLE_THEN", "copy", subject.copy_id)  # without a picture
    )


ERASURE_PLANTS: Final = (
    Plant("a person erased by hand", _face_erased),
    Plant("a key destroyed by hand", _key_destroyed),
)
