"""The roles at the desk; what each may do is one table, certsvc/web/desk/roles_table.py."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal

from certsvc.errors import Fault, InvalidFieldError

Role = Literal["reader", "issuer", "registrar", "auditor", "admin"]
ROLES: Final[tuple[Role, ...]] = ("reader", "issuer", "registrar", "auditor", "admin")


def check_roles(roles: Collection[str]) -> frozenset[str]:
    """Return *roles* as a set.

    Raises:
        InvalidFieldError: there is none, or one is unknown.
    """
    if not roles or not set(roles) <= set(ROLES):
        known = ", ".join(ROLES)
        raise InvalidFieldError(Fault("/roles", f"请从以下角色中选择: {known}", f"choose from: {known}"))
    return frozenset(roles)
