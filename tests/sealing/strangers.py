"""Signers who are not us: look-alikes, strangers, and pyHanko signing as anybody would."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from certsvc.sealing.file_signer import FileSigner
from certsvc.sealing.port import Signer

_DAY = timedelta(days=1)


def a_lookalike(genuine: Signer) -> FileSigner:
    """A signer whose certificates copy ours: same names, serials, key identifiers, dates; other keys."""
    (issuing,) = genuine.chain
    ca_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    return FileSigner(
        key_id="look-alike",
        certificate=_copied(genuine.certificate, key, ca_key),
        chain=(_copied(issuing, ca_key, ca_key),),
        algorithm="p256",
        private_key=key,
    )


def a_stranger(name: str = "Stranger") -> FileSigner:
    """A signer who has nothing to do with us."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(day)
        .not_valid_after(day + 3650 * _DAY)
        .sign(key, hashes.SHA256())
    )
    der = certificate.public_bytes(Encoding.DER)
    return FileSigner(key_id="stranger", certificate=der, chain=(), algorithm="p256", private_key=key)


class _Unbound(PdfSigner):
    """Signs even what a certification forbids to change."""

    def _enforce_certification_constraints(self, reader: object) -> None:
        return


def signed_by_pyhanko(
    pdf: bytes, signer: FileSigner, *, field: str = "Other", planted: Sequence[bytes] = ()
) -> bytes:
    """Sign as any PDF program would, in one more revision; *planted* certificates ride along."""
    pem = signer.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
    store.register_multiple([asn1_x509.Certificate.load(der) for der in planted])
    inner = SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(signer.certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(pem),
        cert_registry=store,
    )
    metadata = PdfSignatureMetadata(
        field_name=field, md_algorithm="sha256", subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED
    )
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    out: BytesIO = _Unbound(metadata, inner).sign_pdf(writer, bytes_reserved=16384)
    return out.getvalue()


def _copied(certificate: bytes, key: ec.EllipticCurvePrivateKey, ca_key: ec.EllipticCurvePrivateKey) -> bytes:
    ours = x509.load_der_x509_certificate(certificate)
    builder = (
        x509.CertificateBuilder()
        .subject_name(ours.subject)
        .issuer_name(ours.issuer)
        .public_key(key.public_key())
        .serial_number(ours.serial_number)
        .not_valid_before(ours.not_valid_before_utc)
        .not_valid_after(ours.not_valid_after_utc)
    )
    for extension in ours.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.DER)
