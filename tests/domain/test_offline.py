"""The judge without a register: every border of time, every value of a list, and never the word genuine."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.domain.clock import first_instant
from certsvc.domain.offline import CLOCK_SLACK, FRESH, Listed, Signed, judge_offline
from certsvc.domain.offline_claims import claims_of, differences, digest_of_text
from certsvc.domain.registration import Specialty
from certsvc.domain.report import Check, Clue, FileCheck, FileOutcome, Finding, Kind, Report, Result
from certsvc.domain.status_list import StatusValue
from certsvc.domain.wording import finding_text
from tests.factories import a_copy, a_grant, a_version
from tests.offline import claims

ISSUED = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
NOW = datetime(2026, 12, 1, 4, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
CODE = Clue(kind=Kind.QR, findings=(Finding(check=Check.SIGNATURE, result=Result.PASS, code="OK"),))
INTACT = Clue(kind=Kind.PDF, file=FileCheck(outcome=FileOutcome.INTACT, findings=(), key_id="k"))


def a_signed(**changes: object) -> Signed:
    """Return what an endorsed copy of 20 November 2026 says, with one specialty."""
    facts: dict[str, object] = {
        "issued_at": ISSUED,
        "use_from": date(2026, 11, 20),
        "use_until": date(2027, 5, 19),
        "specialties": (Specialty(name="建筑工程", valid_from=date(2025, 6, 10), valid_to=date(2027, 6, 9)),),
    }
    return Signed(**{**facts, **changes})  # type: ignore[arg-type]  # names and values are the test's own


def listed(value: StatusValue = StatusValue.USABLE, age: timedelta = HOUR, now: datetime = NOW) -> Listed:
    """Return what a list of some age says."""
    return Listed(value=value, issued_at=now - age)


def of(report: Report, check: Check) -> tuple[str, str]:
    """Return result and code of the first finding of one check."""
    found = next(finding for finding in report.findings if finding.check is check)
    return str(found.result), found.code


@pytest.mark.parametrize(
    ("value", "age", "status", "registry"),
    [
        (StatusValue.USABLE, HOUR, "VALID", ("unknown", "STATUS_AS_OF_LIST")),
        (StatusValue.USABLE, timedelta(0), "VALID", ("unknown", "STATUS_AS_OF_LIST")),
        (StatusValue.USABLE, FRESH, "VALID", ("unknown", "STATUS_AS_OF_LIST")),
        (StatusValue.USABLE, FRESH + SECOND, "UNAVAILABLE", ("unknown", "STATUS_LIST_OLD")),
        (StatusValue.USABLE, -CLOCK_SLACK, "VALID", ("unknown", "STATUS_AS_OF_LIST")),
        (StatusValue.USABLE, -CLOCK_SLACK - SECOND, "UNAVAILABLE", ("unknown", "TIME_UNCERTAIN")),
        (StatusValue.SUSPENDED, FRESH, "SUSPENDED", ("fail", "SUSPENDED")),
        (StatusValue.SUSPENDED, FRESH + SECOND, "UNAVAILABLE", ("unknown", "STATUS_LIST_OLD")),
        (StatusValue.SUSPENDED, -CLOCK_SLACK - SECOND, "UNAVAILABLE", ("unknown", "TIME_UNCERTAIN")),
        (StatusValue.ENDED, HOUR, "CANCELLED", ("fail", "ENDED_ON_LIST")),
        (StatusValue.ENDED, 1000 * FRESH, "CANCELLED", ("fail", "ENDED_ON_LIST")),
        (StatusValue.ENDED, -FRESH, "CANCELLED", ("fail", "ENDED_ON_LIST")),
        (StatusValue.SUPERSEDED, HOUR, "SUPERSEDED", ("unknown", "STATUS_AS_OF_LIST")),
        (StatusValue.SUPERSEDED, 2 * FRESH, "SUPERSEDED", ("unknown", "STATUS_LIST_OLD")),
        (StatusValue.SUPERSEDED, -FRESH, "SUPERSEDED", ("unknown", "TIME_UNCERTAIN")),
    ],
)
def test_a_list_counts_for_a_day_and_what_cannot_be_undone_for_ever(
    value: StatusValue, age: timedelta, status: str, registry: tuple[str, str]
) -> None:
    """An old list must not vouch for anybody; nor may an old list hide that somebody was struck off."""
    report = judge_offline(CODE, a_signed(), listed(value, age), now=NOW)

    assert report.status == status
    assert of(report, Check.REGISTRY) == registry


@given(
    st.sampled_from(StatusValue),
    st.integers(-200_000, 400_000).map(lambda seconds: timedelta(seconds=seconds)),
    st.integers(0, 400).map(lambda days: ISSUED + timedelta(days=days)),
)
def test_every_answer_by_a_list_says_its_date(value: StatusValue, age: timedelta, now: datetime) -> None:
    """Whoever relies on it must see how old it is; and no answer is VALID by an old list."""
    by = listed(value, age, now)

    report = judge_offline(CODE, a_signed(), by, now=now)

    written = by.issued_at.isoformat().replace("+00:00", "Z")
    assert written in [one.detail for one in report.findings if one.check is Check.REGISTRY]
    if report.status == "VALID":
        assert value is StatusValue.USABLE
        assert age <= FRESH


def test_without_a_list_nothing_can_be_told() -> None:
    """A copy newer than the list, or a list left out of the bundle."""
    report = judge_offline(CODE, a_signed(), None, now=NOW)

    assert (report.status, report.verdict) == ("UNAVAILABLE", "INDETERMINATE")
    assert of(report, Check.REGISTRY) == ("unknown", "STATUS_LIST_MISSING")


@pytest.mark.parametrize(
    ("now", "status", "window"),
    [
        (first_instant(date(2026, 11, 20)) - SECOND, "NOT_YET", ("fail", "USE_NOT_YET")),
        (first_instant(date(2026, 11, 20)), "VALID", ("pass", "IN_USAGE_WINDOW")),
        (first_instant(date(2027, 5, 20)) - SECOND, "VALID", ("pass", "IN_USAGE_WINDOW")),
        (first_instant(date(2027, 5, 20)), "USE_EXPIRED", ("fail", "USE_EXPIRED")),
    ],
)
def test_both_ends_of_the_usage_window_count_in_beijing(
    now: datetime, status: str, window: tuple[str, str]
) -> None:
    """The printed days are civil days at UTC+8, wherever the reader's machine stands."""
    signed = a_signed(issued_at=first_instant(date(2026, 11, 19)))

    report = judge_offline(CODE, signed, listed(now=now), now=now)

    assert report.status == status
    assert of(report, Check.USAGE_WINDOW) == window


