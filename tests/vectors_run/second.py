"""pyHanko as a second opinion: would it, told to trust our root, accept a PDF whole?"""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Final

from asn1crypto import pem, x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko_certvalidator import ValidationContext

ACCEPTS: Final = "accepts"
REFUSES: Final = "refuses"
"""Not whole, not valid, not by a key under our root, or not readable at all."""
UNSIGNED: Final = "unsigned"


def second_opinion(content: bytes, root_pem: bytes, at: datetime) -> str:
    """Return what pyHanko says of a PDF.

    Args:
        content: the file.
        root_pem: the root to trust.
        at: the instant to judge for.
    """
    context = ValidationContext(trust_roots=[x509.Certificate.load(pem.unarmor(root_pem)[2])], moment=at)
    try:
        signatures = PdfFileReader(BytesIO(content)).embedded_signatures
        if not signatures:
            return UNSIGNED
        if len(signatures) > 1:
            return REFUSES
        status = validate_pdf_signature(signatures[0], context)
    except (PdfError, SignatureValidationError, ValueError, KeyError, TypeError, IndexError):
        return REFUSES
    whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    return ACCEPTS if status.bottom_line and whole else REFUSES
