"""What operators do to registrations: once, through the flows, with who and why."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from flask import render_template_string

from certsvc.access.actions import Actions
from certsvc.access.roles import ROLES
from certsvc.domain.events import EventType
from certsvc.errors import IdempotencyConflictError, UnavailableError
from certsvc.registry.port_access import OperatorAction
from certsvc.web.desk import pages, texts, texts_dossier
from certsvc.web.desk.deeds import RECORDED
from certsvc.web.texts import words
from tests.web.desk.person import PASSWORD, Person, at_the_desk, hire
from tests.web.site import Site, body_of, path_of
from tests.world import NUMBER

ID = "0123456789abcdef0123456789abcdef"
OTHER_ID = "f" * 32
AT = f"/desk/registrations/{NUMBER}"


@pytest.fixture
def person(site: Site) -> Person:
    """Somebody with every role, and one registration."""
    site.world.initial()
    return at_the_desk(site, ROLES, "赵操作")


def fields(**more: str) -> dict[str, str | list[str]]:
    """Return the fields of an action's form."""
    return {"action_id": ID, "reason": "持证人到窗口申请", **more}


def types(site: Site) -> list[str]:
    """Return the events of the registration."""
    return [item["type"] for item in body_of(site.get(path_of(NUMBER, "history")))["items"]]


def test_an_endorsement_sent_twice_is_one_and_the_history_says_who_and_why(
    site: Site, person: Person
) -> None:
    """A double click must not use another day up or be told as a failure."""
    told = [person.post(f"{AT}/endorse", fields(purpose="投标使用")) for _ in range(2)]

    assert {answer.headers["Location"] for answer in told} == {f"/desk/actions/{ID}"}
    page = person.get(f"/desk/actions/{ID}").text
    assert "已办理" in page and "赵操作" in page and "持证人到窗口申请" in page
    listed = person.get(f"/desk/actions?operator=赵操作&number={NUMBER}").text
    assert listed.count(f"/desk/actions/{ID}") == 1 and "代办加注" in listed
    assert body_of(site.endorse("another"))["code"] == "ENDORSED_TODAY"
    assert "没有符合条件的记录" in person.get("/desk/actions?operator=nobody").text


@pytest.mark.parametrize("kind", RECORDED)
def test_an_event_has_one_name_where_it_is_chosen_and_where_it_is_read(kind: str) -> None:
    """Who looks for what was recorded looks for the word that was chosen."""
    assert texts.ACTIONS[kind].zh == texts_dossier.EVENTS[EventType(kind)].zh


def test_an_original_is_issued(site: Site, person: Person) -> None:
    """Through the same cycle as the API's."""
    person.post(f"{AT}/original", fields())
    assert site.get(path_of(NUMBER, "original.pdf")).status_code == 200


def test_suspending_is_recorded_once_with_its_reason(site: Site, person: Person) -> None:
    """The event is the register's own; the desk adds who asked for it."""
    for _ in range(2):
        assert person.post(f"{AT}/event", fields(type="suspend")).status_code == 303

    assert types(site) == ["initial", "suspend"]
    with site.world.services.registry.reading() as session:
        recorded = session.find_event(f"desk-{ID}")
    assert recorded is not None and recorded.event.reason is not None
    assert recorded.event.reason.text == "持证人到窗口申请"
    assert person.post(f"{AT}/event", fields(type="resume", action_id=OTHER_ID)).status_code == 303
    assert types(site) == ["initial", "suspend", "resume"]


def test_what_cannot_be_taken_back_is_asked_about_first(site: Site, person: Person) -> None:
    """One wrong choice in a list must not end a registration."""
    asked = person.post(f"{AT}/event", fields(type="cancel"))
    assert asked.status_code == 200 and "注销" in asked.text and "样本甲" in asked.text
    assert types(site) == ["initial"]
    assert person.get(f"/desk/actions/{ID}").status_code == 404, "nothing was begun"
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', asked.text))
    del hidden["csrf"]
    assert hidden["action_id"] == ID

    assert person.post(f"{AT}/event", {**hidden}).status_code == 303
    assert types(site) == ["initial", "cancel"]


def test_a_refusal_is_in_the_history_with_its_code(site: Site, person: Person) -> None:
    """Who tried matters as well."""
    person.post(f"{AT}/event", fields(type="resume"))
    action = site.world.services.doors.actions.get(ID)
    assert (action.outcome, action.operator) == ("INVALID_FIELD", "赵操作")
    assert "未办理" in person.get(f"/desk/actions/{ID}").text


