"""What stamps, as the settings say."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certsvc.config import Settings
from certsvc.domain.clock import Clock
from certsvc.domain.timestamps import TimestampPolicy
from certsvc.errors import KeyMaterialError
from certsvc.issuing.stamping import Stamper
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.tsa import TimestampAuthority
from certsvc.sealing.tsa_chain import read_roots


def load_tsa_roots(settings: Settings) -> tuple[bytes, ...]:
    """Return the pinned roots of time-stamping authorities, DER; none where none are set.

    Raises:
        KeyMaterialError: the file cannot be read, or holds no certificates.
    """
    if settings.tsa_trust is None:
        return ()
    try:
        return read_roots(settings.tsa_trust.read_bytes())
    except (OSError, ValueError) as fault:
        raise KeyMaterialError(f"CERTSVC_TSA_TRUST cannot be read: {settings.tsa_trust}: {fault}") from fault


def open_authority(settings: Settings, clock: Clock) -> TimestampAuthority | None:
    """Return the authority that is asked; None where none is set. Nothing is sent to it yet.

    Raises:
        KeyMaterialError: its roots cannot be read.
    """
    if not settings.tsa_url:
        return None
    return TimestampAuthority(
        settings.tsa_url, roots=load_tsa_roots(settings), clock=clock, policy=settings.tsa_policy or None
    )


def make_stamper(
    settings: Settings, authority: TimestampAuthority | None, keystore: Keystore, clock: Clock
) -> Stamper | None:
    """Return what stamps copies while they are made; None with the policy ``none``."""
    policy = TimestampPolicy(settings.timestamp)
    if policy is TimestampPolicy.NONE or authority is None:
        return None
    return Stamper(policy, authority, clock=clock, root=lambda: _root_of(keystore), lists=settings.crls_dir)


def _root_of(keystore: Keystore) -> bytes:
    try:
        pem = keystore.root_pem.read_bytes()
        return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    except (OSError, ValueError) as fault:
        raise KeyMaterialError(f"{keystore.root_pem} cannot be read: {fault}") from fault
