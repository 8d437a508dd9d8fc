"""``init``: a place to work."""

from __future__ import annotations

import click

from certsvc.cli.place import load_place
from certsvc.cli.show import print_facts


@click.command("init")
@click.option("--dev", is_flag=True, help="Make the test PKI too. Never for real certificates.")
def init(dev: bool) -> None:
    """Make folders and the database schema. Safe to run again."""
    from certsvc.wiring import initialise

    settings = load_place()
    initialise(settings, dev=dev)
    print_facts(
        {
            "data": settings.data_dir,
            "database": settings.database_url.split("@")[-1],
            "issued files": settings.storage_url,
            "keys": settings.keys_dir if dev else f"{settings.keys_dir} (not touched; --dev makes test keys)",
        }
    )
