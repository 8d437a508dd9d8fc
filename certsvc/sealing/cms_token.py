"""A time stamp inside a seal's container: the one unsigned attribute such a container of ours may have.

It is laid around the container as ``cms.py`` makes it, and taken off again before that is read: so there is
still one container for one set of parts. Source: RFC 3161 appendix A; ETSI EN 319 122-1, 5.3.
"""

from __future__ import annotations

from typing import Final

from certsvc.sealing.cms import SIGNED_DATA
from certsvc.sealing.der import TLV, elements, inside, tlv
from certsvc.sealing.tokens import LARGEST_TOKEN

TOKEN_ROOM: Final = LARGEST_TOKEN + 64
"""Bytes a container grows by at most."""

_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_CONTEXT_0: Final = 0xA0
_UNSIGNED: Final = 0xA1
_TIME_STAMP: Final = bytes.fromhex("060b2a864886f70d010910020e")
_SIGNER_PARTS: Final = 6
"""Elements of a SignerInfo without unsigned attributes."""


def with_token(container: bytes, token: bytes) -> bytes:
    """Return a container of ours with a time stamp of its signature in it.

    Args:
        container: as ``build_cms`` makes it.
        token: DER.
    """
    outer = _taken_apart(container)
    attribute = tlv(_SEQUENCE, _TIME_STAMP, tlv(_SET, token))
    return _put_together(outer, [*outer.signer, tlv(_UNSIGNED, attribute)])


def without_token(der: bytes) -> tuple[bytes, bytes]:
    """Take a time stamp off a container.

    Returns:
        The container as it was before, and the token; neither has been looked into.

    Raises:
        ValueError: it has none, or not in exactly this place and shape.
    """
    outer = _taken_apart(der)
    if len(outer.signer) != _SIGNER_PARTS + 1:
        raise ValueError("no unsigned attribute")
    (unsigned,) = elements(outer.signer[-1])
    (attribute,) = inside(unsigned, _UNSIGNED, 1)
    kind, values = inside(attribute, _SEQUENCE, 2)
    (token,) = inside(values, _SET, 1)
    if kind.whole != _TIME_STAMP:
        raise ValueError("another unsigned attribute than a time stamp")
    container = _put_together(outer, outer.signer[:-1])
    if with_token(container, token.whole) != der:
        raise ValueError("not byte for byte our shape")
    return container, token.whole


class _Outer:
    """The parts of a container around its one SignerInfo."""

    def __init__(self, before: list[TLV], signer: list[TLV]) -> None:
        """Take SignedData's parts before the signer infos, and the parts of the one SignerInfo."""
        self.before = [part.whole for part in before]
        self.signer = [part.whole for part in signer]


def _taken_apart(der: bytes) -> _Outer:
    (whole,) = elements(der)
    kind, content = inside(whole, _SEQUENCE, 2)
    (signed_data,) = inside(content, _CONTEXT_0, 1)
    *before, signer_infos = inside(signed_data, _SEQUENCE, 5)
    (signer,) = inside(signer_infos, _SET, 1)
    if kind.whole != SIGNED_DATA:
        raise ValueError("no signed data")
    return _Outer(before, inside(signer, _SEQUENCE, _SIGNER_PARTS))


def _put_together(outer: _Outer, signer: list[bytes]) -> bytes:
    signed_data = tlv(_SEQUENCE, *outer.before, tlv(_SET, tlv(_SEQUENCE, *signer)))
    return tlv(_SEQUENCE, SIGNED_DATA, tlv(_CONTEXT_0, signed_data))
