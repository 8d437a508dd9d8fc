"""Which registration a number meant at an instant: after 重新注册 one number may name two."""

from __future__ import annotations

from datetime import datetime

from certsvc.domain.events import RegistrationId
from certsvc.registry.port import ReadSession


def registration_at(
    session: ReadSession, registration_number: str, instant: datetime
) -> RegistrationId | None:
    """Find the latest registration that has or had this number and had begun by *instant*.

    Returns:
        The first one there ever was when none had begun; None for a number nobody has.
    """
    found = session.registrations_with(registration_number)
    for registration_id in found[:-1]:
        # The first event recorded is the one that began the registration.
        if session.history(registration_id)[0].event.effective_at <= instant:
            return registration_id
    return found[-1] if found else None
