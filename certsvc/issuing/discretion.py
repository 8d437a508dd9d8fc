"""Keeping the identity number out of everything but its own column."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from certsvc.domain.characters import is_private, is_unseen
from certsvc.domain.resident_id import holds_resident_id
from certsvc.errors import Fault, InvalidFieldError


def canonical_json(body: object) -> bytes:
    """Write a JSON value in the one form that digests are taken of; equal bodies give equal bytes."""
    return json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def digest_of(body: object) -> str:
    """Return the hex sha256 of a JSON value in canonical form; equal bodies give equal digests."""
    return hashlib.sha256(canonical_json(body)).hexdigest()


class BodyDigest:
    """Recognises a body that comes again, without a trace of what it says.

    A plain hash would do the first and not the second: an event whose other fields lie in the register
    leaves a few million identity numbers to try against it.
    """

    def __init__(self, secret: bytes) -> None:
        """Derive a key of its own from the registry's *secret*."""
        self._key = hmac.digest(secret, b"certsvc issuing 1: body digest", "sha256")

    def of(self, body: object) -> str:
        """Return the hex keyed digest of a JSON value in canonical form; equal bodies give equal digests."""
        return hmac.digest(self._key, canonical_json(body), hashlib.sha256).hex()


def check_label(text: str, *, pointer: str) -> None:
    """Refuse a caller's own label, such as a source_id, that could not be shown to anybody as it is.

    Raises:
        InvalidFieldError: it holds a resident's identity number or characters nobody sees.
    """
    if holds_resident_id(text):
        raise InvalidFieldError(
            Fault(
                pointer,
                "标识会以明文保存，请勿包含身份证件号码；请改用其他标识。",
                "This is kept in clear: please use a label without an identity number in it.",
            )
        )
    if any(is_unseen(char) or is_private(char) for char in text):
        raise InvalidFieldError(
            Fault(
                pointer,
                "标识中有看不见或私用区的字符，请删去后再提交。",
                "There are characters in it that nobody sees, or private ones; please remove them.",
            )
        )


def check_not_repeated(id_number: str | None, outcome: Mapping[str, object]) -> None:
    """Refuse an event with the number of the document in a field that is shown as well.

    Raises:
        InvalidFieldError: a slip of whoever typed it, such as the registration number twice.
    """
    if id_number is not None and json.dumps(id_number) in json.dumps(outcome):
        raise InvalidFieldError(
            Fault(
                "/holder/id_number",
                "证件号码与另一项内容相同，请核对后分别填写。",
                "The document's number equals another field; please check both.",
            )
        )
