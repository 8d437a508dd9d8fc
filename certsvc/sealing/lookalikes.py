"""Recognises certificates that copy ours: an authority of one's own needs only the right names."""

from __future__ import annotations

from collections.abc import Iterable

from certsvc.sealing.cms import certificate_names, key_identifier


def imitates(certificate: bytes, ours: Iterable[bytes]) -> bool:
    """Tell whether a stranger's certificate bears a name, serial or key identifier of one of ours.

    Args:
        certificate: DER of a certificate that is not ours; other bytes imitate nobody.
        ours: DER of certificates of ours.
    """
    try:
        theirs = certificate_names(certificate)
    except ValueError:
        return False
    for own in ours:
        names = certificate_names(own)
        same_serial = (theirs.issuer, theirs.serial) == (names.issuer, names.serial)
        if same_serial or names.subject in (theirs.subject, theirs.issuer):
            return True
        identifier = key_identifier(own)
        if names.issuer in (theirs.subject, theirs.issuer) or (identifier and identifier in certificate):
            return True
    return False
