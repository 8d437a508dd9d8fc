"""Packages with planted defects: every field of a ZIP can be made to lie."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from certsvc.ofd.headers import CENTRAL, CENTRAL_MAGIC, DATE, END, END_MAGIC, LOCAL, LOCAL_MAGIC

_LOCAL_FIELDS: Final = ("version", "flags", "method", "time", "date", "crc", "packed_size", "size")
_ALL: Final = {"version": 20, "flags": 0, "time": 0, "date": DATE, "made_by": 20, "disk": 0, "internal": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry; what is not given is right."""

    name: bytes
    content: bytes = b"content"
    packed: bytes | None = None
    method: int = 8
    both: Mapping[str, int] = field(default_factory=dict)
    """Fields that read so in the local header and in the directory."""
    local: Mapping[str, int] = field(default_factory=dict)
    """Fields that read so in the local header only."""
    central: Mapping[str, int] = field(default_factory=dict)
    """Fields that read so in the directory only."""
    local_name: bytes | None = None
    local_extra: bytes = b""
    central_extra: bytes = b""
    comment: bytes = b""
    listed: bool = True
    laid: bool = True
    gap: bytes = b""
    """Bytes after it."""


def forge(
    rows: Sequence[Row],
    *,
    before: bytes = b"",
    between: bytes = b"",
    after: bytes = b"",
    comment: bytes = b"",
    moved: bool = True,
    end: Mapping[str, int] | None = None,
) -> bytes:
    """Lay rows down; *moved* says whether offsets count the bytes *before*."""
    body, directory, listed = bytearray(before if moved else b""), bytearray(), 0
    for row in rows:
        packed = row.packed
        if packed is None:
            packed = zlib.compress(row.content, 9, -15) if row.method == 8 else row.content
        right = {
            **_ALL,
            "method": row.method,
            "crc": zlib.crc32(row.content),
            "packed_size": len(packed),
            "size": len(row.content),
            "attributes": 0,
            "offset": len(body),
            **row.both,
        }
        local_name = row.name if row.local_name is None else row.local_name
        local = {**right, **row.local}
        if row.listed:
            listed += 1
            central = {**right, **row.central}
            directory += CENTRAL.pack(
                CENTRAL_MAGIC,
                central["made_by"],
                *(central[name] for name in _LOCAL_FIELDS),
                len(row.name),
                len(row.central_extra),
                len(row.comment),
                central["disk"],
                central["internal"],
                central["attributes"],
                central["offset"],
            )
            directory += row.name + row.central_extra + row.comment
        if row.laid:
            body += LOCAL.pack(
                LOCAL_MAGIC, *(local[name] for name in _LOCAL_FIELDS), len(local_name), len(row.local_extra)
            )
            body += local_name + row.local_extra + packed
        body += row.gap
    told = {
        "disk": 0,
        "directory_disk": 0,
        "on_disk": listed,
        "count": listed,
        "size": len(directory),
        **(end or {}),
    }
    told.setdefault("at", len(body))
    closing = END.pack(
        END_MAGIC,
        *(told[name] for name in ("disk", "directory_disk", "on_disk", "count", "size", "at")),
        len(comment),
    )
    whole = bytes(body) + bytes(directory) + between + closing + comment + after
    return whole if moved else before + whole
