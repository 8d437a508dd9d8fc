"""Seals a PDF: one certifying PAdES signature over the whole file, written in the same pass as the rest.

Level B-B, or B-T when somebody stamps the signature. The draft leaves open where the signature goes; nothing
in a sealed file depends on clock or chance but the number an ECDSA signature draws, and the time stamp.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from certsvc.errors import DefectError
from certsvc.pdf.draft import Draft
from certsvc.pdf.values import date_of, text_string
from certsvc.sealing.cms import build_cms, largest_container, read_cms, signed_attributes, smaller_s
from certsvc.sealing.cms_token import TOKEN_ROOM, with_token
from certsvc.sealing.port import Signer


def seal_draft(
    draft: Draft,
    *,
    signer: Signer,
    at: datetime,
    reason: str,
    location: str,
    stamp: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """Return the sealed PDF.

    Args:
        draft: every object but the signature's value, final; the stamp is in it.
        signer: the document signing key.
        at: signing time claimed in the file, aware; the machine's clock is not read.
        reason: why it was sealed, shown by viewers.
        location: where.
        stamp: SHA-256 of the signature -> time-stamp token, DER; None for a seal without one.

    Raises:
        DefectError: the instant has no offset, and nothing was signed; or the signature does not fit.
        TimestampUnavailableError: as *stamp* raises it.
    """
    if at.tzinfo is None:
        raise DefectError("the instant of sealing has no offset")
    # Just large enough: an ECDSA signature may be shorter by a few bytes; of a token only a bound is known.
    room = largest_container((signer.certificate, *signer.chain)) + (TOKEN_ROOM if stamp is not None else 0)
    hollow = draft.hollow(date_of(at), text_string(reason), text_string(location), digits=2 * room)
    try:
        container = sign_digest(signer, hollow.digest)
        if stamp is not None:
            token = stamp(hashlib.sha256(read_cms(container).signature).digest())
            container = with_token(container, token)
        return hollow.filled(container)
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
