"""``keys``: the life of keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.instant import Instant
from certsvc.cli.place import load_place
from certsvc.cli.show import as_json, print_json, print_table, safe_text

if TYPE_CHECKING:
    from certsvc.config import Settings
    from certsvc.gm.seal import Seal

KNOWN_FIRST: Final = timedelta(seconds=30)
"""How long a key is published before it signs: as long as others may keep an answer of ours."""


@click.group("keys")
def keys() -> None:
    """Signing keys and the registry's secret."""
    from certsvc.cli.logs import configure_logs

    # What happens to a key belongs in the log of whoever ran the command.
    configure_logs("WARNING")


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
@click.option("--at", type=Instant(), help="When the new key takes over; in 30 seconds unless given.")
@click.option("--now", "at_once", is_flag=True, help="Take over at once.")
@click.option(
    "--certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A real key's certificate, PEM; without it a test key is made.",
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its private key, PKCS#8 PEM with mode 600; it is copied.",
)
@click.option("--hsm", metavar="LABEL", help="The private key is in the PKCS#11 token, under this label.")
def keys_rotate(
    name: str | None,
    at: datetime | None,
    at_once: bool,
    certificate: Path | None,
    key: Path | None,
    hsm: str | None,
) -> None:
    """Let the next key follow those before it; what they signed stays good. Running servers follow.

    The new key is published now and signs from --at on; the keys before it sign until then. Where none of
    them may sign any more it takes over at once.

    NAME is pdf (the algorithm in use, also when no NAME is given), p256, rsa2048 or rsa3072 for PDF, ofd (or
    sm2) for OFD with a new seal, or qr (offline), receipts (receipt), trust or log for what the service
    itself signs.
    """
    from certsvc.sealing.real_keys import Successor
    from certsvc.wiring import rotate_key

    if at is not None and at_once:
        raise click.UsageError("--at and --now cannot both be meant")
    if key is not None and certificate is None:
        raise click.UsageError("--key needs the --certificate it belongs to")
    successor = None
    if certificate is not None:
        successor = Successor(certificate=certificate, key=key, hsm_label=hsm)
    begins = None if at_once else at or datetime.now(UTC) + KNOWN_FIRST
    new = rotate_key(load_place(), name or "pdf", at=begins, successor=successor, hsm_label=hsm)
    click.echo(new.key_id)
    if new.active_from is not None:
        click.echo(f"known now, signs from {new.active_from.isoformat()} on", err=True)


@keys.command("retire")
@click.argument("key_id", metavar="KEY")
@click.option("--at", type=Instant(), help="RFC 3339 instant, now unless given; it may only be moved back.")
def keys_retire(key_id: str, at: datetime | None) -> None:
    """Let KEY sign nothing more; what it sealed stays good. Running servers follow at once."""
    from certsvc.wiring import retire

    key = retire(load_place(), key_id, at=at)
    click.echo(f"{key.key_id} retired at {key.retired_at}")


@keys.command("compromise")
@click.argument("key_id", metavar="KEY")
@click.option("--since", type=Instant(), required=True, help="RFC 3339 instant; may only ever move back.")
def keys_compromise(key_id: str, since: datetime) -> None:
    """Distrust what KEY sealed from an instant on, and let it sign nothing more, in running servers too."""
    from certsvc.wiring import compromise

    key = compromise(load_place(), key_id, since)
    click.echo(f"{key.key_id} distrusted since {key.compromised_since}")


@keys.command("list")
@as_json
def keys_list(json_: bool) -> None:
    """List the keys by which files and statements are recognised, the seals, and what was used today."""
    from certsvc.sealing.key_choice import state_of
    from certsvc.sealing.keystore import Keystore
    from certsvc.sealing.pki import COUNTED

    settings = load_place()
    keystore, now = Keystore.open(settings.keys_dir), datetime.now(UTC)
    seals = {one.key.key_id: one for one in keystore.seals}
    counted = [key.key_id for key in keystore.keys if key.use in COUNTED]
    used = _used_today(settings, counted, now)
    rows = [
        {
            "key_id": key.key_id,
            "use": key.use,
            "state": state_of(key, keystore.keys, now),
            "valid_from": key.valid_from.isoformat(),
            "valid_to": key.valid_to.isoformat(),
            "active_from": key.active_from.isoformat() if key.active_from else None,
            "retired_at": key.retired_at.isoformat() if key.retired_at else None,
            "compromised_since": key.compromised_since.isoformat() if key.compromised_since else None,
            "development": key.development,
            "hsm_label": key.hsm_label,
            "used_today": used.get(key.key_id),
            "daily_cap": settings.key_daily_cap or None if key.use in COUNTED else None,
            "seal": _seal_facts(seals[key.key_id].seal) if key.key_id in seals else None,
        }
        for key in keystore.keys
    ]
    if json_:
        print_json({"keys": rows})
    else:
        print_table(list(rows[0]) if rows else (), [[_cell(v) for v in row.values()] for row in rows])


def _used_today(settings: Settings, key_ids: Sequence[str], now: datetime) -> Mapping[str, int]:
    """Return the counts of today; none, and the reason said, when the registry cannot be asked."""
    from certsvc.domain.clock import beijing_day
    from certsvc.errors import CertsvcError
    from certsvc.registry.sql import open_registry
    from certsvc.sealing.keystore import read_secret

    try:
        registry = open_registry(settings.database_url, read_secret(settings.keys_dir))
        with registry.reading() as session:
            return session.key_uses(key_ids, beijing_day(now))
    except CertsvcError as error:
        # Which keys there are has to be told also where there is no registry yet, or no more.
        click.echo(f"used_today is not known: {error.code} {error.note}", err=True)
        return {}


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
    return "" if value is None or value is False else str(value)