@pytest.mark.parametrize(
    ("now", "wanted", "status", "specialty"),
    [
        (first_instant(date(2027, 3, 10)) - SECOND, None, "VALID", ("pass", "SPECIALTY_OK")),
        (first_instant(date(2027, 3, 10)), None, "VALID", ("pass", "SPECIALTY_OK")),
        (first_instant(date(2027, 3, 10)), "建筑工程", "EXPIRED", ("fail", "SPECIALTY_EXPIRED")),
        (first_instant(date(2027, 3, 10)) - SECOND, "建筑工程", "VALID", ("pass", "SPECIALTY_OK")),
        (first_instant(date(2027, 3, 10)), "公路工程", "VALID", ("pass", "SPECIALTY_OK")),
        (first_instant(date(2027, 4, 10)), None, "EXPIRED", ("fail", "EXPIRED")),
        (NOW, "铁路工程", "EXPIRED", ("fail", "SPECIALTY_NOT_HELD")),
    ],
)
def test_specialties_end_by_their_own_day(
    now: datetime, wanted: str | None, status: str, specialty: tuple[str, str]
) -> None:
    """The list knows nothing of days; the paper does."""
    held = (
        Specialty(name="建筑工程", valid_from=date(2024, 3, 10), valid_to=date(2027, 3, 9)),
        Specialty(name="公路工程", valid_from=date(2024, 4, 10), valid_to=date(2027, 4, 9)),
    )
    clue = Clue(kind=Kind.QR, specialty=wanted)

    report = judge_offline(clue, a_signed(specialties=held), listed(now=now), now=now)

    assert report.status == status
    assert of(report, Check.SPECIALTY) == specialty
    assert [line.name for line in report.specialties] == ["建筑工程", "公路工程"]


@pytest.mark.parametrize(
    ("behind", "status"), [(CLOCK_SLACK, "VALID"), (CLOCK_SLACK + SECOND, "UNAVAILABLE")]
)
def test_a_clock_before_the_instant_of_issue_judges_no_day(behind: timedelta, status: str) -> None:
    """A phone that lost its date must not call a good paper "not yet"."""
    now = ISSUED - behind

    report = judge_offline(CODE, a_signed(), listed(now=now), now=now)

    assert report.status == status
    if status == "UNAVAILABLE":
        assert of(report, Check.USAGE_WINDOW) == ("unknown", "TIME_UNCERTAIN")
        assert of(report, Check.SPECIALTY) == ("unknown", "TIME_UNCERTAIN")
        assert of(report, Check.REGISTRY) == ("unknown", "TIME_UNCERTAIN")


@pytest.mark.parametrize(
    ("check", "code", "status"),
    [
        (Check.SIGNATURE, "SIGNATURE_BROKEN", "ALTERED"),
        (Check.SIGNER_PINNED, "SIGNER_NOT_OURS", "NOT_OURS"),
        (Check.SIGNER_PINNED, "KEY_COMPROMISED", "NOT_OURS"),
        (Check.QR_MATCHES, "FOREIGN_DOMAIN", "NOT_OURS"),
        (Check.QR_MATCHES, "HOMOGLYPH_DOMAIN", "NOT_OURS"),
        (Check.QR_MATCHES, "MALFORMED_QR", "UNKNOWN"),
    ],
)
def test_what_is_not_believed_shows_nothing_of_itself(check: Check, code: str, status: str) -> None:
    """The content of a forged code must not stand on the screen as if it were data."""
    clue = Clue(kind=Kind.QR, findings=(Finding(check=check, result=Result.FAIL, code=code),))

    report = judge_offline(clue, None, None, now=NOW)

    assert (report.status, report.verdict) == (status, "INVALID")
    assert report.specialties == ()
    assert of(report, Check.REGISTRY) == ("skip", "NOT_APPLICABLE")


