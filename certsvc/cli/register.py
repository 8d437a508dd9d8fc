"""``issue``, ``endorse``, ``expiring``, ``recover``: the issuing side."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.place import open_services
from certsvc.cli.show import (
    as_json,
    out_folder,
    print_facts,
    print_json,
    print_table,
    print_warnings,
    write_out,
)

if TYPE_CHECKING:
    from certsvc.issuing.enquiry import Enquiry, IssuedBytes

CLI_CLIENT: Final = "cli"
"""The client Idempotency-Keys given on the command line belong to."""


@click.command("issue")
@click.argument("number")
@out_folder
@as_json
def issue(number: str, out: Path, json_: bool) -> None:
    """Issue the original (原件) of registration NUMBER, or fetch the one already issued."""
    services = open_services()
    answer = services.desk.original(number)
    paths = _write_files(lambda fmt: services.enquiry.original_file(number, fmt), out)
    _print_issued(answer.body, paths, json_)


@click.command("endorse")
@click.argument("number")
@click.option("--purpose", required=True, help="What the copy is for; printed on it.")
@click.option("--key", help="Idempotency-Key: the same key gives the same copy again. Random when left out.")
@out_folder
@as_json
def endorse(number: str, purpose: str, key: str | None, out: Path, json_: bool) -> None:
    """Issue one endorsed copy (加注件) of registration NUMBER; one per holder and day."""
    services = open_services()
    answer = services.desk.endorse(
        number, {"purpose": purpose}, client_id=CLI_CLIENT, key=key or secrets.token_urlsafe(16)
    )
    paths = fetch_endorsement(services.enquiry, str(answer.body["endorsement_id"]), out)
    _print_issued(answer.body, paths, json_)
    print_warnings(answer.body)


def fetch_endorsement(enquiry: Enquiry, copy_id: str, out: Path) -> Mapping[str, Path]:
    """Write the files of an endorsed copy into *out* and return their paths by format."""
    return _write_files(lambda fmt: enquiry.endorsement_file(copy_id, fmt), out)


def _write_files(fetch: Callable[[str], IssuedBytes], out: Path) -> Mapping[str, Path]:
    from certsvc.domain.endorsement import FORMATS

    files = {fmt: fetch(fmt) for fmt in FORMATS}
    return {fmt: write_out(out, file.filename, file.content) for fmt, file in files.items()}


def _print_issued(body: Mapping[str, object], paths: Mapping[str, Path], json_: bool) -> None:
    if json_:
        print_json({**body, "paths": {fmt: str(path) for fmt, path in paths.items()}})
        return
    shown = ("endorsement_id", "licence_id", "copy_number", "use_from", "use_until", "code", "verify_url")
    print_facts({**paths, **{name: body.get(name) for name in shown}})


@click.command("expiring")
@click.option("--within-days", default=180, show_default=True, type=click.IntRange(1, 36500))
@click.option("--csv", "csv_", is_flag=True, help="Print CSV for a spreadsheet.")
@as_json
def expiring(within_days: int, csv_: bool, json_: bool) -> None:
    """List the specialties of live registrations that run out soon."""
    columns = ("registration_number", "specialty", "valid_to", "days_left", "renew_deadline", "renewable")
    items = list(_expiring_items(open_services().enquiry, within_days))
    rows = [["" if item[name] is None else str(item[name]) for name in columns] for item in items]
    if json_:
        print_json({"items": items})
    elif csv_:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([spreadsheet_safe(cell) for cell in row] for row in rows)
        click.echo(text.getvalue(), nl=False)
    else:
        print_table(columns, rows)


def _expiring_items(enquiry: Enquiry, within_days: int) -> Iterator[Mapping[str, object]]:
    """Walk through all pages."""
    cursor: str | None = None
    while True:
        page = enquiry.expiring(within_days, cursor)
        items, following = page["items"], page["next_cursor"]
        assert isinstance(items, list)
        yield from items
        if following is None:
            return
        cursor = str(following)


def spreadsheet_safe(cell: str) -> str:
    """Put ``'`` before a cell a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell


@click.command("recover")
@as_json
def recover(json_: bool) -> None:
    """Settle what a crash left pending, complete erasures, and fold look-ups. Safe to run at any time."""
    services = open_services()
    outcome = {
        **services.desk.recover(),
        "erased": services.eraser.complete_all(),
        "lookups_folded": services.lookups.fold(),
    }
    if json_:
        print_json(outcome)
    else:
        print_facts(outcome)
