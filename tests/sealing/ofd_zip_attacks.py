"""Attacks on the package of a sealed OFD: ZIPs in which one program sees other files than the next."""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from certsvc.ofd.headers import CENTRAL, CENTRAL_MAGIC, END, END_MAGIC, LOCAL, LOCAL_MAGIC
from certsvc.ofd.names import DOCUMENT_RES, OFD, PAGE, SIGNED_VALUE
from certsvc.ofd.read_container import read_container
from tests.sealing.ofd_attacks import Attack

FORGED: Final = b"<ofd:forged/>"
_DESCRIPTOR: Final = 1 << 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry with every choice a ZIP leaves; by default what our own writer writes."""

    name: bytes
    content: bytes
    method: int = zlib.DEFLATED
    flags: int = 0
    made_by: int = 20
    version: int = 20
    time: int = 0
    date: int = 33
    extra: bytes = b""
    """In both headers."""
    comment: bytes = b""
    internal: int = 0
    external: int = 0
    says_crc: int | None = None
    local_name: bytes | None = None
    """The name in the local header, when it differs."""
    after: bytes = b""
    """Bytes between this entry and the next."""
    listed: bool = True
    """The directory has a row for it."""
    there: bool = True
    """It has a local header and content."""
    packed_as: bytes | None = None
    """The packed bytes, when they are not what packing gives."""

    @property
    def packed(self) -> bytes:
        """What stands in the file."""
        if self.packed_as is not None:
            return self.packed_as
        if self.method != zlib.DEFLATED:
            return self.content
        pack = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        return pack.compress(self.content) + pack.flush()


def lay_down(entries: Iterable[Entry], *, prefix: bytes = b"", comment: bytes = b"", shift: int = 0) -> bytes:
    """Write a ZIP exactly as told; offsets count from *shift*."""
    body, directory, count = bytearray(prefix), bytearray(), 0
    for entry in entries:
        at = len(body) - shift
        crc = zlib.crc32(entry.content) if entry.says_crc is None else entry.says_crc
        head = (entry.version, entry.flags, entry.method, entry.time, entry.date)
        sizes = (crc, len(entry.packed), len(entry.content))
        late = bool(entry.flags & _DESCRIPTOR)
        if entry.there:
            name = entry.name if entry.local_name is None else entry.local_name
            said = (0, 0, 0) if late else sizes
            body += LOCAL.pack(LOCAL_MAGIC, *head, *said, len(name), len(entry.extra))
            body += name + entry.extra + entry.packed
            body += struct.pack("<4s3I", b"PK\x07\x08", *sizes) if late else b""
            body += entry.after
        if entry.listed:
            lengths = (len(entry.name), len(entry.extra), len(entry.comment))
            directory += CENTRAL.pack(
                CENTRAL_MAGIC, entry.made_by, *head, *sizes, *lengths, 0, entry.internal, entry.external, at
            )
            directory += entry.name + entry.extra + entry.comment
            count += 1
    end = END.pack(END_MAGIC, 0, 0, count, count, len(directory), len(body) - shift, len(comment))
    return bytes(body + directory + end + comment)


def entries_of(sealed: bytes) -> list[Entry]:
    """Return the entries of a genuine file."""
    return [Entry(name=name.encode(), content=content) for name, content in read_container(sealed).items()]


def _each(**change: object) -> Attack:
    """Lay every entry down with one choice made otherwise."""
    return lambda sealed: lay_down(replace(entry, **change) for entry in entries_of(sealed))  # type: ignore[arg-type]  # by name


def _one(name: str, **change: object) -> Attack:
    """Lay one entry down otherwise."""

    def attack(sealed: bytes) -> bytes:
        entries = entries_of(sealed)
        assert any(entry.name == name.encode() for entry in entries)
        return lay_down(
            replace(entry, **change) if entry.name == name.encode() else entry  # type: ignore[arg-type]  # by name
            for entry in entries
        )

    return attack


def _with(place: int, *more: Entry) -> Attack:
    """Put more entries in, before the entry at *place*."""

    def attack(sealed: bytes) -> bytes:
        entries = entries_of(sealed)
        entries[place:place] = more
        return lay_down(entries)

    return attack


def _overlap(sealed: bytes) -> bytes:
    """Two rows of the directory for one local entry."""
    entries = entries_of(sealed)
    twin = replace(entries[-1], name=b"Doc_0/Res/twin.bin", there=False)
    first = lay_down([*entries, twin])
    # The row of an entry that is not there points behind the last one; let it point at the last one.
    at = first.rfind(CENTRAL_MAGIC)
    start = first.rfind(LOCAL_MAGIC)
    return first[: at + 42] + struct.pack("<I", start) + first[at + 46 :]


def _zip64(sealed: bytes) -> bytes:
    """A zip64 end of directory with its locator before the ordinary end."""
    plain = lay_down(entries_of(sealed))
    at = plain.rfind(END_MAGIC)
    _, _, _, count, _, size, offset, _ = END.unpack_from(plain, at)
    record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)
    return plain[:at] + record + locator + plain[at:]


def _empty_directory(sealed: bytes) -> bytes:
    """A genuine file followed by an empty directory of its own."""
    return sealed + END.pack(END_MAGIC, 0, 0, 0, 0, 0, len(sealed), 0)


def _second_zip(sealed: bytes) -> bytes:
    """A whole forged package behind the genuine one; programs that look from the end see only that."""
    return lay_down([Entry(name=OFD.encode(), content=FORGED)], prefix=sealed)


def _repacked_by_hand(entry: Entry) -> Entry:
    """Pack the same content another way."""
    pack = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, 1, zlib.Z_HUFFMAN_ONLY)
    return replace(entry, packed_as=pack.compress(entry.content) + pack.flush())


_PAGE: Final = Entry(name=PAGE.encode(), content=FORGED)

ZIPPED: Final[Mapping[str, Attack]] = {
    "prefix_byte": lambda sealed: b"x" + sealed,
    "prefix_program": lambda sealed: lay_down(entries_of(sealed), prefix=b"MZ" + bytes(510)),
    "prefix_uncounted": lambda sealed: lay_down(entries_of(sealed), prefix=bytes(512), shift=512),
    "suffix_byte": lambda sealed: sealed + b"x",
    "suffix_newline": lambda sealed: sealed + b"\n",
    "suffix_empty_directory": _empty_directory,
    "suffix_second_zip": _second_zip,
    "comment": lambda sealed: lay_down(entries_of(sealed), comment=b"hello"),
    "duplicate_forged_first": _with(1, _PAGE),
    "duplicate_forged_last": lambda sealed: lay_down([*entries_of(sealed), _PAGE]),
    "hidden_local": _with(1, replace(_PAGE, listed=False)),
    "hidden_local_last": lambda sealed: lay_down([*entries_of(sealed), replace(_PAGE, listed=False)]),
    "hidden_new_name": _with(1, Entry(name=b"Doc_0/Annots.xml", content=FORGED, listed=False)),
    "listed_but_not_there": _with(1, Entry(name=b"Doc_0/Res/none.bin", content=b"", there=False)),
    "gap": _one(PAGE, after=b"\0" * 16),
    "overlap": _overlap,
    "case_twin": _with(1, replace(_PAGE, name=PAGE.upper().encode())),
    "nfc_twin": _with(
        1, replace(_PAGE, name="Doc_0/Res/\u00e9".encode()), replace(_PAGE, name="Doc_0/Res/e\u0301".encode())
    ),
    "kelvin_twin": _with(1, replace(_PAGE, name=DOCUMENT_RES.replace("s", "\u017f").encode())),
    "backslash_twin": _with(1, replace(_PAGE, name=PAGE.replace("/", "\\").encode())),
    "dot_twin": _with(1, replace(_PAGE, name=b"Doc_0/./Document.xml")),
    "slash_twin": _with(1, replace(_PAGE, name=b"/" + PAGE.encode())),
    "climbing_name": _with(1, replace(_PAGE, name=b"../../etc/passwd")),
    "nul_in_name": _with(1, replace(_PAGE, name=PAGE.encode() + b"\0.txt")),
    "chinese_name": _with(1, replace(_PAGE, name="附件.xml".encode("gb18030"))),
    "folder_entry": _with(1, Entry(name=b"Doc_0/", content=b"", method=0)),
    "local_name_differs": _one(PAGE, local_name=PAGE.replace("Page_0", "Page_9").encode()),
    "data_descriptor": _each(flags=_DESCRIPTOR),
    "extra_field": _each(extra=struct.pack("<2HBI", 0x5455, 5, 1, 0)),
    "entry_comment": _one(PAGE, comment=b"hello"),
    "zip64": _zip64,
    "zip64_extra": _one(PAGE, extra=struct.pack("<2H2Q", 1, 16, 9, 9)),
    "symlink": _one(PAGE, made_by=3 << 8 | 20, external=(stat.S_IFLNK | 0o777) << 16),
    "unix_mode": _each(made_by=3 << 8 | 20, external=(stat.S_IFREG | 0o644) << 16),
    "dated": _each(date=(46 << 9 | 11 << 5 | 20)),
    "internal_attribute": _one(PAGE, internal=1),
    "encrypted_part": _one(PAGE, flags=1),
    "strongly_encrypted_part": _one(PAGE, flags=1 | 1 << 6),
    "patched_part": _one(PAGE, flags=1 << 5),
    "bzip2": _one(PAGE, method=12),
    "wrong_crc": _one(PAGE, says_crc=1),
    "deflate_goes_on": _one(PAGE, packed_as=b"\x03\x00trailing"),
    "ofd_xml_not_first": lambda sealed: lay_down(
        sorted(entries_of(sealed), key=lambda one: one.name == b"OFD.xml")
    ),
    "value_hidden": _one(SIGNED_VALUE, listed=False),
    "directory_cut": lambda sealed: sealed[:-30],
    "end_cut": lambda sealed: sealed[:-1],
}
"""A genuine file, its own parts untouched, in another package or with more in it."""


def repacked(sealed: bytes) -> bytes:
    """Return the same files in a package of our own shape, only packed in another way."""
    return lay_down(_repacked_by_hand(entry) for entry in entries_of(sealed))