def test_of_several_the_most_severe_decides() -> None:
    """Struck off, past its window, and with nothing in force: the reader is told the worst."""
    late = datetime(2029, 1, 1, tzinfo=UTC)
    by = {
        value: judge_offline(CODE, a_signed(), listed(value, now=late), now=late).status
        for value in StatusValue
    }

    assert by[StatusValue.ENDED] == "CANCELLED"
    assert by[StatusValue.SUSPENDED] == "SUSPENDED"
    assert by[StatusValue.SUPERSEDED] == "EXPIRED"
    assert by[StatusValue.USABLE] == "EXPIRED"
    assert judge_offline(CODE, a_signed(), None, now=late).status == "EXPIRED", "the paper itself says so"


@pytest.mark.parametrize(("clue", "subject"), [(CODE, "record"), (INTACT, "file")])
def test_a_code_speaks_of_the_record_and_a_file_of_itself(clue: Clue, subject: str) -> None:
    """A code can be copied onto another paper; a sealed file cannot."""
    report = judge_offline(clue, a_signed(), listed(), now=NOW)

    assert (report.status, report.subject) == ("VALID", subject)
    assert of(report, Check.FILE_IS_OURS) == (
        ("skip", "COMPARE_FACE") if subject == "record" else ("pass", "FILE_SIGNED")
    )
    assert {finding.check for finding in report.findings} == set(Check)


def test_an_original_has_no_window_and_no_place_in_a_list() -> None:
    """It is for viewing; offline nobody can tell whether it still stands."""
    signed = a_signed(use_from=None, use_until=None)

    report = judge_offline(INTACT, signed, None, now=NOW)

    assert report.status == "UNAVAILABLE"
    assert of(report, Check.USAGE_WINDOW) == ("skip", "ORIGINAL_FOR_VIEWING")


def test_fields_the_code_had_no_room_for_are_named() -> None:
    """What was not checked must be said, or a changed purpose passes unseen."""
    report = judge_offline(CODE, a_signed(left_out=("employer", "purpose")), listed(), now=NOW)

    (found,) = (one for one in report.findings if one.check is Check.TEXT_MATCHES)
    assert (found.result, found.code, found.detail) == ("skip", "NOT_IN_CODE", "employer, purpose")


def test_no_sentence_of_an_offline_answer_calls_a_paper_genuine() -> None:
    """Somebody may have copied the code of a good paper onto an altered one."""
    cases = product(StatusValue, (HOUR, 2 * FRESH, -FRESH), (NOW, ISSUED - HOUR))
    reports = [judge_offline(CODE, a_signed(), listed(v, age, now), now=now) for v, age, now in cases]
    said = {finding.code for report in reports for finding in report.findings}

    for code in sorted(said):
        text = finding_text(code)
        assert not re.search("真实|为真|真品|真件", text.zh)
        assert "genuine" not in text.en


def test_the_claims_of_a_copy_are_what_its_page_prints() -> None:
    """Whoever compares paper and screen must find the same words."""
    copy = a_copy(grant=a_grant(), copy_number=3, status_index=7, purpose="投标")
    version = a_version()
    face = version.face

    found = claims_of(copy, version, face.specialties, profession="一级建造师")

    assert (found.name, found.employer, found.purpose) == (face.name, face.employer.name, "投标")
    assert (found.token, found.status_index, found.copy_number) == (copy.token, 7, 3)
    assert found.issued_at == copy.reserved_at.replace(microsecond=0)
    assert found.specialties == face.specialties


@pytest.mark.parametrize("missing", ["status_index", "copy_number", "grant"])
def test_only_an_endorsed_copy_in_the_status_lists_has_claims(missing: str) -> None:
    """A code that no list could ever speak of would be a promise nobody keeps."""
    copy = a_copy(grant=a_grant(), copy_number=3, status_index=7, purpose="投标")
    bare = replace(copy, **{missing: None})  # type: ignore[arg-type]  # each of the three may be None

    with pytest.raises(ValueError, match="status lists"):
        claims_of(bare, a_version(), (), profession="一级建造师")


def test_differences_name_the_field() -> None:
    """A code that says something else than the record must be told by the field's name."""
    meant = claims()

    assert differences(meant, meant) == ()
    assert differences(claims(purpose=digest_of_text("另一用途")), meant) == ("purpose",)
    shortened = meant.shorter()
    assert shortened is not None
    assert differences(shortened, meant) == ()
    assert differences(claims(name="另一人", copy_number=4), meant) == ("copy_number", "name")
