"""Ways to forge an OFD, down to the bytes of its package; defects_ofd.py says what they are good for."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from certsvc.cli.defects import Good
from certsvc.gm.certificate import issue_certificate
from certsvc.gm.seal import make_seal, read_seal
from certsvc.gm.seal_signature import make_seal_signature, read_seal_signature
from certsvc.gm.sm2 import PrivateKey
from certsvc.gm.sm3 import sm3
from certsvc.ofd import headers
from certsvc.ofd.names import DOCUMENT, OFD, PAGE, SEAL, SIGNATURE, SIGNED_VALUE, TEMPLATE
from certsvc.ofd.parts import Part, make_part

_ENCRYPTED: Final = 1
"""Bit of a ZIP header that says the content needs a password."""
_TEXT_DIGIT: Final = re.compile(rb"(<ofd:TextCode[^>]*>[^<]*?)(\d)")
PLACE_DIGIT: Final = re.compile(rb"(Boundary=\"\d*?)(\d)")
_SIGNATURES: Final = re.compile(rb"<ofd:Signatures>[^<]*</ofd:Signatures>")
_BODY: Final = re.compile(rb"<ofd:DocBody>.*</ofd:DocBody>", re.DOTALL)
_SIGNS: Final = "/Signs/"

Make = Callable[[Good], bytes]
"""Makes a bad file of the good ones."""
_Change = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A file of the package as a forger lays it down."""

    name: str
    part: Part
    listed: bool = True
    """Whether the central directory names it."""
    flags: int = 0

    def holding(self, content: bytes) -> _Entry:
        """Return the same entry with other content."""
        return replace(self, part=make_part(self.name, content))


def _entries(good: Good) -> list[_Entry]:
    """Return the files of the endorsed copy, as they were packed."""
    with ZipFile(BytesIO(good.endorsed_ofd)) as archive:
        return [
            _Entry(name=info.filename, part=_part(good.endorsed_ofd, info, archive.read(info)))
            for info in archive.infolist()
        ]


def _part(ofd: bytes, info: ZipInfo, content: bytes) -> Part:
    start = info.header_offset + headers.LOCAL.size + len(info.filename)
    packed = ofd[start : start + info.compress_size]
    return Part(name=info.filename, content=content, packed=packed, method=info.compress_type, crc=info.CRC)


def _laid_down(entries: Iterable[_Entry]) -> bytes:
    """Write a ZIP as ofd.container does, which itself refuses what a forger wants."""
    body, directory, listed = b"", b"", 0
    for entry in entries:
        part, name = entry.part, entry.name.encode("ascii")
        sizes = part.crc, len(part.packed), len(part.content), len(name), 0
        about = entry.flags, part.method, headers.TIME, headers.DATE, *sizes
        if entry.listed:
            head = headers.CENTRAL_MAGIC, headers.VERSION, headers.VERSION
            directory += headers.CENTRAL.pack(*head, *about, 0, 0, 0, 0, len(body)) + name
            listed += 1
        body += headers.LOCAL.pack(headers.LOCAL_MAGIC, headers.VERSION, *about) + name + part.packed
    sizes_of_end = listed, listed, len(directory), len(body)
    return body + directory + headers.END.pack(headers.END_MAGIC, 0, 0, *sizes_of_end, 0)


def changed(name: str, change: _Change) -> Make:
    """Return what changes one file of the endorsed copy."""
    return lambda good: _laid_down(_with(_entries(good), {name: change}))


def _with(entries: Iterable[_Entry], changes: Mapping[str, _Change]) -> Iterator[_Entry]:
    for entry in entries:
        change = changes.get(entry.name)
        yield entry if change is None else entry.holding(change(entry.part.content))


def added(name: str, content: bytes = b"more", *, listed: bool = True) -> Make:
    """Return what adds a file at the end of the endorsed copy."""
    entry = _Entry(name=name, part=make_part(name, content), listed=listed)
    return lambda good: _laid_down([*_entries(good), entry])


def _without(content: bytes) -> bytes:
    return _SIGNATURES.sub(b"", content)


def other_digit(pattern: re.Pattern[bytes]) -> _Change:
    """Return what changes one digit, the first that *pattern* finds."""
    return lambda content: pattern.sub(
        lambda found: found[1] + (b"1" if found[2] != b"1" else b"2"), content, count=1
    )


