"""Rows of copies: codes and numbers well formed, states that agree with the rest, keys that were good."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from certsvc.audit.case import Case
from certsvc.audit.defect import Defect, joined
from certsvc.audit.premises import Premises, SealingKey
from certsvc.audit.rules import beijing, is_code, is_token
from certsvc.domain.clock import CLOCK_SLACK
from certsvc.domain.endorsement import FORMATS, Copy, CopyKind, CopyState

GRACE: Final = timedelta(minutes=10)
"""What is under way, or waits to be cleared away, for longer than this was left behind by a crash."""
_FOLLOWS: Final = timedelta(minutes=2)
"""Running servers follow a retirement within a minute."""
_NOT_YET: Final = datetime.max.replace(tzinfo=UTC)
"""Later than any theft."""
_ID: Final = re.compile(r"[0-9a-f]{32}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def check_copies(case: Case, premises: Premises, now: datetime) -> Iterator[Defect]:
    """Check each copy by itself, and the numbers of all."""
    for copy in case.copies:
        yield from _check_row(case, copy, now)
        if copy.state is CopyState.DONE:
            yield from _check_key(case, copy, "pdf", premises.keys.get(copy.key_id))
            yield from _check_key(case, copy, "ofd", premises.seals.get(copy.seal_key_id))
    if case.is_whole("copy"):
        numbered = sorted(
            (copy for copy in case.copies if copy.copy_number is not None),
            key=lambda copy: (copy.copy_number or 0, copy.copy_id),
        )
        for before, after in pairwise(numbered):
            if after.reserved_at < before.reserved_at - CLOCK_SLACK:
                yield _of(after, "COPY_NUMBER_WRONG", f"{after.copy_number} was made before its predecessor")


def _check_row(case: Case, copy: Copy, now: datetime) -> Iterator[Defect]:
    if not is_token(copy.token):
        yield _of(copy, "TOKEN_MALFORMED")
    if not is_code(copy.code):
        yield _of(copy, "CODE_MALFORMED")
    if copy.copy_number is not None and copy.copy_number < 1:
        yield _of(copy, "COPY_NUMBER_WRONG", "below 1")
    if copy.holder_id != case.holder_id or copy.certificate_type != case.record.text("certificate_type"):
        yield _of(copy, "HOLDER_DIFFERS")
    if copy.day != beijing(copy.reserved_at):
        yield _of(copy, "DAY_WRONG")
    if wrong := sorted(_contradictions(copy)):
        yield _of(copy, "COPY_INCONSISTENT", joined(wrong))
    if copy.state is CopyState.PENDING and copy.lease_until < now - GRACE:
        yield _of(copy, "PENDING_PAST_LEASE")


def _contradictions(copy: Copy) -> Iterator[str]:
    """Yield the names of parts that do not go with the rest of the row."""
    endorsed = copy.kind is CopyKind.ENDORSEMENT
    parts = {
        "grant": copy.grant,
        "copy_number": copy.copy_number,
        "status_index": copy.status_index,
        "purpose": copy.purpose,
    }
    yield from (name for name, value in parts.items() if (value is not None) is not endorsed)
    if endorsed and copy.reissue != 0:
        yield "reissue"
    if not _ID.fullmatch(copy.copy_id):
        yield "copy_id"
    done = copy.state is CopyState.DONE
    if set(copy.files) != (set(FORMATS) if done else set()):
        yield "files"
    for form, file in copy.files.items():
        if not _SHA256.fullmatch(file.sha256) or file.size <= 0:
            yield f"{form}_sha256"
    if (copy.failure is not None) is not (copy.state is CopyState.FAILED):
        yield "failure"
    if done and copy.done_at is None:
        yield "done_at"
    if copy.done_at is not None and not (copy.reserved_at - CLOCK_SLACK <= copy.done_at <= copy.lease_until):
        yield "done_at"


def _check_key(case: Case, copy: Copy, form: str, key: SealingKey | None) -> Iterator[Defect]:
    at = copy.reserved_at
    if key is None:
        yield _of(copy, "KEY_UNKNOWN", form=form)
    elif key.compromised_since is not None and _seen_at(case, copy) >= key.compromised_since:
        yield _of(copy, "KEY_COMPROMISED", key.key_id, form=form)
    elif not key.valid_from <= at <= key.valid_to:
        yield _of(copy, "KEY_NOT_VALID_THEN", key.key_id, form=form)
    elif key.retired_at is not None and at > key.retired_at + _FOLLOWS:
        yield _of(copy, "KEY_NOT_VALID_THEN", f"{key.key_id} was retired", form=form)


def _seen_at(case: Case, copy: Copy) -> datetime:
    """Return since when a copy was there for sure: a thief dates a row back, but no checkpoint of the log.

    What the first checkpoint holds was there before the log, and its row's word has to do.
    """
    began = case.log_began_at
    if began is None:
        return copy.reserved_at
    seen = case.logged_at.get(copy.copy_id)
    if seen is None:
        return _NOT_YET
    return copy.reserved_at if seen == began else max(seen, copy.reserved_at)


def _of(copy: Copy, code: str, detail: str = "", form: str = "") -> Defect:
    return Defect(code=code, kind="copy", id=copy.copy_id, form=form, detail=detail)
