"""What a report shows of the record: then and now, what was printed, what changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from certsvc.domain.certificate import face_of
from certsvc.domain.endorsement import CopyKind
from certsvc.domain.events import EventType
from certsvc.domain.judge import judge
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
from tests.factories import (
    BUILDING,
    HIGHWAY,
    NOW,
    a_copy,
    a_grant_of,
    a_policy,
    an_employer,
    an_entry,
    an_event,
    an_initial,
    folded,
)

LATER = NOW + timedelta(days=10)
OURS = Clue(kind=Kind.PDF, known_file=True)


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


@pytest.mark.parametrize("outcome", [FileOutcome.NO_SIGNATURE, FileOutcome.ALTERED])
def test_a_scan_shows_the_record_its_qr_names(outcome: FileOutcome) -> None:
    """The verdict stays; the reader sees what is registered and compares."""
    report = asked(with_file(outcome))

    assert report.verdict is Verdict.INVALID
    assert report.face is not None
    assert report.state_at_as_of is Status.VALID
    compares = (Result.SKIP, "COMPARE_FACE") in codes(report, Check.QR_MATCHES)
    assert compares is (outcome is FileOutcome.NO_SIGNATURE)


def test_a_foreign_file_shows_no_record() -> None:
    """Our data beside a look-alike's file would lend it our credit."""
    assert asked(with_file(FileOutcome.NOT_OURS)).entry is None


def test_then_and_now_stand_side_by_side() -> None:
    """At the bid opening it was good, today it is cancelled: both are told, the verdict is of then."""
    cancelled = an_event(EventType.CANCEL, seq=2, effective_at=LATER)
    entry = replace(an_entry(), events=(an_initial(), cancelled))

    report = judge(
        OURS, RegistryAnswer.FOUND, entry, as_of=LATER - timedelta(seconds=1), now=LATER, policy=a_policy()
    )

    assert (report.status, report.state_at_as_of, report.state_now) == (
        Status.VALID,
        Status.VALID,
        Status.CANCELLED,
    )


def test_a_superseded_copy_shows_what_it_printed_and_what_changed() -> None:
    """The page in hand can be compared with its own version."""
    changed = an_event(
        EventType.AMEND_EMPLOYER,
        seq=2,
        effective_at=NOW + timedelta(days=1),
        employer=an_employer("示例乙公司"),
    )
    entry = replace(an_entry(), events=(an_initial(), changed))

    report = asked(entry=entry)

    assert report.status is Status.SUPERSEDED
    assert report.changed_fields == ("employer",)
    assert report.face == entry.version.face


def test_a_number_shows_the_state_at_as_of() -> None:
    """No paper is in hand: the registration as it stood then is the answer."""
    changed = an_event(
        EventType.AMEND_EMPLOYER, seq=2, effective_at=LATER, employer=an_employer("示例乙公司")
    )
    events = (an_initial(), changed)
    entry = replace(an_entry(by_number=True), events=events)
    before = LATER - timedelta(seconds=1)

    report = judge(
        Clue(kind=Kind.NUMBER), RegistryAnswer.FOUND, entry, as_of=before, now=LATER, policy=a_policy()
    )

    assert report.status is Status.VALID
    assert report.face == face_of(folded(events, before))


def test_the_lines_are_those_the_copy_prints() -> None:
    """An endorsed copy leaves ended specialties off; the report lists what the paper shows."""
    initial = an_initial(
        specialties=[a_grant_of(BUILDING), a_grant_of(HIGHWAY, stated_to=NOW.date())],
        override_reason="法院裁定",
    )
    endorsed = asked(entry=an_entry([initial]))
    original = asked(entry=an_entry([initial], copy=a_copy(CopyKind.ORIGINAL)))

    assert [line.name for line in endorsed.specialties] == [BUILDING]
    assert [(line.name, line.status, line.days_left) for line in original.specialties] == [
        (BUILDING, "VALID", 549),
        (HIGHWAY, "EXPIRED", -10),
    ]


@pytest.mark.parametrize(("specialty", "status"), [(BUILDING, Status.VALID), (HIGHWAY, Status.EXPIRED)])
def test_the_specialty_asked_for_decides(specialty: str, status: Status) -> None:
    """A platform that needs one trade must not get VALID for another."""
    report = asked(replace(OURS, specialty=specialty))

    assert (report.status, report.state_now) == (status, status)
