from __future__ import annotations

import pytest

from certsvc.gm.sm3 import sm3


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
        (b"", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"),
    ],
)
def test_digests_are_those_of_the_standard(message: bytes, digest: str) -> None:
    """GB/T 32905, annex A, and the well-known digest of nothing."""
    assert sm3(message).hex() == digest
