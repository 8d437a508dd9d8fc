"""What the doors ask of the registry: operators, sessions, what operators did; a part of the port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

PrincipalKind = Literal["operator", "holder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who can be logged in."""

    kind: PrincipalKind
    id: str
    """operator_id, or whatever names a holder for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Somebody who works at the desk."""

    operator_id: str
    name: str
    password_hash: str
    """argon2id, in its own notation."""
    password_at: datetime
    """When the password was set; sessions begun before count no more."""
    password_once: bool
    """The password was given by somebody else and has to be changed first."""
    roles: frozenset[str]
    created_at: datetime
    disabled_at: datetime | None = None

    @property
    def principal(self) -> Principal:
        """Who it is, for sessions."""
        return Principal(kind="operator", id=self.operator_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSession:
    """One login, from one browser."""

    secret_hash: str
    """Keyed hash of the cookie's secret, hex."""
    principal: Principal
    created_at: datetime
    last_used_at: datetime
    """At most a minute old while it is used."""
    expires_at: datetime
    """Not good from this instant on, however much it is used."""
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAction:
    """Something an operator did: who, what, why, and what came of it."""

    action_id: str
    """Made with the form: sent twice, it is one action."""
    at: datetime
    operator_id: str
    """Empty for somebody at the command line of the machine."""
    operator: str
    """The operator's name at that time."""
    action: str
    target_kind: str
    """``registration`` or ``operator``."""
    target_id: str
    """A registration number as it was asked for, or an operator's name."""
    reason: str
    outcome: str | None = None
    """``DONE``, or the code of why not; None while it is not known."""
    ended_at: datetime | None = None
    seq: int = 0
    """Place in the order of beginning, from 1; given when it is written."""


class AccessReading(Protocol):
    """Look-ups."""

    def find_operator(self, name: str) -> Operator | None:
        """Find an operator by name, disabled ones too."""

    def find_operator_by_id(self, operator_id: str) -> Operator | None:
        """Find an operator by id, disabled ones too."""

    def operators(self) -> Sequence[Operator]:
        """List every operator by name."""

    def find_session(self, secret: str) -> LoginSession | None:
        """Find a session by the secret of its cookie, whether it is good or not."""

    def sessions_of(self, principal: Principal) -> Sequence[LoginSession]:
        """List the sessions of somebody, whether they are good or not."""

    def find_action(self, action_id: str) -> OperatorAction | None:
        """Find one action."""

    def actions(self, *, operator: str, target_id: str, before: int, limit: int) -> Sequence[OperatorAction]:
        """List actions, the latest first.

        Args:
            operator: name of who did them; empty for anybody.
            target_id: number or name they were done to; empty for anything.
            before: only those with a lower seq.
            limit: rows at most.
        """


class AccessWriting(AccessReading, Protocol):
    """Changes."""

    def add_operator(self, operator: Operator) -> bool:
        """Add an operator; False when the name is taken."""

    def hold_operator(self, name: str) -> Operator | None:
        """Find an operator by name and keep others from changing it until the transaction ends."""

    def change_operator(self, operator: Operator) -> None:
        """Write an operator, held before, anew."""

    def add_session(self, secret: str, session: LoginSession) -> None:
        """Add a session; its ``secret_hash`` is made here of *secret*."""

    def touch_session(self, secret: str, at: datetime) -> bool:
        """Note that a session was used; False when it was revoked meanwhile or is gone."""

    def revoke_session(self, secret: str, at: datetime) -> bool:
        """End a session; False when there is none that goes on."""

    def revoke_sessions_of(self, principal: Principal, at: datetime) -> int:
        """End every session of somebody; returns how many went on until now."""

    def forget_sessions(self, before: datetime) -> int:
        """Delete sessions that expired before an instant; returns how many."""

    def add_action(self, action: OperatorAction) -> OperatorAction:
        """Write an action down; returns it with its seq.

        Raises:
            IdempotencyConflictError: its id is taken; nothing of the transaction may be kept.
        """

    def end_action(self, action_id: str, outcome: str, at: datetime) -> bool:
        """Write what came of an action; False when that is known already."""
