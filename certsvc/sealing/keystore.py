"""Our keys: made for development, opened for use."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding

from certsvc.errors import KeyMaterialError
from certsvc.sealing import files
from certsvc.sealing.dev_seals import add_seal_signer
from certsvc.sealing.pairs import ensure_pair, read_key
from certsvc.sealing.pki import SM2, CertificatePlan, PKIPlan, PrivateKey, Service, read_plan
from certsvc.sealing.port import PinnedKey, PinnedSeal, SealSigner, Signer
from certsvc.sealing.seals import check_valid_at, load_seal_signer, newest_seal, read_own_seals
from certsvc.sealing.trust import (
    TRUST_FILE,
    TrustedKey,
    read_certificate,
    read_trust,
    retired,
    write_trust,
)

_ROOT: Final = "root"
_ISSUING: Final = "issuing"
_SECRET: Final = "registry.secret"  # noqa: S105  the file's name
_SECRET_BYTES: Final = 32
_TEST_ONLY: Final = b"TEST ONLY"
"""In the subject of every certificate ``keys init --dev`` makes; a plan without it is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSigner:
    """A signer whose private key lies in the key folder."""

    key_id: str
    certificate: bytes
    chain: tuple[bytes, ...]
    algorithm: str
    private_key: PrivateKey

    def sign(self, message: bytes) -> bytes:
        """Sign with SHA-256: DER ECDSA, or RSASSA-PKCS1-v1_5."""
        if isinstance(self.private_key, ec.EllipticCurvePrivateKey):
            return self.private_key.sign(message, ec.ECDSA(hashes.SHA256()))
        return self.private_key.sign(message, padding.PKCS1v15(), hashes.SHA256())


class Keystore:
    """An opened key folder. Private keys are loaded at first use and kept; threads may share it."""

    def __init__(self, folder: Path, keys: Sequence[TrustedKey], registry_secret: bytes) -> None:
        """Take a folder's facts; ``Keystore.open`` reads them."""
        self.folder = folder
        self.keys = tuple(keys)
        self.pinned: tuple[PinnedKey, ...] = tuple(
            key.pinned(folder) for key in keys if key.use == "seal" and key.algorithm != SM2
        )
        """The keys that sealed PDF files."""
        self.seals = read_own_seals(folder, keys)
        self.pinned_seals: tuple[PinnedSeal, ...] = tuple(one.pinned for one in self.seals)
        """The seals of OFD files."""
        self.registry_secret = registry_secret
        self.root_pem = folder / f"{_ROOT}.pem"
        self._chain = (read_certificate(folder / f"{_ISSUING}.pem"),)
        self._signers: dict[str, Signer] = {}
        self._seal_signers: dict[str, SealSigner] = {}
        # Loading an RSA key takes a quarter of a tenth of a second: one thread loads, the others wait for it.
        self._loading = threading.Lock()

    @classmethod
    def open(cls, folder: Path) -> Keystore:
        """Open a key folder.

        Raises:
            KeyMaterialError: something is missing, damaged or readable by others; the note names the remedy.
        """
        keys = read_trust(folder)
        if not keys:
            raise KeyMaterialError(f"{folder} trusts no key; run: certsvc keys init")
        read_certificate(folder / f"{_ROOT}.pem")
        return cls(folder, keys, _read_secret(folder))

    @property
    def is_development(self) -> bool:
        """Whether any trusted key was made by ``init --dev``; production refuses such a folder."""
        # The subject counts too: one word edited in a file must not let test certificates out.
        return any(key.development for key in self.keys) or any(
            _TEST_ONLY in der
            for der in (*(key.certificate for key in self.pinned), *(one.seal for one in self.pinned_seals))
        )

    def signer(self, algorithm: str) -> Signer:
        """Return the newest signer of an algorithm that is not retired.

        Raises:
            KeyMaterialError: there is none, or its private key is missing, damaged or another's.
        """
        mine = [key for key in self.keys if key.use == "seal" and key.algorithm == algorithm != SM2]
        if not mine:
            known = ", ".join(sorted({key.algorithm for key in self.keys} - {SM2}))
            raise KeyMaterialError(
                f"no key for {algorithm!r} (trusted: {known}); set CERTSVC_SIGNATURE to one there is"
            )
        return self._newest(mine, algorithm)

    def service_signer(self, use: Service) -> Signer:
        """Return the newest signer for a use that is no seal, e.g. ``receipt``.

        Raises:
            KeyMaterialError: as for ``signer``.
        """
        mine = [key for key in self.keys if key.use == use]
        if not mine:
            raise KeyMaterialError(
                f"there is no key for {use}; bring one as keys/README.md says, "
                "or for tests run: certsvc init --dev"
            )
        return self._newest(mine, use)

    def service_keys(self, use: Service) -> tuple[PinnedKey, ...]:
        """Return every key that is or was for *use*, oldest first; sealing keys are ``pinned``."""
        return tuple(key.pinned(self.folder) for key in self.keys if key.use == use)

    def seal_signer(self, name: str, at: datetime | None = None) -> SealSigner:
        """Return the newest seal of an issuer that is not retired, with its key.

        Args:
            name: the issuer's, exactly as it stands in the seal.
            at: refuse a seal that is not valid then; None leaves that to whoever checks what it sealed.

        Raises:
            KeyMaterialError: there is none, it is not valid at *at*, or key, certificate, seal, maker and
                root do not belong together.
        """
        own = newest_seal(self.seals, name)
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


