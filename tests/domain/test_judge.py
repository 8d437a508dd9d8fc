"""The judge, case by case: which clue and which answer give which status, and what is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from certsvc.domain.endorsement import CopyState
from certsvc.domain.judge import check_as_of, judge, verdict_of
from certsvc.domain.report import (
    Check,
    Clue,
    Entry,
    FileCheck,
    FileOutcome,
    Finding,
    Kind,
    RegistryAnswer,
    Report,
    Result,
    Status,
    Verdict,
)
from certsvc.errors import AsOfInFutureError
from tests.factories import (
    NOW,
    a_copy,
    a_policy,
    an_entry,
)

LATER = NOW + timedelta(days=10)
FILES = [Kind.PDF, Kind.OFD, Kind.SHA256]
RECORDS = [Kind.QR, Kind.CODE, Kind.NUMBER, Kind.PHOTO]
CANNOT_TELL = {
    RegistryAnswer.AWAY: "REGISTRY_AWAY",
    RegistryAnswer.DAMAGED: "RECORD_DAMAGED",
    RegistryAnswer.TIME_UNCERTAIN: "TIME_UNCERTAIN",
}
OURS = Clue(kind=Kind.PDF, known_file=True)
INTACT = Clue(kind=Kind.PDF, file=FileCheck(outcome=FileOutcome.INTACT, findings=()))


def asked(
    clue: Clue = OURS, answer: RegistryAnswer = RegistryAnswer.FOUND, entry: Entry | None = None
) -> Report:
    """Judge ten days after the copy was made; FOUND brings the default entry unless given."""
    if answer is RegistryAnswer.FOUND and entry is None:
        entry = an_entry(by_number=clue.kind is Kind.NUMBER)
    return judge(clue, answer, entry, as_of=LATER, now=LATER, policy=a_policy())


def with_file(outcome: FileOutcome, *findings: Finding) -> Clue:
    """Return a PDF nobody knows by its hash."""
    return Clue(kind=Kind.PDF, file=FileCheck(outcome=outcome, findings=findings))


def codes(report: Report, check: Check) -> list[tuple[Result, str]]:
    """Return result and code of every finding of one check."""
    return [(one.result, one.code) for one in report.findings if one.check is check]


@pytest.mark.parametrize("status", list(Status))
def test_each_status_has_one_verdict(status: Status) -> None:
    """Machines act on the verdict alone: only VALID is valid, and what cannot be told is neither."""
    expected = {
        Status.VALID: Verdict.VALID,
        Status.UNREADABLE: Verdict.INDETERMINATE,
        Status.UNAVAILABLE: Verdict.INDETERMINATE,
    }

    assert verdict_of(status) is expected.get(status, Verdict.INVALID)


@pytest.mark.parametrize("kind", FILES)
def test_an_issued_file_is_valid(kind: Kind) -> None:
    """The same bytes passed every check before they were handed out."""
    report = asked(Clue(kind=kind, known_file=True))

    assert (report.verdict, report.status, report.subject) == (Verdict.VALID, Status.VALID, "file")
    assert codes(report, Check.FILE_IS_OURS) == [(Result.PASS, "FILE_KNOWN")]
    assert codes(report, Check.SIGNATURE) == [(Result.PASS, "FILE_KNOWN")]
    assert codes(report, Check.REGISTRY) == [(Result.PASS, "IN_REGISTRY")]
    assert report.wet_signature_required_on_print
    assert (report.state_at_as_of, report.state_now) == (Status.VALID, Status.VALID)


@pytest.mark.parametrize(("kind", "said"), [(Kind.OFD, "FILE_KNOWN"), (Kind.PDF, "NOT_APPLICABLE")])
def test_only_an_issued_ofd_has_an_electronic_seal_to_speak_of(kind: Kind, said: str) -> None:
    """A PDF is sealed by a signature alone; to say its electronic seal passed would be made up."""
    assert [code for _, code in codes(asked(Clue(kind=kind, known_file=True)), Check.SEAL_PINNED)] == [said]


@pytest.mark.parametrize("kind", RECORDS)
def test_a_record_is_never_a_file_of_ours(kind: Kind) -> None:
    """A genuine QR on an altered paper: the report speaks of the record and asks to compare."""
    report = asked(Clue(kind=kind))

    assert (report.status, report.subject) == (Status.VALID, "record")
    assert codes(report, Check.FILE_IS_OURS) == [(Result.SKIP, "COMPARE_FACE")]
    assert codes(report, Check.SIGNATURE) == [(Result.SKIP, "NOT_APPLICABLE")]


def test_the_findings_stand_in_one_order() -> None:
    """A page lists them as they come, and an integrator finds each check at least once."""
    for clue in (OURS, Clue(kind=Kind.QR), INTACT, with_file(FileOutcome.ALTERED)):
        for answer in RegistryAnswer:
            checks = [one.check for one in asked(clue, answer).findings]
            assert list(dict.fromkeys(checks)) == list(Check)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (FileOutcome.UNREADABLE, Status.UNREADABLE),
        (FileOutcome.NO_SIGNATURE, Status.NO_SIGNATURE),
        (FileOutcome.ALTERED, Status.ALTERED),
        (FileOutcome.NOT_OURS, Status.NOT_OURS),
    ],
)
@pytest.mark.parametrize("answer", list(RegistryAnswer))
def test_a_file_with_a_fault_is_judged_without_the_registry(
    outcome: FileOutcome, status: Status, answer: RegistryAnswer
) -> None:
    """An outage must neither hide a forgery nor make one of a good file."""
    report = asked(with_file(outcome), answer)

    assert report.status is status
    assert codes(report, Check.FILE_IS_OURS) == [(Result.FAIL, "FILE_NOT_KNOWN")]


@pytest.mark.parametrize(
    "clue", [INTACT, Clue(kind=Kind.SHA256), *(Clue(kind=kind) for kind in RECORDS)], ids=str
)
def test_what_the_registry_does_not_hold_is_unknown(clue: Clue) -> None:
    """An intact file by our key that nobody recorded is not good either."""
    report = asked(clue, RegistryAnswer.MISSING)

    assert (report.verdict, report.status) == (Verdict.INVALID, Status.UNKNOWN)
    assert codes(report, Check.REGISTRY) == [(Result.FAIL, "NOT_IN_REGISTRY")]
    assert (report.entry, report.face, report.state_at_as_of, report.state_now) == (None, None, None, None)


def test_an_intact_file_is_unknown_even_if_its_qr_is_registered() -> None:
    """Issued files are known by their bytes; other bytes under our seal were never handed out."""
    report = asked(INTACT, RegistryAnswer.FOUND)

    assert report.status is Status.UNKNOWN
    assert report.entry is None


@pytest.mark.parametrize("state", [CopyState.PENDING, CopyState.FAILED])
@pytest.mark.parametrize("clue", [OURS, Clue(kind=Kind.QR)], ids=str)
def test_what_was_never_handed_out_is_unknown(clue: Clue, state: CopyState) -> None:
    """A crash may leave a sealed file behind; only completing makes it issued."""
    report = asked(clue, entry=an_entry(copy=a_copy(state=state)))

    assert report.status is Status.UNKNOWN
    assert (Result.PASS, "FILE_KNOWN") not in codes(report, Check.FILE_IS_OURS)
    assert report.entry is None


@pytest.mark.parametrize(("answer", "code"), CANNOT_TELL.items())
@pytest.mark.parametrize("clue", [OURS, INTACT, *(Clue(kind=kind) for kind in RECORDS)], ids=str)
def test_cannot_tell_is_neither_valid_nor_invalid(clue: Clue, answer: RegistryAnswer, code: str) -> None:
    """Nothing of the record is shown, and the reason stands at every check it leaves open."""
    report = judge(clue, answer, an_entry(), as_of=LATER, now=LATER, policy=a_policy())

    assert (report.verdict, report.status) == (Verdict.INDETERMINATE, Status.UNAVAILABLE)
    assert codes(report, Check.REGISTRY) == [(Result.UNKNOWN, code)]
    assert codes(report, Check.USAGE_WINDOW) == [(Result.UNKNOWN, code)]
    assert report.entry is None


@pytest.mark.parametrize("clue", [OURS, INTACT, Clue(kind=Kind.QR)], ids=str)
def test_contradictions_are_never_valid(clue: Clue) -> None:
    """Found without a record, or never asked although nothing else decides."""
    found = judge(clue, RegistryAnswer.FOUND, None, as_of=LATER, now=LATER, policy=a_policy())

    assert found.status is Status.UNAVAILABLE
    assert asked(clue, RegistryAnswer.NOT_ASKED).status is Status.UNAVAILABLE


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("FOREIGN_DOMAIN", Status.NOT_OURS),
        ("HOMOGLYPH_DOMAIN", Status.NOT_OURS),
        ("MALFORMED_QR", Status.UNKNOWN),
        ("MALFORMED_CODE", Status.UNKNOWN),
    ],
)
@pytest.mark.parametrize("answer", list(RegistryAnswer))
def test_a_fault_of_the_text_needs_no_registry(code: str, status: Status, answer: RegistryAnswer) -> None:
    """A look-alike address is told as such whether or not the registry can be asked."""
    fault = Finding(check=Check.QR_MATCHES, result=Result.FAIL, code=code)
    report = asked(Clue(kind=Kind.QR, findings=(fault,)), answer)

    assert (report.verdict, report.status) == (Verdict.INVALID, status)
    assert codes(report, Check.QR_MATCHES) == [(Result.FAIL, code)]
    assert report.entry is None


@pytest.mark.parametrize(
    ("check", "code", "status"),
    [
        (Check.SIGNER_PINNED, "KEY_COMPROMISED", Status.NOT_OURS),
        (Check.QR_MATCHES, "QR_MISMATCH", Status.ALTERED),
        (Check.TEXT_MATCHES, "NOT_IN_CODE", Status.ALTERED),
        (Check.LOG, "OK", Status.UNAVAILABLE),
    ],
)
def test_any_failed_check_keeps_an_issued_file_from_being_valid(
    check: Check, code: str, status: Status
) -> None:
    """Fail closed: a check this module has never heard of a code for still counts."""
    fault = Finding(check=check, result=Result.FAIL, code=code)

    assert asked(replace(OURS, findings=(fault,))).status is status


def test_an_open_check_keeps_an_issued_file_from_being_valid() -> None:
    """What was asked and not answered is not a pass."""
    still_open = Finding(check=Check.TIMESTAMP, result=Result.UNKNOWN, code="TIMESTAMP_PENDING")

    assert asked(replace(OURS, findings=(still_open,))).status is Status.UNAVAILABLE


def test_a_foreign_file_stays_foreign_whatever_else_is_wrong_with_it() -> None:
    """ALTERED is said of our own seal only."""
    broken = Finding(check=Check.SIGNATURE, result=Result.FAIL, code="DIGEST_MISMATCH")

    assert asked(with_file(FileOutcome.NOT_OURS, broken), RegistryAnswer.MISSING).status is Status.NOT_OURS


def test_a_failing_finding_contradicts_intact() -> None:
    """If the strict checker ever disagrees with itself, the file is not called good."""
    broken = Finding(check=Check.COVERAGE, result=Result.FAIL, code="COVERAGE_PARTIAL")

    assert asked(with_file(FileOutcome.INTACT, broken), RegistryAnswer.MISSING).status is Status.ALTERED


@pytest.mark.parametrize("code", ["NO_QR_FOUND", "MANY_QR", "KIND_NOT_READ", "NOT_AN_OFD"])
@pytest.mark.parametrize("result", [Result.FAIL, Result.UNKNOWN, Result.SKIP])
def test_what_cannot_be_read_yet_is_unreadable(code: str, result: Result) -> None:
    """Told plainly instead of being called unknown."""
    finding = Finding(check=Check.FILE_IS_OURS, result=result, code=code)
    report = asked(Clue(kind=Kind.PHOTO, findings=(finding,)), RegistryAnswer.NOT_ASKED)

    assert (report.verdict, report.status) == (Verdict.INDETERMINATE, Status.UNREADABLE)


def test_a_future_instant_is_refused() -> None:
    """Nobody can say what will be; the present instant itself is fine."""
    check_as_of(NOW, NOW)

    with pytest.raises(AsOfInFutureError):
        check_as_of(NOW + timedelta(microseconds=1), NOW)
