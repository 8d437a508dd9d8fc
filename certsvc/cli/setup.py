"""``init`` and ``keys``: a place to work."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from certsvc.cli.instant import Instant
from certsvc.cli.place import load_place
from certsvc.cli.show import as_json, print_facts, print_json, print_table
from certsvc.errors import KeyMaterialError

if TYPE_CHECKING:
    from certsvc.config import Settings


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
    """Make the keys. This version makes test keys only; docs/operating.md tells how to bring real ones."""
    from certsvc.sealing.keystore import init_dev_keys

    settings = _dev_place(dev=dev)
    init_dev_keys(settings.keys_dir, _pki_plan(settings), datetime.now(UTC))
    click.echo(settings.keys_dir)


@keys.command("rotate")
def keys_rotate() -> None:
    """Make the next test key of the algorithm in use and retire the one before it; restart the server."""
    from certsvc.sealing.keystore import Keystore, rotate_dev_key

    settings = _dev_place(dev=True)
    if not Keystore.open(settings.keys_dir).is_development:
        raise KeyMaterialError("these are real keys: bring the next one yourself, see keys/README.md")
    plan, now = _pki_plan(settings), datetime.now(UTC)
    click.echo(rotate_dev_key(settings.keys_dir, plan, settings.signature, now).key_id)


@keys.command("retire")
@click.argument("key_id", metavar="KEY")
def keys_retire(key_id: str) -> None:
    """Let KEY sign nothing more; what it sealed stays good. Restart the server."""
    from certsvc.sealing.trust import retire_key

    key = retire_key(load_place().keys_dir, key_id, datetime.now(UTC))
    click.echo(f"{key.key_id} retired at {key.retired_at}")


@keys.command("compromise")
@click.argument("key_id", metavar="KEY")
@click.option("--since", type=Instant(), required=True, help="RFC 3339 instant; may only ever move back.")
def keys_compromise(key_id: str, since: datetime) -> None:
    """Distrust what KEY sealed from an instant on, and let it sign nothing more. Restart the server."""
    from certsvc.sealing.trust import mark_compromised

    key = mark_compromised(load_place().keys_dir, key_id, since)
    click.echo(f"{key.key_id} distrusted since {key.compromised_since}")


def _dev_place(*, dev: bool) -> Settings:
    """Return the settings of a place that may have test keys."""
    if not dev:
        raise click.UsageError("only --dev keys can be made; docs/operating.md tells how to bring real ones")
    settings = load_place()
    if settings.env == "production":
        raise KeyMaterialError("development keys cannot be made with CERTSVC_ENV=production")
    return settings


def _pki_plan(settings: Settings) -> Path:
    """Return where the test PKI is declared."""
    return settings.templates_dir.parent / "keys" / "pki.toml"


@keys.command("list")
@as_json
def keys_list(json_: bool) -> None:
    """List the pinned document signing keys."""
    from certsvc.sealing.keystore import Keystore

    rows = [
        {
            "key_id": key.key_id,
            "valid_from": key.valid_from.isoformat(),
            "valid_to": key.valid_to.isoformat(),
            "retired_at": key.retired_at.isoformat() if key.retired_at else None,
            "compromised_since": key.compromised_since.isoformat() if key.compromised_since else None,
            "development": key.development,
        }
        for key in Keystore.open(load_place().keys_dir).pinned
    ]
    if json_:
        print_json({"keys": rows})
    else:
        print_table(list(rows[0]) if rows else (), [[str(v or "") for v in row.values()] for row in rows])
