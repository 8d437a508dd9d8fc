"""Checking a receipt without the service: by the keys of a trust bundle alone, years later too."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from certsvc.domain.key_times import fault_at
from certsvc.domain.report import FileOutcome, Result
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.jws import JWSError, UnknownKeyError, read_jws, unchecked_payload
from certsvc.sealing.port import PinnedKey
from certsvc.verification.receipt import FORMAT, TYP

LARGEST: Final = 1_000_000
"""Bytes of a receipt that is read at all; a sealed report has some 100 thousand."""
_IN_PDF: Final = re.compile(rb"<receipt:jws>([\w.-]{1,100000})</receipt:jws>", re.ASCII)
_TEXTS: Final = frozenset({"qr", "code", "number"})
"""Kinds whose input is a text; an editor ends a file of it with a line end that was never sent."""

InputAnswer = Literal["same", "other", "not_given"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptCheck:
    """What a receipt is worth."""

    result: Result
    """PASS: ours, unchanged, by a key to be relied on; UNKNOWN: cannot be told from what was given."""
    code: str
    """Reason code; its sentence is in domain.texts_receipt."""
    claims: Mapping[str, object] | None = None
    """What it says; None unless the signature holds."""
    checked_at: datetime | None = None
    key: PinnedKey | None = None
    """The key that signed it."""
    input: InputAnswer = "not_given"
    """Whether the thing handed in is the one it speaks of."""


def check_receipt(
    content: bytes, keys: Sequence[PinnedKey], *, keys_as_of: datetime, given: bytes | None = None
) -> ReceiptCheck:
    """Check a receipt; any bytes may be given.

    Args:
        content: the JWS, an answer of the service that holds it, or the sealed PDF report.
        keys: every key for receipts that is or was.
        keys_as_of: the instant the list of keys was signed; a key made later cannot be on it.
        given: what the receipt is said to be about.
    """
    if len(content) > LARGEST:
        return _failed("RECEIPT_NOT_FOUND")
    pdf = b"%PDF-" in content[:1024]
    text = _in_pdf(content) if pdf else _in_text(content)
    if text is None:
        return _failed("RECEIPT_NOT_FOUND")
    found = _check_statement(text, keys, keys_as_of)
    if found.claims is None or found.key is None:
        return found
    if pdf and check_pdf(content, [found.key]).outcome is not FileOutcome.INTACT:
        # The statement in it holds; what people read around it is not what we sealed.
        return _failed("RECEIPT_PDF_ALTERED")
    if given is not None:
        same = _is_input(found.claims, given)
        found = replace(found, input="same" if same else "other")
        if not same:
            return replace(found, result=Result.FAIL, code="RECEIPT_OTHER_INPUT")
    return found


def _check_statement(text: str, keys: Sequence[PinnedKey], keys_as_of: datetime) -> ReceiptCheck:
    try:
        claims, key_id = read_jws(text, keys, typ=TYP)
    except UnknownKeyError:
        # Whoever wrote it may claim any day: believed only as far as to ask for newer keys.
        newer = _claimed_at(text) > keys_as_of
        return (
            ReceiptCheck(result=Result.UNKNOWN, code="RECEIPT_KEYS_OLDER")
            if newer
            else _failed("RECEIPT_KEY_UNKNOWN")
        )
    except JWSError:
        return _failed("RECEIPT_BROKEN")
    key = next(one for one in keys if one.key_id == key_id)
    try:
        at = _instant(claims.get("checked_at"))
    except ValueError:
        return _failed("RECEIPT_BROKEN")
    if claims.get("format") != FORMAT:
        return ReceiptCheck(result=Result.UNKNOWN, code="RECEIPT_FORMAT_UNKNOWN", key=key)
    result, code = _worth(key, at)
    return ReceiptCheck(result=result, code=code, claims=claims, checked_at=at, key=key)


def _worth(key: PinnedKey, at: datetime) -> tuple[Result, str]:
    """Say what a statement is worth whose signature holds, by what is known of its key."""
    fault = fault_at(key, at)
    if fault is not None:
        return Result.FAIL, "RECEIPT_" + fault
    if key.compromised_since is not None:
        # The instant is the signer's own word, and a thief would choose an early one.
        return Result.UNKNOWN, "RECEIPT_KEY_COMPROMISED_LATER"
    return Result.PASS, "RECEIPT_GENUINE"


def _in_pdf(content: bytes) -> str | None:
    found = set(_IN_PDF.findall(content))
    return found.pop().decode("ascii") if len(found) == 1 else None


def _in_text(content: bytes) -> str | None:
    try:
        text = content.decode("utf-8").strip()
        if text.startswith("{"):
            text = json.loads(text)["receipt"]
    except (ValueError, RecursionError, KeyError):
        return None
    return text if isinstance(text, str) and text.count(".") == 2 else None


def _is_input(claims: Mapping[str, object], given: bytes) -> bool:
    named = claims.get("input")
    if not isinstance(named, Mapping):
        return False
    ways = {given}
    if named.get("kind") in _TEXTS:
        ways |= {given.removesuffix(b"\n"), given.removesuffix(b"\r\n")}
    return named.get("sha256") in {hashlib.sha256(way).hexdigest() for way in ways}


def _claimed_at(text: str) -> datetime:
    try:
        return _instant(unchecked_payload(text).get("checked_at"))
    except ValueError:
        return datetime.fromisoformat("0001-01-01T00:00:00+00:00")


def _instant(value: object) -> datetime:
    instant = datetime.fromisoformat(str(value))
    if instant.tzinfo is None:
        raise ValueError("an instant without offset")
    return instant


def _failed(code: str) -> ReceiptCheck:
    return ReceiptCheck(result=Result.FAIL, code=code)
