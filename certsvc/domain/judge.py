"""The judge: clue, registry and instant in, one verdict and every finding out. Nothing else decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from certsvc.domain.certificate import Face, face_of
from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import CopyState
from certsvc.domain.findings import CANNOT_TELL, FILES, findings_of, given
from certsvc.domain.policy import Policy
from certsvc.domain.record_state import RecordState, state_of, status_severity, worst
from certsvc.domain.registration import Specialty
from certsvc.domain.report import (
    Check,
    Clue,
    Entry,
    FileOutcome,
    Finding,
    RegistryAnswer,
    Report,
    Result,
    SpecialtyLine,
    Status,
    Verdict,
)
from certsvc.domain.specialty import days_left
from certsvc.errors import AsOfInFutureError, Fault

__all__ = ["check_as_of", "judge", "own_fault", "status_severity", "verdict_of"]

_OUTCOME: Final[Mapping[FileOutcome, Status]] = {
    FileOutcome.UNREADABLE: Status.UNREADABLE,
    FileOutcome.NO_SIGNATURE: Status.NO_SIGNATURE,
    FileOutcome.ALTERED: Status.ALTERED,
    FileOutcome.NOT_OURS: Status.NOT_OURS,
    FileOutcome.INTACT: Status.VALID,
}

_BY_CODE: Final[Mapping[str, Status]] = {
    "FOREIGN_DOMAIN": Status.NOT_OURS,
    "HOMOGLYPH_DOMAIN": Status.NOT_OURS,
    "MALFORMED_QR": Status.UNKNOWN,
    "MALFORMED_CODE": Status.UNKNOWN,
    "RECEIPT_NOT_CERTIFICATE": Status.UNKNOWN,
    "UNREADABLE_FILE": Status.UNREADABLE,
    "ENCRYPTED_FILE": Status.UNREADABLE,
    "NOT_AN_OFD": Status.UNREADABLE,
    "FILE_TOO_LARGE": Status.UNREADABLE,
    "XML_REFUSED": Status.UNREADABLE,
    "XML_TOO_COMPLEX": Status.UNREADABLE,
    "KIND_NOT_READ": Status.UNREADABLE,
    "NO_QR_FOUND": Status.UNREADABLE,
    "MANY_QR": Status.UNREADABLE,
    "CANNOT_READ_NOW": Status.UNAVAILABLE,
    "NO_TIMESTAMP": Status.UNKNOWN,
    "LOG_NOT_YET": Status.VALID,
    "LOG_WITHOUT_ENTRY": Status.VALID,
    "LOG_DAMAGED": Status.VALID,
    "LOG_AWAY": Status.VALID,
}
"""What a fault of the clue itself means."""

_BY_CHECK: Final[Mapping[Check, Status]] = {
    Check.FILE_IS_OURS: Status.NOT_OURS,
    Check.SIGNATURE: Status.ALTERED,
    Check.COVERAGE: Status.ALTERED,
    Check.SIGNER_PINNED: Status.NOT_OURS,
    Check.SEAL_PINNED: Status.NOT_OURS,
    Check.TIMESTAMP: Status.ALTERED,
    Check.QR_MATCHES: Status.ALTERED,
    Check.TEXT_MATCHES: Status.ALTERED,
}
"""What a failed check means when its code has no meaning of its own; others: it cannot be told."""


def check_as_of(as_of: datetime, now: datetime) -> None:
    """Refuse to speak of an instant that has not come.

    Raises:
        AsOfInFutureError: *as_of* lies after *now*.
    """
    if as_of > now:
        raise AsOfInFutureError(
            Fault("/as_of", "所查询的时间晚于现在。", "The instant asked for has not come yet.")
        )


def verdict_of(status: Status) -> Verdict:
    """Return the one word for *status*."""
    if status is Status.VALID:
        return Verdict.VALID
    if status in (Status.UNREADABLE, Status.UNAVAILABLE):
        return Verdict.INDETERMINATE
    return Verdict.INVALID


def judge(
    clue: Clue,
    answer: RegistryAnswer,
    entry: Entry | None,
    *,
    as_of: datetime,
    now: datetime,
    policy: Policy,
) -> Report:
    """Return the whole answer to "is it genuine?".

    Of everything that applies the most severe decides. A file that carries its own fault is judged without
    the registry; anything else is VALID only when a record was found and every check passed.

    Args:
        clue: what was handed in.
        answer: how the registry answered.
        entry: the record, when *answer* is FOUND.
        as_of: the instant asked for, not after *now*.
        now: the present instant, read once.
        policy: rules of the certificate type.
    """
    own = own_fault(clue)
    answer = _trusted(answer, entry, own)
    shown = entry if answer is RegistryAnswer.FOUND and _may_show(clue, own) else None
    then = state_of(shown, as_of, policy, specialty=clue.specialty) if shown else None
    # Most questions are about now; the state then and the state today are worked out once.
    today = then if as_of == now or shown is None else state_of(shown, now, policy, specialty=clue.specialty)
    status = own if own is not Status.VALID else _by_registry(answer, then)
    face = _face(shown, then)
    return Report(
        verdict=verdict_of(status),
        status=status,
        subject="file" if clue.kind in FILES else "record",
        kind=clue.kind,
        as_of=as_of,
        checked_at=now,
        state_at_as_of=then.status if then else None,
        state_now=today.status if today else None,
        wet_signature_required_on_print=True,
        findings=findings_of(clue, answer, then, own),
        entry=shown,
        face=face,
        profession=policy.profession if face is not None else None,
        specialties=_lines(shown, face, as_of),
        changed_fields=then.changed_fields if then else (),
    )


def own_fault(clue: Clue) -> Status:
    """Return what the clue says against itself, before the registry is heard; VALID when nothing."""
    if clue.file is not None and clue.file.outcome is not FileOutcome.INTACT:
        # The strict checker has ranked its findings; a foreign file whose digest is off stays NOT_OURS.
        return _OUTCOME[clue.file.outcome]
    told = given(clue)
    return worst([_meaning(finding) for finding in told]) if told else Status.VALID


def _meaning(finding: Finding) -> Status:
    """Return the status one finding of the clue gives; what is not known to be harmless is never VALID."""
    if finding.result is Result.PASS:
        return Status.VALID
    if finding.code in _BY_CODE:
        return _BY_CODE[finding.code]
    if finding.result is Result.FAIL:
        return _BY_CHECK.get(finding.check, Status.UNAVAILABLE)
    return Status.VALID if finding.result is Result.SKIP else Status.UNAVAILABLE


def _trusted(answer: RegistryAnswer, entry: Entry | None, own: Status) -> RegistryAnswer:
    """Return the answer as far as it can be relied on."""
    if answer is RegistryAnswer.FOUND:
        if entry is None:
            return RegistryAnswer.DAMAGED
        # Signed but never handed out: to the public it was never issued.
        issued = entry.copy is None or entry.copy.state is CopyState.DONE
        return answer if issued else RegistryAnswer.MISSING
    if answer is RegistryAnswer.NOT_ASKED and own is Status.VALID:
        return RegistryAnswer.AWAY
    return answer


def _may_show(clue: Clue, own: Status) -> bool:
    """Tell whether the record is shown: the thing in hand, or what a scan or altered file claims to be."""
    if own is Status.VALID:
        return clue.known_file or clue.kind not in FILES
    return own in (Status.NO_SIGNATURE, Status.ALTERED)


def _by_registry(answer: RegistryAnswer, then: RecordState | None) -> Status:
    """Return the status of a clue without a fault of its own."""
    if then is not None:
        return then.status
    return Status.UNAVAILABLE if answer in CANNOT_TELL else Status.UNKNOWN


def _face(shown: Entry | None, then: RecordState | None) -> Face | None:
    if shown is None or then is None:
        return None
    if shown.copy is not None:
        return shown.version.face
    return face_of(then.registration) if then.registration else None


def _lines(shown: Entry | None, face: Face | None, as_of: datetime) -> tuple[SpecialtyLine, ...]:
    """Return the specialties the paper shows, as they stand on the day asked for."""
    if shown is None or face is None:
        return ()
    printed: Sequence[Specialty] = face.specialties
    if shown.copy is not None and shown.copy.grant is not None:
        printed = shown.copy.grant.specialties
    day = beijing_day(as_of)
    return tuple(
        [
            SpecialtyLine(
                name=one.name,
                valid_from=one.valid_from,
                valid_to=one.valid_to,
                days_left=days_left(one.valid_to, day),
                status=one.status_on(day),
            )
            for one in printed
        ]
    )
