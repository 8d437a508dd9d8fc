"""The trust list as a running service holds it: read once, and again when the file is another one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar, overload

from certsvc.errors import KeyMaterialError
from certsvc.sealing.pki import SERVICES, SM2, Service
from certsvc.sealing.port import PinnedKey, PinnedSeal
from certsvc.sealing.seals import OwnSeal, read_own_seals
from certsvc.sealing.trust import TRUST_FILE, TrustedKey, read_trust

_T = TypeVar("_T")

_TEST_ONLY: Final = b"TEST ONLY"
"""In the subject of every certificate ``keys init --dev`` makes; a plan without it is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustList:
    """One state of the trust list, with the certificates and seals it names."""

    version: tuple[int, ...]
    """Tells one state of the file from the next without reading it."""
    keys: tuple[TrustedKey, ...]
    pinned: tuple[PinnedKey, ...]
    seals: tuple[OwnSeal, ...]
    pinned_seals: tuple[PinnedSeal, ...]
    services: Mapping[Service, tuple[PinnedKey, ...]]

    @property
    def is_development(self) -> bool:
        """Whether any key in it was made by ``init --dev``."""
        # The subject counts too: one word edited in a file must not let test certificates out.
        return any(key.development for key in self.keys) or any(
            _TEST_ONLY in der
            for der in (
                *(key.certificate for key in self.pinned),
                *(one.seal for one in self.pinned_seals),
                *(key.certificate for keys in self.services.values() for key in keys),
            )
        )


class Live(Sequence[_T]):
    """A sequence that is, at each look, what the trust list says by then."""

    def __init__(self, look: Callable[[], Sequence[_T]]) -> None:
        """Take what looks."""
        self._look = look

    def __len__(self) -> int:
        return len(self._look())

    def __iter__(self) -> Iterator[_T]:
        # One state from the first to the last.
        return iter(self._look())

    @overload
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_T]: ...
    def __getitem__(self, index: int | slice) -> _T | Sequence[_T]:
        return self._look()[index]


def version_of(path: str) -> tuple[int, ...]:
    """Return what tells one state of the list's file from the next. KeyMaterialError when it is not there."""
    try:
        # Twice in every look-up: a Path would take longer to put together than the system to answer.
        found = os.stat(path)  # noqa: PTH116
    except OSError as fault:
        raise KeyMaterialError(f"the trust list cannot be read: {path}: {fault}") from fault
    # It is replaced and never written over, so another state is another file.
    return found.st_ino, found.st_mtime_ns, found.st_size


def read_list(folder: Path, *, production: bool) -> TrustList:
    """Read the trust list of a key folder with everything it names.

    Args:
        folder: a key folder.
        production: refuse a list with a test key in it, whoever put it there and when.

    Raises:
        KeyMaterialError: something is missing or damaged, or made for tests.
    """
    version = version_of(str(folder / TRUST_FILE))
    keys = read_trust(folder)
    seals = read_own_seals(folder, keys)
    found = TrustList(
        version=version,
        keys=keys,
        pinned=tuple(key.pinned(folder) for key in keys if key.use == "seal" and key.algorithm != SM2),
        seals=seals,
        pinned_seals=tuple(one.pinned for one in seals),
        services={use: tuple(key.pinned(folder) for key in keys if key.use == use) for use in SERVICES},
    )
    if production and found.is_development:
        raise KeyMaterialError(
            "development keys in production: take them out of the trust list, "
            "or set CERTSVC_KEYS_DIR to the folder with the real ones"
        )
    return found
