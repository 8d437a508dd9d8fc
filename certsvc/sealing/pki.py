"""The development PKI: reads ``keys/pki.toml`` and makes what it declares."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from certsvc.errors import KeyMaterialError

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
"""The kinds of keys that lie in a folder, beside those for SM2: two for PDF seals, the third for the log."""

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
"""Their public halves."""

SM2: Final = "sm2"
"""The algorithm of keys that seal OFD files; all others seal PDF files."""
RSA_SIZES: Final = {"rsa2048": 2048, "rsa3072": 3072}
_NAME_OIDS: Final = {
    "country": NameOID.COUNTRY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "common_name": NameOID.COMMON_NAME,
}
Service = Literal["offline", "receipt", "trust", "log"]
"""What a key that seals no certificates is for: the code that is checked without us, what a verification
found, the list of keys with the status lists, the checkpoints of the public log."""
Use = Literal["seal"] | Service
"""What a key is for; whatever it signs for another use does not count."""
SERVICES: Final[tuple[Service, ...]] = get_args(Service)
USES: Final[tuple[Use, ...]] = ("seal", *SERVICES)
ED25519: Final = "ed25519"
SERVICE_ALGORITHMS: Final[Mapping[Use, str]] = {
    "offline": "p256",
    "receipt": "p256",
    "trust": "p256",
    "log": ED25519,
}
"""The one algorithm of each use that is no seal. Signed notes, which a log's checkpoints are, use Ed25519."""
COUNTED: Final[tuple[Use, ...]] = ("seal", "offline")
"""Uses of keys that certificates are made with, counted for each day; what others sign is no certificate."""
IN_HSM: Final = ("p256", *RSA_SIZES)
"""What a key in a PKCS#11 token may be."""
_PDF: Final = frozenset({"p256", *RSA_SIZES})
_TEST_MARK: Final = "TEST ONLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePlan:
    """One certificate the plan declares."""

    file: str
    """Stem of its files: ``<file>.pem`` and ``<file>.key.pem``."""
    algorithm: str
    subject: Mapping[str, str]
    """``country``, ``organization`` and ``common_name``, in the order they are written."""
    validity: timedelta
    path_length: int | None
    """For a CA; None for whoever signs documents or seals."""
    use: Use = "seal"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealPlan:
    """The SM2 half of the test PKI: who makes seals, who uses them, and for how long."""

    root: CertificatePlan
    maker: CertificatePlan
    signer: CertificatePlan
    validity: timedelta
    """Of a seal, which never outlives its signer's certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PKIPlan:
    """The whole test PKI."""

    root: CertificatePlan
    issuing: CertificatePlan
    signers: tuple[CertificatePlan, ...]
    services: tuple[CertificatePlan, ...]
    """One for each use that is no seal: offline codes, receipts, trust material."""
    sm2: SealPlan
    backdate: timedelta


def read_plan(path: Path) -> PKIPlan:
    """Read ``pki.toml``.

    Raises:
        KeyMaterialError: it cannot be read, or declares a subject that does not say TEST ONLY.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        return PKIPlan(
            root=_certificate_plan(table["root"], table["root"]["file"], _PDF),
            issuing=_certificate_plan(table["issuing"], table["issuing"]["file"], _PDF),
            signers=tuple(_certificate_plan(part, name, _PDF) for name, part in table["signer"].items()),
            services=tuple(_service_plan(table["service"][use], use) for use in SERVICES),
            sm2=_seal_plan(table["sm2"]),
            backdate=timedelta(hours=table["backdate_hours"]),
        )
    except OSError as fault:
        raise KeyMaterialError(f"the plan of the test PKI cannot be read: {path}: {fault}") from fault
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise KeyMaterialError(f"{path} is not a plan of a test PKI: {fault!r}") from fault


def make_key(algorithm: str) -> PrivateKey:
    """Make a private key. ValueError for an algorithm that is none of ``PrivateKey``'s."""
    if algorithm == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm in RSA_SIZES:
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_SIZES[algorithm])
    if algorithm == ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    raise ValueError(f"unknown algorithm {algorithm!r}")


def make_certificate(
    plan: CertificatePlan,
    public: PublicKey,
    *,
    issuer: x509.Certificate | None,
    issuer_key: PrivateKey,
    not_before: datetime,
) -> x509.Certificate:
    """Issue one certificate for *public*; *issuer* None makes it self-signed. No CA has an Ed25519 key."""
    if isinstance(issuer_key, ed25519.Ed25519PrivateKey):
        raise ValueError("a CA of the test PKI signs with P-256 or RSA")
    subject = x509.Name([x509.NameAttribute(_NAME_OIDS[name], value) for name, value in plan.subject.items()])
    subject_key_id = x509.SubjectKeyIdentifier.from_public_key(public)
    issuer_key_id = x509.SubjectKeyIdentifier.from_public_key(issuer_key.public_key())
    not_after = not_before + plan.validity
    if issuer is not None:
        not_after = min(not_after, issuer.not_valid_after_utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(public)
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


def _seal_plan(table: Mapping[str, Mapping[str, object]]) -> SealPlan:
    root, maker, signer = (
        _certificate_plan(part, part["file"], {SM2})
        for part in (table[n] for n in ("root", "maker", "signer"))
    )
    days = table["seal"]["validity_days"]
    if not isinstance(days, int):
        raise TypeError("validity_days of the seal")
    return SealPlan(root=root, maker=maker, signer=signer, validity=timedelta(days=days))


def _service_plan(part: Mapping[str, object], use: Use) -> CertificatePlan:
    return replace(_certificate_plan(part, use, {SERVICE_ALGORITHMS[use]}), use=use)


def _certificate_plan(part: Mapping[str, object], file: object, known: Set[str]) -> CertificatePlan:
    subject, days, algorithm = part["subject"], part["validity_days"], part["algorithm"]
    path_length = part.get("path_length")
    if not isinstance(subject, dict) or not isinstance(days, int) or not isinstance(file, str):
        raise TypeError("subject, validity_days or file")
    if not isinstance(path_length, int | None):
        raise TypeError("path_length")
    if not isinstance(algorithm, str) or algorithm not in known:
        raise ValueError(f"unknown algorithm {algorithm!r}")
    if not subject.keys() <= _NAME_OIDS.keys() or not all(
        isinstance(value, str) for value in subject.values()
    ):
        raise ValueError(f"a subject has {', '.join(_NAME_OIDS)} and nothing else")
    if _TEST_MARK not in subject["common_name"]:
        raise ValueError(f"a subject of the test PKI has to say {_TEST_MARK}")
    return CertificatePlan(
        file=file,
        algorithm=algorithm,
        subject=subject,
        validity=timedelta(days=days),
        path_length=path_length,
    )