def test_a_refused_form_sent_again_later_does_nothing(site: Site, person: Person) -> None:
    """What the register allows by then was not asked for then."""
    person.post(f"{AT}/event", fields(type="resume"))
    assert person.post(f"{AT}/event", fields(type="suspend", action_id=OTHER_ID)).status_code == 303

    person.post(f"{AT}/event", fields(type="resume"))

    assert types(site) == ["initial", "suspend"]
    assert site.world.services.doors.actions.get(ID).outcome == "INVALID_FIELD"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "证件 11010519491231002X"])
def test_nothing_is_done_without_a_reason_that_may_be_kept(site: Site, person: Person, reason: str) -> None:
    """It is kept for good, in clear."""
    answer = person.post(f"{AT}/event", fields(type="suspend", reason=reason))
    assert answer.status_code == 422 and "事由" in answer.text
    assert types(site) == ["initial"]


def test_nothing_is_written_down_about_a_number_nobody_has(site: Site, person: Person) -> None:
    """The history would fill with whatever is typed."""
    assert person.post("/desk/registrations/nobody/original", fields()).status_code == 404
    assert not [a for a in site.world.services.doors.actions.latest() if a.target_kind == "registration"]


def test_one_form_is_one_action(site: Site, person: Person) -> None:
    """The same form with another reason, type or hand is another action, and refused."""
    assert person.post(f"{AT}/event", fields(type="suspend")).status_code == 303
    assert person.post(f"{AT}/event", fields(type="reissue")).status_code == 409
    assert person.post(f"{AT}/event", fields(type="suspend", reason="other")).status_code == 409
    other = at_the_desk(site, ["registrar"], "other")
    assert other.post(f"{AT}/event", fields(type="suspend")).status_code == 409
    assert other.get(f"/desk/actions/{ID}").status_code == 403, "of somebody else"
    assert types(site) == ["initial", "suspend"]


def test_an_unknown_outcome_is_shown_as_one_and_the_same_form_completes_it(
    site: Site, person: Person
) -> None:
    """The machine may stop between what is done and its outcome."""
    services = site.world.services
    operator = services.doors.operators.require("赵操作")

    def cut(_: OperatorAction) -> None:
        raise UnavailableError("the machine stopped")

    with pytest.raises(UnavailableError):
        services.doors.actions.carry_out(ID, operator, "suspend", NUMBER, "持证人到窗口申请", cut)
    page = person.get(f"/desk/actions/{ID}").text
    assert "<h1>结果未知" in page
    assert "结果未知" in person.get("/desk/actions").text

    site.world.jump(seconds=60)
    assert person.post(f"{AT}/event", fields(type="suspend")).status_code == 303

    assert "<h1>已办理" in person.get(f"/desk/actions/{ID}").text
    assert types(site) == ["initial", "suspend"]


def test_two_rivals_with_one_form_do_it_once(site: Site, person: Person) -> None:
    """The second one finds the first in the middle; what the first wrote is what counts."""
    actions: Actions = site.world.services.doors.actions
    operator = site.world.services.doors.operators.require("赵操作")
    seen = []

    def outer(action: OperatorAction) -> None:
        seen.append(action)
        if len(seen) == 1:
            again = actions.carry_out(ID, operator, "original", NUMBER, "why", outer)
            assert again.outcome == "DONE"

    assert actions.carry_out(ID, operator, "original", NUMBER, "why", outer).outcome == "DONE"
    assert [action.at for action in seen] == [seen[0].at] * 2
    with pytest.raises(IdempotencyConflictError):
        actions.carry_out(ID, operator, "original", NUMBER, "another why", outer)


