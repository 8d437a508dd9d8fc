"""Bringing in a real key: what does not fit is refused in words, and before the trust list changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certsvc.errors import KeyMaterialError
from certsvc.sealing.keystore import ISSUING, Keystore
from certsvc.sealing.pairs import read_key
from certsvc.sealing.pki import CertificatePlan, PrivateKey, make_certificate, make_key
from certsvc.sealing.real_keys import Successor, rotate_real_key
from certsvc.sealing.trust import read_certificate
from tests.sealing.samples import AT

PLAN = CertificatePlan(
    file="x",
    algorithm="p256",
    subject={"common_name": "示例电子印章"},
    validity=timedelta(days=700),
    path_length=None,
)
CHANGE = AT + timedelta(days=7)


def given(
    folder: Path,
    keys: Path,
    *,
    algorithm: str = "p256",
    validity: timedelta = PLAN.validity,
    by_itself: bool = False,
    path_length: int | None = None,
    mode: int = 0o600,
    other_key: bool = False,
) -> Successor:
    """Write what a CA and an operator would give."""
    key = make_key(algorithm)
    issuing = x509.load_der_x509_certificate(read_certificate(keys / f"{ISSUING}.pem"))
    issuing_key: PrivateKey = read_key(keys / f"{ISSUING}.key.pem", "p256", issuing)
    plan = replace(PLAN, algorithm=algorithm, validity=validity, path_length=path_length)
    certificate = make_certificate(
        plan,
        key.public_key(),
        issuer=None if by_itself else issuing,
        issuer_key=key if by_itself else issuing_key,
        not_before=AT - timedelta(days=1),
    )
    kept = ec.generate_private_key(ec.SECP256R1()) if other_key else key
    pem = kept.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "new.key").write_bytes(pem)
    (folder / "new.key").chmod(mode)
    (folder / "new.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    return Successor(certificate=folder / "new.pem", key=folder / "new.key")


def test_a_real_key_follows_at_its_instant(keys: Path, tmp_path: Path) -> None:
    """It is known at once, no test key, and named after its certificate; a second time it is refused."""
    successor = given(tmp_path, keys)
    store = Keystore.open(keys)
    old = store.signer("p256", AT).key_id

    new = rotate_real_key(keys, "p256", successor, now=AT, at=CHANGE, hsm=None)

    assert (new.development, new.active_from) == (False, CHANGE)
    assert [store.signer("p256", at).key_id for at in (AT, CHANGE)] == [old, new.key_id]
    assert store.signer("p256", CHANGE).sign(b"x")
    assert (keys / f"{new.key_id}.key.pem").stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyMaterialError, match="already"):
        rotate_real_key(keys, "p256", successor, now=AT, at=None, hsm=None)


REFUSED: dict[str, tuple[Callable[[Path, Path], Successor], str, str]] = {
    "of another algorithm": (lambda f, k: given(f, k, algorithm="rsa2048"), "p256", "for rsa2048"),
    "for another use": (given, "log", "not ed25519"),
    "ended": (lambda f, k: given(f, k, validity=timedelta(hours=1)), "p256", "ended at"),
    "a CA's": (lambda f, k: given(f, k, path_length=0), "p256", "contentCommitment"),
    "by another CA": (lambda f, k: given(f, k, by_itself=True), "p256", "issuing.pem"),
    "key of another": (lambda f, k: given(f, k, other_key=True), "p256", "does not belong"),
    "key open to all": (lambda f, k: given(f, k, mode=0o644), "p256", "chmod 600"),
    "no key": (lambda f, k: replace(given(f, k), key=None), "p256", "name the private key"),
    "in no token": (lambda f, k: replace(given(f, k), key=None, hsm_label="x"), "p256", "PKCS#11"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_changes_nothing(what: str, keys: Path, tmp_path: Path) -> None:
    """A mistake found with the first certificate would be found by its holder."""
    make, name, words = REFUSED[what]
    successor, before = make(tmp_path, keys), (keys / "trust.json").read_bytes()

    with pytest.raises(KeyMaterialError, match=words):
        rotate_real_key(keys, name, successor, now=AT, at=None, hsm=None)
    assert (keys / "trust.json").read_bytes() == before
