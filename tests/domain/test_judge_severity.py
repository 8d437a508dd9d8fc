"""Severity over pairs of defects, and what holds of every report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certsvc.domain.events import Event, EventType
from certsvc.domain.judge import judge, status_severity
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
from certsvc.domain.wording import finding_text
from tests.factories import (
    BUILDING,
    NOW,
    a_copy,
    a_grant,
    a_grant_of,
    a_policy,
    an_employer,
    an_entry,
    an_event,
    an_initial,
    at,
)
from tests.strategies import answers, clues, histories, instants

ASKED: Final = at("2027-02-01T10:00+08:00")


@dataclass
class Scene:
    """A sound endorsed copy in hand, to which defects are done."""

    clue: Clue = field(default_factory=lambda: Clue(kind=Kind.PDF, known_file=True))
    last_day: date | None = None
    use_from: date = date(2026, 11, 20)
    use_until: date = date(2027, 5, 19)
    later: list[Event] = field(default_factory=list)

    def add(self, type: EventType, days: int, employer: str | None = None) -> None:
        """Let an event take effect some days after the copy was made."""
        self.later.append(
            an_event(
                type,
                seq=len(self.later) + 2,
                effective_at=NOW + timedelta(days=days),
                employer=an_employer(employer) if employer else None,
            )
        )

    def entry(self) -> Entry:
        """Return the record with every defect in it."""
        initial = an_initial(
            specialties=[a_grant_of(BUILDING, stated_to=self.last_day)], override_reason="裁定"
        )
        copy = a_copy(grant=a_grant(use_from=self.use_from, use_until=self.use_until))
        entry = an_entry([initial], copy=copy)
        return replace(entry, events=(initial, *self.later))

    def file(self, outcome: FileOutcome) -> None:
        """Put another file in hand, which a strict check found out."""
        self.clue = replace(self.clue, file=FileCheck(outcome=outcome, findings=()))

    def fault(self, code: str) -> None:
        """Put a fault on what the QR or code said."""
        finding = Finding(check=Check.QR_MATCHES, result=Result.FAIL, code=code)
        self.clue = replace(self.clue, findings=(*self.clue.findings, finding))

    def judged(self) -> Report:
        """Judge it all."""
        return judge(self.clue, RegistryAnswer.FOUND, self.entry(), as_of=ASKED, now=ASKED, policy=a_policy())


def expire(scene: Scene) -> None:
    """Let the only specialty end before the question."""
    scene.last_day = date(2026, 12, 31)


def use_up(scene: Scene) -> None:
    """Let the usage window end before the question."""
    scene.use_until = date(2026, 12, 1)


def begin_later(scene: Scene) -> None:
    """Let the usage window begin after the question."""
    scene.use_from = date(2027, 3, 1)


DEFECTS: Final[dict[Status, Callable[[Scene], None]]] = {
    Status.ALTERED: lambda scene: scene.fault("QR_MISMATCH"),
    Status.NO_SIGNATURE: lambda scene: scene.file(FileOutcome.NO_SIGNATURE),
    Status.NOT_OURS: lambda scene: scene.fault("FOREIGN_DOMAIN"),
    Status.UNKNOWN: lambda scene: scene.fault("MALFORMED_QR"),
    Status.REVOKED: lambda scene: scene.add(EventType.REVOKE, 30),
    Status.CANCELLED: lambda scene: scene.add(EventType.CANCEL, 20),
    Status.SUSPENDED: lambda scene: scene.add(EventType.SUSPEND, 10),
    Status.EXPIRED: expire,
    Status.USE_EXPIRED: use_up,
    Status.SUPERSEDED: lambda scene: scene.add(EventType.AMEND_EMPLOYER, 5, "示例乙公司"),
    Status.NOT_YET: begin_later,
}
"""One way each to earn a status, most severe first; VALID is what is left without any."""

# A file without a signature carries no mismatch of ours, and a window cannot be both over and to come.
NEVER_TOGETHER: Final = {(Status.ALTERED, Status.NO_SIGNATURE), (Status.USE_EXPIRED, Status.NOT_YET)}


def test_without_a_defect_it_is_valid() -> None:
    """Otherwise the pairs below would prove nothing."""
    assert Scene().judged().verdict is Verdict.VALID


@pytest.mark.parametrize("status", list(DEFECTS))
def test_each_defect_alone_earns_its_status(status: Status) -> None:
    """The table of defects is itself under test."""
    scene = Scene()

    DEFECTS[status](scene)

    assert scene.judged().status is status


@pytest.mark.parametrize(
    ("worse", "milder"), [pair for pair in combinations(DEFECTS, 2) if pair not in NEVER_TOGETHER]
)
def test_of_two_defects_the_more_severe_is_told(worse: Status, milder: Status) -> None:
    """In either order of happening."""
    assert status_severity(worse) > status_severity(milder)
    for first, second in ((worse, milder), (milder, worse)):
        scene = Scene()
        DEFECTS[first](scene)
        DEFECTS[second](scene)

        assert scene.judged().status is worse


entries = st.builds(
    lambda events, by_number: replace(an_entry([events[0]], by_number=by_number), events=tuple(events)),
    histories(most=3),
    st.booleans(),
)


@settings(max_examples=60)
@given(clue=clues, answer=answers, entry=st.none() | entries, as_of=instants())
def test_what_holds_of_every_report(
    clue: Clue, answer: RegistryAnswer, entry: Entry | None, as_of: datetime
) -> None:
    """Never VALID unless a record was found, it is the thing in hand, and nothing failed or stayed open."""
    report = judge(clue, answer, entry, as_of=as_of, now=at("2030-01-01T00:00Z"), policy=a_policy())

    if report.verdict is Verdict.VALID:
        assert answer is RegistryAnswer.FOUND
        assert clue.known_file or report.subject == "record"
        assert clue.file is None or clue.file.outcome is FileOutcome.INTACT
        assert report.state_at_as_of is Status.VALID
        assert {one.result for one in report.findings} <= {Result.PASS, Result.SKIP}
    if answer is not RegistryAnswer.FOUND:
        assert (report.entry, report.face, report.state_now) == (None, None, None)
    if report.subject == "record":
        assert any(one.code == "COMPARE_FACE" for one in report.findings)
    assert list(dict.fromkeys(one.check for one in report.findings)) == list(Check)
    for one in report.findings:
        assert finding_text(one.code)
