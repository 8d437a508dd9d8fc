"""Reading request files as strictly as the API reads bodies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn

from certsvc.errors import MalformedError, TooLargeError

MAX_BYTES: Final = 64 * 1024 * 1024
"""Largest request file; one event is at most about 2.6 MB, its two images included."""


def read_events(file: Path) -> Iterator[tuple[str, object]]:
    """Read the events of *file*, each with a name of its place for messages.

    Raises:
        MalformedError: the file is not JSON, repeats a key or nests too deep.
        TooLargeError: the file is over MAX_BYTES.
    """
    if file.stat().st_size > MAX_BYTES:
        raise TooLargeError(f"{file} is over {MAX_BYTES} bytes")
    body = read_json(file.read_bytes(), str(file))
    if not isinstance(body, list):
        yield str(file), body
        return
    for place, item in enumerate(body):
        yield f"{file}[{place}]", item


def read_json(content: bytes, place: str) -> object:
    """Read one JSON value. MalformedError, naming *place*, for anything doubtful."""
    try:
        value: object = json.loads(
            content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"{place} is not JSON as the API takes it: {error}") from error
    return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return table


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
