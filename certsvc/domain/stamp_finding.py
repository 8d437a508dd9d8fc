"""What a report says of the time stamp of a file whose bytes are known to the registry."""

from __future__ import annotations

from certsvc.domain.report import Check, Finding, Result
from certsvc.domain.timestamps import FileTimestamp


def timestamp_finding(stamp: FileTimestamp) -> Finding:
    """Return the finding; one that is wanted makes no file worse, and nothing calls it stamped."""
    if stamp.stamped_at is None:
        return Finding(check=Check.TIMESTAMP, result=Result.SKIP, code="TIMESTAMP_PENDING")
    told = stamp.stamped_at.isoformat().replace("+00:00", "Z")
    level = "RFC 3161" if stamp.token is not None else stamp.level.upper()
    return Finding(
        check=Check.TIMESTAMP, result=Result.PASS, code="TIMESTAMP_VALID", detail=f"{level} {told}"
    )
