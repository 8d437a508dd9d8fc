"""``verify-receipt``: whether a receipt of a verification is genuine, without the service."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.exits import Exit
from certsvc.cli.show import as_json, print_facts, print_json

if TYPE_CHECKING:
    from certsvc.verification.receipt_check import ReceiptCheck
    from certsvc.verification.trust_bundle import Bundle

_EXIT: Final = {"pass": Exit.OK, "fail": Exit.REFUSED, "unknown": Exit.CANNOT_TELL}
_COLOUR: Final = {"pass": "green", "fail": "red", "unknown": "yellow"}
_SIGN: Final = {"pass": "✔", "fail": "✘", "unknown": "?"}
_SAID: Final = ("verdict", "status", "subject", "as_of", "specialty", "licence_id", "token", "issuer")
"""What of a receipt is printed line by line."""


@click.command("verify-receipt")
@click.argument("receipt", metavar="FILE|TEXT")
@click.option(
    "--trust",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The trust bundle (/.well-known/certsvc/bundle.json).",
)
@click.option("--trust-key", metavar="FINGERPRINT", help="SHA-256 of the trust key the bundle must name.")
@click.option(
    "--input",
    "given",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file, or a file with the text, that the receipt should be about.",
)
@as_json
def verify_receipt(receipt: str, trust: Path, trust_key: str | None, given: Path | None, json_: bool) -> None:
    """Check a receipt: the JWS, an answer that holds it, or the PDF report that carries it.

    Tells who signed it and when, and what is known of that key. Ends with 0 when the receipt is genuine,
    whatever it says; 1 when it is not, or is about another file; 3 when it cannot be told.
    """
    from certsvc.verification.receipt_check import check_receipt
    from certsvc.verification.trust_bundle import BundleError, read_bundle

    try:
        bundle = read_bundle(trust.read_bytes(), trust_key=trust_key)
    except BundleError as error:
        click.echo(f"{trust}: {error}", err=True)
        click.get_current_context().exit(Exit.CANNOT_TELL)
    check = check_receipt(
        _content(receipt),
        bundle.keys_for("receipt"),
        keys_as_of=bundle.issued_at,
        given=given.read_bytes() if given is not None else None,
    )
    if json_:
        print_json(_facts(check, bundle))
    else:
        _print(check, bundle)
    click.get_current_context().exit(_EXIT[check.result])


def _content(receipt: str) -> bytes:
    """Read the file of that name; where there is none the argument is the receipt itself."""
    # A receipt is longer than any name of a file may be.
    if len(receipt) <= 255 and Path(receipt).is_file():
        return Path(receipt).read_bytes()
    if receipt.count(".") != 2 or len(receipt) <= 255:
        raise click.UsageError("no such file, and no receipt either")
    return receipt.encode("utf-8", "replace")


def _facts(check: ReceiptCheck, bundle: Bundle) -> dict[str, object]:
    from certsvc.domain.texts_receipt import OUTCOMES
    from certsvc.verification.receipt import instant_text

    key = check.key
    return {
        "result": str(check.result),
        "code": check.code,
        "message": OUTCOMES[check.code].en,
        "checked_at": instant_text(check.checked_at) if check.checked_at is not None else None,
        "input": check.input,
        "key": None
        if key is None
        else {
            "key_id": key.key_id,
            "valid_from": instant_text(key.valid_from),
            "valid_to": instant_text(key.valid_to),
            "retired_at": instant_text(key.retired_at) if key.retired_at is not None else None,
            "compromised_since": instant_text(key.compromised_since)
            if key.compromised_since is not None
            else None,
            "development": key.development,
        },
        "receipt": check.claims,
        "bundle": {
            "issuer": bundle.issuer,
            "public_url": bundle.public_url,
            "issued_at": instant_text(bundle.issued_at),
            "trust_key": bundle.trust_key,
        },
    }


def _print(check: ReceiptCheck, bundle: Bundle) -> None:
    """Print the outcome first, then what the receipt says, then what is known of its key."""
    from certsvc.domain.texts_receipt import OUTCOMES

    text, facts = OUTCOMES[check.code], _facts(check, bundle)
    click.secho(f"{_SIGN[check.result]} {text.zh} [{check.code}]", fg=_COLOUR[check.result], bold=True)
    click.echo(f"  {text.en}")
    claims = check.claims or {}
    # Whoever stole a key may have signed anything: nothing that steers a terminal is repeated.
    said = {name: claims.get(name) for name in _SAID if str(claims.get(name)).isprintable()}
    named = claims.get("input")
    if isinstance(named, Mapping):
        said |= {"kind": named.get("kind"), "sha256": named.get("sha256")}
    key = facts["key"]
    known = {name: value for name, value in key.items() if value} if isinstance(key, Mapping) else {}
    print_facts(
        {"checked_at": facts["checked_at"], "input": facts["input"]}
        | said
        | {f"key {name}": value for name, value in known.items()}
        | {"trust bundle of": bundle.issued_at.isoformat(), "trust key": bundle.trust_key}
    )
