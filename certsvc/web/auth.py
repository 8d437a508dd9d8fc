"""API keys and their scopes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final, Literal, ParamSpec, TypeVar

from flask import request

from certsvc.errors import ForbiddenError, RecordDamagedError, UnavailableError
from certsvc.registry.port import APIClient
from certsvc.web.client_cert import shown_certificate
from certsvc.web.current import services, set_client

API_KEY_HEADER: Final = "X-API-Key"
Scope = Literal["issue", "endorse", "verify", "read"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def scope(
    needed: Scope, *others: Scope, strangers: bool = False
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Let only clients with this scope call the view; asked before the body is read.

    Args:
        needed: the scope.
        others: further scopes, each of which is enough.
        strangers: let a key nobody can look up now pass as the public does, with ``client_id()`` None: what
            bytes alone show must not wait for the register. No key, or a refused one, never passes.
    """

    def guard(view: Callable[_P, _R]) -> Callable[_P, _R]:
        @wraps(view)
        def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                set_client(_let_in(needed, *others))
            except RecordDamagedError:
                raise
            except UnavailableError:
                if not strangers:
                    raise
            return view(*args, **kwargs)

        return guarded

    return guard


def _let_in(needed: Scope, *others: Scope) -> APIClient:
    api_key = request.headers.get(API_KEY_HEADER)
    try:
        return services().clients.authenticate(api_key, needed, shown_certificate())
    except ForbiddenError:
        if not others:
            raise
        return _let_in(*others)
