"""Every row of every table: its MAC, and of a picture that it is the one its key names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from certsvc.audit.defect import Defect, joined, plain
from certsvc.audit.premises import Bench, Scope
from certsvc.errors import RecordDamagedError
from certsvc.registry.review import Key
from certsvc.registry.review_log import makes_sense
from certsvc.registry.rows import Record

_SHOWN = {
    "registration_number": (1,),
    "idempotency_key": (0,),
    "lookup": (0, 1, 2),
}
"""Parts of keys that tell of nobody, where others of the same key may: numbers, a caller's own labels."""

_OF_LOG = frozenset({"log_entry", "log_checkpoint", "log_tile"})
"""Tables of which the rest of the audit leaves out what makes no sense."""
_PICTURES = frozenset({"image", "holder_image"})
"""Tables of pictures: those of before there were holders' keys, and those since."""


def check_rows(bench: Bench, scope: Scope, table: str) -> Iterator[Defect]:
    """Read a whole table; a damaged row is told by table and key, and reading goes on."""
    del scope
    for row in bench.review.rows(table):
        if row.record is None:
            yield Defect(code="ROW_DAMAGED", kind=table, id=shown_key(table, row.key))
        elif table in _OF_LOG and not makes_sense(table, row.record):
            yield Defect(code="ROW_UNREADABLE", kind=table, id=shown_key(table, row.key))
        elif table in _PICTURES and (code := _fault(bench, row.record)):
            yield Defect(code=code, kind=table, id=shown_key(table, row.key))


def shown_key(table: str, key: Key) -> str:
    """Return a primary key without the parts that could tell of a person."""
    places = _SHOWN.get(table, range(len(key)))
    return joined([plain(key[place]) for place in places])


def _fault(bench: Bench, record: Record) -> str:
    """Return the code of what is wrong with a picture; ``""`` when nothing is."""
    content: bytes | None = record.content("content")
    if "holder_id" in record.values():
        try:
            content = bench.review.holders.picture(record)
        except RecordDamagedError:
            return "ROW_UNREADABLE"
        if content is None:
            return "PERSONAL_DATA_LEFT"
    return "" if hashlib.sha256(content or b"").hexdigest() == record.text("sha256") else "IMAGE_DIFFERS"
