"""Looking for an identity number in bytes, in whatever dress it comes."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pikepdf
import pypdfium2

from certsvc.domain.resident_id import resident_id_check
from certsvc.storage.pack import opened, read_index, read_raw

_MADE_UP: Final = re.compile(
    rb"(?=((?:990000|830000)(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]))"
)
"""The shape of an identity number the tests make: no real area has these codes."""


def holds_made_up(content: bytes) -> bool:
    """Tell whether any number the tests make is in *content*, whatever stands beside it.

    In a SQLite row the byte before an 18-character text happens to be a digit, so no border is asked for; the
    check character keeps longer figures out.
    """
    return any(
        resident_id_check(match[1][:17].decode()) == match[1][17:].decode().upper()
        for match in _MADE_UP.finditer(content)
    )


class Trace:
    """One number and every form it could leak in."""

    def __init__(self, number: str) -> None:
        """Take a resident ID number; its last character is looked for in either case."""
        core = number[:17]
        self.forms: dict[str, bytes] = {
            "plain": core.encode(),
            "utf-16-le": core.encode("utf-16-le"),
            "utf-16-be": core.encode("utf-16-be"),
            "hex": core.encode().hex().encode(),
            "backwards": core[::-1].encode(),
        }
        for shift in range(3):
            # Whatever stands before it, these characters of its base64 are the same.
            text = base64.b64encode(bytes(shift) + core.encode())
            self.forms[f"base64 at {shift}"] = text[4:24] if shift else text[:22]
        for name in ("md5", "sha1", "sha256"):
            digest = hashlib.new(name, number.encode()).digest()
            self.forms[name] = digest
            self.forms[f"{name} as hex"] = digest.hex().encode()

    def find(self, content: bytes) -> list[str]:
        """Return the names of the forms in *content*."""
        lowered = content.lower()
        return [name for name, form in self.forms.items() if form in content or form in lowered]


def unpacked(file: Path) -> Iterator[bytes]:
    """Yield a file's bytes and what a reader of its format would see besides."""
    content = file.read_bytes()
    yield content
    if file.suffix == ".pack":
        with opened(file) as handle:
            for issued in read_raw(handle, read_index(handle).files):
                yield from _document(issued.content)
    yield from _document(content)
    if content.startswith(b"SQLite format 3\0"):
        # Through a connection: pages not yet merged lie in another file and are seen here as well.
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            yield "\n".join(connection.iterdump()).encode()


def _document(content: bytes) -> Iterator[bytes]:
    """Yield what a reader of an issued file sees besides its bytes; nothing for other contents."""
    if content.startswith(b"%PDF"):
        yield from _pdf(content)
    elif content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            yield from map(package.read, package.namelist())


def _pdf(content: bytes) -> Iterator[bytes]:
    """Yield every stream unpacked, every other object written out, and the text as a reader copies it."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Stream):
                try:
                    yield thing.read_bytes()
                except pikepdf.PdfError:
                    yield thing.read_raw_bytes()
            yield thing.unparse(resolved=True) if not isinstance(thing, pikepdf.Stream) else b""
    document = pypdfium2.PdfDocument(content)
    try:
        for page in document:
            yield page.get_textpage().get_text_bounded().encode()
    finally:
        document.close()
