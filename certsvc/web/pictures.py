"""Pictures a page may show to who has the file or knows the name: the photo and the signature image."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Final

from PIL import Image

from certsvc.domain.report import Report
from certsvc.errors import CertsvcError
from certsvc.web.current import services

_PHOTO_SIZE: Final = (236, 331)
"""Pixels: one inch (25 x 35 mm) as it is shown, twice as dense."""
_QUALITY: Final = 82


def photo_of(report: Report) -> str | None:
    """Return the photo as a small JPEG in a data: URL; None when there is none or it is away."""
    return photo(report.face.photo_sha256 if report.face is not None else None)


def photo(sha256: str | None) -> str | None:
    """Return a recorded photo in the same form."""
    content = _image(sha256)
    if content is None:
        return None
    image = Image.open(BytesIO(content))
    image.thumbnail(_PHOTO_SIZE)
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return _data_url("image/jpeg", buffer.getvalue())


def signature_of(report: Report) -> str | None:
    """Return the signature image as a data: URL; None when there is none or it is away."""
    content = _image(report.face.signature_sha256 if report.face is not None else None)
    return None if content is None else _data_url("image/png", content)


def _image(sha256: str | None) -> bytes | None:
    """Return a recorded picture; a page without it is better than none when it is away."""
    if sha256 is None:
        return None
    try:
        with services().registry.reading() as session:
            return session.get_image(sha256)
    except CertsvcError:
        return None


def _data_url(mimetype: str, content: bytes) -> str:
    return f"data:{mimetype};base64,{base64.b64encode(content).decode()}"
