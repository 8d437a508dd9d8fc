"""Operators, sessions and actions on both databases: what the port promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from certsvc.errors import DefectError, IdempotencyConflictError
from certsvc.registry.port_access import LoginSession, Operator, OperatorAction, Principal
from certsvc.registry.sql import SQLRegistry
from tests.factories import NOW

SECRET = "s" * 43
WHO = Principal(kind="operator", id="1")


def an_operator(name: str = "李示例", operator_id: str = "1") -> Operator:
    """Make an operator."""
    return Operator(
        operator_id=operator_id,
        name=name,
        password_hash="$argon2id$",
        password_at=NOW,
        password_once=True,
        roles=frozenset({"reader", "admin"}),
        created_at=NOW,
    )


def a_session(principal: Principal = WHO) -> LoginSession:
    """Make a session that begins now."""
    return LoginSession(
        secret_hash="",
        principal=principal,
        created_at=NOW,
        last_used_at=NOW,
        expires_at=NOW + timedelta(hours=8),
    )


def an_action(action_id: str = "a" * 32, operator: str = "李示例", target_id: str = "京1") -> OperatorAction:
    """Make an action that has begun."""
    return OperatorAction(
        action_id=action_id,
        at=NOW,
        operator_id="1",
        operator=operator,
        action="cancel",
        target_kind="registration",
        target_id=target_id,
        reason="因故",
    )


def test_an_operator_is_found_as_it_was_written(registry: SQLRegistry) -> None:
    """By name and by id; a name is one person's."""
    with registry.writing() as session:
        assert session.add_operator(an_operator())
        assert not session.add_operator(an_operator(operator_id="2"))
        assert session.add_operator(an_operator("b", "3"))
    changed = replace(an_operator(), roles=frozenset({"issuer"}), disabled_at=NOW, password_once=False)
    with registry.writing() as session:
        assert session.hold_operator("李示例") == an_operator()
        session.change_operator(changed)
    with registry.reading() as session:
        assert session.find_operator("李示例") == session.find_operator_by_id("1") == changed
        assert [one.name for one in session.operators()] == ["b", "李示例"]
        assert session.find_operator("\x00") is session.find_operator_by_id("9") is None
    with pytest.raises(DefectError), registry.writing() as session:
        session.change_operator(an_operator("nobody", "99"))


def test_a_session_ends_once_and_for_good(registry: SQLRegistry) -> None:
    """Using it brings no revoked one back."""
    holder = Principal(kind="holder", id="1")
    with registry.writing() as session:
        session.add_session(SECRET, a_session())
        session.add_session("t" * 43, a_session())
        session.add_session("u" * 43, a_session(holder))
    with registry.writing() as session:
        assert session.touch_session(SECRET, NOW + timedelta(minutes=5))
        found = session.find_session(SECRET)
        assert found is not None and found.last_used_at == NOW + timedelta(minutes=5)
        assert SECRET not in found.secret_hash
        assert session.revoke_session(SECRET, NOW)
        assert not session.revoke_session(SECRET, NOW)
        assert not session.touch_session(SECRET, NOW)
    with registry.writing() as session:
        assert session.revoke_sessions_of(WHO, NOW) == 1
        assert len(session.sessions_of(WHO)) == 2
        assert all(one.revoked_at == NOW for one in session.sessions_of(WHO))
        assert [one.revoked_at for one in session.sessions_of(holder)] == [None]
        assert session.forget_sessions(NOW + timedelta(hours=8)) == 0
        assert session.forget_sessions(NOW + timedelta(hours=9)) == 3
        assert session.find_session(SECRET) is None


def test_actions_are_numbered_without_gaps_and_end_once(registry: SQLRegistry) -> None:
    """A gap is a row somebody took away, so a refused one must leave none."""
    with registry.writing() as session:
        assert session.add_action(an_action()).seq == 1
    with pytest.raises(IdempotencyConflictError), registry.writing() as session:
        session.add_action(an_action(operator="somebody else"))
    with registry.writing() as session:
        assert session.add_action(an_action("b" * 32, "b", "京2")).seq == 2
        assert session.end_action("a" * 32, "DONE", NOW)
        assert not session.end_action("a" * 32, "NOT_FOUND", NOW)
    with pytest.raises(DefectError), registry.writing() as session:
        session.end_action("c" * 32, "DONE", NOW)
    with registry.reading() as reading:
        found = reading.find_action("a" * 32)
        assert found == replace(an_action(), seq=1, outcome="DONE", ended_at=NOW)

        def listed(operator: str = "", target_id: str = "", before: int = 9, limit: int = 9) -> list[int]:
            rows = reading.actions(operator=operator, target_id=target_id, before=before, limit=limit)
            return [one.seq for one in rows]

        assert listed() == [2, 1] and listed(limit=1) == [2] and listed(before=2) == [1]
        assert listed("b") == [2] and listed(target_id="京1") == [1] and listed("b", "京1") == []
        assert listed("\x00") == []
