"""Our keys, opened for use."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar, overload

from cryptography import x509

from certsvc.errors import KeyMaterialError
from certsvc.sealing import files
from certsvc.sealing.file_signer import FileSigner
from certsvc.sealing.pairs import read_key
from certsvc.sealing.pki import SERVICES, SM2, Service
from certsvc.sealing.port import PinnedKey, PinnedSeal, SealSigner, Signer
from certsvc.sealing.seals import OwnSeal, check_valid_at, load_seal_signer, newest_seal, read_own_seals
from certsvc.sealing.trust import TRUST_FILE, TrustedKey, read_certificate, read_trust

_T = TypeVar("_T")

ROOT: Final = "root"
ISSUING: Final = "issuing"
SECRET_FILE: Final = "registry.secret"  # noqa: S105  the file's name
SECRET_BYTES: Final = 32
_TEST_ONLY: Final = b"TEST ONLY"
"""In the subject of every certificate ``keys init --dev`` makes; a plan without it is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _TrustList:
    """One state of the trust list, with the certificates and seals it names."""

    version: tuple[int, ...]
    """Tells one state of the file from the next without reading it."""
    keys: tuple[TrustedKey, ...]
    pinned: tuple[PinnedKey, ...]
    seals: tuple[OwnSeal, ...]
    pinned_seals: tuple[PinnedSeal, ...]
    services: Mapping[Service, tuple[PinnedKey, ...]]


class _Live(Sequence[_T]):
    """A sequence that is, at each look, what the trust list says by then."""

    def __init__(self, look: Callable[[], Sequence[_T]]) -> None:
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


