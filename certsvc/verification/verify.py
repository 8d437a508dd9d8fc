"""Verification: scan -> resolve -> judge. The one way from a question to a Report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from certsvc.domain.clock import Clock
from certsvc.domain.endorsement import Copy
from certsvc.domain.judge import check_as_of, judge
from certsvc.domain.report import Check, Finding, RegistryAnswer, Report, Result
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.port import Registry
from certsvc.sealing.port import PinnedKey
from certsvc.verification.question import Question
from certsvc.verification.resolve import resolve
from certsvc.verification.scan import examine, scan


class Verifier:
    """Answers every question with a report; only a future as_of is refused."""

    def __init__(
        self,
        *,
        registry: Registry,
        kinds: Mapping[str, CertificateType],
        pinned: tuple[PinnedKey, ...],
        clock: Clock,
        public_url: str,
    ) -> None:
        """Take what verification reads; it needs no private key."""
        self._registry = registry
        self._kinds = kinds
        self._pinned = pinned
        self._clock = clock
        self._public_url = public_url

    def verify(self, question: Question) -> Report:
        """Judge the thing in hand.

        Raises:
            AsOfInFutureError: *as_of* has not come.
        """
        now = self._clock.now()
        as_of = question.as_of if question.as_of is not None else now
        check_as_of(as_of, now)
        scanned = scan(question, self._public_url)
        resolution = resolve(scanned, self._registry, self._kinds, now)
        clue = scanned.clue
        if scanned.sha256 is not None and resolution.answer is RegistryAnswer.FOUND:
            clue = replace(clue, known_file=True)
        elif question.file is not None:
            # Only a file we do not know by its hash is opened at all.
            clue = examine(clue, question.file, self._pinned)
        entry = resolution.entry
        if entry is not None and entry.copy is not None:
            clue = replace(clue, findings=(*clue.findings, *_key_faults(entry.copy, self._pinned)))
        kind = entry.version.face.certificate_type if entry is not None else next(iter(self._kinds))
        return judge(clue, resolution.answer, entry, as_of=as_of, now=now, policy=self._kinds[kind].policy)


def _key_faults(copy: Copy, pinned: tuple[PinnedKey, ...]) -> tuple[Finding, ...]:
    """Judge the signing key at the instant our own row names, never at one a file names."""
    key = next((one for one in pinned if one.key_id == copy.key_id), None)
    if key is None:
        code = "SIGNER_NOT_OURS"
    elif key.compromised_since is not None and copy.reserved_at >= key.compromised_since:
        code = "KEY_COMPROMISED"
    elif not key.valid_from <= copy.reserved_at <= key.valid_to:
        code = "SIGNED_OUTSIDE_VALIDITY"
    else:
        return ()
    return (Finding(check=Check.SIGNER_PINNED, result=Result.FAIL, code=code),)