def init_dev_keys(folder: Path, plan: Path, now: datetime) -> None:
    """Make the test PKI and the registry's secret in *folder*; seals come after, with ``ensure_dev_seal``.

    Safe to run again, at once from several processes, and after a crash: what is there is kept and checked,
    what is missing is made. A key without certificate (a crash between the two) gets one.

    Args:
        folder: made with mode 0700; files get 0600.
        plan: ``keys/pki.toml``.
        now: certificates count from a day before.

    Raises:
        KeyMaterialError: the plan or something already in the folder is not usable.
    """
    pki = read_plan(plan)
    with files.locked_folder(folder):
        # The secret is made before the trust list. A list without it means a loss, and a new secret would
        # make every row of the registry look damaged.
        if not (folder / _SECRET).exists() and not (folder / TRUST_FILE).exists():
            files.write_new(folder / _SECRET, f"{secrets.token_hex(_SECRET_BYTES)}\n".encode())
        _read_secret(folder)
        before = read_trust(folder) if (folder / TRUST_FILE).exists() else ()
        keys = list(before)
        for signer in (*pki.signers, *pki.services):
            if not any(_is_for(key, signer) for key in keys):
                keys.append(_add_signer(folder, pki, signer, f"{signer.file}-001", now))
        if not any(key.algorithm == SM2 for key in keys):
            keys.append(add_seal_signer(folder, pki, keys, now))
        if len(keys) > len(before):
            write_trust(folder, keys)


def rotate_dev_key(folder: Path, plan: Path, name: str, now: datetime) -> TrustedKey:
    """Make the next PDF signing key of an algorithm, or key of a service, and retire the ones before it.

    The new key is trusted and the old ones retired by one write of the trust list.

    Args:
        folder: a key folder.
        plan: ``keys/pki.toml``.
        name: ``p256``, ``rsa2048``, ``rsa3072``, ``offline``, ``receipt`` or ``trust``.
        now: retires the old ones.

    Raises:
        KeyMaterialError: the plan has no such signer, or the folder is not usable.
    """
    pki = read_plan(plan)
    signer = next((one for one in (*pki.signers, *pki.services) if _name_of(one) == name), None)
    if signer is None:
        raise KeyMaterialError(f"{plan} declares no signer {name!r}")
    with files.locked_folder(folder):
        keys = read_trust(folder)
        before = {key.key_id for key in keys if _is_for(key, signer)}
        new = _add_signer(folder, pki, signer, f"{signer.file}-{1 + len(before):03d}", now)
        write_trust(folder, [*retired(keys, before, now), new])
    return new


def _name_of(plan: CertificatePlan) -> str:
    """Return what the keys of one plan are called by: the algorithm of those that seal, the use of others."""
    return plan.algorithm if plan.use == "seal" else plan.use


def _is_for(key: TrustedKey, plan: CertificatePlan) -> bool:
    return (key.use, key.algorithm) == (plan.use, plan.algorithm)


def _add_signer(folder: Path, pki: PKIPlan, plan: CertificatePlan, stem: str, now: datetime) -> TrustedKey:
    since = now.astimezone(UTC).replace(microsecond=0) - pki.backdate
    root = ensure_pair(folder, pki.root, _ROOT, since, None)
    issuing = ensure_pair(folder, pki.issuing, _ISSUING, since, root)
    certificate, _ = ensure_pair(folder, plan, stem, since, issuing)
    fingerprint = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    return TrustedKey(
        key_id=f"{_name_of(plan)}-{fingerprint[:12]}",
        algorithm=plan.algorithm,
        use=plan.use,
        certificate=f"{stem}.pem",
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
        development=True,
    )


def _read_secret(folder: Path) -> bytes:
    path = folder / _SECRET
    text = files.read_private(path, "the registry's secret")
    try:
        secret = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        secret = b""
    if len(secret) != _SECRET_BYTES:
        raise KeyMaterialError(f"{path} is not {_SECRET_BYTES} bytes in hex; restore it from your backup")
    return secret
