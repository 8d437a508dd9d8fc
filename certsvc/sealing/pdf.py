"""Seals a PDF: one certifying PAdES-B-B signature over the whole file, written in the same pass as the rest.

The draft leaves open where the signature goes; nothing in a sealed file depends on clock or chance but the
number an ECDSA signature draws.
"""

from __future__ import annotations

from datetime import datetime

from certsvc.errors import DefectError
from certsvc.pdf.draft import Draft
from certsvc.pdf.values import date_of, text_string
from certsvc.sealing.cms import build_cms, largest_container, signed_attributes, smaller_s
from certsvc.sealing.port import Signer


def seal_draft(draft: Draft, *, signer: Signer, at: datetime, reason: str, location: str) -> bytes:
    """Return the sealed PDF.

    Args:
        draft: every object but the signature's value, final; the stamp is in it.
        signer: the document signing key.
        at: signing time claimed in the file, aware; the machine's clock is not read.
        reason: why it was sealed, shown by viewers.
        location: where.

    Raises:
        DefectError: the instant has no offset, and nothing was signed; or the signature does not fit.
    """
    if at.tzinfo is None:
        raise DefectError("the instant of sealing has no offset")
    hollow = draft.hollow(
        date_of(at),
        text_string(reason),
        text_string(location),
        # Just large enough: an ECDSA signature may be shorter by a few bytes.
        digits=2 * largest_container((signer.certificate, *signer.chain)),
    )
    try:
        return hollow.filled(sign_digest(signer, hollow.digest))
    except ValueError as fault:
        raise DefectError(f"the signature cannot be used: {fault}") from fault


def sign_digest(signer: Signer, digest: bytes) -> bytes:
    """Return the CMS container for a document with this SHA-256 *digest*.

    Raises:
        ValueError: what the key answered is no signature of its kind.
    """
    certificates = (signer.certificate, *signer.chain)
    signature = signer.sign(signed_attributes(certificates, digest))
    if signer.algorithm == "p256":
        return build_cms(certificates, digest, "ecdsa", smaller_s(signature))
    return build_cms(certificates, digest, "rsa", signature)
