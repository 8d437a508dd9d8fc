"""Takes certificates apart and puts them together again with other parts, signed by the root all the same."""

from __future__ import annotations

from certsvc.gm import der
from certsvc.gm.certificate import SM2_WITH_SM3
from tests.gm.parties import ROOT_KEY, SIGNER

CRITICAL_UNKNOWN = der.sequence(
    der.object_identifier("1.2.3.4"), b"\x01\x01\xff", der.octet_string(b"\x05\x00")
)
HARMLESS_UNKNOWN = der.sequence(der.object_identifier("1.2.3.4"), der.octet_string(b"\x05\x00"))


def parts_of(certificate: bytes) -> list[bytes]:
    """Split the signed part of a certificate into its elements."""
    whole = der.Reader(certificate).sequence()
    reader = der.Reader(whole.element(der.SEQUENCE)).sequence()
    parts = []
    while (tag := reader.peek()) >= 0:
        parts.append(reader.element(tag))
    return parts


def assembled(parts: list[bytes], algorithm: bytes = der.sequence(SM2_WITH_SM3)) -> bytes:
    """Put a certificate together again and sign it."""
    signed = der.sequence(*parts)
    return der.sequence(signed, algorithm, der.bit_string(ROOT_KEY.sign(signed)))


def with_part(place: int, part: bytes) -> bytes:
    """Return SIGNER with another part, signed again."""
    parts = parts_of(SIGNER)
    parts[place] = part
    return assembled(parts)


def with_extension(extension: bytes) -> bytes:
    """Return SIGNER with one more extension, signed again."""
    listed = der.Reader(der.Reader(parts_of(SIGNER)[7]).content(0xA3)).content(der.SEQUENCE)
    return with_part(7, der.element(0xA3, der.sequence(listed + extension)))
