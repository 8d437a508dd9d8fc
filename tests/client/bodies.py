"""Answers as the service would write them, for what a real one cannot be made to say."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.world import JSON

WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def a_report(**changes: object) -> JSON:
    """Write a report on a code."""
    return {
        "verdict": "VALID",
        "status": "VALID",
        "subject": "record",
        "kind": "code",
        "as_of": WHEN.isoformat(),
        "checked_at": WHEN.isoformat(),
        "state_at_as_of": "VALID",
        "state_now": "VALID",
        "wet_signature_required_on_print": True,
        "findings": [{"check": "registry", "result": "pass", "code": "IN_REGISTRY", "message": "m"}],
        "certificate": None,
        "endorsement": None,
        "changed_fields": [],
        "receipt": None,
        **changes,
    }


def a_refusal(status: int, code: str, retry_after_s: int | None) -> JSON:
    """Write a problem in the place of one answer among many."""
    body: JSON = {"type": "t", "title": "t", "status": status, "detail": "d", "instance": "i", "code": code}
    return body | {"errors": []} | ({"retry_after_s": retry_after_s} if retry_after_s is not None else {})
