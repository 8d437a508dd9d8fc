"""What operators do to registrations and batches: written down before it is done, its outcome after.

The flows that issue and record commit for themselves, so one transaction cannot hold both. An action whose
outcome nobody wrote down is unknown and is shown as such; sent again, the same form does what is missing,
for the flows answer a retry as the first time. docs/decisions/doors.md
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, Literal

from certsvc.access.operators import DONE
from certsvc.domain.clock import Clock
from certsvc.domain.resident_id import holds_resident_id
from certsvc.errors import (
    EndorsementPendingError,
    Fault,
    IdempotencyConflictError,
    InputError,
    InvalidFieldError,
    NotFoundError,
    RuleError,
)
from certsvc.registry.port import Registry
from certsvc.registry.port_access import Operator, OperatorAction

REASON_MAX: Final = 500
_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_LAST: Final = 2**62


class Actions:
    """Carries actions out once each, and tells of them; safe between threads."""

    def __init__(self, *, registry: Registry, clock: Clock) -> None:
        """Take the registry that keeps them."""
        self._registry = registry
        self._clock = clock

    def carry_out(
        self,
        action_id: str,
        by: Operator,
        action: str,
        target_id: str,
        reason: str,
        do: Callable[[OperatorAction], object],
        *,
        target_kind: Literal["registration", "batch"] = "registration",
    ) -> OperatorAction:
        """Do something to a registration or a batch; the same form sent again does it no second time.

        Args:
            action_id: made with the form, 32 hex digits.
            by: who.
            action: what, e.g. ``cancel``.
            target_id: number of the registration, id of the batch.
            reason: why, 1 to REASON_MAX characters without anybody's identity number.
            do: does it, through the flows; given the action as it was written down the first time.
            target_kind: which of them it is.

        Returns:
            The action with its outcome; without one when a flow cannot tell yet.

        Raises:
            InvalidFieldError: no reason, or none that may be kept.
            IdempotencyConflictError: the form was sent before with other content.
            UnavailableError: cannot be done or told now; sent again, it does what is missing.
        """
        _check(action_id, reason)
        wanted = OperatorAction(
            action_id=action_id,
            at=self._clock.now(),
            operator_id=by.operator_id,
            operator=by.name,
            action=action,
            target_kind=target_kind,
            target_id=target_id,
            reason=reason.strip(),
        )
        begun = self._begin(wanted)
        if begun.outcome is not None:
            return begun
        try:
            do(begun)
        except EndorsementPendingError:
            return begun
        except (RuleError, InputError) as error:
            # Refused by a rule: nothing was done. Of anything else nobody can say so, and it stays unknown.
            return self._end(begun, error.code)
        return self._end(begun, DONE)

    def get(self, action_id: str) -> OperatorAction:
        """Return one action; NotFoundError when there is none."""
        with self._registry.reading() as session:
            found = session.find_action(action_id)
        if found is None:
            raise NotFoundError
        return found

    def latest(
        self, *, operator: str = "", target_id: str = "", before: int | None = None, limit: int = 50
    ) -> Sequence[OperatorAction]:
        """List actions, the latest first; empty texts leave nothing out."""
        with self._registry.reading() as session:
            return session.actions(
                operator=operator,
                target_id=target_id,
                before=_LAST if before is None else before,
                limit=limit,
            )

    def _begin(self, wanted: OperatorAction) -> OperatorAction:
        try:
            with self._registry.writing() as session:
                return session.add_action(wanted)
        except IdempotencyConflictError:
            earlier = self.get(wanted.action_id)
            if _said(earlier) != _said(wanted):
                raise
            return earlier

    def _end(self, begun: OperatorAction, outcome: str) -> OperatorAction:
        with self._registry.writing() as session:
            session.end_action(begun.action_id, outcome, self._clock.now())
        # A rival with the same form may have been first; what it wrote is what counts.
        return self.get(begun.action_id)


def _said(action: OperatorAction) -> tuple[str, ...]:
    return (action.operator_id, action.action, action.target_id, action.reason)


def _check(action_id: str, reason: str) -> None:
    if not _ID.fullmatch(action_id):
        raise InvalidFieldError(
            Fault("/action_id", "页面不完整，请刷新后重新提交", "the form is not whole; please reload it")
        )
    check_reason(reason)


def check_reason(reason: str) -> None:
    """Refuse a reason that says nothing or must not be kept.

    Raises:
        InvalidFieldError: it is empty, too long, or holds a resident's identity number.
    """
    if not 1 <= len(reason.strip()) <= REASON_MAX:
        raise InvalidFieldError(
            Fault(
                "/reason",
                f"请填写事由，1 至 {REASON_MAX} 字",
                f"please say why, in 1 to {REASON_MAX} characters",
            )
        )
    if holds_resident_id(reason):
        raise InvalidFieldError(
            Fault(
                "/reason",
                "事由会长期保存，请勿填写身份证件号码",
                "the reason is kept for good: please leave identity numbers out",
            )
        )
