"""How often a login may be tried: by address, by account and address, by account; and devices known before.

A stranger can use an account's budget up from many addresses, for as long as it pleases. A device from which
the account was logged in before therefore has a budget of its own, which nobody else can touch.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from certsvc.domain.clock import Clock

KNOWN_FOR: Final = timedelta(days=90)
"""How long a device counts as known after a login."""
_MARK: Final = re.compile(r"([A-Za-z0-9_-]{22})\.([0-9]{10})\.([0-9a-f]{32})", re.ASCII)

NETWORK, ACCOUNT_THERE, ACCOUNT, DEVICE = "login", "login_account_there", "login_account", "login_device"
"""Kinds of budgets; web/limits.py has their sizes."""


class DeviceMarks:
    """Marks the browser from which an account was logged in; whoever copies the mark only gains tries."""

    def __init__(self, secret: bytes, clock: Clock) -> None:
        """Sign with a key derived from *secret*."""
        self._key = hashlib.blake2b(b"certsvc access 1: device marks", key=secret).digest()
        self._clock = clock

    def mark(self, name: str) -> str:
        """Return a mark for a device from which *name* has just logged in."""
        device, at = secrets.token_urlsafe(16), f"{int(self._clock.now().timestamp()):010d}"
        return f"{device}.{at}.{self._proof(name, device, at)}"

    def device(self, name: str, mark: str | None) -> str | None:
        """Return which device of *name* holds *mark*; None when it holds none that is good now."""
        found = _MARK.fullmatch(mark or "")
        if found is None:
            return None
        device, at, proof = found.groups()
        age = self._clock.now() - datetime.fromtimestamp(int(at), UTC)
        if not hmac.compare_digest(proof, self._proof(name, device, at)):
            return None
        return device if timedelta() <= age < KNOWN_FOR else None

    def _proof(self, name: str, device: str, at: str) -> str:
        said = f"{name}\0{device}\0{at}".encode()
        return hashlib.blake2b(said, key=self._key, digest_size=16).hexdigest()


def login_budgets(name: str, network: str, device: str | None) -> Sequence[tuple[str, str]]:
    """List the budgets a try to log in takes from, each with whose it is.

    Args:
        name: as it was typed, normalised; whether somebody has it makes no difference.
        network: of the caller.
        device: a device known for *name*, whose budget then stands for those of the account and the network.
    """
    if device is not None:
        return ((DEVICE, f"{device} {name}"),)
    return ((NETWORK, network), (ACCOUNT_THERE, f"{network} {name}"), (ACCOUNT, name))
