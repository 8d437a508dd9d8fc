"""An offline code in the hands of those who have the register: its digits must agree with the record."""

from __future__ import annotations

from collections.abc import Sequence

from certsvc.domain.offline_claims import claims_of, differences
from certsvc.domain.report import Check, Entry, Finding, Result
from certsvc.qr.offline import decode, signature_holds
from certsvc.sealing.port import PinnedKey


def check_code(text: str, entry: Entry | None, keys: Sequence[PinnedKey], *, profession: str) -> Finding:
    """Say whether the digits behind our own link are ours, and say what the record says.

    When a key leaked does not matter here: the record, not the key, is what is believed.

    Args:
        text: a link to our own host with digits behind it.
        entry: the record of the link's token; None when it is not known or cannot be asked.
        keys: every key that is or was for offline codes.
        profession: what the certificate type certifies.
    """
    try:
        code = decode(text)
    except ValueError:
        return _fault("SIGNATURE_BROKEN")
    key = next((key for key in keys if key.key_id == code.key_id), None)
    if key is None or not signature_holds(code, key.certificate):
        return _fault("SIGNATURE_BROKEN")
    if entry is None or entry.copy is None or entry.copy.grant is None:
        return Finding(check=Check.QR_MATCHES, result=Result.PASS, code="OK")
    try:
        meant = claims_of(entry.copy, entry.version, entry.copy.grant.specialties, profession=profession)
    except ValueError:
        # A copy without a place in the status lists was given no code.
        return _fault("QR_MISMATCH", "status_index")
    if different := differences(code.claims, meant):
        return _fault("QR_MISMATCH", ", ".join(different))
    return Finding(check=Check.QR_MATCHES, result=Result.PASS, code="OK")


def _fault(code: str, detail: str = "") -> Finding:
    return Finding(check=Check.QR_MATCHES, result=Result.FAIL, code=code, detail=detail)
