"""Verification by a bundle alone: what was signed and what the list says; nothing is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from certsvc.domain.report import Check
from certsvc.domain.status_list import StatusValue
from certsvc.verification.offline_body import offline_body
from certsvc.verification.trust_bundle import StatusList
from tests import drills
from tests.offline import PUBLIC_URL
from tests.verification.offline_hand import HOUR, OTHER, Handed, ask, code_on, listing, of, signed_by
from tests.world import NUMBER


def test_a_good_code_is_in_force_as_of_the_list(handed: Handed) -> None:
    """The whole way: paper, bundle, answer; the list's date stands in it, and the face to compare with."""
    answer = ask(handed, handed.text)

    report, body = answer.report, offline_body(answer, handed.bundle, lang="zh")
    assert (report.verdict, report.status, report.subject) == ("VALID", "VALID", "record")
    assert of(report, Check.REGISTRY) == ("unknown", "STATUS_AS_OF_LIST")
    assert of(report, Check.FILE_IS_OURS) == ("skip", "COMPARE_FACE")
    assert answer.list_issued_at == handed.bundle.status_issued_at is not None
    shown = body["certificate"]
    assert isinstance(shown, dict)
    assert (shown["name"], shown["employer"]) == ("样本甲", "示例建设有限公司")
    assert shown["registration_number"] == NUMBER
    rests = body["offline"]
    assert isinstance(rests, dict)
    assert rests["list_issued_at"] == handed.bundle.lists[0].issued_at.isoformat().replace("+00:00", "Z")


def test_a_suspension_shows_in_the_list(handed: Handed) -> None:
    """The published list, not one of the test's own."""
    with handed.world.services.registry.reading() as session:
        registration = session.find_registration(OTHER)
        assert registration is not None
        other = session.newest_endorsement(registration)
    assert other is not None
    (text,) = [code_on(handed.world.services.enquiry.endorsement_file(other.copy_id, "pdf").content)]

    report = ask(handed, text).report

    assert report.status == "SUSPENDED"
    assert of(report, Check.REGISTRY) == ("fail", "SUSPENDED")


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (StatusValue.USABLE, "VALID"),
        (StatusValue.ENDED, "CANCELLED"),
        (StatusValue.SUSPENDED, "SUSPENDED"),
        (StatusValue.SUPERSEDED, "SUPERSEDED"),
    ],
)
def test_each_value_of_a_list_has_its_status(handed: Handed, value: StatusValue, status: str) -> None:
    """For codes and for both files alike."""
    bundle = listing(handed.bundle, value, handed.claims.status_index)

    assert ask(handed, handed.text, bundle).report.status == status


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (24 * HOUR, "VALID"),
        (24 * HOUR + timedelta(seconds=1), "UNAVAILABLE"),
        (-timedelta(minutes=5), "VALID"),
        (-timedelta(minutes=5, seconds=1), "UNAVAILABLE"),
    ],
)
def test_a_list_is_relied_on_for_a_day(handed: Handed, age: timedelta, status: str) -> None:
    """Older than that, or from the future: cannot tell, which is not "forged"."""
    now = handed.world.clock.now()
    (one,) = handed.bundle.lists
    bundle = replace(handed.bundle, lists=(replace(one, issued_at=now - age),))

    report = ask(handed, handed.text, bundle).report

    assert report.status == status


def test_an_index_beyond_every_list_cannot_be_told(handed: Handed) -> None:
    """A copy made after the list, in the same list and in one that is not there."""
    count = handed.bundle.lists[0].count
    for index in (count, count + 1, 131_072, 2**40):
        report = ask(handed, signed_by(handed, status_index=index)).report

        assert report.status == "UNAVAILABLE"
        assert of(report, Check.REGISTRY) == ("unknown", "STATUS_LIST_MISSING")
    assert ask(handed, handed.text, replace(handed.bundle, lists=())).report.status == "UNAVAILABLE"
    assert ask(handed, signed_by(handed, status_index=count - 1)).report.status != "UNAVAILABLE"


def test_a_wanted_specialty_must_be_in_the_code(handed: Handed) -> None:
    """A bid asks for one specialty; the code answers without the register."""
    assert ask(handed, handed.text, specialty="建筑工程").report.status == "VALID"
    report = ask(handed, handed.text, specialty="铁路工程").report

    assert report.status == "EXPIRED"
    assert of(report, Check.SPECIALTY) == ("fail", "SPECIALTY_NOT_HELD")


