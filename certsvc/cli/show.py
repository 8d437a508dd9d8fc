"""What commands print: JSON for programs, tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import click

as_json: Final = click.option("--json", "json_", is_flag=True, help="Print JSON for programs.")
"""The option of every command that prints facts."""
out_folder: Final = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder to write the files into; made when missing.",
)


_PIPE_WIDTH: Final = 4000


def safe_text(text: str) -> str:
    """Return what somebody else wrote, fit for a terminal: no control characters, no identity numbers."""
    from certsvc.cli.logs import without_id_numbers

    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in without_id_numbers(text))


def print_json(value: object) -> None:
    """Print JSON values, Chinese left readable."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_facts(facts: Mapping[str, object]) -> None:
    """Print names and values in two columns; nothing is printed for a None."""
    shown = {name: value for name, value in facts.items() if value is not None}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        click.echo(f"  {name:{width}}  {value}")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under column names: folded to the width of a terminal, whole lines into a pipe."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # Values come from the outside: as Text, so that no markup is read in them.
        table.add_row(*(Text(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, highlight=False).print(table)


def write_out(folder: Path, name: str, content: bytes) -> Path:
    """Write an issued file into *folder* and return its path; the same name is replaced as a whole."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    fresh = path.with_name(f".{name}.part")
    fresh.write_bytes(content)
    fresh.replace(path)
    return path


def print_warnings(body: Mapping[str, object]) -> None:
    """Print on stderr what an answer warns of."""
    warnings = body.get("warnings", [])
    assert isinstance(warnings, list)
    for warning in warnings:
        click.echo(f"  {warning['message']} ({warning['specialty']}, {warning['days_left']} days)", err=True)


def print_stream(name: str, values: Iterable[object]) -> int:
    """Print ``{name: [values]}`` as JSON, one value a line, holding one at a time; returns how many."""
    count = 0
    click.echo(f'{{"{name}": [', nl=False)
    for value in values:
        click.echo(("," if count else "") + "\n" + json.dumps(value, ensure_ascii=False), nl=False)
        count += 1
    click.echo("\n]}")
    return count
