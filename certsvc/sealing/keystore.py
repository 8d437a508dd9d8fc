"""Our keys, opened for use."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from certsvc.errors import KeyMaterialError
from certsvc.sealing import files
from certsvc.sealing.file_signer import load_file_signer
from certsvc.sealing.key_choice import newest
from certsvc.sealing.pki import SM2, Service
from certsvc.sealing.port import HSM, PinnedKey, PinnedSeal, SealSigner, Signer
from certsvc.sealing.seals import OwnSeal, check_valid_at, load_seal_signer, newest_seal
from certsvc.sealing.trust import TRUST_FILE, TrustedKey, read_certificate, read_trust
from certsvc.sealing.trust_list import Live, TrustList, read_list, version_of

ROOT: Final = "root"
ISSUING: Final = "issuing"
SECRET_FILE: Final = "registry.secret"  # noqa: S105  the file's name
SECRET_BYTES: Final = 32


class Keystore:
    """An opened key folder; threads may share it.

    Whenever it is asked it looks whether the trust list was changed, so that a retirement or a compromise
    acts in a running server without a restart. Private keys are loaded at first use and kept.
    """

    def __init__(
        self, folder: Path, registry_secret: bytes, *, hsm: HSM | None = None, production: bool = False
    ) -> None:
        """Read a folder's facts; ``Keystore.open`` checks the rest of it."""
        self.folder = folder
        self._hsm = hsm
        self._production = production
        self.registry_secret = registry_secret
        self.root_pem = folder / f"{ROOT}.pem"
        self._trust_path = str(folder / TRUST_FILE)
        self._trust = read_list(folder, production=production)
        self._chain = (read_certificate(folder / f"{ISSUING}.pem"),)
        self._signers: dict[str, Signer] = {}
        self._seal_signers: dict[str, SealSigner] = {}
        # Loading an RSA key takes 25 ms: one thread loads, the others wait for it.
        self._loading = threading.Lock()

    @classmethod
    def open(cls, folder: Path, *, hsm: HSM | None = None, production: bool = False) -> Keystore:
        """Open a key folder.

        Args:
            folder: see ``keys/README.md``.
            hsm: where the private keys are that do not lie in the folder.
            production: refuse test keys, now and whenever the trust list is read again.

        Raises:
            KeyMaterialError: something is missing, damaged or readable by others; the note names the remedy.
        """
        if not read_trust(folder):
            raise KeyMaterialError(f"{folder} trusts no key; run: certsvc keys init")
        read_certificate(folder / f"{ROOT}.pem")
        return cls(folder, read_secret(folder), hsm=hsm, production=production)

    def _current(self) -> TrustList:
        if version_of(self._trust_path) != self._trust.version:
            self._trust = read_list(self.folder, production=self._production)
        return self._trust

    def _known(self) -> TrustList:
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
        return Live(lambda: self.pinned)

    @property
    def live_pinned_seals(self) -> Sequence[PinnedSeal]:
        """``pinned_seals``, for somebody who keeps it."""
        return Live(lambda: self.pinned_seals)

    @property
    def is_development(self) -> bool:
        """Whether any trusted key was made by ``init --dev``; production refuses such a folder."""
        return self._known().is_development

    def signer(self, algorithm: str, at: datetime | None = None) -> Signer:
        """Return the signer of an algorithm that signs at *at*.

        Args:
            algorithm: ``p256``, ``rsa2048`` or ``rsa3072``.
            at: the instant of use; None asks for the last one in the list, planned ones included.

        Raises:
            KeyMaterialError: there is none, or its private key is missing, damaged or another's.
            HSMUnavailableError: the token that holds its private key does not answer.
        """
        keys = [key for key in self._current().keys if key.use == "seal" and key.algorithm != SM2]
        mine = [key for key in keys if key.algorithm == algorithm]
        if not mine:
            known = ", ".join(sorted({key.algorithm for key in keys}))
            raise KeyMaterialError(
                f"no key for {algorithm!r} (trusted: {known}); set CERTSVC_SIGNATURE to one there is"
            )
        return self._newest(mine, algorithm, at)

    def service_signer(self, use: Service, at: datetime | None = None) -> Signer:
        """Return the signer for a use that is no seal, e.g. ``receipt``; *at* as for ``signer``.

        Raises:
            KeyMaterialError, HSMUnavailableError: as for ``signer``.
        """
        mine = [key for key in self._current().keys if key.use == use]
        if not mine:
            raise KeyMaterialError(
                f"there is no key for {use}; bring one as keys/README.md says, "
                "or for tests run: certsvc init --dev"
            )
        return self._newest(mine, use, at)

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
        """Return the seal of an issuer that seals at *at*, with its key.

        Args:
            name: the issuer's, exactly as it stands in the seal.
            at: as for ``signer``; a seal that is not valid then is refused.

        Raises:
            KeyMaterialError: there is none, it is not valid at *at*, or key, certificate, seal, maker and
                root do not belong together.
        """
        own = newest_seal(self._current().seals, name, at)
        if at is not None:
            check_valid_at(own, at)
        with self._loading:
            if own.key.key_id not in self._seal_signers:
                self._seal_signers[own.key.key_id] = load_seal_signer(self.folder, own)
            return self._seal_signers[own.key.key_id]

    def _newest(self, keys: Sequence[TrustedKey], name: str, at: datetime | None) -> Signer:
        key = newest(keys, name, at)
        with self._loading:
            if key.key_id not in self._signers:
                self._signers[key.key_id] = self._load(key)
            return self._signers[key.key_id]

    def _load(self, key: TrustedKey) -> Signer:
        if key.hsm_label is None:
            return load_file_signer(self.folder, key, self._chain)
        if self._hsm is None:
            raise KeyMaterialError(
                f"the private key of {key.key_id} is in a PKCS#11 token; "
                "set CERTSVC_PKCS11_MODULE, CERTSVC_PKCS11_TOKEN and CERTSVC_PKCS11_PIN_FILE"
            )
        certificate = read_certificate(self.folder / key.certificate)
        return self._hsm.signer(
            key.hsm_label,
            key_id=key.key_id,
            certificate=certificate,
            chain=self._chain,
            algorithm=key.algorithm,
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
