"""Defects planted in the transparency log and beside it, each with just what the audit must say of it."""

from __future__ import annotations

from typing import Final

from certsvc.registry.crypto import Value
from tests.audit.planting import Expected, Plant, found
from tests.audit.store import Row, Spoiler


def _salt_erased(spoiler: Spoiler) -> Expected:
    entry = spoiler.entry_of(spoiler.pick().copy_id)
    spoiler.edit("log_entry", entry, salt=None)
    # Of an erased person it is as it should be; of anybody else it hides what was logged.
    return found("ERASED_WITHOUT_RECORD", "log_entry", str(entry["entry"]))


def _entry_mac(spoiler: Spoiler) -> Expected:
    entry = spoiler.entry_of(spoiler.pick().copy_id)
    spoiler.run("UPDATE log_entry SET kind = 'note' WHERE entry = ?", entry["entry"])
    return found("ROW_DAMAGED", "log_entry", str(entry["entry"]))


def _entry_of_no_sense(spoiler: Spoiler) -> Expected:
    entry = spoiler.entry_of(spoiler.pick().copy_id)
    spoiler.edit("log_entry", entry, at="someday")
    return found("ROW_UNREADABLE", "log_entry", str(entry["entry"]))


def _another_opening(spoiler: Spoiler) -> Expected:
    copy_id = spoiler.pick().copy_id
    spoiler.edit("log_entry", spoiler.entry_of(copy_id), salt=bytes(32))
    return found("LOG_FACT_ALTERED", "copy", copy_id)


def _event_of_another_kind(spoiler: Spoiler) -> Expected:
    event_id = str(spoiler.pick().events[0]["event_id"])
    spoiler.edit("log_entry", spoiler.entry_of(event_id), kind="revoke")
    return found("LOG_FACT_ALTERED", "event", event_id)


def _another_digest_of_an_event(spoiler: Spoiler) -> Expected:
    event = spoiler.pick().events[0]
    spoiler.edit("event", event, body_digest="0" * 64)
    return found("LOG_FACT_ALTERED", "event", str(event["event_id"]))


def _entry_removed(spoiler: Spoiler) -> Expected:
    copy_id = spoiler.pick().copy_id
    entry = spoiler.entry_of(copy_id)
    spoiler.remove("log_entry", fact=copy_id)
    return found("LOG_ENTRY_MISSING", "copy", copy_id) | found(
        "LOG_PLACE_WRONG", "log_entry", f"place {entry['place']!s}"
    )


def _entry_twice(spoiler: Spoiler) -> Expected:
    entry = spoiler.entry_of(spoiler.pick().copy_id)
    spoiler.add("log_entry", {**entry, "entry": 900_001})
    return found("NOT_UNIQUE", "log_entry", "900001") | found("LOG_PLACE_WRONG", "log_entry", "900001")


def _beyond_the_tree(spoiler: Spoiler) -> Expected:
    entry = spoiler.entry_of(spoiler.pick().copy_id)
    spoiler.add("log_entry", {**entry, "entry": 900_002, "fact": "e" * 32, "place": 900_000})
    return found("LOG_PLACE_WRONG", "log_entry", "900002") | found(
        "LOG_ENTRY_OF_NOTHING", "log_entry", "900002"
    )


def _left_waiting(spoiler: Spoiler) -> Expected:
    entry = spoiler.entry_of(spoiler.pick().events[0]["event_id"])
    spoiler.edit("log_entry", entry, place=None)
    return found("LOG_STALLED", "log_entry", str(entry["entry"])) | found(
        "LOG_PLACE_WRONG", "log_entry", f"place {entry['place']!s}"
    )


def _key_event_removed(spoiler: Spoiler) -> Expected:
    key = spoiler.world.services.keystore.keys[0]
    (entry,) = [row for row in _of_keys(spoiler) if key.key_id in str(row["facts"])]
    spoiler.remove("log_entry", entry=entry["entry"])
    return found("LOG_KEY_UNTOLD", "key", key.key_id) | found(
        "LOG_PLACE_WRONG", "log_entry", f"place {entry['place']!s}"
    )


