"""``holder-link``: a holder's way in to 我的证书."""

from __future__ import annotations

import click

from certsvc.cli.place import open_services
from certsvc.cli.show import as_json, print_facts, print_json


@click.command("holder-link")
@click.argument("number")
@as_json
def holder_link(number: str, json_: bool) -> None:
    """Make a one-time link to 我的证书 for the holder of registration NUMBER.

    It works once, within 15 minutes. Hand it to the holder and to nobody else. See docs/holder.md.
    """
    made = open_services().holders.links.make(number, made_by="")
    facts = {"url": made.url, "expires_at": made.expires_at.isoformat()}
    if json_:
        print_json(facts)
    else:
        print_facts(facts)
