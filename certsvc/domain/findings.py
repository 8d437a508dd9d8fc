"""What a report says of each check, in the order of the checks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from certsvc.domain.record_state import RecordState
from certsvc.domain.report import Check, Clue, Finding, Kind, RegistryAnswer, Result, Status

FILES: Final = frozenset({Kind.PDF, Kind.OFD, Kind.SHA256})

CANNOT_TELL: Final[Mapping[RegistryAnswer, str]] = {
    RegistryAnswer.AWAY: "REGISTRY_AWAY",
    RegistryAnswer.DAMAGED: "RECORD_DAMAGED",
    RegistryAnswer.TIME_UNCERTAIN: "TIME_UNCERTAIN",
}

_OF_RECORD: Final = frozenset({Check.USAGE_WINDOW, Check.SPECIALTY, Check.SUPERSEDED})

_BEFORE: Final = tuple(Check)[1 : tuple(Check).index(Check.REGISTRY)]
_AFTER: Final = tuple(Check)[tuple(Check).index(Check.SUPERSEDED) + 1 :]
"""Checks between "file is ours", the first, and those of the record; and after the last of the record's."""

_SAME_BYTES: Final = frozenset(
    {Check.SIGNATURE, Check.COVERAGE, Check.SIGNER_PINNED, Check.QR_MATCHES, Check.TEXT_MATCHES}
)
"""Checks an issued file passed before it was handed out; the same bytes pass them again."""


def given(clue: Clue) -> tuple[Finding, ...]:
    """Return what the clue says of itself, its file's first."""
    return (*clue.file.findings, *clue.findings) if clue.file else clue.findings


def findings_of(
    clue: Clue, answer: RegistryAnswer, then: RecordState | None, own: Status
) -> tuple[Finding, ...]:
    """Return at least one finding for each check, in the order of the checks."""
    said = (*given(clue), *(then.findings if then else ()))
    if then is not None and len(said) == len(then.findings):
        whole = _around(clue.kind, clue.known_file, answer, own, said)
        if whole is not None:
            return whole
    if clue.kind in FILES and own is Status.NO_SIGNATURE and then is not None:
        said += (Finding(check=Check.QR_MATCHES, result=Result.SKIP, code="COMPARE_FACE"),)
    findings: list[Finding] = []
    for check in Check:
        of_check = [finding for finding in said if finding.check is check]
        if check is Check.FILE_IS_OURS:
            of_check.insert(0, _file_is_ours(clue, answer, own))
        elif check is Check.REGISTRY and then is None:
            of_check.insert(0, _registry(answer, own))
        findings += of_check or [_unsaid(check, clue, answer, own)]
    return tuple(findings)


@lru_cache(maxsize=4096)
def _around(
    kind: Kind, known_file: bool, answer: RegistryAnswer, own: Status, said: tuple[Finding, ...]
) -> tuple[Finding, ...] | None:
    """Return all findings when the clue says nothing of itself: the record's, and what stands around them.

    None where the others do not stand around it. A record speaks of each check of its own, in their order; so
    this is what findings_of() says, and the same object for the same findings.
    """
    if kind in FILES and own is Status.NO_SIGNATURE:
        return None
    clue = Clue(kind=kind, known_file=known_file)
    return (
        _file_is_ours(clue, answer, own),
        *[_unsaid(check, clue, answer, own) for check in _BEFORE],
        *said,
        *[_unsaid(check, clue, answer, own) for check in _AFTER],
    )


def _file_is_ours(clue: Clue, answer: RegistryAnswer, own: Status) -> Finding:
    if clue.kind not in FILES:
        return Finding(check=Check.FILE_IS_OURS, result=Result.SKIP, code="COMPARE_FACE")
    if own is Status.VALID and answer in CANNOT_TELL:
        return Finding(check=Check.FILE_IS_OURS, result=Result.UNKNOWN, code=CANNOT_TELL[answer])
    if clue.known_file and answer is RegistryAnswer.FOUND:
        return Finding(check=Check.FILE_IS_OURS, result=Result.PASS, code="FILE_KNOWN")
    return Finding(check=Check.FILE_IS_OURS, result=Result.FAIL, code="FILE_NOT_KNOWN")


def _registry(answer: RegistryAnswer, own: Status) -> Finding:
    """Return the registry's finding when no record is shown."""
    if answer in CANNOT_TELL:
        return Finding(check=Check.REGISTRY, result=Result.UNKNOWN, code=CANNOT_TELL[answer])
    if answer is RegistryAnswer.MISSING or own is Status.VALID:
        return Finding(check=Check.REGISTRY, result=Result.FAIL, code="NOT_IN_REGISTRY")
    # The clue alone decided; what the registry holds is not about the thing in hand.
    return Finding(check=Check.REGISTRY, result=Result.SKIP, code="NOT_APPLICABLE")


def _unsaid(check: Check, clue: Clue, answer: RegistryAnswer, own: Status) -> Finding:
    """Return the finding of a check nobody spoke of."""
    if check in _OF_RECORD and own is Status.VALID and answer in CANNOT_TELL:
        return Finding(check=check, result=Result.UNKNOWN, code=CANNOT_TELL[answer])
    same_bytes = check in _SAME_BYTES or (check is Check.SEAL_PINNED and clue.kind is Kind.OFD)
    if same_bytes and clue.known_file and answer is RegistryAnswer.FOUND:
        return Finding(check=check, result=Result.PASS, code="FILE_KNOWN")
    return Finding(check=check, result=Result.SKIP, code="NOT_APPLICABLE")
