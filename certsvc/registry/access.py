"""Operators, sessions and what operators did: rows to values and back, each with its MAC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Integer, bindparam

from certsvc.errors import DefectError, IdempotencyConflictError
from certsvc.registry.crypto import Value, storable
from certsvc.registry.database import Query
from certsvc.registry.port_access import LoginSession, Operator, OperatorAction, Principal, PrincipalKind
from certsvc.registry.rows import Record, instant_text
from certsvc.registry.session import Session, insert_row, insert_unless_taken, select_rows
from certsvc.registry.tables_access import OPERATOR, OPERATOR_ACTION, SESSION
from certsvc.registry.writing import RecordWriting

ACTIONS: Final = "operator action"
"""Name of the counter that numbers actions."""
TOUCHED_AFTER: Final = timedelta(minutes=1)
"""How old last_used_at may be while a session is used: a page that is looked at writes nothing."""

_session, _action = SESSION.c, OPERATOR_ACTION.c


def _changing(table: sa.Table, key: str) -> Query:
    """Build the UPDATE of one whole row, for the MAC covers all of it."""
    news: dict[str, sa.BindParameter[object]] = {
        column.name: bindparam(f"new_{column.name}") for column in table.c if column.name != key
    }
    return Query(sa.update(table).where(table.c[key] == bindparam(f"its_{key}")).values(news))


OPERATOR_NAMED: Final = select_rows(OPERATOR, OPERATOR.c.name == bindparam("name"))
HOLD_OPERATOR: Final = select_rows(OPERATOR, OPERATOR.c.name == bindparam("name"), hold=True)
OPERATOR_OF_ID: Final = select_rows(OPERATOR, OPERATOR.c.operator_id == bindparam("operator_id"))
OPERATORS: Final = select_rows(OPERATOR, order_by=[OPERATOR.c.name])
SESSION_OF: Final = select_rows(SESSION, _session.secret_hash == bindparam("secret_hash"))
HOLD_SESSION: Final = select_rows(SESSION, _session.secret_hash == bindparam("secret_hash"), hold=True)
_OF_PRINCIPAL: Final = (
    _session.principal_kind == bindparam("principal_kind"),
    _session.principal_id == bindparam("principal_id"),
)
SESSIONS_OF: Final = select_rows(SESSION, *_OF_PRINCIPAL, order_by=[_session.created_at])
HOLD_SESSIONS_OF: Final = select_rows(SESSION, *_OF_PRINCIPAL, order_by=[_session.secret_hash], hold=True)
ACTION_OF: Final = select_rows(OPERATOR_ACTION, _action.action_id == bindparam("action_id"))
HOLD_ACTION: Final = select_rows(OPERATOR_ACTION, _action.action_id == bindparam("action_id"), hold=True)
ACTIONS_BEFORE: Final = select_rows(
    OPERATOR_ACTION,
    sa.or_(_action.operator == bindparam("its_operator"), bindparam("its_operator") == ""),
    sa.or_(_action.target_id == bindparam("its_target"), bindparam("its_target") == ""),
    _action.seq < bindparam("before", type_=sa.BigInteger),
    order_by=[_action.seq.desc()],
    limit=bindparam("most", type_=Integer),
)
ADD_OPERATOR: Final = insert_unless_taken(OPERATOR, "name")
ADD_SESSION: Final = insert_row(SESSION)
ADD_ACTION: Final = insert_row(OPERATOR_ACTION)
CHANGE_OPERATOR: Final = _changing(OPERATOR, "operator_id")
CHANGE_SESSION: Final = _changing(SESSION, "secret_hash")
CHANGE_ACTION: Final = _changing(OPERATOR_ACTION, "action_id")
FORGET_SESSIONS: Final = Query(sa.delete(SESSION).where(_session.expires_at < bindparam("before")))


class AccessRows(Session):
    """Look-ups of operators, sessions and actions; the port says what each promises."""

    def find_operator(self, name: str) -> Operator | None:
        """Find an operator by name, disabled ones too."""
        record = self._first(OPERATOR_NAMED, name=name) if storable(name) else None
        return None if record is None else _operator_from(record)

    def find_operator_by_id(self, operator_id: str) -> Operator | None:
        """Find an operator by id, disabled ones too."""
        record = self._first(OPERATOR_OF_ID, operator_id=operator_id) if storable(operator_id) else None
        return None if record is None else _operator_from(record)

    def operators(self) -> Sequence[Operator]:
        """List every operator by name."""
        return [_operator_from(record) for record in self._all(OPERATORS)]

    def find_session(self, secret: str) -> LoginSession | None:
        """Find a session by the secret of its cookie, whether it is good or not."""
        record = self._first(SESSION_OF, secret_hash=self._vault.session_hash(secret))
        return None if record is None else _session_from(record)

    def sessions_of(self, principal: Principal) -> Sequence[LoginSession]:
        """List the sessions of somebody, whether they are good or not."""
        given = {"principal_kind": principal.kind, "principal_id": principal.id}
        return [_session_from(record) for record in self._all(SESSIONS_OF, **given)]

    def find_action(self, action_id: str) -> OperatorAction | None:
        """Find one action."""
        record = self._first(ACTION_OF, action_id=action_id) if storable(action_id) else None
        return None if record is None else _action_from(record)

    def actions(self, *, operator: str, target_id: str, before: int, limit: int) -> Sequence[OperatorAction]:
        """List actions, the latest first."""
        if not storable(operator + target_id):
            return []
        given: dict[str, Value] = {"its_operator": operator, "its_target": target_id}
        return [
            _action_from(record) for record in self._all(ACTIONS_BEFORE, **given, before=before, most=limit)
        ]


class AccessChanges(AccessRows, RecordWriting):
    """Changes of operators, sessions and actions; the port says what each promises."""

    def add_operator(self, operator: Operator) -> bool:
        """Add an operator; False when the name is taken."""
        return self._insert_unless_taken(ADD_OPERATOR, OPERATOR, _operator_values(operator))

    def hold_operator(self, name: str) -> Operator | None:
        """Find an operator by name and keep others from changing it until the transaction ends."""
        record = self._first(HOLD_OPERATOR, name=name) if storable(name) else None
        return None if record is None else _operator_from(record)

    def change_operator(self, operator: Operator) -> None:
        """Write an operator, held before, anew."""
        self._write(CHANGE_OPERATOR, OPERATOR, "operator_id", _operator_values(operator))

    def add_session(self, secret: str, session: LoginSession) -> None:
        """Add a session; its ``secret_hash`` is made here of *secret*."""
        made = replace(session, secret_hash=self._vault.session_hash(secret))
        self._insert(ADD_SESSION, SESSION, _session_values(made))

    def touch_session(self, secret: str, at: datetime) -> bool:
        """Note that a session was used; False when it was revoked meanwhile or is gone."""
        record = self._first(HOLD_SESSION, secret_hash=self._vault.session_hash(secret))
        if record is None or record.maybe_text("revoked_at") is not None:
            return False
        self._write(
            CHANGE_SESSION, SESSION, "secret_hash", record.values() | {"last_used_at": instant_text(at)}
        )
        return True

    def revoke_session(self, secret: str, at: datetime) -> bool:
        """End a session; False when there is none that goes on."""
        record = self._first(HOLD_SESSION, secret_hash=self._vault.session_hash(secret))
        return record is not None and self._revoke(record, at)

    def revoke_sessions_of(self, principal: Principal, at: datetime) -> int:
        """End every session of somebody; returns how many went on until now."""
        given = {"principal_kind": principal.kind, "principal_id": principal.id}
        return sum(self._revoke(record, at) for record in self._all(HOLD_SESSIONS_OF, **given))

    def forget_sessions(self, before: datetime) -> int:
        """Delete sessions that expired before an instant; returns how many."""
        return self._change(FORGET_SESSIONS, {"before": instant_text(before)})

    def add_action(self, action: OperatorAction) -> OperatorAction:
        """Write an action down; returns it with its seq."""
        # The counter first, which everybody waits at: who looks next sees what was written before.
        seq = self._next(ACTIONS)
        if self.find_action(action.action_id) is not None:
            raise IdempotencyConflictError
        numbered = replace(action, seq=seq)
        self._insert(ADD_ACTION, OPERATOR_ACTION, _action_values(numbered))
        return numbered

    def end_action(self, action_id: str, outcome: str, at: datetime) -> bool:
        """Write what came of an action; False when that is known already."""
        record = self._first(HOLD_ACTION, action_id=action_id)
        if record is None:
            raise DefectError("an action ends that did not begin")
        if record.maybe_text("outcome") is not None:
            return False
        ended: dict[str, Value] = {"outcome": outcome, "ended_at": instant_text(at)}
        self._write(CHANGE_ACTION, OPERATOR_ACTION, "action_id", record.values() | ended)
        return True

    def _revoke(self, record: Record, at: datetime) -> bool:
        if record.maybe_text("revoked_at") is not None:
            return False
        self._write(
            CHANGE_SESSION, SESSION, "secret_hash", record.values() | {"revoked_at": instant_text(at)}
        )
        return True

    def _write(self, query: Query, table: sa.Table, key: str, values: dict[str, Value]) -> None:
        sealed = self._vault.sealed(table, values)
        given = {f"{'its' if name == key else 'new'}_{name}": value for name, value in sealed.items()}
        if self._change(query, given) != 1:
            raise DefectError(f"a row of {table.name} was to be changed and is not there")


def _operator_from(record: Record) -> Operator:
    return Operator(
        operator_id=record.text("operator_id"),
        name=record.text("name"),
        password_hash=record.text("password_hash"),
        password_at=record.instant("password_at"),
        password_once=bool(record.whole("password_once")),
        roles=frozenset(record.text("roles").split()),
        created_at=record.instant("created_at"),
        disabled_at=record.maybe_instant("disabled_at"),
    )


def _operator_values(operator: Operator) -> dict[str, Value]:
    return {
        "operator_id": operator.operator_id,
        "name": operator.name,
        "password_hash": operator.password_hash,
        "password_at": instant_text(operator.password_at),
        "password_once": int(operator.password_once),
        "roles": " ".join(sorted(operator.roles)),
        "created_at": instant_text(operator.created_at),
        "disabled_at": _maybe(operator.disabled_at),
    }


def _session_from(record: Record) -> LoginSession:
    kind: PrincipalKind = "holder" if record.text("principal_kind") == "holder" else "operator"
    return LoginSession(
        secret_hash=record.text("secret_hash"),
        principal=Principal(kind=kind, id=record.text("principal_id")),
        created_at=record.instant("created_at"),
        last_used_at=record.instant("last_used_at"),
        expires_at=record.instant("expires_at"),
        revoked_at=record.maybe_instant("revoked_at"),
    )


def _session_values(session: LoginSession) -> dict[str, Value]:
    return {
        "secret_hash": session.secret_hash,
        "principal_kind": session.principal.kind,
        "principal_id": session.principal.id,
        "created_at": instant_text(session.created_at),
        "last_used_at": instant_text(session.last_used_at),
        "expires_at": instant_text(session.expires_at),
        "revoked_at": _maybe(session.revoked_at),
    }


def _action_from(record: Record) -> OperatorAction:
    return OperatorAction(
        action_id=record.text("action_id"),
        seq=record.whole("seq"),
        at=record.instant("at"),
        operator_id=record.text("operator_id"),
        operator=record.text("operator"),
        action=record.text("action"),
        target_kind=record.text("target_kind"),
        target_id=record.text("target_id"),
        reason=record.text("reason"),
        outcome=record.maybe_text("outcome"),
        ended_at=record.maybe_instant("ended_at"),
    )


def _action_values(action: OperatorAction) -> dict[str, Value]:
    return {
        "action_id": action.action_id,
        "seq": action.seq,
        "at": instant_text(action.at),
        "operator_id": action.operator_id,
        "operator": action.operator,
        "action": action.action,
        "target_kind": action.target_kind,
        "target_id": action.target_id,
        "reason": action.reason,
        "outcome": action.outcome,
        "ended_at": _maybe(action.ended_at),
    }


def _maybe(instant: datetime | None) -> str | None:
    return None if instant is None else instant_text(instant)
