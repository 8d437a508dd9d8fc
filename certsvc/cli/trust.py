"""``trust``: what somebody needs who checks certificates without this service."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.exits import Exit
from certsvc.cli.place import open_services
from certsvc.cli.show import as_json, print_facts, print_json, print_table, safe_text, write_out

if TYPE_CHECKING:
    from certsvc.verification.trust_bundle import Bundle

trust_key: Final = click.option(
    "--trust-key",
    metavar="FINGERPRINT",
    help="SHA-256 of the certificate that must have signed the list of keys.",
)
"""The option of every command that reads a bundle."""


@click.group("trust")
def trust() -> None:
    """The list of keys and the status lists, signed, in one file."""


@trust.command("bundle")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File to write; replaced as a whole.",
)
def trust_bundle(out: Path) -> None:
    """Write the bundle that --trust takes: every key, and every status list as of now."""
    published = open_services().trust_material.bundle()
    click.echo(write_out(out.parent, out.name, published.body))


@trust.command("show")
@click.argument(
    "bundle", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="[BUNDLE]"
)
@trust_key
@as_json
def trust_show(bundle: Path | None, trust_key: str | None, json_: bool) -> None:
    """Check BUNDLE and tell what it says; without BUNDLE, what this service publishes now.

    A bundle is checked against the trust key it names itself, unless --trust-key names the one that counts.
    Ends with 1 when a signature does not hold.
    """
    from certsvc.verification.trust_bundle import BundleError, read_bundle

    data = bundle.read_bytes() if bundle is not None else open_services().trust_material.bundle().body
    try:
        found = read_bundle(data, trust_key=trust_key)
    except BundleError as fault:
        click.echo(f"{safe_text(str(fault))}", err=True)
        click.get_current_context().exit(Exit.REFUSED)
    keys = _keys(found)
    if json_:
        print_json({**_facts(found), "keys": keys})
        return
    print_facts({name: safe_text(str(value)) for name, value in _facts(found).items() if value is not None})
    print_table(list(keys[0]), [[safe_text(str(cell or "")) for cell in key.values()] for key in keys])


def _facts(bundle: Bundle) -> Mapping[str, object]:
    oldest = bundle.status_issued_at
    return {
        "issuer": bundle.issuer,
        "public_url": bundle.public_url,
        "issued_at": bundle.issued_at.isoformat(),
        "trust_key": bundle.trust_key,
        "status_issued_at": oldest.isoformat() if oldest is not None else None,
        "status_lists": len(bundle.lists),
        "copies": sum(one.count for one in bundle.lists),
    }


def _keys(bundle: Bundle) -> Sequence[Mapping[str, object]]:
    return [
        {
            "key_id": key.key_id,
            "use": key.use,
            "valid_from": key.valid_from.isoformat(),
            "valid_to": key.valid_to.isoformat(),
            "retired_at": key.retired_at.isoformat() if key.retired_at else None,
            "compromised_since": key.compromised_since.isoformat() if key.compromised_since else None,
            "development": key.development,
            "certificate_sha256": hashlib.sha256(key.certificate).hexdigest(),
        }
        for key in bundle.keys
    ]
