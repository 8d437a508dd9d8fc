"""Bytes: the file of a copy is there, as it was stored, and the one its row names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from certsvc.audit.defect import Defect, Finding, Unchecked
from certsvc.audit.premises import Shelf
from certsvc.domain.endorsement import FORMATS, Copy
from certsvc.errors import RecordDamagedError, UnavailableError


def read_files(copy: Copy, shelf: Shelf) -> tuple[dict[str, bytes], list[Finding]]:
    """Read the files of a DONE copy; returns those that are just what the row names, and what is wrong.

    A file that is another one is not judged any further: whatever else it may be, it is not what was issued.
    """
    contents: dict[str, bytes] = {}
    findings: list[Finding] = []
    for form in FORMATS:
        for found in _read(copy, form, shelf):
            if isinstance(found, bytes):
                contents[form] = found
            else:
                findings.append(found)
    return contents, findings


def _read(copy: Copy, form: str, shelf: Shelf) -> Iterator[bytes | Finding]:
    name = copy.file_name(form)

    def defect(code: str, detail: str = "") -> Defect:
        return Defect(code=code, kind="copy", id=copy.copy_id, form=form, detail=detail)

    file = copy.files.get(form)
    if file is None:
        # A DONE row without it contradicts itself, which is told where rows are checked.
        return
    try:
        if not shelf.exists(name):
            yield defect("FILE_MISSING")
            return
        content = shelf.get(name)
    except RecordDamagedError:
        yield defect("FILE_DAMAGED")
        return
    except UnavailableError as error:
        yield Unchecked(code="FILE_UNREACHABLE", detail=f"{name}: {error.note}")
        return
    if len(content) != file.size or hashlib.sha256(content).hexdigest() != file.sha256:
        yield defect("FILE_DIFFERS", f"{len(content)} bytes, {file.size} in the row")
        return
    yield content
