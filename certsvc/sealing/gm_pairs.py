"""Certificates and their private keys as pairs of files: SM2, for the seals of OFD files."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Final

from certsvc.errors import KeyMaterialError
from certsvc.gm.certificate import Certificate, der_of, issue_certificate, pem_of, read_certificate
from certsvc.gm.keys import read_private_key, write_private_key
from certsvc.gm.sm2 import PrivateKey
from certsvc.sealing import files
from certsvc.sealing.pki import CertificatePlan

Pair = tuple[Certificate, PrivateKey]
"""A certificate and the private key of its subject."""

_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)


def ensure_gm_pair(
    folder: Path, plan: CertificatePlan, stem: str, since: datetime, issuer: Pair | None
) -> Pair:
    """Return certificate and key of one part of the SM2 PKI; make what is missing, the key always first.

    Args:
        folder: a key folder whose lock the caller holds.
        plan: what the certificate says.
        stem: names the files ``<stem>.pem`` and ``<stem>.key.pem``.
        since: a certificate made now is valid from then on.
        issuer: None makes the certificate self-signed.

    Raises:
        KeyMaterialError: a file is there but not usable, or the two do not belong together.
    """
    certificate_path, key_path = folder / f"{stem}.pem", folder / f"{stem}.key.pem"
    if certificate_path.exists():
        certificate = read_gm_certificate(certificate_path)
        return certificate, read_gm_key(key_path, certificate)
    if not key_path.exists():
        files.write_new(key_path, write_private_key(PrivateKey.generate()))
    key = read_gm_key(key_path, None)
    above, above_key = issuer or (None, key)
    not_after = since + plan.validity
    made = issue_certificate(
        subject=plan.subject,
        public=key.public,
        issuer=above,
        issuer_key=above_key,
        not_before=since,
        not_after=min(not_after, above.not_after) if above else not_after,
        path_length=plan.path_length,
    )
    files.write_new(certificate_path, pem_of(made))
    return read_certificate(made), key


def read_gm_key(path: Path, certificate: Certificate | None) -> PrivateKey:
    """Read an SM2 private key.

    Raises:
        KeyMaterialError: it is missing, damaged, readable by others, or not the one of *certificate*.
    """
    pem = files.read_private(path, "a private key")
    try:
        key = read_private_key(pem)
    except ValueError as fault:
        raise KeyMaterialError(f"{path} holds no usable SM2 key; restore it from your backup") from fault
    if certificate is not None and certificate.public_key != key.public:
        raise KeyMaterialError(f"{path} does not belong to its certificate; restore both from one backup")
    return key


def read_gm_certificate(path: Path) -> Certificate:
    """Read the one SM2 certificate of a PEM file. KeyMaterialError when there is none."""
    pem = files.read_public(path, "a certificate")
    try:
        return read_certificate(der_of(pem))
    except ValueError as fault:
        raise KeyMaterialError(
            f"{path} holds no SM2 certificate ({fault}); restore it from your backup"
        ) from fault


def read_authorities(path: Path) -> tuple[Certificate, ...]:
    """Read the CA certificates, one or more, under which seal makers and signers must stand.

    Raises:
        KeyMaterialError: the file is missing, or something in it is not the certificate of an SM2 CA.
    """
    pem = files.read_public(path, "the root of the seals")
    try:
        found = tuple(read_certificate(der_of(part)) for part in _PEM.findall(pem))
    except ValueError as fault:
        raise KeyMaterialError(
            f"{path} holds a damaged certificate ({fault}); restore it from your backup"
        ) from fault
    if not found or not all(certificate.is_ca for certificate in found):
        raise KeyMaterialError(f"{path} holds no certificate of a CA; restore it from your backup")
    return found
