"""Keys of the test PKI: made as ``keys/pki.toml`` declares them, and rotated."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from certsvc.errors import KeyMaterialError
from certsvc.sealing import files
from certsvc.sealing.dev_seals import add_seal_signer
from certsvc.sealing.keystore import ISSUING, ROOT, SECRET_BYTES, SECRET_FILE, read_secret
from certsvc.sealing.pairs import ensure_pair
from certsvc.sealing.pki import SM2, CertificatePlan, PKIPlan, read_plan
from certsvc.sealing.trust import TRUST_FILE, TrustedKey, read_trust, retired, write_trust


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
        if not (folder / SECRET_FILE).exists() and not (folder / TRUST_FILE).exists():
            files.write_new(folder / SECRET_FILE, f"{secrets.token_hex(SECRET_BYTES)}\n".encode())
        read_secret(folder)
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
    root = ensure_pair(folder, pki.root, ROOT, since, None)
    issuing = ensure_pair(folder, pki.issuing, ISSUING, since, root)
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
