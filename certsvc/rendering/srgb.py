"""The colour profile every PDF carries: sRGB, the same bytes at whatever hour it is made."""

from __future__ import annotations

from typing import Final

from PIL import ImageCms

_MADE_AT: Final = slice(24, 36)
"""Year, month, day, hour, minute, second of an ICC profile (ICC.1, 7.2.8), two bytes each."""
_DAY: Final = b"\x07\xea\x00\x01\x00\x01" + bytes(6)


def _profile() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # Else two processes would write two different files of one certificate.
    profile[_MADE_AT] = _DAY
    return bytes(profile)


PROFILE: Final = _profile()
