"""Handing out what a batch made: the issued files and one line for each item, in a folder of the caller's.

    DIR/results.jsonl        one line for each item, in the order of the submission
    DIR/00000/               files of lines 0 to 999
    DIR/00001/               files of lines 1,000 to 1,999, and so on

A folder holds at most 2,000 files. What is there already, with the right bytes, is left alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from certsvc.batch.reason import faults_of
from certsvc.batch.results import Result
from certsvc.domain.endorsement import Copy
from certsvc.domain.wording import error_text
from certsvc.errors import RecordDamagedError, UnavailableError
from certsvc.storage.port import Storage

RESULTS: Final = "results.jsonl"
LINES_OF_FOLDER: Final = 1000


@dataclass(slots=True)
class Exported:
    """What was handed out."""

    files: int = 0
    """Written now."""
    present: int = 0
    """There already."""
    missing: int = 0
    """Could not be read from the store; the lines of these items say so."""
    codes: dict[str, int] = field(default_factory=dict)
    """Items by the code of why they failed."""


def export(
    results: Iterable[Result], storage: Storage, folder: Path, told: Callable[[int], object]
) -> Exported:
    """Write everything into *folder*, made when missing; readable by its owner alone.

    Args:
        results: of every item.
        storage: where the issued files are.
        folder: where to.
        told: called with the number of items behind us, now and then.
    """
    exported = Exported()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = folder / f".{RESULTS}.part"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as lines:
        for count, result in enumerate(results, 1):
            paths = (
                {}
                if result.copy is None
                else _files(result.copy, result.item.line, storage, folder, exported)
            )
            lines.write(json.dumps(line_of(result, paths), ensure_ascii=False) + "\n")
            if result.item.code is not None:
                exported.codes[result.item.code] = exported.codes.get(result.item.code, 0) + 1
            if count % LINES_OF_FOLDER == 0:
                told(count)
        lines.flush()
        os.fsync(lines.fileno())
    fresh.replace(folder / RESULTS)
    return exported


def line_of(result: Result, paths: Mapping[str, str | None]) -> dict[str, object]:
    """Return the line of one item as JSON values.

    Args:
        result: of the item.
        paths: format -> path below the folder; None for a file that could not be read.
    """
    item = result.item
    body: dict[str, object] = {
        "item_id": item.item_id,
        "line": item.line,
        "op": item.op,
        "registration_number": item.registration_number,
        "state": result.state,
    }
    if result.answer is not None:
        body["answer"] = result.answer
    if item.created is not None:
        body["created"] = item.created
    if paths:
        body["files"] = paths
    if item.code is not None:
        body["problem"] = problem_body(item.code, item.problem)
    return body


def problem_body(code: str, problem: Mapping[str, object]) -> dict[str, object]:
    """Return why an item failed, for people and programs, in both languages."""
    text = error_text(code)
    body: dict[str, object] = {
        "code": code,
        "zh": text.zh,
        "en": text.en,
        "errors": [
            {"pointer": fault.pointer, "zh": fault.zh, "en": fault.en} for fault in faults_of(problem)
        ],
    }
    if "existing_id" in problem:
        body["existing"] = {"endorsement_id": problem["existing_id"]}
    return body


def _files(
    copy: Copy, line: int, storage: Storage, folder: Path, exported: Exported
) -> dict[str, str | None]:
    shelf = f"{line // LINES_OF_FOLDER:05d}"
    paths: dict[str, str | None] = {}
    for fmt, file in sorted(copy.files.items()):
        name = copy.file_name(fmt)
        path = folder / shelf / name
        paths[fmt] = f"{shelf}/{name}"
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256:
            exported.present += 1
            continue
        try:
            content = storage.get(name)
            if hashlib.sha256(content).hexdigest() != file.sha256:
                raise RecordDamagedError(f"{name} is not the file that was issued")
        except UnavailableError:
            paths[fmt] = None
            exported.missing += 1
            continue
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fresh = path.with_name(f".{name}.part")
        fresh.write_bytes(content)
        fresh.replace(path)
        exported.files += 1
    return paths
