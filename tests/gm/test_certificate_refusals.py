from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from certsvc.gm import der
from certsvc.gm.certificate import SM2_WITH_SM3, issued_by, pem_of, read_certificate
from certsvc.gm.keys import KEY_ALGORITHM
from tests.gm.cutting import HARMLESS_UNKNOWN, assembled, parts_of, with_extension, with_part
from tests.gm.parties import NOW, ROOT, SIGNER, SIGNER_KEY, YEAR


def by_cryptography(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    """Issue a certificate of another kind."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEST ONLY")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 5, NOW - YEAR, NOW + YEAR)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


OFF_CURVE = SIGNER_KEY.public.point[:-1] + bytes([SIGNER_KEY.public.point[-1] ^ 1])
P256_ALGORITHM = der.sequence(
    der.object_identifier("1.2.840.10045.2.1"), der.object_identifier("1.2.840.10045.3.1.7")
)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x30\x00",
        SIGNER + b"\x00",
        SIGNER[:-1],
        pem_of(SIGNER),
        by_cryptography(ec.generate_private_key(ec.SECP256R1())),
        by_cryptography(rsa.generate_private_key(65537, 2048)),
        assembled(parts_of(SIGNER), der.sequence(der.object_identifier("1.2.840.10045.4.3.2"))),
        with_part(0, der.element(0xA0, der.integer(1))),
        with_part(0, b""),
        with_part(1, der.integer(0)),
        with_part(1, b"\x02\x01\xff"),
        with_part(1, der.integer(1 << 160)),
        with_part(3, der.sequence(der.integer(1))),
        with_part(4, der.sequence()),
        with_part(4, parts_of(SIGNER)[4][:1] + b"\x21" + parts_of(SIGNER)[4][2:] + der.integer(1)),
        with_part(6, der.sequence(KEY_ALGORITHM, der.bit_string(SIGNER_KEY.public.point), der.integer(1))),
        with_part(6, der.sequence(KEY_ALGORITHM, der.bit_string(OFF_CURVE))),
        with_part(6, der.sequence(P256_ALGORITHM, der.bit_string(SIGNER_KEY.public.point))),
        with_part(7, b""),
        with_part(7, parts_of(SIGNER)[7] + parts_of(SIGNER)[7]),
        with_part(7, b"\x81\x02\x00\x01" + parts_of(SIGNER)[7]),
        with_extension(HARMLESS_UNKNOWN * 2),
        with_extension(der.sequence(der.object_identifier("2.5.29.19"), der.octet_string(b"\x30\x00"))),
        with_part(7, der.element(0xA3, der.sequence(der.integer(1)))),
    ],
    ids=[
        "nothing",
        "empty",
        "byte after",
        "cut",
        "PEM",
        "P-256",
        "RSA",
        "other signature algorithm",
        "version 2",
        "version 1",
        "serial 0",
        "serial negative",
        "serial too long",
        "issuer is no name",
        "no validity",
        "three instants",
        "key and more",
        "point off the curve",
        "key of another curve",
        "no extensions",
        "extensions twice",
        "unique identifier",
        "extension twice",
        "basic constraints twice",
        "extension is no extension",
    ],
)
def test_certificates_of_other_kinds_and_broken_ones_are_refused(content: bytes) -> None:
    """Whoever checks a seal asks one question of one kind of certificate."""
    with pytest.raises(ValueError, match=r"."):
        read_certificate(content)


@given(st.data())
def test_any_edit_is_refused_or_breaks_the_signature(data: st.DataObject) -> None:
    """Bytes from strangers end in ValueError, or in a certificate that the root did not issue."""
    content = bytearray(SIGNER)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))

    try:
        read = read_certificate(bytes(content))
    except ValueError:
        return
    assert issued_by(read, read_certificate(ROOT)) is (content == SIGNER)


@given(st.binary())
def test_any_bytes_as_a_name_end_in_valueerror(value: bytes) -> None:
    """Names are turned into text for people."""
    parts = parts_of(SIGNER)
    for name in (der.sequence(value), der.sequence(der.element(0x31, value))):
        parts[5] = name
        content = der.sequence(der.sequence(*parts), der.sequence(SM2_WITH_SM3), der.bit_string(b"sig"))
        try:
            read = read_certificate(content)
        except ValueError:
            continue
        assert read.subject_name == name
