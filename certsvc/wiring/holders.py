"""What stands behind 我的证书, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from certsvc.access.assertions import Assertions
from certsvc.access.holder_links import HolderLinks
from certsvc.access.own_certificates import OwnCertificates
from certsvc.config import Settings
from certsvc.domain.clock import Clock
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.port import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Holders:
    """How holders come in, and what they see; safe to share between threads."""

    links: HolderLinks
    assertions: Assertions
    own: OwnCertificates


def open_holders(
    settings: Settings, registry: Registry, clock: Clock, kinds: Mapping[str, CertificateType]
) -> Holders:
    """Put it together.

    Raises:
        SettingsError: the portal's keys cannot be used.
    """
    return Holders(
        links=HolderLinks(registry=registry, clock=clock, public_url=settings.public_url),
        assertions=Assertions(
            registry=registry,
            clock=clock,
            jwks=settings.portal_jwks,
            issuer=settings.portal_issuer,
            audience=settings.public_url,
        ),
        own=OwnCertificates(registry=registry, kinds=kinds, clock=clock),
    )
