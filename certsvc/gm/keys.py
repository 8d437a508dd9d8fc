"""Where SM2 private keys are kept: a PKCS#8 file now, hardware later."""

from __future__ import annotations

from typing import Final, Protocol

from certsvc.gm import der, pem
from certsvc.gm.sm2 import KEY_BYTES, PrivateKey, PublicKey

KEY_ALGORITHM: Final = der.sequence(
    der.object_identifier("1.2.840.10045.2.1"),  # id-ecPublicKey
    der.object_identifier("1.2.156.10197.1.301"),  # the curve of GB/T 32918.5
)
"""AlgorithmIdentifier of an SM2 key, private or public."""

_LABEL: Final = "PRIVATE KEY"
_PARAMETERS: Final = 0xA0
_PUBLIC_KEY: Final = 0xA1


class KeyProvider(Protocol):
    """An SM2 private key that may live in a file or in hardware; only its signatures come out."""

    @property
    def public(self) -> PublicKey:
        """The public key that belongs to it."""

    def sign(self, message: bytes) -> bytes:
        """Return a DER signature over *message* under the usual identity."""


def write_private_key(key: PrivateKey) -> bytes:
    """Return the key as an unencrypted PKCS#8 PEM, in the form OpenSSL 3 writes."""
    private = der.sequence(
        der.integer(1),
        der.octet_string(key.scalar.to_bytes(KEY_BYTES, "big")),
        der.element(_PUBLIC_KEY, der.bit_string(key.public.point)),
    )
    return pem.write_block(_LABEL, der.sequence(der.integer(0), KEY_ALGORITHM, der.octet_string(private)))


def read_private_key(content: bytes) -> PrivateKey:
    """Return the key of an unencrypted PKCS#8 PEM.

    Raises:
        ValueError: it is something else, or another curve's, or its public half belongs to another key.
    """
    frame = der.Reader(pem.read_block(_LABEL, content))
    info = frame.sequence()
    frame.finish()
    info.expect(der.integer(0))
    info.expect(KEY_ALGORITHM)
    inner = der.Reader(info.octet_string())
    info.finish()
    private = inner.sequence()
    inner.finish()
    private.expect(der.integer(1))
    scalar = private.octet_string()
    if len(scalar) != KEY_BYTES:
        raise ValueError("a private key of another length")
    key = PrivateKey(int.from_bytes(scalar, "big"))
    if private.peek() == _PARAMETERS:
        private.expect(der.element(_PARAMETERS, der.object_identifier("1.2.156.10197.1.301")))
    if private.peek() == _PUBLIC_KEY:
        private.expect(der.element(_PUBLIC_KEY, der.bit_string(key.public.point)))
    private.finish()
    return key
