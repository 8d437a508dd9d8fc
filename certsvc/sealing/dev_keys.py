"""Keys of the test PKI: made as ``keys/pki.toml`` declares them, and rotated."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from certsvc.errors import KeyMaterialError
from certsvc.sealing import files
from certsvc.sealing.dev_seals import add_seal_signer
from certsvc.sealing.key_choice import succeeded
from certsvc.sealing.keystore import ISSUING, ROOT, SECRET_BYTES, SECRET_FILE, read_secret
from certsvc.sealing.pairs import Pair, ensure_pair
from certsvc.sealing.pki import IN_HSM, SM2, CertificatePlan, PKIPlan, make_certificate, read_plan
from certsvc.sealing.port import HSM
from certsvc.sealing.trust import TRUST_FILE, TrustedKey, read_trust, write_trust


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


def rotate_dev_key(
    folder: Path,
    plan: Path,
    name: str,
    now: datetime,
    *,
    at: datetime | None = None,
    hsm_label: str | None = None,
    hsm: HSM | None = None,
) -> TrustedKey:
    """Make the next PDF signing key of an algorithm, or key of a service; it follows the ones before it.

    The new key is trusted and the end of the old ones is set by one write of the trust list.

    Args:
        folder: a key folder.
        plan: ``keys/pki.toml``.
        name: ``p256``, ``rsa2048``, ``rsa3072``, ``offline``, ``receipt``, ``trust`` or ``log``.
        now: the present instant.
        at: when the new key takes over; None for now.
        hsm_label: take the private key with this label in *hsm* instead of making one in the folder.
        hsm: where that key is.

    Raises:
        KeyMaterialError: the plan has no such signer, or the folder or the key is not usable.
        HSMUnavailableError: the token does not answer.
    """
    pki = read_plan(plan)
    signer = next((one for one in (*pki.signers, *pki.services) if _name_of(one) == name), None)
    if signer is None:
        raise KeyMaterialError(f"{plan} declares no signer {name!r}")
    with files.locked_folder(folder):
        keys = read_trust(folder)
        before = {key.key_id for key in keys if _is_for(key, signer)}
        stem = f"{signer.file}-{1 + len(before):03d}"
        if hsm_label is None:
            new = _add_signer(folder, pki, signer, stem, now)
        else:
            new = _add_hsm_signer(folder, pki, signer, stem, now, label=hsm_label, hsm=hsm)
        keys = tuple(succeeded(keys, before, new, now=now, at=at))
        write_trust(folder, keys)
    return keys[-1]


def _name_of(plan: CertificatePlan) -> str:
    """Return what the keys of one plan are called by: the algorithm of those that seal, the use of others."""
    return plan.algorithm if plan.use == "seal" else plan.use


def _is_for(key: TrustedKey, plan: CertificatePlan) -> bool:
    return (key.use, key.algorithm) == (plan.use, plan.algorithm)


def _add_signer(folder: Path, pki: PKIPlan, plan: CertificatePlan, stem: str, now: datetime) -> TrustedKey:
    issuing = _issuing(folder, pki, now)
    certificate, _ = ensure_pair(folder, plan, stem, _since(pki, now), issuing)
    return _line(plan, stem, certificate)


def _add_hsm_signer(
    folder: Path,
    pki: PKIPlan,
    plan: CertificatePlan,
    stem: str,
    now: datetime,
    *,
    label: str,
    hsm: HSM | None,
) -> TrustedKey:
    """Certify a key that is in the token already; only its public half is ever seen here."""
    if hsm is None:
        raise KeyMaterialError("no PKCS#11 token is set; set CERTSVC_PKCS11_MODULE and CERTSVC_PKCS11_TOKEN")
    public = load_der_public_key(hsm.public_key(label))
    if not isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey) or plan.algorithm not in IN_HSM:
        raise KeyMaterialError(f"the key {label!r} in the token cannot be one for {_name_of(plan)}")
    issuing, issuing_key = _issuing(folder, pki, now)
    certificate = make_certificate(
        plan, public, issuer=issuing, issuer_key=issuing_key, not_before=_since(pki, now)
    )
    line = replace(_line(plan, stem, certificate), hsm_label=label)
    # Refused before anything is written: a key of another kind, or one that does not sign.
    hsm.signer(
        label,
        key_id=line.key_id,
        certificate=certificate.public_bytes(Encoding.DER),
        chain=(),
        algorithm=plan.algorithm,
    )
    # A certificate left by a crash is for whatever key was meant then; no list ever knew it.
    files.replace(folder / line.certificate, certificate.public_bytes(Encoding.PEM))
    return line


def _line(plan: CertificatePlan, stem: str, certificate: x509.Certificate) -> TrustedKey:
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


def _issuing(folder: Path, pki: PKIPlan, now: datetime) -> Pair:
    root = ensure_pair(folder, pki.root, ROOT, _since(pki, now), None)
    return ensure_pair(folder, pki.issuing, ISSUING, _since(pki, now), root)


def _since(pki: PKIPlan, now: datetime) -> datetime:
    return now.astimezone(UTC).replace(microsecond=0) - pki.backdate
