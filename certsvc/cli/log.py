"""``log``: the transparency log of this service, and proofs out of any."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from certsvc.cli.exits import Exit
from certsvc.cli.place import open_services
from certsvc.cli.show import as_json, print_facts, print_json, safe_text, write_out
from certsvc.cli.trust import trust_key
from certsvc.cli.verify_offline import OfflineTrust, open_bundle

if TYPE_CHECKING:
    from certsvc.translog.note import NoteKey
    from certsvc.verification.trust_bundle import Bundle


@click.group("log")
def log() -> None:
    """The transparency log: what was issued, revoked and superseded, in a tree that can only grow."""


@log.command("advance")
@as_json
def log_advance(json_: bool) -> None:
    """Give every entry that waits its place and sign a checkpoint; a running server does so each second."""
    services = open_services()
    services.key_chronicle.note()
    done = services.sequencer.advance()
    _print({"placed": done.placed, "size": done.size}, json_=json_)


@log.command("adopt")
@as_json
def log_adopt(json_: bool) -> None:
    """Log what was issued and recorded before there was a log; only while the log is empty."""
    services = open_services()
    _print({"adopted": services.sequencer.adopt()}, json_=json_)


@log.command("checkpoint")
@as_json
def log_checkpoint(json_: bool) -> None:
    """Print the newest checkpoint; with --json also the keys a witness trusts the log by."""
    book = open_services().log_book
    stored = book.checkpoint()
    if not json_:
        click.echo(stored.note, nl=False)
        return
    print_json(
        {
            "origin": book.origin,
            "size": stored.size,
            "root": stored.root.hex(),
            "at": stored.at.isoformat(),
            "keys": [str(key) for key in book.keys],
            "note": stored.note,
        }
    )


@log.command("proof")
@click.argument("about", metavar="TOKEN|ID")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else stdout.")
def log_proof(about: str, out: Path | None) -> None:
    """Write the proof that something was logged: by the token of a copy, or the id of a copy or an event."""
    from certsvc.qr.token import canonical_token

    book = open_services().log_book
    token = canonical_token(about)
    proof = str(book.proof_of_token(token) if token is not None else book.proof(about))
    if out is None:
        click.echo(proof, nl=False)
    else:
        click.echo(write_out(out.parent, out.name, proof.encode()))


@log.command("verify")
@click.option(
    "--proof",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A proof file to check instead of this service's log; needs --trust, and no service.",
)
@click.option(
    "--trust",
    "bundle",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The trust bundle with the log's key.",
)
@trust_key
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The certificate the proof must be about, PDF or OFD.",
)
@as_json
def log_verify(
    proof: Path | None, bundle: Path | None, trust_key: str | None, file: Path | None, json_: bool
) -> None:
    """Check the whole log of this service against its register, or one proof file against a trust bundle.

    Ends with 0 when all holds, 1 when something does not, 3 when it cannot be told.
    """
    if (proof is None) != (bundle is None):
        raise click.UsageError("--proof and --trust belong together")
    if proof is None or bundle is None:
        if file is not None or trust_key is not None:
            raise click.UsageError("--file and --trust-key belong to --proof")
        _verify_own(json_=json_)
        return
    _verify_proof(proof, open_bundle(OfflineTrust(bundle=bundle, key=trust_key)), file, json_=json_)


def log_keys(bundle: Bundle) -> tuple[NoteKey, ...]:
    """Return the keys of the log that a bundle names, without any that was stolen."""
    from certsvc.translog.checkpoint import origin_of
    from certsvc.translog.note import key_of

    origin = origin_of(bundle.public_url)
    sound = [key for key in bundle.keys_for("log") if key.compromised_since is None]
    return tuple(key_of(key.certificate, origin) for key in sound)


def _verify_own(*, json_: bool) -> None:
    from certsvc.verification.log_check import check_log

    services = open_services()
    report = check_log(services.registry, services.log_book.keys)
    faults = [{"code": fault.code, "detail": fault.detail} for fault in report.faults]
    facts: dict[str, object] = {
        "holds": not faults,
        "size": report.size,
        "checkpoints": report.checkpoints,
        "opened": report.opened,
        "erased": report.erased,
        "waiting": report.waiting,
    }
    if json_:
        print_json({**facts, "faults": faults})
    else:
        print_facts({name: str(value) for name, value in facts.items()})
        for fault in faults:
            click.echo(f"{fault['code']}: {safe_text(fault['detail'])}")
    if faults:
        click.get_current_context().exit(Exit.REFUSED)


def _verify_proof(path: Path, bundle: Bundle, file: Path | None, *, json_: bool) -> None:
    from certsvc.translog.fault import LogFaultError
    from certsvc.translog.proof_file import read_proof

    try:
        proof = read_proof(path.read_bytes())
        signed = proof.check(log_keys(bundle))
        facts = proof.opening.facts
        if file is not None:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            if digest not in (facts.get("pdf_sha256"), facts.get("ofd_sha256")):
                raise LogFaultError("the proof is about another file than the one given")
    except LogFaultError as fault:
        _print({"holds": False, "fault": str(fault)}, json_=json_)
        click.get_current_context().exit(Exit.REFUSED)
    _print(
        {
            "holds": True,
            "origin": signed.checkpoint.origin,
            "leaf": proof.place,
            "size": signed.checkpoint.size,
            "root": signed.checkpoint.root.hex(),
            "facts": dict(facts),
        },
        json_=json_,
    )


def _print(facts: Mapping[str, object], *, json_: bool) -> None:
    if json_:
        print_json(facts)
        return
    flat: dict[str, str] = {}
    for name, value in facts.items():
        if isinstance(value, Mapping):
            flat |= {
                f"{name}.{inner}": safe_text(str(one)) for inner, one in value.items() if one is not None
            }
        else:
            flat[name] = safe_text(str(value))
    print_facts(flat)
