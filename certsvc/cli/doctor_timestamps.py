"""``doctor`` on time stamps: does the authority answer, is it believed, does its token fit."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from certsvc.cli.diagnosis import Diagnosis

if TYPE_CHECKING:
    from certsvc.config import Settings

_DAYS_LEFT: Final = 30


def examine_timestamps(settings: Settings) -> Diagnosis:
    """Ask the authority for a token over chance bytes, and look for revocation lists where files need them.

    Raises:
        TimestampUnavailableError: the authority does not answer, or is not believed.
        KeyMaterialError: its roots or a revocation list cannot be read.
    """
    from certsvc.domain.timestamps import TimestampPolicy
    from certsvc.sealing.keystore import Keystore
    from certsvc.sealing.tokens import LARGEST_TOKEN
    from certsvc.sealing.tsa import Deadline
    from certsvc.sealing.tsa_chain import parsed
    from certsvc.wiring.loading import SystemClock
    from certsvc.wiring.timestamps import make_stamper, open_authority

    clock = SystemClock()
    authority = open_authority(settings, clock)
    if authority is None:
        return Diagnosis(part="timestamps", state="ok", fact="none are asked for (CERTSVC_TIMESTAMP=none)")
    token = authority.stamp(hashlib.sha256(secrets.token_bytes(32)).digest(), Deadline())
    ends = min(parsed(one).not_valid_after_utc for one in token.chain)
    left = (ends - datetime.now(UTC)).days
    fact = (
        f"{settings.timestamp}: the authority answers, policy {token.policy}, {len(token.der)} of "
        f"{LARGEST_TOKEN} bytes, its certificates end in {left} days"
    )
    if TimestampPolicy(settings.timestamp) is TimestampPolicy.B_LTA:
        keystore = Keystore.open(settings.keys_dir)
        stamper = make_stamper(settings, authority, keystore, clock)
        assert stamper is not None
        lists = len(stamper.evidence(keystore.signer(settings.signature), token).lists)
        fact = f"{fact}; {lists} revocation lists in force"
    if left < _DAYS_LEFT:
        return Diagnosis(
            part="timestamps",
            state="warn",
            fact=fact,
            remedy="ask the authority for its next root, and add it to CERTSVC_TSA_TRUST",
        )
    return Diagnosis(part="timestamps", state="ok", fact=fact)
