"""Time-stamp tokens (RFC 3161), opened by asn1crypto; whether a signature holds is openssl's to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, tsp

from certsvc.audit.judges.broken import JudgeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """What a token states."""

    sha256: str
    """Hex, of what was stamped; empty for a digest of another kind."""
    at: datetime


def read_token(token: bytes) -> Stamped:
    """Read a token (DER). JudgeError when it is none."""
    try:
        content = cms.ContentInfo.load(token, strict=True)["content"]
        info = content["encap_content_info"]["content"].parsed
        if not isinstance(info, tsp.TSTInfo):
            raise JudgeError("no time-stamp token")
        imprint = info["message_imprint"]
        is_sha256 = imprint["hash_algorithm"]["algorithm"].native == "sha256"
        return Stamped(
            sha256=imprint["hashed_message"].native.hex() if is_sha256 else "", at=info["gen_time"].native
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise JudgeError("no time-stamp token") from error