def test_a_window_that_ended_is_told_even_by_an_old_list(handed: Handed) -> None:
    """The paper itself says so."""
    report = ask(handed, handed.text, later=timedelta(days=181)).report

    assert report.status == "USE_EXPIRED"
    assert of(report, Check.REGISTRY) == ("unknown", "STATUS_LIST_OLD")


# ---- keys


# ---- texts


@pytest.mark.parametrize(
    ("old", "new", "status", "code"),
    [
        ("certs.example.org", "certs.example.com", "NOT_OURS", "HOMOGLYPH_DOMAIN"),
        ("certs.example.org", "cerls.example.org", "NOT_OURS", "HOMOGLYPH_DOMAIN"),
        ("certs.example.org", "сerts.example.org", "NOT_OURS", "HOMOGLYPH_DOMAIN"),
        ("certs.example.org", "certs.example.org@evil.example", "NOT_OURS", "FOREIGN_DOMAIN"),
        ("certs.example.org", "evil.example", "NOT_OURS", "FOREIGN_DOMAIN"),
        ("https://", "http://", "NOT_OURS", "FOREIGN_DOMAIN"),
        ("certs.example.org", "certs.example.org:8443", "NOT_OURS", "FOREIGN_DOMAIN"),
        ("#", "#x", "UNKNOWN", "MALFORMED_QR"),
        ("/c/", "/v/", "NOT_OURS", "FOREIGN_DOMAIN"),
    ],
)
def test_a_text_of_another_host_is_not_ours_whatever_is_signed_in_it(
    handed: Handed, old: str, new: str, status: str, code: str
) -> None:
    """A look-alike site must not gain trust by our own digits behind its name."""
    report = ask(handed, handed.text.replace(old, new, 1)).report

    assert report.status == status
    found = of(report, Check.QR_MATCHES)
    assert found[0] == "fail"
    assert found[1] == code or {found[1], code} == {"FOREIGN_DOMAIN", "HOMOGLYPH_DOMAIN"}


def test_the_other_symbol_says_nothing_offline(handed: Handed) -> None:
    """Ours, and yet no answer: "cannot tell" and what to scan instead."""
    for text in (f"{PUBLIC_URL}/V/{handed.body['token']}".upper(), handed.text.partition("#")[0]):
        report = ask(handed, text).report

        assert (report.status, report.verdict) == ("UNAVAILABLE", "INDETERMINATE")
        assert of(report, Check.QR_MATCHES) == ("unknown", "NO_OFFLINE_CODE")


@pytest.mark.parametrize("text", ["", "hello", "#", "1" * 5000])
def test_what_is_no_link_is_malformed(handed: Handed, text: str) -> None:
    """Any text may be scanned."""
    assert ask(handed, text).report.status == "UNKNOWN"


def test_no_mutation_of_a_genuine_text_is_accepted(handed: Handed) -> None:
    """Every tenth digit raised by one, ours to the last but that: not one is VALID or shows a name."""
    link, _, digits = handed.text.partition("#")
    places = drills.some(range(len(digits)), "offline texts", least=60)
    reports = [
        ask(handed, f"{link}#{digits[:place]}{(int(digits[place]) + 1) % 10}{digits[place + 1 :]}")
        for place in places
    ]

    accepted = [one for one in reports if one.report.status == "VALID" or one.claims is not None]
    drills.record("offline digits raised", texts=len(places), accepted=len(accepted))
    assert accepted == []


# ---- files and pictures


# ---- with the register at hand


def test_a_list_of_another_number_does_not_speak_of_this_copy(handed: Handed) -> None:
    """Bundles may hold many lists; the index chooses."""
    second = StatusList(number=1, issued_at=handed.bundle.lists[0].issued_at, count=4, packed=b"\x01")
    bundle = replace(handed.bundle, lists=(*handed.bundle.lists, second))

    assert ask(handed, handed.text, bundle).report.status == "VALID"
    assert ask(handed, signed_by(handed, status_index=131_072), bundle).report.status == "CANCELLED"
