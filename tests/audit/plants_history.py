"""Defects planted in histories and versions, each with just what the audit must say of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from tests.audit.planting import Expected, Plant, altered, both, found
from tests.audit.store import Spoiler, later


def _event_removed(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    (event,) = subject.events
    spoiler.remove("event", event_id=event["event_id"])
    return (
        found("EVENT_MISSING", "event", f"no. {event['seq']!s}")
        | found("LOG_ENTRY_OF_NOTHING", "log_entry", str(spoiler.entry_of(event["event_id"])["entry"]))
        | found("REGISTRATION_EMPTY", "registration", subject.registration_id)
        | found("REFERENCE_MISSING", "certificate_version", str(subject.versions[0]["version_id"]))
    )


def _version_removed(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick(events=2)
    spoiler.remove("certificate_version", version_id=subject.versions[0]["version_id"])
    return found("VERSION_MISSING", "registration", subject.registration_id) | found(
        "REFERENCE_MISSING", "event", str(subject.events[0]["event_id"])
    )


def _registration_removed(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    (row,) = spoiler.rows("registration", registration_id=subject.registration_id)
    spoiler.remove("registration", registration_id=subject.registration_id)
    (end,) = spoiler.rows("specialty_end", registration_id=subject.registration_id)
    (name,) = spoiler.rows("holder_name", registration_id=subject.registration_id)
    return (
        found("REGISTRATION_MISSING", "registration", f"no. {row['ordinal']!s}")
        | found("REFERENCE_MISSING", "registration_number", subject.registration_id)
        | found("REFERENCE_MISSING", "event", str(subject.events[0]["event_id"]))
        | found("REFERENCE_MISSING", "certificate_version", str(subject.versions[0]["version_id"]))
        | found("REFERENCE_MISSING", "copy", subject.copy_id)
        | found("REFERENCE_MISSING", "specialty_end", f"{subject.registration_id}, {end['specialty']!s}")
        | found("REFERENCE_MISSING", "holder_name", f"{name['name_index']!s}, {subject.registration_id}")
    )


def _reordered(spoiler: Spoiler) -> Expected:
    first, second = spoiler.neighbours
    early, late = first.events[0], second.events[0]
    spoiler.edit("event", early, seq=late["seq"])
    spoiler.edit("event", late, seq=early["seq"])
    return found("EVENT_ORDER", "event", str(early["event_id"]))


def _validity_longer(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    (version,) = subject.versions
    face = spoiler.face_of(version)
    (specialty,) = face.specialties
    longer = replace(specialty, valid_to=specialty.valid_to + timedelta(days=1))
    spoiler.show(version, replace(face, specialties=(longer,)), hashed=True)
    return found("VALIDITY_WRONG", "certificate_version", str(version["version_id"])) | found(
        "VERSION_NOT_IN_FORCE", "copy", subject.copy_id
    )


def _other_name(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    (version,) = subject.versions
    spoiler.show(version, replace(spoiler.face_of(version), name="样本乙"))
    version_id = str(version["version_id"])
    return (
        found("FACE_HASH_WRONG", "certificate_version", version_id)
        | found("FACE_DIFFERS", "certificate_version", version_id)
        | found("VERSION_NOT_IN_FORCE", "copy", subject.copy_id)
        | both("TEXT_DIFFERS", subject.copy_id)
        | both("METADATA_DIFFERS", subject.copy_id)
    )


def _other_licence(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    (version,) = subject.versions
    licence = str(version["licence_id"])
    other = licence[:-1] + ("A" if licence[-1] != "A" else "B")
    spoiler.edit("certificate_version", version, licence_id=other)
    return (
        found("LICENCE_ID_WRONG", "certificate_version", str(version["version_id"]))
        | found("LOG_FACT_ALTERED", "event", str(subject.events[0]["event_id"]))
        | altered(subject.copy_id)
        | both("TEXT_DIFFERS", subject.copy_id)
        | both("METADATA_DIFFERS", subject.copy_id)
    )


def _version_jumps(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick(events=2)
    _, second = subject.versions
    spoiler.edit("certificate_version", second, version=5)
    version_id = str(second["version_id"])
    return (
        found("VERSION_CHAIN", "certificate_version", version_id)
        | found("LICENCE_ID_WRONG", "certificate_version", version_id)
        | found("LOG_FACT_ALTERED", "event", str(subject.events[1]["event_id"]))
        | altered(subject.copy_id)
    )


def _old_version(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick(events=2)
    first, _ = subject.versions
    spoiler.edit("event", subject.events[1], version_id=first["version_id"])
    # The copy prints the second version, which by the events is none of those in force.
    event_id = str(subject.events[1]["event_id"])
    return (
        found("EVENT_VERSION_WRONG", "event", event_id)
        | found("VERSION_NOT_IN_FORCE", "copy", subject.copy_id)
        | found("LOG_FACT_ALTERED", "event", event_id)
    )


def _ends_later(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    (end,) = spoiler.rows("specialty_end", registration_id=subject.registration_id)
    spoiler.edit("specialty_end", end, valid_to=later(end["valid_to"], 365))
    return found("EXPIRING_LIST_WRONG", "registration", subject.registration_id)


def _number_removed(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    spoiler.remove("registration_number", registration_id=subject.registration_id)
    return found("NUMBER_MISSING", "registration", subject.registration_id)


HISTORY_PLANTS: Final = (
    Plant("an event removed", _event_removed),
    Plant("a version removed", _version_removed),
    Plant("a registration removed", _registration_removed),
    Plant("two events reordered", _reordered),
    Plant("a specialty one day longer", _validity_longer),
    Plant("another name in a version", _other_name),
    Plant("a licence id with a wrong check character", _other_licence),
    Plant("a version number that jumps", _version_jumps),
    Plant("an event with an old version", _old_version),
    Plant("an end a year later in the expiring list", _ends_later),
    Plant("a number removed", _number_removed),
)
