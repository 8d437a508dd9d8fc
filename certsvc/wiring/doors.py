"""The doors put together: operators, sessions, what operators do, and what they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from certsvc.access.actions import Actions
from certsvc.access.dossier import Dossiers
from certsvc.access.operators import Operators
from certsvc.access.overview import Overview
from certsvc.access.passwords import Passwords
from certsvc.access.sessions import Sessions
from certsvc.access.throttle import DeviceMarks
from certsvc.config import Settings
from certsvc.domain.clock import Clock
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.port import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Who may come in; safe to share between threads."""

    operators: Operators
    sessions: Sessions
    devices: DeviceMarks
    actions: Actions
    dossiers: Dossiers
    overview: Overview


def open_doors(
    settings: Settings,
    registry: Registry,
    kinds: Mapping[str, CertificateType],
    clock: Clock,
    secret: bytes,
) -> Doors:
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
        dossiers=Dossiers(registry=registry, kinds=kinds, clock=clock),
        overview=Overview(registry=registry, clock=clock),
    )
