from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from certsvc.gm import curve, der, pem
from certsvc.gm.keys import KEY_ALGORITHM, read_private_key, write_private_key
from certsvc.gm.sm2 import PrivateKey
from tests.gm.parties import SIGNER_KEY, STRANGER_KEY

CURVE = der.object_identifier("1.2.156.10197.1.301")
SCALAR = SIGNER_KEY.scalar.to_bytes(32, "big")
POINT = SIGNER_KEY.public.point


def a_file(
    *inside: bytes, version: bytes = der.integer(0), algorithm: bytes = KEY_ALGORITHM, after: bytes = b""
) -> bytes:
    """Write a PKCS#8 file with an ECPrivateKey of these parts."""
    private = der.octet_string(der.sequence(*inside))
    return pem.write_block("PRIVATE KEY", der.sequence(version, algorithm, private, after))


@given(st.integers(1, int(curve.N) - 2))
def test_keys_survive_writing_and_reading(scalar: int) -> None:
    """Short numbers keep their zeros in front."""
    assert read_private_key(write_private_key(PrivateKey(scalar))).scalar == scalar


@pytest.mark.parametrize(
    "extra",
    [
        b"",
        der.element(0xA0, CURVE),
        der.element(0xA1, der.bit_string(POINT)),
        der.element(0xA0, CURVE) + der.element(0xA1, der.bit_string(POINT)),
    ],
)
def test_optional_parts_may_stand_there(extra: bytes) -> None:
    """Other programs write the curve twice, or leave the public half out."""
    content = a_file(der.integer(1), der.octet_string(SCALAR), extra)

    assert read_private_key(content).public == SIGNER_KEY.public


@pytest.mark.parametrize(
    "content",
    [
        a_file(der.integer(1), der.octet_string(SCALAR[1:])),
        a_file(der.integer(1), der.octet_string(b"\x00" + SCALAR)),
        a_file(der.integer(1), der.octet_string(bytes(32))),
        a_file(der.integer(1), der.octet_string(b"\xff" * 32)),
        a_file(der.integer(2), der.octet_string(SCALAR)),
        a_file(der.integer(1), der.octet_string(SCALAR), version=der.integer(1)),
        a_file(der.integer(1), der.octet_string(SCALAR), after=b"\x05\x00"),
        a_file(
            der.integer(1),
            der.octet_string(SCALAR),
            der.element(0xA1, der.bit_string(STRANGER_KEY.public.point)),
        ),
        a_file(der.integer(1), der.octet_string(SCALAR), der.element(0xA0, der.object_identifier("1.2.3"))),
        a_file(
            der.integer(1),
            der.octet_string(SCALAR),
            algorithm=der.sequence(
                der.object_identifier("1.2.840.10045.2.1"), der.object_identifier("1.2.3")
            ),
        ),
        write_private_key(SIGNER_KEY) * 2,
        write_private_key(SIGNER_KEY).replace(b"PRIVATE KEY", b"EC PRIVATE KEY"),
        write_private_key(SIGNER_KEY).replace(b"M", b"*"),
        b"",
    ],
    ids=[
        "short",
        "long",
        "zero",
        "beyond n",
        "inner version",
        "version",
        "attributes",
        "other public half",
        "other parameters",
        "other curve",
        "two keys",
        "other label",
        "no base64",
        "empty",
    ],
)
def test_files_that_hold_no_key_of_ours_are_refused(content: bytes) -> None:
    """A key file somebody damaged must stop the start, not the first signature."""
    with pytest.raises(ValueError, match=r"."):
        read_private_key(content)


@pytest.mark.parametrize("scheme", [NoEncryption(), BestAvailableEncryption(b"secret")])
def test_keys_of_other_kinds_are_refused(scheme: NoEncryption | BestAvailableEncryption) -> None:
    """A P-256 key read as an SM2 one would sign what nobody can verify."""
    key = ec.generate_private_key(ec.SECP256R1())
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, scheme)

    with pytest.raises(ValueError, match=r"."):
        read_private_key(content)


@given(st.data())
def test_damaged_files_are_refused_or_hold_the_same_key(data: st.DataObject) -> None:
    """Files are read from disk; nothing in them may raise anything else."""
    content = bytearray(write_private_key(SIGNER_KEY))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))

    try:
        key = read_private_key(bytes(content))
    except ValueError:
        return
    assert key.scalar == SIGNER_KEY.scalar


def test_refusal_tells_nothing_of_the_key() -> None:
    """Errors end in logs."""
    content = a_file(der.integer(1), der.octet_string(SCALAR), b"\x05\x00")

    with pytest.raises(ValueError, match=r".") as refused:
        read_private_key(content)

    shown = repr(refused.value)
    assert SCALAR.hex() not in shown
    assert str(SIGNER_KEY.scalar) not in shown
    assert base64.b64encode(SCALAR).decode() not in shown
