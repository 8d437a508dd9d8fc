"""Verification: scan -> resolve -> judge. The one way from a question to a Report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from certsvc.domain.clock import Clock
from certsvc.domain.endorsement import FORMATS, Copy
from certsvc.domain.judge import check_as_of, judge
from certsvc.domain.report import Check, Clue, FileOutcome, Finding, Kind, RegistryAnswer, Report, Result
from certsvc.domain.timestamps import TimestampLevel
from certsvc.errors import Fault, InvalidFieldError, UnavailableError
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.port import Registry
from certsvc.sealing.port import PinnedKey, PinnedSeal
from certsvc.verification.code_check import check_code
from certsvc.verification.key_faults import key_faults
from certsvc.verification.log_book import LogBook
from certsvc.verification.pool import ReaderPool
from certsvc.verification.question import Question, find_specialty
from certsvc.verification.resolve import Resolution, resolve, resolve_each
from certsvc.verification.scan import Scan, examine, scan

_Pin = TypeVar("_Pin", PinnedKey, PinnedSeal)


class Verifier:
    """Answers every question with a report, but an as_of that has not come and a specialty nobody has."""

    def __init__(
        self,
        *,
        registry: Registry,
        kinds: Mapping[str, CertificateType],
        pinned: Sequence[PinnedKey],
        pinned_seals: Sequence[PinnedSeal],
        readers: ReaderPool,
        clock: Clock,
        public_url: str,
        receipt_keys: Callable[[], Sequence[PinnedKey]] = tuple,
        offline_keys: Callable[[], Sequence[PinnedKey]] = tuple,
        tsa_roots: Sequence[bytes] = (),
        level: TimestampLevel | None = None,
        log_book: LogBook | None = None,
    ) -> None:
        """Take what verification reads; it needs no private key, and opens no stranger's file itself.

        *receipt_keys* returns the keys that seal verification reports: such a file is told from a stranger's.
        *tsa_roots* are those of time-stamping authorities, DER; *level* is what our PDF files have inside.
        """
        self._registry = registry
        self._kinds = kinds
        self._pinned = pinned
        self._pinned_seals = pinned_seals
        self._receipt_keys = receipt_keys
        self._offline_keys = offline_keys
        self._tsa_roots = tsa_roots
        self._level = level
        self._log_book = log_book
        self._readers = readers
        self.check_readers = readers.check
        self._clock = clock
        self._public_url = public_url
        # Each once: types share specialties.
        self._specialties = tuple(
            dict.fromkeys(name for kind in kinds.values() for name in kind.policy.specialty_names)
        )

    @property
    def readers(self) -> ReaderPool:
        """What opens strangers' files, those of the photo tool too."""
        return self._readers

    def verify(self, question: Question) -> Report:
        """Judge the thing in hand.

        Raises:
            AsOfInFutureError: *as_of* has not come.
            InvalidFieldError: no certificate has the specialty asked for.
        """
        now = self._clock.now()
        question = self._settled(question, now)
        scanned = scan(question, self._public_url)
        return self._answer(question, scanned, self._resolve(scanned, question, now), now)

    def verify_each(self, questions: Sequence[Question]) -> list[Report | InvalidFieldError]:
        """Judge several things by one view of the register and at one instant, in their order.

        A question that verify() would refuse has its error in its place.
        """
        now = self._clock.now()
        read = [self._settled_or_error(one, now) for one in questions]
        fit = [one for one in read if isinstance(one, Question)]
        scans = [scan(one, self._public_url) for one in fit]
        asked = [(one, question.as_of or now) for one, question in zip(scans, fit, strict=True)]
        log_book = self._log_book if any(one.log for one in fit) else None
        found = iter(resolve_each(asked, self._registry, self._kinds, now=now, log_book=log_book))
        scanned = iter(scans)
        return [
            self._answer(one, next(scanned), next(found), now) if isinstance(one, Question) else one
            for one in read
        ]

    def _settled(self, question: Question, now: datetime) -> Question:
        """Return the question as it is answered; errors as verify()."""
        check_as_of(question.as_of or now, now)
        if question.specialty is None:
            return question
        name = find_specialty(question.specialty, self._specialties)
        if name is None:
            # A slip of the keyboard must not end as INVALID: it says nothing about the certificate.
            raise InvalidFieldError(
                Fault(
                    "/specialty",
                    f"没有这个注册专业，请填写：{'、'.join(self._specialties)}",
                    f"there is no such specialty; name one of {', '.join(self._specialties)}",
                )
            )
        return replace(question, specialty=name)

    def _settled_or_error(self, question: Question, now: datetime) -> Question | InvalidFieldError:
        try:
            return self._settled(question, now)
        except InvalidFieldError as error:
            return error

    def _answer(self, question: Question, scanned: Scan, resolution: Resolution, now: datetime) -> Report:
        now = max(now, resolution.recorded_at or now)
        as_of = question.as_of or now
        clue, code = scanned.clue, scanned.offline
        if scanned.sha256 is not None and resolution.answer is RegistryAnswer.FOUND:
            clue = replace(clue, known_file=True, findings=(*clue.findings, *resolution.timestamp))
        elif question.file is not None:
            # Only a file we do not know by its hash is opened at all.
            found = examine(
                clue,
                question.file,
                pinned=self._pinned,
                pinned_seals=self._pinned_seals,
                receipt_keys=self._receipt_keys(),
                readers=self._readers,
                public_url=self._public_url,
                roots=self._tsa_roots,
            )
            # Reading may have taken seconds in which others recorded: the clock is asked again.
            now = max(now, self._clock.now())
            clue, resolution = found.clue, self._resolve_symbol(found, resolution, question, now)
            if resolution.answer is RegistryAnswer.MISSING:
                clue = replace(clue, findings=(*clue.findings, *self._strange(clue)))
            code = found.offline
        entry = resolution.entry
        if entry is not None and entry.copy is not None:
            try:
                faults = [*self._key_faults(entry.copy, scanned.sha256, now)]
            except UnavailableError:
                # Gone between two questions: whether a leaked key was used before the theft cannot be told.
                resolution, entry, faults = Resolution(RegistryAnswer.AWAY), None, []
            if resolution.log is not None:
                faults.append(resolution.log)
            if faults:
                clue = replace(clue, findings=(*clue.findings, *faults))
        # Where there is no record nothing is judged by a type's rules: any will do.
        kind = entry.version.face.certificate_type if entry is not None else next(iter(self._kinds))
        policy = self._kinds[kind].policy
        if code is not None:
            told = check_code(code, entry, self._offline_keys(), profession=policy.profession)
            clue = replace(clue, findings=(*clue.findings, told))
        return judge(clue, resolution.answer, entry, as_of=as_of, now=now, policy=policy)

    def _resolve(self, scanned: Scan, question: Question, now: datetime) -> Resolution:
        log_book = self._log_book if question.log else None
        as_of = question.as_of or now
        return resolve(scanned, self._registry, self._kinds, as_of=as_of, now=now, log_book=log_book)

    def _resolve_symbol(
        self, found: Scan, by_hash: Resolution, question: Question, now: datetime
    ) -> Resolution:
        """Look up the record a QR symbol inside a file names, when there is one."""
        if found.token is None:
            # What the register holds is not about a picture without a symbol of ours.
            photo = found.clue.kind is Kind.PHOTO
            return Resolution(RegistryAnswer.NOT_ASKED) if photo else by_hash
        if by_hash.answer is not RegistryAnswer.MISSING:
            # Away, damaged, or its clock is off: asked again at once it would answer no better.
            return by_hash
        return self._resolve(found, question, now)

    def _strange(self, clue: Clue) -> Iterator[Finding]:
        """Judge an intact file that the register does not know: what a thief of its key would make."""
        if clue.file is None or clue.file.outcome is not FileOutcome.INTACT:
            return
        stamped = any(finding.check is Check.TIMESTAMP for finding in clue.file.findings)
        certifies = any(key.key_id == clue.file.key_id for key in self._pinned)
        if self._level is not None and certifies and not stamped:
            yield Finding(check=Check.TIMESTAMP, result=Result.FAIL, code="NO_TIMESTAMP")
        pins: tuple[PinnedKey | PinnedSeal, ...] = (*self._pinned, *self._pinned_seals)
        if any(one.key_id == clue.file.key_id and one.compromised_since is not None for one in pins):
            check = Check.SEAL_PINNED if clue.kind is Kind.OFD else Check.SIGNER_PINNED
            yield Finding(check=check, result=Result.FAIL, code="KEY_COMPROMISED")

    def _key_faults(self, copy: Copy, sha256: str | None, now: datetime) -> Iterator[Finding]:
        # The file in hand answers for its own key, a record for those of both its files.
        own = [fmt for fmt, file in copy.files.items() if file.sha256 == sha256] if sha256 is not None else ()
        return key_faults(
            copy,
            own or FORMATS,
            pinned=self._pinned,
            pinned_seals=self._pinned_seals,
            registry=self._registry,
            now=now,
        )
