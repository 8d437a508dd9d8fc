"""``verify --offline``: by a trust bundle and the clock alone; no database, no network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from certsvc.cli.exits import Exit
from certsvc.cli.place import load_place

if TYPE_CHECKING:
    from certsvc.verification.offline import OfflineReport
    from certsvc.verification.trust_bundle import Bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineTrust:
    """What the caller trusts."""

    bundle: Path
    key: str | None
    """SHA-256 of the trust key the bundle must be signed by; None takes the one it names."""


def open_bundle(trust: OfflineTrust) -> Bundle:
    """Read the bundle, or end with "cannot tell": a bundle that is damaged says nothing of a certificate.

    Nor does one with test keys, which anybody can make, where CERTSVC_ENV says that this is no trial.
    """
    from certsvc.verification.trust_bundle import BundleError, read_bundle

    try:
        bundle = read_bundle(trust.bundle.read_bytes(), trust_key=trust.key)
    except BundleError as error:
        click.echo(f"{trust.bundle}: {error}", err=True)
        click.get_current_context().exit(Exit.CANNOT_TELL)
    if load_place().env == "production" and any(key.development for key in bundle.keys):
        click.echo(f"{trust.bundle}: it trusts test keys, and CERTSVC_ENV=production believes none", err=True)
        click.get_current_context().exit(Exit.CANNOT_TELL)
    return bundle


def verify_offline(
    bundle: Bundle, files: Sequence[Path], texts: Sequence[str], specialty: str | None
) -> Iterator[tuple[str, OfflineReport]]:
    """Yield the answer to each input, named as it was given."""
    from certsvc.verification.offline import OfflineVerifier
    from certsvc.verification.pool import ReaderPool
    from certsvc.wiring import SystemClock

    clock, readers = SystemClock(), ReaderPool(1)
    verifier = OfflineVerifier(bundle, readers)
    try:
        for file in files:
            yield str(file), verifier.verify_file(file.read_bytes(), now=clock.now(), specialty=specialty)
        for text in texts:
            yield text, verifier.verify_text(text, now=clock.now(), specialty=specialty)
    finally:
        readers.close()
