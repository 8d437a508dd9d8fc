"""Text -> QR modules, by the reference builder."""

from __future__ import annotations

from typing import Final

from qrcode.constants import ERROR_CORRECT_Q
from qrcode.exceptions import DataOverflowError
from qrcode.main import QRCode
from qrcode.util import QRData

from certsvc.errors import DefectError

MIN_VERSION: Final = 4
"""33 modules: hosts up to 30 characters. One size for all keeps the place on the page the same."""


def encode(text: str) -> tuple[tuple[bool, ...], ...]:
    """Return the square of modules, True is dark, without quiet zone: version 4 or higher, level Q.

    Args:
        text: ASCII; upper case texts of verify_url() take QR alphanumeric mode.

    Raises:
        DefectError: the text is empty, not ASCII, or too long for any symbol.
    """
    # pyzbar misread 44 of 100 symbols with other characters, so none is ever written.
    if not text or not text.isascii():
        raise DefectError("a QR text must be ASCII and not empty")
    symbol = QRCode(version=MIN_VERSION, error_correction=ERROR_CORRECT_Q, border=0)
    symbol.add_data(QRData(text))
    try:
        symbol.make(fit=True)
    except (DataOverflowError, ValueError) as error:
        raise DefectError("a QR text is too long for any symbol") from error
    return tuple(tuple(bool(dark) for dark in row) for row in symbol.modules)
