"""``erase``: personal data whose time is over."""

from __future__ import annotations

import click

from certsvc.cli.place import open_services
from certsvc.cli.show import as_json, print_facts, print_json


@click.command("erase")
@click.argument("number")
@click.option("--reason", required=True, help="Why; kept in the list of erasures, so it must name nobody.")
@click.option(
    "--override",
    is_flag=True,
    help="Do not wait for the end of retention: a court or an authority ordered it.",
)
@as_json
def erase(number: str, reason: str, override: bool, json_: bool) -> None:
    """Erase the personal data of the holder of registration NUMBER for good, with the files issued.

    Status, dates and every proof stay. Run again it completes what was interrupted. See docs/privacy.md.
    """
    erased = open_services().eraser.erase(number, reason, override=override)
    facts: dict[str, object] = {
        "erased_at": erased.erased_at.isoformat(),
        "registrations": erased.registrations,
        "files": erased.files,
        "purged": erased.purged,
    }
    if json_:
        print_json(facts)
    else:
        print_facts(facts)
