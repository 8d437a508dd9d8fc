"""Whether the keys of a copy were good when it was made, by the register and by the log."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from certsvc.domain.endorsement import Copy
from certsvc.domain.key_times import fault_of_use
from certsvc.domain.report import Check, Finding, Result
from certsvc.registry.port import Registry
from certsvc.sealing.port import PinnedKey, PinnedSeal

_Pin = TypeVar("_Pin", PinnedKey, PinnedSeal)


def key_faults(
    copy: Copy,
    formats: Collection[str],
    *,
    pinned: Sequence[PinnedKey],
    pinned_seals: Sequence[PinnedSeal],
    registry: Registry,
    now: datetime,
) -> Iterator[Finding]:
    """Judge the keys of a copy at the instant our own row names, never at one a file names.

    Args:
        copy: which; DONE.
        formats: of the files that are asked about.
        pinned: keys of PDF files.
        pinned_seals: seals of OFD files.
        registry: asked for the log's entry when a key has leaked later, and only then.
        now: aware.

    Raises:
        UnavailableError: the log's entry is needed and cannot be read.
    """
    key = _named(pinned, copy.key_id) if "pdf" in formats else None
    if "pdf" in formats and (code := _fault_of(key, copy, registry, now)) is not None:
        yield Finding(check=Check.SIGNER_PINNED, result=Result.FAIL, code=code)
    seal = _named(pinned_seals, copy.seal_key_id) if "ofd" in formats else None
    if "ofd" in formats and (code := _fault_of(seal, copy, registry, now)) is not None:
        yield Finding(check=Check.SEAL_PINNED, result=Result.FAIL, code=code)


def _named(pins: Sequence[_Pin], key_id: str) -> _Pin | None:
    for one in pins:
        if one.key_id == key_id:
            return one
    return None


def _fault_of(
    pin: PinnedKey | PinnedSeal | None, copy: Copy, registry: Registry, now: datetime
) -> str | None:
    """Return the code of what is wrong with a key of ours that a copy names; None when nothing."""
    if pin is None:
        return "SIGNER_NOT_OURS"
    at, theft = copy.reserved_at, pin.compromised_since
    spared = theft is not None and at < theft
    return fault_of_use(pin, reserved_at=at, logged_at=_logged_at(copy, registry, now) if spared else None)


def _logged_at(copy: Copy, registry: Registry, now: datetime) -> datetime | None:
    """Return when the log held a copy, *now* while it does not; None where its own row has to do.

    That is so without a log, and for what lay in the register when the log was begun: its first checkpoint
    holds all of that at once.
    """
    with registry.reading() as session:
        first = session.checkpoints_above(0, 1)
        if not first:
            return None
        logged_at = session.logged_at(copy.copy_id)
    if logged_at is None:
        return now
    return None if logged_at == first[0].at else logged_at
