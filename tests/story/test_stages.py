"""Who may do what with an application, what it must say, and what the desk may import."""

from __future__ import annotations

import ast
import itertools
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import registration_desk
from registration_desk import office
from registration_desk.book import Book
from registration_desk.business import BUSINESSES, ApplicationError, check
from registration_desk.outbox import letters
from registration_desk.stages import Action, Role, StageError, State, actions, move
from registration_desk.tale import soon_over, three_years_before

from certsvc.domain.events import EventType
from tests.story.conftest import CONTRACT, INITIAL, approved

DESK = Path(registration_desk.__file__).parent
ALLOWED = {
    ("draft", "person", "submit"): "submitted",
    ("returned", "person", "submit"): "submitted",
    ("submitted", "enterprise", "confirm"): "confirmed",
    ("confirmed", "province", "accept"): "accepted",
    ("accepted", "ministry", "approve"): "approved",
    ("submitted", "enterprise", "return"): "returned",
    ("confirmed", "province", "return"): "returned",
    ("accepted", "ministry", "return"): "returned",
    ("approved", "service", "return"): "returned",
}
GOOD = {
    "employer": "e2",
    "specialty": "公路工程",
    "qualification": "样本",
    "new_name": "样本更名",
    "new_employer_name": "样本新名有限公司",
    "reason": "样本",
    **CONTRACT,
}


@pytest.mark.parametrize("state", State)
def test_only_the_way_of_the_upstream_system_is_open(state: State) -> None:
    """Nobody approves what the enterprise did not confirm, and nobody acts for another."""
    for role, action in itertools.product(Role, Action):
        wanted = ALLOWED.get((state, role, action))
        assert (action in actions(state, role)) is (wanted is not None)
        if wanted is None:
            with pytest.raises(StageError):
                move(state, role, action)
        else:
            assert move(state, role, action) == wanted


@pytest.mark.parametrize("kind", BUSINESSES)
def test_each_business_needs_each_of_its_fields(kind: str) -> None:
    """A gap is found here, not by the ministry; the kinds are types of events."""
    assert kind in set(EventType)
    check(kind, "p1", GOOD)
    for name in BUSINESSES[kind].fields:
        with pytest.raises(ApplicationError) as caught:
            check(kind, "p1", {**GOOD, name: " "})
        assert set(caught.value.faults) == {name}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("employer", "e9"),
        ("employer", " e1"),
        ("specialty", "园林工程"),
        ("contract_from", "2020-1-1"),
        ("contract_to", "2019-12-31"),
        ("qualification", "样" * 101),
        ("qualification", "样本\x00"),
    ],
)
def test_what_cannot_be_is_refused(name: str, value: str) -> None:
    """Each with a sentence at its field."""
    with pytest.raises(ApplicationError) as caught:
        check("initial", "p1", {**INITIAL, name: value})
    assert list(caught.value.faults) == [name]


def test_nobody_real_can_be_typed_in() -> None:
    """It is a play: names must say that they are samples, applicants come from the list."""
    for kind, person, said in (
        ("amend_holder", "p1", {"new_name": "张三丰"}),
        ("amend_employer", "p1", {"new_employer_name": "某某建设集团"}),
        ("initial", "somebody", dict(INITIAL)),
        ("marriage", "p1", {}),
    ):
        with pytest.raises(ApplicationError):
            check(kind, person, said)


def test_track_tells_who_did_what_and_returning_needs_a_reason(book: Book) -> None:
    """操作轨迹; the applicant learns why, corrects it and submits again."""
    number = office.apply(book, "initial", "p1", INITIAL)
    with pytest.raises(ApplicationError):
        office.send_back(book, number, Role.ENTERPRISE, " ")
    office.send_back(book, number, Role.ENTERPRISE, "合同日期有误")
    assert (book.application(number).state, book.application(number).reason) == ("returned", "合同日期有误")
    book.rewrite(number, {**INITIAL, "specialty": "机电工程"})
    office.submit(book, number)
    office.confirm(book, number)
    with pytest.raises(StageError):
        office.approve(book, number)

    track = [(step.role, step.action, step.note) for step in book.track(number)]
    assert track == [
        ("person", "submit", ""),
        ("enterprise", "return", "合同日期有误"),
        ("person", "submit", ""),
        ("enterprise", "confirm", ""),
    ]
    assert book.application(number).reason == "" and book.application(number).round == 2
    # Refused by the state machine, so nothing was promised to the certificate service either.
    assert letters(book) == ()


def test_approval_owes_one_letter_whose_id_changes_with_each_submission(book: Book) -> None:
    """The id is what makes a repetition harmless; a corrected application is another event."""
    number = approved(book, "initial", "p1", INITIAL, date(2024, 5, 6))
    (letter,) = letters(book, number)

    assert (letter.source_id, letter.state) == (f"desk-{book.name}-{number}-1", "PENDING")
    assert letter.body["effective_at"] == "2024-05-06T09:00:00+08:00"
    with pytest.raises(ApplicationError):
        approved(book, "initial", "p2", INITIAL, datetime.now(UTC).date() + timedelta(days=2))


@pytest.mark.parametrize(
    ("ends_before", "granted"),
    [(date(2027, 5, 14), date(2024, 5, 14)), (date(2028, 2, 29), date(2025, 2, 28))],
)
def test_the_tale_begins_three_years_before_the_end(ends_before: date, granted: date) -> None:
    """On any day, the 29th of February too."""
    assert three_years_before(ends_before) == granted
    assert soon_over(date(2026, 12, 1)) == date(2024, 3, 12)


def test_desk_uses_the_client_and_nothing_else_of_the_service() -> None:
    """It stands for a stranger's program: what it needs must be in the client."""
    imported: set[str] = set()
    for path in DESK.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                imported.add(node.module or "")
                imported |= {f"{node.module}.{alias.name}" for alias in node.names}
    ours = {name for name in imported if name.split(".")[0] in {"certsvc", "tests", "tools"}}

    assert "certsvc.client" in ours
    assert {name for name in ours if name.split(".")[:2] != ["certsvc", "client"]} == set()
    assert {name for name in ours if name.startswith("certsvc.client.") and name[15:16].islower()} == set()
