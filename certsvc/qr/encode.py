"""Text -> QR modules: short texts by table, all others by the reference builder."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.exceptions import DataOverflowError
from qrcode.main import QRCode
from qrcode.util import QRData

from certsvc.errors import DefectError
from certsvc.qr.affine import SymbolTable

MIN_VERSION: Final = 4
"""33 modules: hosts up to 30 characters. One size for all keeps the place on the page the same."""


_DIGITS: Final = 1
_BYTES: Final = 4
"""Mode indicators of the segments of a symbol (ISO/IEC 18004)."""
_TOO_LONG: Final = "a QR text is too long for any symbol"

Modules = tuple[bytes, ...]
"""A square, a byte for each module, 1 is dark, without quiet zone."""


def encode(text: str) -> Modules:
    """Return the square of modules: version 4 or higher, level Q.

    Args:
        text: ASCII; upper case texts of verify_url() take QR alphanumeric mode.

    Raises:
        DefectError: the text is empty, not ASCII, or too long for any symbol.
    """
    # pyzbar misread 44 of 100 symbols with other characters, so none is ever written.
    if not text or not text.isascii():
        raise DefectError("a QR text must be ASCII and not empty")
    return _short().modules(text) or reference(text)


def reference(text: str) -> Modules:
    """Return the same symbol by the reference builder: fifty times slower, for texts of any length."""
    symbol = QRCode(version=MIN_VERSION, error_correction=ERROR_CORRECT_Q, border=0)
    symbol.add_data(QRData(text))
    return _drawn(symbol)


@cache
def _short() -> SymbolTable:
    """Return the table of the smallest symbol, which nearly every certificate carries."""
    return SymbolTable(MIN_VERSION, ERROR_CORRECT_Q)


def encode_link(link: str, digits: str) -> Modules:
    """Return the square of modules of a link with digits behind it: the smallest version, level M.

    The link takes byte mode, which keeps its case, the digits numeric mode: ten bits for three of them.

    Raises:
        DefectError: not ASCII, or too long for any symbol.
    """
    return _drawn(_linked(link, digits))


def side_of(link: str, digits: str) -> int:
    """Return how many modules a side of the symbol of ``encode_link`` has; errors as there."""
    try:
        return 4 * int(_linked(link, digits).best_fit()) + 17
    except (DataOverflowError, ValueError) as error:
        raise DefectError(_TOO_LONG) from error


def _linked(link: str, digits: str) -> QRCode[Any]:
    if not link.isascii() or not digits.isdecimal() or not digits.isascii():
        raise DefectError("a QR text must be ASCII, and digits behind its link")
    symbol = QRCode(version=None, error_correction=ERROR_CORRECT_M, border=0)
    symbol.add_data(QRData(link.encode(), mode=_BYTES), optimize=0)
    symbol.add_data(QRData(digits.encode(), mode=_DIGITS), optimize=0)
    return symbol


def _drawn(symbol: QRCode[Any]) -> Modules:
    try:
        symbol.make(fit=True)
    except (DataOverflowError, ValueError) as error:
        raise DefectError(_TOO_LONG) from error
    return tuple(bytes(map(bool, row)) for row in symbol.modules)
