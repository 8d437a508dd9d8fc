"""The doors put together: operators, sessions and what operators do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from certsvc.access.actions import Actions
from certsvc.access.operators import Operators
from certsvc.access.passwords import Passwords
from certsvc.access.sessions import Sessions
from certsvc.access.throttle import DeviceMarks
from certsvc.config import Settings
from certsvc.domain.clock import Clock
from certsvc.registry.port import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Who may come in; safe to share between threads."""

    operators: Operators
    sessions: Sessions
    devices: DeviceMarks
    actions: Actions


def open_doors(settings: Settings, registry: Registry, clock: Clock, secret: bytes) -> Doors:
    """Put the doors of one instance together; *secret* is the registry's."""
    return Doors(
        operators=Operators(registry=registry, clock=clock, passwords=Passwords()),
        sessions=Sessions(
            registry=registry,
            clock=clock,
            idle=timedelta(minutes=settings.session_idle_minutes),
            longest=timedelta(hours=settings.session_hours),
        ),
        devices=DeviceMarks(secret, clock),
        actions=Actions(registry=registry, clock=clock),
    )
