"""``init`` and ``keys``: a place to work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from certsvc.cli.instant import Instant
from certsvc.cli.place import load_place
from certsvc.cli.show import as_json, print_facts, print_json, print_table, safe_text

if TYPE_CHECKING:
    from certsvc.gm.seal import Seal


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


@click.group("keys")
def keys() -> None:
    """Signing keys and the registry's secret."""


@keys.command("init")
@click.option("--dev", is_flag=True, help="Make the test PKI. Never for real certificates.")
def keys_init(dev: bool) -> None:
    """Make test keys and a test seal, the only ones this version makes; for real ones see keys/README.md."""
    from certsvc.wiring import make_dev_keys

    if not dev:
        raise click.UsageError("only --dev keys can be made; keys/README.md tells how to bring real ones")
    settings = load_place()
    make_dev_keys(settings)
    click.echo(settings.keys_dir)


@keys.command("rotate")
@click.argument("name", required=False, metavar="[NAME]")
def keys_rotate(name: str | None) -> None:
    """Make the next test key and retire the ones before it; running servers follow at once.

    NAME is p256, rsa2048 or rsa3072 for PDF (the one in use unless given), sm2 for OFD with a new seal, or
    offline, receipt or trust for what the service itself signs.
    """
    from certsvc.wiring import rotate_key

    settings = load_place()
    click.echo(rotate_key(settings, name or settings.signature).key_id)


@keys.command("retire")
@click.argument("key_id", metavar="KEY")
def keys_retire(key_id: str) -> None:
    """Let KEY sign nothing more; what it sealed stays good. Running servers follow at once."""
    from certsvc.sealing.trust import retire_key

    key = retire_key(load_place().keys_dir, key_id, datetime.now(UTC))
    click.echo(f"{key.key_id} retired at {key.retired_at}")


@keys.command("compromise")
@click.argument("key_id", metavar="KEY")
@click.option("--since", type=Instant(), required=True, help="RFC 3339 instant; may only ever move back.")
def keys_compromise(key_id: str, since: datetime) -> None:
    """Distrust what KEY sealed from an instant on, and let it sign nothing more, in running servers too."""
    from certsvc.sealing.trust import mark_compromised

    key = mark_compromised(load_place().keys_dir, key_id, since)
    click.echo(f"{key.key_id} distrusted since {key.compromised_since}")


@keys.command("list")
@as_json
def keys_list(json_: bool) -> None:
    """List the keys by which files and statements are recognised, and the seals."""
    from certsvc.sealing.keystore import Keystore

    keystore = Keystore.open(load_place().keys_dir)
    seals = {one.key.key_id: one for one in keystore.seals}
    rows = [
        {
            "key_id": key.key_id,
            "use": key.use,
            "valid_from": key.valid_from.isoformat(),
            "valid_to": key.valid_to.isoformat(),
            "retired_at": key.retired_at.isoformat() if key.retired_at else None,
            "compromised_since": key.compromised_since.isoformat() if key.compromised_since else None,
            "development": key.development,
            "seal": _seal_facts(seals[key.key_id].seal) if key.key_id in seals else None,
        }
        for key in keystore.keys
    ]
    if json_:
        print_json({"keys": rows})
    else:
        print_table(list(rows[0]) if rows else (), [[_cell(v) for v in row.values()] for row in rows])


def _seal_facts(seal: Seal) -> Mapping[str, object]:
    """Return what an operator wants to know of a seal."""
    return {
        "name": seal.name,
        "valid_from": seal.valid_from.isoformat(),
        "valid_to": seal.valid_to.isoformat(),
        "width_mm": seal.picture.width_mm,
        "height_mm": seal.picture.height_mm,
    }


def _cell(value: object) -> str:
    """Return one value for a table, facts of a seal in one line."""
    if isinstance(value, Mapping):
        return safe_text("{name}, {width_mm} x {height_mm} mm, {valid_from} to {valid_to}".format(**value))
    return str(value or "")
