"""Defects planted in rows, each with just what the audit must say of it."""

from __future__ import annotations

import json
from typing import Final

from certsvc.domain.certificate import face_hash
from certsvc.qr.token import new_code, new_token
from certsvc.registry.payload import read_face
from tests.audit.planting import Expected, Plant, both, found
from tests.audit.store import Spoiler, later


def _copy_mac(spoiler: Spoiler) -> Expected:
    copy_id = spoiler.pick().copy_id
    spoiler.run("UPDATE copy SET purpose = 'other' WHERE copy_id = ?", copy_id)
    return found("ROW_DAMAGED", "copy", copy_id)


def _holder_mac(spoiler: Spoiler) -> Expected:
    holder_id = str(spoiler.pick().copies[0]["holder_id"])
    spoiler.run("UPDATE holder SET created_at = '2020' WHERE holder_id = ?", holder_id)
    return found("ROW_DAMAGED", "holder", holder_id)


def _no_text(spoiler: Spoiler) -> Expected:
    event_id = str(spoiler.pick().events[0]["event_id"])
    spoiler.run("UPDATE event SET payload = CAST(x'ff00fe' AS TEXT) WHERE event_id = ?", event_id)
    return found("ROW_DAMAGED", "event", event_id)


def _no_sense(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    spoiler.edit("copy", subject.copies[0], day="someday")
    return found("ROW_UNREADABLE", "copy", subject.copy_id)


def _other_picture(spoiler: Spoiler) -> Expected:
    (*_, image) = spoiler.rows("image")
    spoiler.edit("image", image, content=b"another")
    return found("IMAGE_DIFFERS", "image", str(image["sha256"]))


def _event_removed(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    (event,) = subject.events
    spoiler.remove("event", event_id=event["event_id"])
    return (
        found("EVENT_MISSING", "event", f"no. {event['seq']}")
        | found("REGISTRATION_EMPTY", "registration", subject.registration_id)
        | found("REFERENCE_MISSING", "certificate_version", str(subject.versions[0]["version_id"]))
    )


def _version_removed(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick(events=2)
    spoiler.remove("certificate_version", version_id=subject.versions[0]["version_id"])
    return found("VERSION_MISSING", "registration", subject.registration_id) | found(
        "REFERENCE_MISSING", "event", str(subject.events[0]["event_id"])
    )


def _copy_removed(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    spoiler.remove("copy", copy_id=subject.copy_id)
    # A caller's own key may tell of somebody: of its row only the client is named.
    return found("FILE_WITHOUT_ROW", "copy", subject.copy_id) | found(
        "REFERENCE_MISSING", "idempotency_key", "t"
    )


def _registration_removed(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    (row,) = spoiler.rows("registration", registration_id=subject.registration_id)
    spoiler.remove("registration", registration_id=subject.registration_id)
    (end,) = spoiler.rows("specialty_end", registration_id=subject.registration_id)
    return (
        found("REGISTRATION_MISSING", "registration", f"no. {row['ordinal']}")
        | found("REFERENCE_MISSING", "registration_number", subject.registration_id)
        | found("REFERENCE_MISSING", "event", str(subject.events[0]["event_id"]))
        | found("REFERENCE_MISSING", "certificate_version", str(subject.versions[0]["version_id"]))
        | found("REFERENCE_MISSING", "copy", subject.copy_id)
        | found("REFERENCE_MISSING", "specialty_end", f"{subject.registration_id}, {end['specialty']}")
    )


def _reordered(spoiler: Spoiler) -> Expected:
    first, second = spoiler.neighbours()
    early, late = first.events[0], second.events[0]
    spoiler.edit("event", early, seq=late["seq"])
    spoiler.edit("event", late, seq=early["seq"])
    return found("EVENT_ORDER", "event", str(early["event_id"]))


def _two_a_day(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    twin = {
        **subject.copies[0],
        "copy_id": "f" * 32,
        "token": new_token(),
        "code": new_code(),
        "copy_number": 2,
        "status_index": 900_000,
        "state": "PENDING",
        "lease_until": "2099-01-01T00:00:00.000000Z",
        "done_at": None,
        "pdf_sha256": None,
        "pdf_size": None,
        "ofd_sha256": None,
        "ofd_size": None,
    }
    spoiler.add("copy", twin)
    return found("TWO_ENDORSEMENTS_A_DAY", "copy", "f" * 32)


def _left_pending(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    none = dict.fromkeys(("done_at", "pdf_sha256", "pdf_size", "ofd_sha256", "ofd_size"))
    spoiler.edit("copy", subject.copies[0], state="PENDING", **none)
    return found("PENDING_PAST_LEASE", "copy", subject.copy_id)


def _failed_with_files(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    none = dict.fromkeys(("done_at", "pdf_sha256", "pdf_size", "ofd_sha256", "ofd_size"))
    spoiler.edit("copy", subject.copies[0], state="FAILED", failure="UNAVAILABLE", **none)
    return found("FAILED_WITH_FILES", "copy", subject.copy_id)


def _same_code(spoiler: Spoiler) -> Expected:
    subject, other = spoiler.pick(), spoiler.pick()
    spoiler.edit("copy", subject.copies[0], code=other.copies[0]["code"])
    last = max(subject.copy_id, other.copy_id)
    return found("NOT_UNIQUE", "copy", last) | both("TEXT_DIFFERS", subject.copy_id)


def _same_status_index(spoiler: Spoiler) -> Expected:
    subject, other = spoiler.pick(), spoiler.pick()
    spoiler.edit("copy", subject.copies[0], status_index=other.copies[0]["status_index"])
    last = max(subject.copy_id, other.copy_id)
    return found("NOT_UNIQUE", "copy", last) | both("METADATA_DIFFERS", subject.copy_id)


def _other_token(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    spoiler.edit("copy", subject.copies[0], token=new_token())
    return both("QR_DIFFERS", subject.copy_id)


def _no_token(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    spoiler.edit("copy", subject.copies[0], token="U" * 26)
    return found("TOKEN_MALFORMED", "copy", subject.copy_id) | both("QR_DIFFERS", subject.copy_id)


def _no_code(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    code = str(subject.copies[0]["code"])
    spoiler.edit("copy", subject.copies[0], code=code[:-1] + ("0" if code[-1] != "0" else "1"))
    return found("CODE_MALFORMED", "copy", subject.copy_id) | both("TEXT_DIFFERS", subject.copy_id)


def _numbers_swapped(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick(copies=2)
    first, second = subject.copies
    spoiler.edit("copy", first, copy_number=second["copy_number"])
    spoiler.edit("copy", second, copy_number=first["copy_number"])
    return found("COPY_NUMBER_WRONG", "copy", subject.copy_id)


def _window_longer(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    spoiler.edit("copy", subject.copies[0], use_until=later(subject.copies[0]["use_until"], 1))
    return (
        found("WINDOW_WRONG", "copy", subject.copy_id)
        | both("TEXT_DIFFERS", subject.copy_id)
        | both("METADATA_DIFFERS", subject.copy_id)
    )


def _validity_longer(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    (version,) = subject.versions
    face = json.loads(str(version["face"]))
    face["specialties"][0]["valid_to"] = later(face["specialties"][0]["valid_to"], 1)
    text = json.dumps(face, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    spoiler.edit("certificate_version", version, face=text, face_hash=face_hash(read_face(text)))
    return found("VALIDITY_WRONG", "certificate_version", str(version["version_id"])) | found(
        "VERSION_NOT_IN_FORCE", "copy", subject.copy_id
    )


def _other_name(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    (version,) = subject.versions
    face = str(version["face"]).replace("样本甲", "样本乙")
    spoiler.edit("certificate_version", version, face=face)
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
        | both("TEXT_DIFFERS", subject.copy_id)
        | both("METADATA_DIFFERS", subject.copy_id)
    )


def _version_jumps(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick(events=2)
    _, second = subject.versions
    spoiler.edit("certificate_version", second, version=5)
    version_id = str(second["version_id"])
    return found("VERSION_CHAIN", "certificate_version", version_id) | found(
        "LICENCE_ID_WRONG", "certificate_version", version_id
    )


def _old_version(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick(events=2)
    first, _ = subject.versions
    spoiler.edit("event", subject.events[1], version_id=first["version_id"])
    # The copy prints the second version, which by the events is none of those in force.
    return found("EVENT_VERSION_WRONG", "event", str(subject.events[1]["event_id"])) | found(
        "VERSION_NOT_IN_FORCE", "copy", subject.copy_id
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


def _strange_key(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    spoiler.edit("copy", subject.copies[0], key_id="p256-000000000000")
    return found("KEY_UNKNOWN", "copy", subject.copy_id, "pdf")


def _other_holder(spoiler: Spoiler) -> Expected:
    subject, other = spoiler.pick(), spoiler.pick(copies=2)
    # Of a day on which that other holder has none.
    spoiler.edit("copy", subject.copies[0], holder_id=other.copies[0]["holder_id"], certificate_type="other")
    return found("HOLDER_DIFFERS", "copy", subject.copy_id)


def _two_grants(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    spoiler.edit(
        "copy", subject.copies[0], warnings='[{"code":"SPECIALTY_LT_180D","days_left":3,"specialty":"x"}]'
    )
    return found("WARNINGS_WRONG", "copy", subject.copy_id)


def _contradiction(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    spoiler.edit("copy", subject.copies[0], failure="UNAVAILABLE")
    return found("COPY_INCONSISTENT", "copy", subject.copy_id)


def _other_day(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    row = subject.copies[0]
    spoiler.edit("copy", row, day=later(row["day"], -1))
    # The specialty was granted on the day that counts: a day before, none is valid.
    return found("DAY_WRONG", "copy", subject.copy_id) | found("NOT_USABLE_THEN", "copy", subject.copy_id)


ROW_PLANTS: Final = (
    Plant("a copy's row edited", _copy_mac),
    Plant("a holder's row edited", _holder_mac),
    Plant("a text that is none", _no_text),
    Plant("a row sealed with nonsense", _no_sense),
    Plant("a picture exchanged", _other_picture),
    Plant("an event removed", _event_removed),
    Plant("a version removed", _version_removed),
    Plant("a copy's row removed", _copy_removed),
    Plant("a registration removed", _registration_removed),
    Plant("two events reordered", _reordered),
    Plant("a second endorsement on one day", _two_a_day),
    Plant("a copy left pending", _left_pending),
    Plant("files of a failed copy", _failed_with_files),
    Plant("a code twice", _same_code),
    Plant("a status index twice", _same_status_index),
    Plant("another token", _other_token),
    Plant("a token that is none", _no_token),
    Plant("a code with a wrong check character", _no_code),
    Plant("copy numbers swapped", _numbers_swapped),
    Plant("a window one day longer", _window_longer),
    Plant("a specialty one day longer", _validity_longer),
    Plant("another name in a version", _other_name),
    Plant("a licence id with a wrong check character", _other_licence),
    Plant("a version number that jumps", _version_jumps),
    Plant("an event with an old version", _old_version),
    Plant("an end a year later in the expiring list", _ends_later),
    Plant("a number removed", _number_removed),
    Plant("a key nobody knows", _strange_key),
    Plant("a copy of another holder", _other_holder),
    Plant("a warning too many", _two_grants),
    Plant("a failure of a copy that is there", _contradiction),
    Plant("another day", _other_day),
)
