"""Defects planted in rows, most of all in those of copies, each with just what the audit must say of it."""

from __future__ import annotations

from typing import Final, cast

from certsvc.qr.token import new_code, new_token
from certsvc.registry.reading import image_place
from tests.audit.planting import Expected, Plant, altered, both, found
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
    (*_, image) = spoiler.rows("holder_image")
    (key,) = spoiler.rows("holder_key", holder_id=image["holder_id"])
    holder_key = spoiler.vault.holder_key(str(key["holder_id"]), cast(bytes, key["wrapped"]))
    another = holder_key.seal(b"another", image_place(str(image["sha256"])))
    spoiler.edit("holder_image", image, content=another)
    return found("IMAGE_DIFFERS", "holder_image", f"{image['holder_id']!s}, {image['sha256']!s}")


def _no_picture(spoiler: Spoiler) -> Expected:
    image, *_ = spoiler.rows("holder_image")
    spoiler.edit("holder_image", image, content=bytes(40))
    return found("ROW_UNREADABLE", "holder_image", f"{image['holder_id']!s}, {image['sha256']!s}")


def _copy_removed(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    spoiler.remove("copy", copy_id=subject.copy_id)
    # A caller's own key may tell of somebody: of its row only the client is named.
    return (
        found("FILE_WITHOUT_ROW", "copy", subject.copy_id)
        | found("REFERENCE_MISSING", "idempotency_key", "t")
        | _of_nothing(spoiler, subject.copy_id)
    )


def _of_nothing(spoiler: Spoiler, copy_id: str) -> Expected:
    """Return what is said of an entry of the log that lost its copy."""
    return found("LOG_ENTRY_OF_NOTHING", "log_entry", str(spoiler.entry_of(copy_id)["entry"]))


def _two_a_day(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    twin = {
        **subject.copies[0],
        "copy_id": "f" * 32,
        "token": new_token(),
        "code": new_code(),
        "copy_number": 2,
        "purpose": "另一用途",
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
    return found("PENDING_PAST_LEASE", "copy", subject.copy_id) | _of_nothing(spoiler, subject.copy_id)


def _failed_with_files(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    none = dict.fromkeys(("done_at", "pdf_sha256", "pdf_size", "ofd_sha256", "ofd_size"))
    spoiler.edit("copy", subject.copies[0], state="FAILED", failure="UNAVAILABLE", **none)
    return found("FAILED_WITH_FILES", "copy", subject.copy_id) | _of_nothing(spoiler, subject.copy_id)


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
    return both("QR_DIFFERS", subject.copy_id) | altered(subject.copy_id)


def _no_token(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    spoiler.edit("copy", subject.copies[0], token="U" * 26)
    return (
        found("TOKEN_MALFORMED", "copy", subject.copy_id)
        | both("QR_DIFFERS", subject.copy_id)
        | altered(subject.copy_id)
    )


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
    return found("COPY_NUMBER_WRONG", "copy", subject.copy_id) | altered(
        str(first["copy_id"]), str(second["copy_id"])
    )


def _window_longer(spoiler: Spoiler) -> Expected:
    subject = spoiler.pick()
    spoiler.edit("copy", subject.copies[0], use_until=later(subject.copies[0]["use_until"], 1))
    return (
        found("WINDOW_WRONG", "copy", subject.copy_id)
        | altered(subject.copy_id)
        | both("TEXT_DIFFERS", subject.copy_id)
        | both("METADATA_DIFFERS", subject.copy_id)
    )


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
    Plant("a picture nobody can open", _no_picture),
    Plant("a copy's row removed", _copy_removed),
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
    Plant("a key nobody knows", _strange_key),
    Plant("a copy of another holder", _other_holder),
    Plant("a warning too many", _two_grants),
    Plant("a failure of a copy that is there", _contradiction),
    Plant("another day", _other_day),
)
