"""Receipts as tests ask for them: answers of one standing instance, and receipts somebody else wrote."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from certsvc.domain.judge import verdict_of
from certsvc.domain.report import Report, Status
from certsvc.sealing.jws import sign_jws
from certsvc.sealing.port import PinnedKey
from certsvc.verification.question import Question
from certsvc.verification.receipt import TYP
from certsvc.verification.receipt_check import ReceiptCheck, check_receipt
from tests.verification.conftest import Issued
from tests.world import JSON, World


def answered(issued: Issued, **question: Any) -> tuple[Report, Question]:
    """Ask the standing instance."""
    asked = Question(**question)
    return issued.world.services.verifier.verify(asked), asked


def as_status(report: Report, status: Status) -> Report:
    """Return the same report with another outcome."""
    return replace(report, status=status, verdict=verdict_of(status))


def a_receipt(issued: Issued, **question: Any) -> str:
    """Return the receipt of an answer of the standing instance."""
    report, asked = answered(issued, **question)
    return issued.world.services.receipts.give(report, asked)


def keys_of(world: World, **changes: datetime | None) -> tuple[PinnedKey, ...]:
    """Return the keys for receipts, with other times."""
    keys = world.services.keystore.service_keys("receipt")
    return tuple(replace(key, **changes) for key in keys)  # type: ignore[arg-type]


def checked(
    world: World,
    receipt: str | bytes,
    *,
    given: bytes | None = None,
    keys: tuple[PinnedKey, ...] | None = None,
    keys_as_of: datetime | None = None,
) -> ReceiptCheck:
    """Check a receipt by the keys of a world."""
    content = receipt.encode() if isinstance(receipt, str) else receipt
    return check_receipt(
        content,
        keys_of(world) if keys is None else keys,
        keys_as_of=keys_as_of or world.clock.now(),
        given=given,
    )


def signed_by(world: World, claims: Mapping[str, object], *, typ: str = TYP) -> str:
    """Sign any claims with the key for receipts."""
    return sign_jws(claims, world.services.keystore.service_signer("receipt"), typ=typ)


def parts_of(jws: str) -> tuple[JSON, JSON, bytes]:
    """Return header, claims and signature of a JWS, unchecked."""
    header, claims, signature = (base64.urlsafe_b64decode(part + "==") for part in jws.split("."))
    return json.loads(header), json.loads(claims), signature


def joined(header: object, claims: object, signature: bytes) -> str:
    """Write a JWS of any parts."""
    said = [json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() for one in (header, claims)]
    return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in (*said, signature))
