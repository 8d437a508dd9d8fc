"""Operators: added, recognised, changed, disabled; each change is in the history with who and why."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from certsvc.access.passwords import Passwords, check_password, one_time
from certsvc.access.roles import check_roles
from certsvc.domain.clock import Clock
from certsvc.errors import Fault, InvalidFieldError, NotFoundError
from certsvc.registry.port import Registry, WriteSession
from certsvc.registry.port_access import Operator, OperatorAction

_NAME: Final = re.compile(r"[\w.@-]{1,40}")
OPERATORS: Final = "operators"
"""Name held by whoever changes operators: two admins must not take each other's role away at once."""
DONE: Final = "DONE"
"""Outcome of an action that was carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who changes something, and why."""

    operator_id: str
    name: str
    reason: str


def at_the_machine(reason: str) -> Actor:
    """Return somebody at the command line, whom the machine's own login let in."""
    return Actor(operator_id="", name="(command line)", reason=reason)


class Operators:
    """Adds, recognises and changes operators; a password is kept only as its hash."""

    def __init__(self, *, registry: Registry, clock: Clock, passwords: Passwords) -> None:
        """Take the registry that keeps them."""
        self._registry = registry
        self._clock = clock
        self._passwords = passwords

    def recognise(self, name: str, password: str) -> Operator | None:
        """Return the operator when name and password are right; the same work when they are not.

        A name nobody has, a wrong password and a disabled operator give None alike.

        Raises:
            UnavailableError: the register is away, or the operator's row is damaged.
        """
        with self._registry.reading() as session:
            found = session.find_operator(normal_name(name))
        right = self._passwords.holds(password, None if found is None else found.password_hash)
        return found if right and found is not None and found.disabled_at is None else None

    def find(self, operator_id: str) -> Operator | None:
        """Return an operator who is not disabled."""
        with self._registry.reading() as session:
            found = session.find_operator_by_id(operator_id)
        return None if found is None or found.disabled_at is not None else found

    def require(self, name: str) -> Operator:
        """Return the operator of this name, disabled or not; NotFoundError when there is none."""
        with self._registry.reading() as session:
            found = session.find_operator(normal_name(name))
        if found is None:
            raise NotFoundError
        return found

    def everybody(self) -> Sequence[Operator]:
        """List all operators by name, disabled ones too."""
        with self._registry.reading() as session:
            return session.operators()

    def add(self, name: str, roles: Collection[str], by: Actor) -> tuple[Operator, str]:
        """Add an operator.

        Returns:
            The operator, and the password for the first login, which cannot be shown again.

        Raises:
            InvalidFieldError: the name is taken or none; a role is unknown.
        """
        name, password, now = normal_name(name), one_time(), self._clock.now()
        if not _NAME.fullmatch(name):
            raise InvalidFieldError(
                Fault(
                    "/name",
                    "登录名须为 1 至 40 个字母、数字或汉字，可含 . @ - _",
                    "a name has 1 to 40 letters or digits, also . @ - _",
                )
            )
        operator = Operator(
            operator_id=secrets.token_hex(16),
            name=name,
            password_hash=self._passwords.hashed(password),
            password_at=now,
            password_once=True,
            roles=check_roles(roles),
            created_at=now,
        )
        with self._registry.writing() as session:
            session.hold([OPERATORS])
            if not session.add_operator(operator):
                raise InvalidFieldError(Fault("/name", "登录名已被使用", "the name is taken"))
            self._note(session, "operator_add", name, by)
        return operator, password

    def reset_password(self, name: str, by: Actor) -> str:
        """Give an operator a new one-time password and end all sessions; returns it."""
        password, now = one_time(), self._clock.now()
        kept = self._passwords.hashed(password)
        with self._registry.writing() as session:
            found = self._held(session, name)
            changed = replace(found, password_hash=kept, password_at=now, password_once=True)
            session.change_operator(changed)
            session.revoke_sessions_of(found.principal, now)
            self._note(session, "operator_password", found.name, by)
        return password

    def change_password(self, operator: Operator, old: str, new: str) -> None:
        """Set an operator's own password and end all sessions, the one in hand too.

        Raises:
            InvalidFieldError: *old* is not the password, or *new* is none that may be set.
        """
        with self._registry.reading() as reading:
            found = reading.find_operator(operator.name)
        if not self._passwords.holds(old, None if found is None else found.password_hash):
            raise InvalidFieldError(Fault("/old", "原密码不正确", "the old password is not right"))
        check_password(new, operator.name)
        if new == old:
            raise InvalidFieldError(Fault("/password", "新密码与原密码相同", "this is the old password"))
        kept, now = self._passwords.hashed(new), self._clock.now()
        by = Actor(operator_id=operator.operator_id, name=operator.name, reason="")
        with self._registry.writing() as session:
            held = self._held(session, operator.name)
            if found is None or held != found:
                # Reset or disabled meanwhile: what was proved above is no longer so.
                raise InvalidFieldError(Fault("/old", "原密码不正确", "the old password is not right"))
            session.change_operator(replace(held, password_hash=kept, password_at=now, password_once=False))
            session.revoke_sessions_of(held.principal, now)
            self._note(session, "password_change", held.name, by)

    def set_roles(self, name: str, roles: Collection[str], by: Actor) -> None:
        """Give an operator these roles instead of those before; the next request counts by them."""
        wanted = check_roles(roles)
        with self._registry.writing() as session:
            found = self._held(session, name)
            session.change_operator(replace(found, roles=wanted))
            self._check_an_admin_is_left(session)
            self._note(session, "operator_roles", found.name, by)

    def disable(self, name: str, by: Actor) -> None:
        """Let an operator in no more, from this instant on; harmless to do again."""
        now = self._clock.now()
        with self._registry.writing() as session:
            found = self._held(session, name)
            if found.disabled_at is None:
                session.change_operator(replace(found, disabled_at=now))
                self._check_an_admin_is_left(session)
            session.revoke_sessions_of(found.principal, now)
            self._note(session, "operator_disable", found.name, by)

    def enable(self, name: str, by: Actor) -> str:
        """Let a disabled operator in again, with a new one-time password; returns it."""
        password, now = one_time(), self._clock.now()
        kept = self._passwords.hashed(password)
        with self._registry.writing() as session:
            found = self._held(session, name)
            session.change_operator(
                replace(found, disabled_at=None, password_hash=kept, password_at=now, password_once=True)
            )
            self._note(session, "operator_enable", found.name, by)
        return password

    def end_sessions(self, name: str, by: Actor) -> int:
        """End every session of an operator; returns how many went on until now."""
        with self._registry.writing() as session:
            found = self._held(session, name)
            ended = session.revoke_sessions_of(found.principal, self._clock.now())
            self._note(session, "operator_sessions", found.name, by)
        return ended

    def _held(self, session: WriteSession, name: str) -> Operator:
        session.hold([OPERATORS])
        found = session.hold_operator(normal_name(name))
        if found is None:
            raise NotFoundError
        return found

    def _check_an_admin_is_left(self, session: WriteSession) -> None:
        if not any("admin" in one.roles and one.disabled_at is None for one in session.operators()):
            raise InvalidFieldError(
                Fault("/name", "至少须保留一名管理员", "at least one admin has to be left")
            )

    def _note(self, session: WriteSession, action: str, name: str, by: Actor) -> None:
        """Write down, in the transaction that does it, what was done."""
        now = self._clock.now()
        session.add_action(
            OperatorAction(
                action_id=secrets.token_hex(16),
                at=now,
                operator_id=by.operator_id,
                operator=by.name,
                action=action,
                target_kind="operator",
                target_id=name,
                reason=by.reason,
                outcome=DONE,
                ended_at=now,
            )
        )


def normal_name(name: str) -> str:
    """Return a name as it is kept and compared: no blanks around, one way to write each character."""
    return unicodedata.normalize("NFC", name.strip())