def test_an_admin_adds_changes_and_disables_operators(site: Site, person: Person) -> None:
    """The page does what the commands do, and each change is in the history."""
    added = person.post("/desk/operators", {"name": "钱新", "role": ["reader", "issuer"], "reason": "入职"})
    once = re.search(r'class="secret">([^<]+)<', added.text)
    assert added.status_code == 200 and once is not None
    assert Person(site).log_in("钱新", once.group(1)).status_code == 303
    new = site.world.services.doors.operators.require("钱新")
    at = f"/desk/operators/{new.operator_id}"
    assert person.post(at, {"do": "roles", "role": ["auditor"], "reason": "调岗"}).status_code == 303
    assert site.world.services.doors.operators.require("钱新").roles == {"auditor"}
    assert person.post(at, {"do": "disable", "reason": "离职"}).status_code == 303
    assert Person(site).log_in("钱新", once.group(1)).status_code == 401
    assert person.post(at, {"do": "enable", "reason": "返聘"}).status_code == 200
    assert person.post(at, {"do": "disable", "reason": ""}).status_code == 422
    me = site.world.services.doors.operators.require("赵操作")
    assert (
        person.post(f"/desk/operators/{me.operator_id}", {"do": "disable", "reason": "x"}).status_code == 422
    )
    assert person.get("/desk/").status_code == 200, "the last admin stays"
    page = person.get("/desk/actions?number=钱新").text
    assert all(reason in page for reason in ("入职", "调岗", "离职", "返聘"))
    assert once.group(1) not in page


def test_every_change_of_an_operator_is_in_the_history_with_who_and_why(site: Site, person: Person) -> None:
    """Also those that leave nothing else behind."""
    doors = site.world.services.doors
    hire(site, "钱新", "reader")
    at = f"/desk/operators/{doors.operators.require('钱新').operator_id}"
    for do in ("roles", "password", "sessions", "disable", "enable"):
        sent = {"do": do, "role": ["auditor"], "reason": f"因为 {do}"}
        assert person.post(at, sent).status_code in {200, 303}
    changed = {"old": PASSWORD, "new": "another long sentence", "again": "another long sentence"}
    assert person.post("/desk/password", changed).status_code == 303

    told = [(one.operator, one.action, one.target_id, one.reason) for one in doors.actions.latest(limit=6)]
    assert told == [
        ("赵操作", "password_change", "赵操作", ""),
        ("赵操作", "operator_enable", "钱新", "因为 enable"),
        ("赵操作", "operator_disable", "钱新", "因为 disable"),
        ("赵操作", "operator_sessions", "钱新", "因为 sessions"),
        ("赵操作", "operator_password", "钱新", "因为 password"),
        ("赵操作", "operator_roles", "钱新", "因为 roles"),
    ]


def test_the_last_admin_stays_one(site: Site, person: Person) -> None:
    """Nobody at the desk could make another; a refused change is not in the history."""
    operators = site.world.services.doors.operators
    at = f"/desk/operators/{operators.require('赵操作').operator_id}"
    for do in ("roles", "disable"):
        assert person.post(at, {"do": do, "role": ["reader"], "reason": "x"}).status_code == 422
    assert "admin" in operators.require("赵操作").roles
    assert site.world.services.doors.actions.latest(limit=1)[0].action == "password_change"
    hire(site, "钱新", "admin")
    assert person.post(at, {"do": "roles", "role": ["reader"], "reason": "x"}).status_code == 303


def test_the_pages_speak_english(person: Person) -> None:
    """Every text has both languages."""
    for path in ("/desk/", "/desk/password", "/desk/operators", "/desk/actions"):
        page = person.get(f"{path}?lang=en")
        assert page.status_code == 200 and 'lang="en"' in page.text and "Log out" in page.text


def test_the_forms_of_the_include_do_what_they_say(site: Site, person: Person) -> None:
    """Pages put them in as they are."""
    with site.app.test_request_context("/desk/?lang=zh"):
        shown = {
            roles: render_template_string(
                '{% include "desk/actions.html" %}',
                **{"number": NUMBER, "roles": roles, "csrf": "x", "query": "?lang=zh"},
                t=words("zh", texts.DESK),
                **pages.deeds(),
            )
            for roles in (frozenset({"issuer", "registrar"}), frozenset({"reader"}))
        }
    html = shown[frozenset({"issuer", "registrar"})]
    assert shown[frozenset({"reader"})].strip() == ""
    forms = re.findall(
        r'<form method="post" action="([^"?]+)\?lang=zh".*?name="action_id" value="(\w+)"', html, re.DOTALL
    )
    assert [unquote(path).rpartition("/")[2] for path, _ in forms] == ["original", "endorse", "event"]
    assert len({action_id for _, action_id in forms}) == 3
    for path, action_id in forms:
        sent = person.post(path, {"action_id": action_id, "reason": "x", "purpose": "y", "type": "suspend"})
        assert sent.headers["Location"] == f"/desk/actions/{action_id}"
        assert site.world.services.doors.actions.get(action_id).outcome == "DONE"
    assert re.findall(r'<option value="(\w+)">', html) == list(RECORDED)
