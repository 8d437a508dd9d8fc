"""Who may do what at the desk, as one table: (method, route) -> roles. The guard reads it and nothing else.

A route under /desk that is not in it, and a row without a route, are refused when the application starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.access.roles import ROLES, Role

NOBODY: Final[frozenset[Role]] = frozenset()
"""Marks what needs no login at all."""
ANYBODY: Final[frozenset[Role]] = frozenset(ROLES)
"""Every operator who is logged in."""
_ADMIN: Final[frozenset[Role]] = frozenset({"admin"})

ALLOWED: Final[Mapping[tuple[str, str], frozenset[Role]]] = {
    ("GET", "/desk/login"): NOBODY,
    ("POST", "/desk/login"): NOBODY,
    ("POST", "/desk/logout"): ANYBODY,
    ("GET", "/desk/"): ANYBODY,
    ("GET", "/desk/password"): ANYBODY,
    ("POST", "/desk/password"): ANYBODY,
    ("POST", "/desk/registrations/<number:number>/original"): frozenset({"issuer"}),
    ("POST", "/desk/registrations/<number:number>/endorse"): frozenset({"issuer"}),
    ("POST", "/desk/registrations/<number:number>/event"): frozenset({"registrar"}),
    ("GET", "/desk/actions/<number:action_id>"): frozenset({"issuer", "registrar", "auditor"}),
    ("GET", "/desk/actions"): frozenset({"auditor"}),
    ("GET", "/desk/operators"): _ADMIN,
    ("POST", "/desk/operators"): _ADMIN,
    ("POST", "/desk/operators/<number:operator_id>"): _ADMIN,
}
WITH_ONE_TIME_PASSWORD: Final = frozenset({"/desk/password", "/desk/logout"})
"""All that somebody may do whose password is one that somebody else gave."""

NAVIGATION: Final[Mapping[str, str]] = {
    "/desk/": "nav_search",
    "/desk/batches": "nav_batches",
    "/desk/expiring": "nav_expiring",
    "/desk/lookups": "nav_lookups",
    "/desk/health": "nav_health",
    "/desk/actions": "nav_actions",
    "/desk/operators": "nav_operators",
}
"""Entries of the navigation, in order: address -> name of the text. Shown are those that are in the table and
that the operator's roles may see."""


def may(roles: frozenset[str], method: str, route: str) -> bool:
    """Tell whether somebody with *roles* may call a route of the table."""
    return not ALLOWED[method, route].isdisjoint(roles)


def entries(roles: frozenset[str]) -> list[tuple[str, str]]:
    """List what the navigation shows to somebody with *roles*: address and name of its text."""
    return [
        (route, text)
        for route, text in NAVIGATION.items()
        if ("GET", route) in ALLOWED and may(roles, "GET", route)
    ]
