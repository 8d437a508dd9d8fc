"""``client``: who may call the API, with which key and which certificates."""

from __future__ import annotations

from pathlib import Path

import click

from certsvc.cli.place import open_services
from certsvc.cli.show import as_json, print_facts, print_json, print_table

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("client")
def client() -> None:
    """Callers of the API."""


@client.command("add")
@click.argument("name")
@click.option("--scope", required=True, help="Comma-separated: issue, endorse, verify, read.")
@click.option("--cert", type=_file, help="PEM file of a certificate the caller has to show with its key.")
@as_json
def client_add(name: str, scope: str, cert: Path | None, json_: bool) -> None:
    """Add a caller and print its API key, this once: only a keyed hash is stored."""
    from certsvc.issuing.client_certificate import from_pem

    scopes = {part.strip() for part in scope.split(",") if part.strip()}
    shown = None if cert is None else from_pem(cert.read_bytes())
    added, api_key = open_services().clients.add(name, scopes, shown)
    facts: dict[str, object] = {
        "client": added.client_id,
        "api_key": api_key,
        "scopes": sorted(added.scopes),
        "certificates": sorted(added.certificates),
    }
    if json_:
        print_json(facts)
    else:
        shown_facts = {
            "scopes": ", ".join(sorted(added.scopes)),
            "certificates": ", ".join(sorted(added.certificates)) or "none",
        }
        print_facts(facts | shown_facts)


@client.command("rekey")
@click.argument("name")
@click.option("--discard", is_flag=True, help="Show the new key to nobody: the caller is let in no more.")
@as_json
def client_rekey(name: str, discard: bool, json_: bool) -> None:
    """Give the caller NAME (or its id) a new API key and print it, this once; the old one is refused at once.

    Name, scopes, certificates and what the caller follows stay.
    """
    who, api_key = open_services().clients.rekey(name)
    facts = {"client": who.client_id} | ({"withdrawn": True} if discard else {"api_key": api_key})
    if json_:
        print_json(facts)
    else:
        print_facts(facts)


@client.command("cert")
@click.argument("name")
@click.option("--file", "file", type=_file, help="PEM file with the one certificate.")
@click.option("--sha256", help="With --remove: its SHA-256 in hex, where the file is lost.")
@click.option("--remove", is_flag=True, help="Take it from the caller instead.")
@as_json
def client_cert(name: str, file: Path | None, sha256: str | None, remove: bool, json_: bool) -> None:
    """Bind a certificate to the caller NAME (or its id): its key counts together with a bound one only.

    Several may be bound, so that a new one can come before the old one ends. Without the last one the key
    is enough again, unless CERTSVC_CLIENT_CERT is "required".
    """
    from certsvc.issuing.client_certificate import from_pem

    if (file is None) == (sha256 is None) or (sha256 is not None and not remove):
        raise click.UsageError("name the certificate by --file, or with --remove by --sha256")
    services = open_services()
    certificate = None if file is None else from_pem(file.read_bytes())
    digest = (sha256 or "").lower() if certificate is None else certificate.sha256
    if remove:
        who, changed = services.clients.unbind(name, digest)
    else:
        assert certificate is not None
        who, changed = services.clients.bind(name, certificate)
    facts = {"client": who.client_id, "sha256": digest, "bound": not remove, "changed": changed}
    if json_:
        print_json(facts)
    else:
        print_facts(facts)
    if not remove and services.settings.client_cert == "off":
        click.echo("CERTSVC_CLIENT_CERT is off: this caller is refused until it is set", err=True)


@client.command("list")
@as_json
def client_list(json_: bool) -> None:
    """List the callers, with the certificates their keys need; keys are not stored and cannot be shown."""
    rows = [
        {
            "client": one.client_id,
            "name": one.name,
            "scopes": sorted(one.scopes),
            "certificates": sorted(one.certificates),
        }
        for one in open_services().clients.everybody()
    ]
    if json_:
        print_json(rows)
        return
    print_table(
        ("client", "name", "scopes", "certificates"),
        [
            (
                str(row["client"]),
                str(row["name"]),
                ", ".join(row["scopes"]),
                ", ".join(row["certificates"]),
            )
            for row in rows
        ],
    )
