"""The development PKI: reads ``keys/pki.toml`` and makes what it declares."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from certsvc.errors import KeyMaterialError

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
"""The kinds of keys a PDF seal may use."""

RSA_SIZES: Final = {"rsa2048": 2048, "rsa3072": 3072}
_NAME_OIDS: Final = {
    "country": NameOID.COUNTRY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "common_name": NameOID.COMMON_NAME,
}
_TEST_MARK: Final = "TEST ONLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePlan:
    """One certificate the plan declares."""

    file: str
    """Stem of its files: ``<file>.pem`` and ``<file>.key.pem``."""
    algorithm: str
    subject: x509.Name
    validity: timedelta
    path_length: int | None
    """For a CA; None for a document signer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PKIPlan:
    """The whole test PKI."""

    root: CertificatePlan
    issuing: CertificatePlan
    signers: tuple[CertificatePlan, ...]
    backdate: timedelta


def read_plan(path: Path) -> PKIPlan:
    """Read ``pki.toml``.

    Raises:
        KeyMaterialError: it cannot be read, or declares a subject that does not say TEST ONLY.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        return PKIPlan(
            root=_certificate_plan(table["root"], table["root"]["file"]),
            issuing=_certificate_plan(table["issuing"], table["issuing"]["file"]),
            signers=tuple(_certificate_plan(part, name) for name, part in table["signer"].items()),
            backdate=timedelta(hours=table["backdate_hours"]),
        )
    except OSError as fault:
        raise KeyMaterialError(f"the plan of the test PKI cannot be read: {path}: {fault}") from fault
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise KeyMaterialError(f"{path} is not a plan of a test PKI: {fault!r}") from fault


def make_key(algorithm: str) -> PrivateKey:
    """Make a private key. ValueError for an algorithm no PDF seal uses."""
    if algorithm == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm in RSA_SIZES:
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_SIZES[algorithm])
    raise ValueError(f"unknown algorithm {algorithm!r}")


def make_certificate(
    plan: CertificatePlan,
    key: PrivateKey,
    *,
    issuer: x509.Certificate | None,
    issuer_key: PrivateKey,
    not_before: datetime,
) -> x509.Certificate:
    """Issue one certificate; *issuer* None makes it self-signed."""
    subject_key_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuer_key_id = x509.SubjectKeyIdentifier.from_public_key(issuer_key.public_key())
    not_after = not_before + plan.validity
    if issuer is not None:
        not_after = min(not_after, issuer.not_valid_after_utc)
    return (
        x509.CertificateBuilder()
        .subject_name(plan.subject)
        .issuer_name(plan.subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(plan.path_length is not None, plan.path_length), critical=True)
        .add_extension(_usage(is_ca=plan.path_length is not None), critical=True)
        .add_extension(subject_key_id, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key_id), critical=False
        )
        .sign(issuer_key, hashes.SHA256())
    )


def _usage(*, is_ca: bool) -> x509.KeyUsage:
    # A document signer needs contentCommitment (nonRepudiation): validators refuse it for PDF otherwise.
    return x509.KeyUsage(
        digital_signature=not is_ca,
        content_commitment=not is_ca,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _certificate_plan(part: Mapping[str, object], file: str) -> CertificatePlan:
    subject, days, algorithm = part["subject"], part["validity_days"], part["algorithm"]
    path_length = part.get("path_length")
    if not isinstance(subject, dict) or not isinstance(days, int) or not isinstance(algorithm, str):
        raise TypeError("subject, validity_days or algorithm")
    if not isinstance(path_length, int | None):
        raise TypeError("path_length")
    if algorithm != "p256" and algorithm not in RSA_SIZES:
        raise ValueError(f"unknown algorithm {algorithm!r}")
    if _TEST_MARK not in str(subject["common_name"]):
        raise ValueError(f"a subject of the test PKI has to say {_TEST_MARK}")
    return CertificatePlan(
        file=file,
        algorithm=algorithm,
        subject=x509.Name([x509.NameAttribute(_NAME_OIDS[name], value) for name, value in subject.items()]),
        validity=timedelta(days=days),
        path_length=path_length,
    )