forged_text: Final = other_digit(_TEXT_DIGIT)


def stripped(good: Good) -> bytes:
    """Take out the seal and every mention of it."""
    entries = (entry for entry in _entries(good) if _SIGNS not in entry.name)
    return _laid_down(_with(entries, {OFD: _without}))


def without_template(good: Good) -> bytes:
    """Take out the printed form, to which page and seal refer."""
    return _laid_down(entry for entry in _entries(good) if entry.name != TEMPLATE)


def twice(*, forged_first: bool) -> Make:
    """Return what puts a forged page beside the genuine one, under the same name."""

    def made(good: Good) -> bytes:
        entries: list[_Entry] = []
        for entry in _entries(good):
            twin = entry.holding(forged_text(entry.part.content))
            pair = [twin, entry] if forged_first else [entry, twin]
            entries += pair if entry.name == PAGE else [entry]
        return _laid_down(entries)

    return made


def two_documents(content: bytes) -> bytes:
    """Let OFD.xml list its document twice."""
    return _BODY.sub(lambda found: found[0] * 2, content)


def other_document(good: Good) -> bytes:
    """Let OFD.xml lead to a document put beside the sealed one."""
    old, new = DOCUMENT.encode(), DOCUMENT.replace("Doc_0", "Doc_1").encode()
    entries = _entries(good)
    twins = [
        replace(entry, name=entry.name.replace("Doc_0", "Doc_1"))
        for entry in entries
        if entry.name.startswith("Doc_0") and _SIGNS not in entry.name
    ]
    swapped = _with(entries, {OFD: lambda content: content.replace(old, new)})
    return _laid_down([*swapped, *twins])


def encrypted(good: Good) -> bytes:
    """Mark the page as encrypted."""
    return _laid_down(
        replace(entry, flags=_ENCRYPTED) if entry.name == PAGE else entry for entry in _entries(good)
    )


def with_doctype(content: bytes) -> bytes:
    """Put a DOCTYPE with an entity before the root."""
    return content.replace(b"<ofd:OFD", b'<!DOCTYPE x [<!ENTITY e "e">]>\n<ofd:OFD', 1)


def repacked(good: Good) -> bytes:
    """Unpack the endorsed copy and pack it again, as zip programs do."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for entry in _entries(good):
            archive.writestr(entry.name, entry.part.content)
    return out.getvalue()


def plain_zip(good: Good) -> bytes:
    """Make a ZIP that has nothing of an OFD."""
    del good
    name = "readme.txt"
    return _laid_down([_Entry(name=name, part=make_part(name, b"A ZIP of other things."))])


def resealed(*, our_seal: bool) -> Make:
    """Return what signs the same parts with a stranger's key: under a seal of theirs, or under ours.

    Their seal bears our picture and our name.
    """

    def made(good: Good) -> bytes:
        files = {entry.name: entry.part.content for entry in _entries(good)}
        ours = read_seal(files[SEAL])
        key, now = PrivateKey.generate(), datetime.now(UTC).replace(microsecond=0)
        since, until = now - timedelta(days=1), now + timedelta(days=365)
        stranger = issue_certificate(
            subject={"common_name": "Stranger TEST ONLY"},
            public=key.public,
            issuer=None,
            issuer_key=key,
            not_before=since,
            not_after=until,
            path_length=None,
        )
        theirs = make_seal(
            seal_id="STRANGER-1",
            name=ours.name,
            certificates=[stranger],
            created_at=since,
            valid_from=since,
            valid_to=until,
            picture=ours.picture,
            maker=stranger,
            key=key,
        )
        seal = files[SEAL] if our_seal else theirs
        before, after = (b64encode(sm3(content)) for content in (files[SEAL], seal))
        signature = files[SIGNATURE].replace(before, after)
        value = make_seal_signature(
            seal=seal,
            certificate=stranger,
            at=read_seal_signature(files[SIGNED_VALUE]).at,
            digest=sm3(signature),
            property_info=f"/{SIGNATURE}",
            sign=key.sign,
        )
        forged = {SEAL: seal, SIGNATURE: signature, SIGNED_VALUE: value}
        return _laid_down(
            entry.holding(forged[entry.name]) if entry.name in forged else entry for entry in _entries(good)
        )

    return made