class Keystore:
    """An opened key folder; threads may share it.

    Whenever it is asked it looks whether the trust list was changed, so that a retirement or a compromise
    acts in a running server without a restart. Private keys are loaded at first use and kept.
    """

    def __init__(self, folder: Path, registry_secret: bytes) -> None:
        """Read a folder's facts; ``Keystore.open`` checks the rest of it."""
        self.folder = folder
        self.registry_secret = registry_secret
        self.root_pem = folder / f"{ROOT}.pem"
        self._trust_path = str(folder / TRUST_FILE)
        self._trust = _read_list(folder)
        self._chain = (read_certificate(folder / f"{ISSUING}.pem"),)
        self._signers: dict[str, Signer] = {}
        self._seal_signers: dict[str, SealSigner] = {}
        # Loading an RSA key takes 25 ms: one thread loads, the others wait for it.
        self._loading = threading.Lock()

    @classmethod
    def open(cls, folder: Path) -> Keystore:
        """Open a key folder.

        Raises:
            KeyMaterialError: something is missing, damaged or readable by others; the note names the remedy.
        """
        if not read_trust(folder):
            raise KeyMaterialError(f"{folder} trusts no key; run: certsvc keys init")
        read_certificate(folder / f"{ROOT}.pem")
        return cls(folder, read_secret(folder))

    def _current(self) -> _TrustList:
        if _version_of(self._trust_path) != self._trust.version:
            self._trust = _read_list(self.folder)
        return self._trust

    def _known(self) -> _TrustList:
        """Return the list as it was read last: what is ours stays known while the folder is out of reach.

        Whoever would sign is refused then, and readiness says so.
        """
        try:
            return self._current()
        except KeyMaterialError:
            return self._trust

    @property
    def keys(self) -> tuple[TrustedKey, ...]:
        """The trust list, oldest key first."""
        return self._known().keys

    @property
    def pinned(self) -> tuple[PinnedKey, ...]:
        """The keys that sealed PDF files."""
        return self._known().pinned

    @property
    def seals(self) -> tuple[OwnSeal, ...]:
        """The seals of OFD files with what is written in them."""
        return self._known().seals

    @property
    def pinned_seals(self) -> tuple[PinnedSeal, ...]:
        """The seals of OFD files."""
        return self._known().pinned_seals

    @property
    def live_pinned(self) -> Sequence[PinnedKey]:
        """``pinned``, for somebody who keeps it: it follows the trust list."""
        return _Live(lambda: self.pinned)

    @property
    def live_pinned_seals(self) -> Sequence[PinnedSeal]:
        """``pinned_seals``, for somebody who keeps it."""
        return _Live(lambda: self.pinned_seals)

    @property
    def is_development(self) -> bool:
        """Whether any trusted key was made by ``init --dev``; production refuses such a folder."""
        # The subject counts too: one word edited in a file must not let test certificates out.
        trust = self._known()
        return any(key.development for key in trust.keys) or any(
            _TEST_ONLY in der
            for der in (
                *(key.certificate for key in trust.pinned),
                *(one.seal for one in trust.pinned_seals),
                *(key.certificate for keys in trust.services.values() for key in keys),
            )
        )

    def signer(self, algorithm: str) -> Signer:
        """Return the newest signer of an algorithm that is not retired.

        Raises:
            KeyMaterialError: there is none, or its private key is missing, damaged or another's.
        """
        keys = [key for key in self._current().keys if key.use == "seal" and key.algorithm != SM2]
        mine = [key for key in keys if key.algorithm == algorithm]
        if not mine:
            known = ", ".join(sorted({key.algorithm for key in keys}))
            raise KeyMaterialError(
                f"no key for {algorithm!r} (trusted: {known}); set CERTSVC_SIGNATURE to one there is"
            )
        return self._newest(mine, algorithm)

    def service_signer(self, use: Service) -> Signer:
        """Return the newest signer for a use that is no seal, e.g. ``receipt``.

        Raises:
            KeyMaterialError: as for ``signer``.
        """
        mine = [key for key in self._current().keys if key.use == use]
        if not mine:
            raise KeyMaterialError(
                f"there is no key for {use}; bring one as keys/README.md says, "
                "or for tests run: certsvc init --dev"
            )
        return self._newest(mine, use)

    def service_keys(self, use: Service) -> tuple[PinnedKey, ...]:
        """Return every key that is or was for *use*, oldest first; sealing keys are ``pinned``."""
        return self._known().services[use]

    def listed(self) -> tuple[tuple[TrustedKey, PinnedKey | PinnedSeal], ...]:
        """Return every key with what is pinned of it, as the list is now; without SM2 keys that have no seal.

        Raises:
            KeyMaterialError: the list cannot be read; what it said before is not told for what it says.
        """
        trust = self._current()
        pins: dict[str, PinnedKey | PinnedSeal] = {one.key_id: one for one in trust.pinned_seals}
        pins |= {key.key_id: key for keys in (trust.pinned, *trust.services.values()) for key in keys}
        return tuple((key, pins[key.key_id]) for key in trust.keys if key.key_id in pins)

    def seal_signer(self, name: str, at: datetime | None = None) -> SealSigner:
        """Return the newest seal of an issuer that is not retired, with its key.

        Args:
            name: the issuer's, exactly as it stands in the seal.
            at: refuse a seal that is not valid then; None leaves that to whoever checks what it sealed.

        Raises:
            KeyMaterialError: there is none, it is not valid at *at*, or key, certificate, seal, maker and
                root do not belong together.
        """
        own = newest_seal(self._current().seals, name)
        if at is not None:
            check_valid_at(own, at)
        with self._loading:
            if own.key.key_id not in self._seal_signers:
                self._seal_signers[own.key.key_id] = load_seal_signer(self.folder, own)
            return self._seal_signers[own.key.key_id]

    def _newest(self, keys: Sequence[TrustedKey], name: str) -> Signer:
        usable = [key for key in keys if key.retired_at is None and key.compromised_since is None]
        if not usable:
            raise KeyMaterialError(
                f"every key for {name} is retired; bring the next one as keys/README.md says, "
                f"or for tests run: certsvc keys rotate {name}"
            )
        key = usable[-1]
        with self._loading:
            if key.key_id not in self._signers:
                self._signers[key.key_id] = self._load(key)
            return self._signers[key.key_id]

    def _load(self, key: TrustedKey) -> Signer:
        path = self.folder / f"{Path(key.certificate).stem}.key.pem"
        certificate = read_certificate(self.folder / key.certificate)
        return FileSigner(
            key_id=key.key_id,
            certificate=certificate,
            chain=self._chain,
            algorithm=key.algorithm,
            private_key=read_key(path, key.algorithm, x509.load_der_x509_certificate(certificate)),
        )


def _version_of(path: str) -> tuple[int, ...]:
    try:
        # Twice in every look-up: a Path would take longer to put together than the system to answer.
        found = os.stat(path)  # noqa: PTH116
    except OSError as fault:
        raise KeyMaterialError(f"the trust list cannot be read: {path}: {fault}") from fault
    # It is replaced and never written over, so another state is another file.
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read_list(folder: Path) -> _TrustList:
    version = _version_of(str(folder / TRUST_FILE))
    keys = read_trust(folder)
    seals = read_own_seals(folder, keys)
    return _TrustList(
        version=version,
        keys=keys,
        pinned=tuple(key.pinned(folder) for key in keys if key.use == "seal" and key.algorithm != SM2),
        seals=seals,
        pinned_seals=tuple(one.pinned for one in seals),
        services={use: tuple(key.pinned(folder) for key in keys if key.use == use) for use in SERVICES},
    )


def read_secret(folder: Path) -> bytes:
    """Return the registry's secret. KeyMaterialError when it is missing, damaged or readable by others."""
    path = folder / SECRET_FILE
    text = files.read_private(path, "the registry's secret")
    try:
        secret = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise KeyMaterialError(f"{path} is not {SECRET_BYTES} bytes in hex; restore it from your backup")
    return secret
