from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from certsvc.gm import der
from certsvc.gm.extensions import Extensions, read_extensions, write_extensions

LIBRARY = {
    "digitalSignature": "digital_signature",
    "nonRepudiation": "content_commitment",
    "keyEncipherment": "key_encipherment",
    "dataEncipherment": "data_encipherment",
    "keyAgreement": "key_agreement",
    "keyCertSign": "key_cert_sign",
    "cRLSign": "crl_sign",
    "encipherOnly": "encipher_only",
    "decipherOnly": "decipher_only",
}
CONSTRAINTS, USAGE, KEY_ID, ISSUER_KEY_ID = "2.5.29.19", "2.5.29.15", "2.5.29.14", "2.5.29.35"
TRUE = b"\x01\x01\xff"

key_ids = st.binary(min_size=1, max_size=32)
usages = st.frozensets(st.sampled_from(sorted(LIBRARY)), min_size=1)


def extension(kind: str, value: bytes, flag: bytes = b"") -> bytes:
    """Write one extension."""
    return der.sequence(der.object_identifier(kind), flag, der.octet_string(value))


@given(usages, st.none() | st.integers(0, 255), st.booleans(), key_ids, key_ids)
def test_everything_is_written_as_another_library_does_and_read_back(
    named: frozenset[str], path_length: int | None, is_ca: bool, key_id: bytes, issuer_key_id: bytes
) -> None:
    """Bits of usages count from the other end, and zeros behind the last one are left out."""
    ours = Extensions(
        is_ca=is_ca,
        path_length=path_length if is_ca else None,
        usages=named,
        key_id=key_id,
        issuer_key_id=issuer_key_id,
    )
    if "keyAgreement" not in named:  # the library wants these two only beside it
        ours = replace(ours, usages=named - {"encipherOnly", "decipherOnly"} or frozenset({"cRLSign"}))
    flags = {theirs: name in ours.usages for name, theirs in LIBRARY.items()}
    theirs = der.sequence(
        extension(CONSTRAINTS, x509.BasicConstraints(is_ca, ours.path_length).public_bytes(), TRUE),
        extension(USAGE, x509.KeyUsage(**flags).public_bytes(), TRUE),
        extension(KEY_ID, x509.SubjectKeyIdentifier(key_id).public_bytes()),
        extension(ISSUER_KEY_ID, x509.AuthorityKeyIdentifier(issuer_key_id, None, None).public_bytes()),
    )

    assert write_extensions(ours) == theirs
    assert read_extensions(theirs) == ours


def test_missing_extensions_mean_the_least() -> None:
    """Without constraints nobody is an authority, without usage nothing is granted."""
    assert read_extensions(der.sequence()) == Extensions()
    assert read_extensions(der.sequence(extension("1.2.3.4", b"what nobody knows"))) == Extensions()


def test_issuer_may_be_named_beside_its_key() -> None:
    """Some authorities add name and serial number; the key identifier still counts."""
    named = der.element(0x80, b"id") + der.element(0xA1, b"a name") + der.element(0x82, b"\x05")

    assert read_extensions(der.sequence(extension(ISSUER_KEY_ID, der.sequence(named)))).issuer_key_id == b"id"
    assert read_extensions(der.sequence(extension(ISSUER_KEY_ID, der.sequence()))).issuer_key_id == b""


@pytest.mark.parametrize("kind", [CONSTRAINTS, USAGE, KEY_ID, ISSUER_KEY_ID, "2.5.29.17"])
@given(value=st.binary(max_size=12), flag=st.sampled_from([b"", TRUE]))
def test_any_bytes_end_in_valueerror_or_in_extensions(kind: str, value: bytes, flag: bytes) -> None:
    """They come from strangers."""
    try:
        read = read_extensions(der.sequence(extension(kind, value, flag)))
    except ValueError:
        return
    assert not read.is_ca or value.startswith(b"\x30")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        der.sequence() + b"\x00",
        der.sequence(der.integer(1)),
        der.sequence(extension(KEY_ID, der.octet_string(b"id")) * 2),
        der.sequence(extension("1.2.3.4", b"") * 2),
        der.sequence(extension("1.2.3.4", b"", TRUE)),
        der.sequence(extension("1.2.3.4", b"", b"\x01\x01\x00")),
        der.sequence(extension("1.2.3.4", b"", b"\x01\x01\x01")),
        der.sequence(der.sequence(der.object_identifier("1.2.3.4"), der.octet_string(b""), der.integer(1))),
        der.sequence(extension(CONSTRAINTS, der.sequence(b"\x01\x01\x00"))),
        der.sequence(extension(CONSTRAINTS, der.sequence(der.integer(0)))),
        der.sequence(extension(CONSTRAINTS, der.sequence(TRUE, der.integer(256)))),
        der.sequence(extension(CONSTRAINTS, der.sequence(TRUE, der.integer(0), der.integer(0)))),
        der.sequence(extension(CONSTRAINTS, der.sequence(TRUE) + b"\x00")),
        der.sequence(extension(USAGE, b"\x03\x00")),
        der.sequence(extension(USAGE, b"\x03\x01\x00")),
        der.sequence(extension(USAGE, b"\x03\x03\x08\x01\x00")),
        der.sequence(extension(USAGE, b"\x03\x02\x00\xc0")),
        der.sequence(extension(USAGE, b"\x03\x02\x05\xf0")),
        der.sequence(extension(USAGE, b"\x03\x02\x08\x00")),
        der.sequence(extension(USAGE, b"\x03\x02\x00\x00")),
        der.sequence(extension(USAGE, b"\x03\x03\x06\x00\x40")),
        der.sequence(extension(USAGE, b"\x03\x02\x06\xc0\x00")),
        der.sequence(extension(KEY_ID, der.octet_string(b"id") + b"\x00")),
        der.sequence(extension(KEY_ID, b"id")),
        der.sequence(extension(ISSUER_KEY_ID, der.octet_string(b"id"))),
        der.sequence(extension(ISSUER_KEY_ID, der.sequence(der.integer(1)))),
        der.sequence(extension(ISSUER_KEY_ID, der.sequence() + b"\x00")),
    ],
)
def test_malformed_extensions_are_refused(content: bytes) -> None:
    """What another reader would understand otherwise must not be understood here at all."""
    with pytest.raises(ValueError, match=r"."):
        read_extensions(content)
