"""Receipts: what a verification answered, as a signed statement that can be kept and shown to others.

A receipt holds no name and no number of a person: who was asked about stays with the one who asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Final

from certsvc.domain.key_times import fault_at
from certsvc.domain.report import Report
from certsvc.errors import KeyMaterialError
from certsvc.sealing.jws import sign_jws
from certsvc.sealing.port import PinnedKey, Signer
from certsvc.verification.question import Question, find_specialty

TYP: Final = "certsvc-receipt+jws"
FORMAT: Final = 1


def input_sha256(question: Question) -> str:
    """Return the hex SHA-256 by which a receipt names what was handed in.

    Of a file its bytes, of a text its UTF-8 exactly as it was sent; a stated sha256 stands for its file. Of a
    number with a name the number alone: whoever has a receipt could try every common name on a hash of both.
    """
    if question.sha256 is not None:
        return question.sha256
    if question.file is not None:
        return hashlib.sha256(question.file).hexdigest()
    text = next(
        (text for text in (question.qr, question.token, question.code, question.number) if text is not None),
        "",
    )
    return hashlib.sha256(text.encode()).hexdigest()


class Receipts:
    """Gives receipts; safe to share between threads."""

    def __init__(
        self,
        *,
        signer: Callable[[], Signer],
        keys: Callable[[], Sequence[PinnedKey]],
        specialties: Collection[str],
        issuer_name: str,
        public_url: str,
    ) -> None:
        """Take what a receipt says beside the answer itself.

        Args:
            signer: returns the newest usable key for receipts.
            keys: returns all keys for receipts, with their times as they are known now.
            specialties: the names a receipt may repeat; any other text of a caller it does not.
            issuer_name: 颁发机构 of this service.
            public_url: where the keys are published.
        """
        self._signer = signer
        self.known_keys = keys
        self.specialties = frozenset(specialties)
        self._issuer_name = issuer_name
        self._public_url = public_url

    def give(self, report: Report, question: Question) -> str:
        """Return the receipt of an answer, as a compact JWS.

        Raises:
            KeyMaterialError: there is no key for receipts that may sign at the instant of the answer.
        """
        return sign_jws(self._claims(report, question), self.signer_at(report.checked_at), typ=TYP)

    def signer_at(self, at: datetime) -> Signer:
        """Return the key for receipts, fit to sign at *at*; KeyMaterialError when there is none."""
        signer = self._signer()
        key = next((key for key in self.known_keys() if key.key_id == signer.key_id), None)
        fault = fault_at(key, at) if key is not None else "not in the trust list"
        if fault is not None:
            raise KeyMaterialError(f"the key {signer.key_id} cannot sign a receipt now: {fault}")
        return signer

    def specialty_of(self, question: Question) -> str | None:
        """Return the specialty asked for if it is one there is; any other text is not repeated."""
        return find_specialty(question.specialty, self.specialties) if question.specialty else None

    def _claims(self, report: Report, question: Question) -> dict[str, object]:
        entry = report.entry
        claims: dict[str, object] = {
            "format": FORMAT,
            "input": {"kind": str(report.kind), "sha256": input_sha256(question)},
            "verdict": str(report.verdict),
            "status": str(report.status),
            "subject": report.subject,
            # Their details stay out: they may repeat what was handed in.
            "findings": [
                {"check": str(one.check), "result": str(one.result), "code": one.code}
                for one in report.findings
            ],
            "specialty": self.specialty_of(question),
            "as_of": instant_text(report.as_of),
            "checked_at": instant_text(report.checked_at),
        }
        if entry is not None:
            claims["licence_id"] = entry.version.licence_id
            if entry.copy is not None:
                claims["token"] = entry.copy.token
        return claims | {
            "log_checkpoint": None,
            "issuer": self._issuer_name,
            "public_url": self._public_url,
        }


def instant_text(instant: datetime) -> str:
    """Write an instant as answers and receipts do: RFC 3339 in UTC, ending in Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
