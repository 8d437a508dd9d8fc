"""Which of our keys signs at an instant: keys follow each other by time, planned ahead in the trust list."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import datetime

from certsvc.errors import KeyMaterialError
from certsvc.sealing.trust import TrustedKey, retired


def may_sign(key: TrustedKey, at: datetime | None) -> bool:
    """Tell whether the trust list lets *key* sign at *at*; its certificate is another matter.

    Args:
        key: a line of the list.
        at: the instant of use; None asks whether it may once all that is planned has come.
    """
    # Whoever has it could sign now: from when on that counts is for the checker, it signs nothing more.
    if key.compromised_since is not None:
        return False
    if at is None:
        return key.retired_at is None
    begun = key.active_from is None or key.active_from <= at
    return begun and (key.retired_at is None or at < key.retired_at)


def able(keys: Sequence[TrustedKey], at: datetime | None) -> list[TrustedKey]:
    """Return those of some keys for one use that may sign at *at*, as for ``may_sign``.

    Where none may and a next one waits, that one: whoever withdraws a key has not to think of what it leaves.
    """
    usable = [key for key in keys if may_sign(key, at)]
    waiting = [key for key in keys if may_sign(key, None) and key.active_from is not None]
    return usable or waiting[:1]


def newest(keys: Sequence[TrustedKey], name: str, at: datetime | None) -> TrustedKey:
    """Return the key that signs at *at*: the last of those that may.

    Args:
        keys: the lines for one use, oldest first.
        name: what ``keys rotate`` calls them by.
        at: as for ``may_sign``; the certificate has to be valid then as well.

    Raises:
        KeyMaterialError: there is none; the note says what to do.
    """
    usable = able(keys, at)
    if not usable:
        raise KeyMaterialError(
            f"every key for {name} is retired; bring the next one as keys/README.md says, "
            f"or for tests run: certsvc keys rotate {name}"
        )
    key = usable[-1]
    if at is not None and not key.valid_from <= at <= key.valid_to:
        told = (
            f"ended at {key.valid_to}; bring the next one: certsvc keys rotate {name}"
            if at > key.valid_to
            else f"begins at {key.valid_from}; wait, or set the clock right"
        )
        raise KeyMaterialError(f"the certificate of {key.key_id} {told}")
    return key


def succeeded(
    keys: Sequence[TrustedKey], before: Set[str], new: TrustedKey, *, now: datetime, at: datetime | None
) -> list[TrustedKey]:
    """Return the list with *new* in it, which takes over from the keys *before* at *at*.

    It is known from now on, and to whoever is told our keys before anything it signed can reach him. Where
    none of those before may sign any more there is nothing to wait for.

    Args:
        keys: the trust list.
        before: ids of the keys that *new* follows, planned ones too.
        new: not in the list yet.
        now: the present instant.
        at: when it takes over; None, or an instant that has passed, for now.
    """
    still = any(may_sign(key, now) for key in keys if key.key_id in before)
    takes_over = at if at is not None and at > now and still else now
    begins = takes_over if takes_over > now else None
    return [*retired(keys, before, takes_over), replace(new, active_from=begins)]


def state_of(key: TrustedKey, keys: Sequence[TrustedKey], now: datetime) -> str:
    """Return what *key* does now among all *keys*: next, active, ended, retired or compromised."""
    if key.compromised_since is not None:
        return "compromised"
    siblings = [one for one in keys if (one.use, one.algorithm) == (key.use, key.algorithm)]
    if key in able(siblings, now):
        return "active" if now <= key.valid_to else "ended"
    return "retired" if key.retired_at is not None and key.retired_at <= now else "next"
