"""What will be tried and the tests that hold it, as table.toml has them; and the page made of it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "threats.md"

_HEAD: Final = """# Threats

What people will try, what stands against it, and the tests that hold it. Each test named here runs in
`make test`; a drill runs a seeded part there, and the whole with `DRILLS=full`. The page is made from
`tests/threats/table.toml` by `python -m tests.threats.table`; a test keeps the two equal.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threat:
    """One row."""

    attempt: str
    against: str
    held_by: Sequence[str]
    """Tests, as ``folder/file.py::test``, below ``tests/``."""


def read_table() -> Mapping[str, Sequence[Threat]]:
    """Return the rows under their headings."""
    told = tomllib.loads(Path(__file__).with_name("table.toml").read_text(encoding="utf-8"))
    return {title: [Threat(**row) for row in rows] for title, rows in told.items()}


def page() -> str:
    """Write the table for readers."""
    return "\n".join(
        (_HEAD, *(line for title, rows in read_table().items() for line in _section(title, rows)))
    )


def _section(title: str, rows: Sequence[Threat]) -> Iterator[str]:
    yield f"## {title}\n\n| attempt | what stands against it | held by |\n|---|---|---|"
    for row in rows:
        tests = "<br>".join(map(_link, row.held_by))
        yield f"| {row.attempt} | {row.against} | {tests} |"
    yield ""


def _link(held_by: str) -> str:
    file, _, test = held_by.partition("::")
    return f"[{test.removeprefix('test_').replace('_', ' ')}](../tests/{file})"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
