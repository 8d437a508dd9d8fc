"""SM3, the hash function of GB/T 32905."""

from __future__ import annotations

import hashlib


def sm3(data: bytes) -> bytes:
    """Return the 32 bytes of the SM3 digest of *data*."""
    return hashlib.new("sm3", data).digest()
