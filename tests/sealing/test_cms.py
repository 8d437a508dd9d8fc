"""The one container shape: what is built is read back, and nothing else is read at all."""

from __future__ import annotations

import hashlib

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from certsvc.sealing.cms import build_cms, certificate_names, read_cms, signed_attributes, smaller_s, verifies
from certsvc.sealing.der import elements, first_element
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.port import Signer
from tests.sealing.strangers import a_stranger

DIGEST = hashlib.sha256(b"content").digest()


def _container(signer: Signer) -> bytes:
    certificates = (signer.certificate, *signer.chain)
    family = "ecdsa" if signer.algorithm == "p256" else "rsa"
    signature = signer.sign(signed_attributes(certificates, DIGEST))
    return build_cms(certificates, DIGEST, family, smaller_s(signature) if family == "ecdsa" else signature)


@pytest.mark.parametrize("algorithm", ["p256", "rsa2048", "rsa3072"])
def test_a_container_is_read_back(algorithm: str, keystore: Keystore) -> None:
    """Parts in, the same parts out, and the signature holds."""
    signer = keystore.signer(algorithm)

    seal = read_cms(_container(signer))

    assert (seal.certificates, seal.digest) == ((signer.certificate, *signer.chain), DIGEST)
    assert verifies(signer.certificate, seal.family, seal.signature, seal.signed_bytes)
    assert not verifies(signer.certificate, seal.family, seal.signature, seal.signed_bytes + b"x")
    assert not verifies(a_stranger().certificate, seal.family, seal.signature, seal.signed_bytes)


def test_another_library_reads_the_same(signer: Signer) -> None:
    """Version, algorithms and attributes as RFC 5652 and PAdES name them."""
    content = cms.ContentInfo.load(_container(signer), strict=True)["content"]
    (info,) = content["signer_infos"]
    attributes = {attribute["type"].native: attribute["values"][0] for attribute in info["signed_attrs"]}

    assert (content["version"].native, info["version"].native) == ("v1", "v1")
    assert info["digest_algorithm"]["algorithm"].native == "sha256"
    assert info["signature_algorithm"]["algorithm"].native == "sha256_ecdsa"
    assert set(attributes) == {"content_type", "message_digest", "signing_certificate_v2"}
    assert attributes["message_digest"].native == DIGEST
    named = [each["cert_hash"].native for each in attributes["signing_certificate_v2"]["certs"]]
    assert named == [hashlib.sha256(c).digest() for c in (signer.certificate, *signer.chain)]


def test_any_other_container_is_refused(signer: Signer) -> None:
    """Each byte of it, another certificate added, one taken away, bytes after it."""
    whole = _container(signer)
    certificates = (signer.certificate, *signer.chain)
    signature = read_cms(whole).signature
    r, s = decode_dss_signature(signature)
    assert r
    assert s
    spoilt = [whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :] for at in range(0, len(whole), 3)]
    planted = whole.replace(certificates[1], certificates[1] * 2)

    for other in [whole + b"\0", whole[:-1], b"", planted, *spoilt]:
        try:
            seal = read_cms(other)
        except ValueError:
            continue
        # What still has the shape says something else, which the digest or the signature then refutes.
        assert (seal.certificates, seal.digest, seal.signature) != (certificates, DIGEST, signature)


@given(st.binary(max_size=200))
def test_hostile_der_ends_in_value_error(data: bytes) -> None:
    """The container of an upload is anybody's bytes."""
    for read in (read_cms, certificate_names, elements, first_element):
        try:
            read(data)
        except ValueError:
            continue


@pytest.mark.parametrize(
    "der",
    ["3081 05 0000000000", "30 80 0000", "1f 01 00", "30 05 00", "30 82 0001 00", "30 85 0000000001 00"],
)
def test_what_is_not_strict_der_is_refused(der: str) -> None:
    """Long lengths, indefinite lengths, high tags and cut elements leave room for a second reading."""
    with pytest.raises(ValueError, match=r"DER|shortest|cut"):
        elements(bytes.fromhex(der))
