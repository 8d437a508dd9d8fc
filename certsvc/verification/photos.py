"""The photo tool on strangers' files: opened in a child process, as every file of theirs is."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from certsvc.errors import UnavailableError
from certsvc.photo import check_photo, check_signature, fix_photo, fix_signature
from certsvc.photo.rules import Fixed, Kind, unreadable_here

if TYPE_CHECKING:
    from certsvc.verification.pool import ReaderPool


def judge(kind: Kind, content: bytes, *, fix: bool) -> Mapping[str, object]:
    """Judge a picture, and with *fix* put right what can be; runs in a child.

    Returns:
        ``fixed`` and ``file`` of reading.Reading, as JSON values.
    """
    if not fix:
        report = check_photo(content) if kind == "photo" else check_signature(content)
        return {"fixed": asdict(Fixed(before=report, after=None, changes=(), content=None))}
    fixed = fix_photo(content) if kind == "photo" else fix_signature(content)
    made = fixed.content if fixed.content is not None and fixed.changes else b""
    return {
        "fixed": asdict(replace(fixed, content=None)),
        "file": base64.b64encode(made).decode("ascii"),
    }


def read_photo(readers: ReaderPool, content: bytes, kind: Kind, *, fix: bool) -> Fixed:
    """Have a child judge a picture; ``content`` is the file that came when nothing was changed.

    Raises:
        UnavailableError: every child is busy; nothing is said of the file.
    """
    reading = readers.read_photo(content, kind, fix=fix)
    if reading.fault == "busy":
        raise UnavailableError("every reader is busy")
    if reading.fixed is None:
        # It took too much time or memory, or broke the child: nobody can say what is in it.
        return Fixed(before=unreadable_here(kind), after=None, changes=(), content=None)
    if reading.file:
        return replace(reading.fixed, content=reading.made)
    unchanged = content if reading.fixed.after is not None else None
    return replace(reading.fixed, content=unchanged)