def _key_event_altered(spoiler: Spoiler) -> Expected:
    entry = _of_keys(spoiler)[-1]
    spoiler.edit("log_entry", entry, facts=str(entry["facts"]).replace("rotate", "retire"))
    return found("LOG_FACT_ALTERED", "log_entry", str(entry["entry"]))


def _key_of_nobody(spoiler: Spoiler) -> Expected:
    entry = _of_keys(spoiler)[-2]
    facts = '{"action":"rotate","at":"","kind":"key","key_id":"p256-000000000000","since":""}'
    spoiler.edit("log_entry", entry, facts=facts)
    return found("LOG_ENTRY_OF_NOTHING", "log_entry", str(entry["entry"]))


def _of_keys(spoiler: Spoiler) -> list[Row]:
    return sorted(spoiler.rows("log_entry", kind="key"), key=lambda row: int(str(row["entry"])))


def _checkpoints(spoiler: Spoiler) -> list[Row]:
    return sorted(spoiler.rows("log_checkpoint"), key=lambda row: int(str(row["size"])))


def _another_leaf(spoiler: Spoiler) -> Expected:
    """Its commitment is another one in the row alone: tile and signed root speak against it."""
    copy_id = spoiler.pick().copy_id
    entry = spoiler.entry_of(copy_id)
    spoiler.edit("log_entry", entry, commitment=bytes(32))
    place = int(str(entry["place"]))
    first = next(int(str(row["size"])) for row in _checkpoints(spoiler) if int(str(row["size"])) > place)
    expected = found("LOG_FACT_ALTERED", "copy", copy_id) | found(
        "LOG_ROOT_DIFFERS", "log_checkpoint", str(first)
    )
    size, level, number = int(str(_checkpoints(spoiler)[-1]["size"])), 0, place // 256
    expected |= found("LOG_TILE_DIFFERS", "log_tile", f"{level}, {number}")
    # A tile that is full has its root in the one above: that one is not what the leaves make, either.
    while (number + 1) * 256 ** (level + 1) <= size:
        level, number = level + 1, number // 256
        expected |= found("LOG_TILE_DIFFERS", "log_tile", f"{level}, {number}")
    return expected


def _another_note(spoiler: Spoiler) -> Expected:
    first = _checkpoints(spoiler)[0]
    note = str(first["note"])
    spoiler.edit("log_checkpoint", first, note=note[:-20] + ("A" if note[-20] != "A" else "B") + note[-19:])
    return found("LOG_CHECKPOINT_UNSIGNED", "log_checkpoint", str(first["size"]))


def _dated_back(spoiler: Spoiler) -> Expected:
    last = _checkpoints(spoiler)[-1]
    spoiler.edit("log_checkpoint", last, at="2001-01-01T00:00:00.000000Z")
    return found("LOG_CHECKPOINT_ORDER", "log_checkpoint", str(last["size"]))


def _tile_of_nothing(spoiler: Spoiler) -> Expected:
    hashes: Value = bytes(32)
    spoiler.add("log_tile", {"level": 3, "number": 7, "hashes": hashes})
    return found("LOG_TILE_DIFFERS", "log_tile", "3, 7")


LOG_PLANTS: Final = (
    Plant("a salt erased of somebody who was not", _salt_erased),
    Plant("an entry edited", _entry_mac),
    Plant("an entry sealed with nonsense", _entry_of_no_sense),
    Plant("an entry with another salt", _another_opening),
    Plant("an entry of another kind", _event_of_another_kind),
    Plant("an event with another digest", _another_digest_of_an_event),
    Plant("an entry removed", _entry_removed),
    Plant("an entry twice", _entry_twice),
    Plant("an entry beyond the tree", _beyond_the_tree),
    Plant("an entry left waiting", _left_waiting),
    Plant("an entry about a key removed", _key_event_removed),
    Plant("an entry about a key altered", _key_event_altered),
    Plant("an entry about a key of nobody", _key_of_nobody),
    Plant("a leaf exchanged", _another_leaf),
    Plant("a checkpoint nobody signed", _another_note),
    Plant("a checkpoint dated back", _dated_back),
    Plant("a tile of no leaf", _tile_of_nothing),
)
