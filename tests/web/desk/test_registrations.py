"""Finding a registration at the desk, and what its page tells."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote

import pytest

from certsvc.access.dossier import FOUND_MOST
from certsvc.access.roles import ROLES
from tests.web.desk.person import Person, at_the_desk
from tests.web.site import Site, path_of
from tests.world import NUMBER, World

MOVED = "浙1112020202200001"
AT = f"/desk/registrations/{NUMBER}"


@pytest.fixture
def person(site: Site) -> Person:
    """Somebody with every role, and one registration with a copy."""
    site.world.initial(name="样本甲")
    return at_the_desk(site, ROLES, "赵操作")


def found(person: Person, typed: str) -> str:
    """Search; return the address it led to, or the page."""
    answer = person.post("/desk/search", {"typed": typed})
    return answer.headers["Location"] if answer.status_code == 303 else answer.text


def test_everything_in_hand_leads_to_the_registration(site: Site, person: Person) -> None:
    """A caller has a number, an old one, a code, a link or a name."""
    copy = site.world.endorse()
    world = site.world
    world.record(world.event("change_employer", employer=EMPLOYER, new_registration_number=MOVED))
    page = f"/desk/registrations/{quote(MOVED)}?lang=zh"

    for typed in (NUMBER, MOVED, copy["token"], copy["code"], copy["verify_url"], " 样本甲 "):
        assert found(person, typed) == page, typed
    assert "没有查到" in found(person, "样本乙")
    assert "没有查到" in found(person, "京1112020202299999")


def test_a_name_leads_to_all_who_have_or_had_it(site: Site, person: Person) -> None:
    """Two people share a name; one of them had another before."""
    site.world.initial("京1112020202200002", order=2, name="样本乙")
    site.world.record(site.world.event("amend_holder", "京1112020202200002", holder={"name": "样本甲"}))

    page = found(person, "样本甲")

    assert NUMBER in page and "京1112020202200002" in page and "查到多项" in page
    assert found(person, "样本乙").startswith("/desk/registrations/")


@pytest.mark.parametrize(("namesakes", "more"), [(FOUND_MOST - 1, False), (FOUND_MOST, True)])
def test_a_list_that_may_be_longer_says_so(site: Site, namesakes: int, more: bool) -> None:
    """Who is not among those listed must not be taken for not registered."""
    person = at_the_desk(site, ["reader"], "钱查询")
    for order in range(1, namesakes + 1):
        site.world.initial(f"京11120202022{order:05d}", order=order, name="样本甲")

    assert ("最多列出" in found(person, "样本甲")) == more


def test_what_was_typed_stands_in_no_address_and_an_identity_number_is_refused(
    site: Site, person: Person
) -> None:
    """Addresses are logged by proxies; identity numbers belong nowhere."""
    answer = person.post("/desk/search", {"typed": "990000198503070031"})

    assert answer.status_code == 422 and "请勿以身份证件号码查询" in answer.text
    assert person.post("/desk/search", {"typed": " "}).status_code == 422
    assert "样本" not in found(person, NUMBER)


def test_the_history_tells_what_each_event_changed_and_who_recorded_it(site: Site, person: Person) -> None:
    """操作轨迹: old beside new, reasons, late records."""
    world: World = site.world
    world.record(world.event("change_employer", employer=EMPLOYER))
    person.post(f"{AT}/event", {"action_id": "a" * 32, "reason": "配合核查", "type": "suspend"})

    page = person.get(AT).text

    steps = re.findall(r'<ol class="timeline".*?</ol>', page, flags=re.DOTALL)[0]
    assert steps.index("暂停") < steps.index("变更注册") < steps.index("初始注册")
    assert "<del>" in steps and "<ins>示例第二建设有限公司</ins>" in steps
    assert "操作员 赵操作" in steps and "配合核查" in steps and "业务系统 " in steps
    assert "已暂停" in page and "样本甲" in page
    assert not re.search(r"\d{17}[\dX]", page)


def test_copies_are_shown_with_their_state_now_and_their_bytes(site: Site, person: Person) -> None:
    """What the holder has in hand, to the byte, and a picture of it."""
    copy = site.world.endorse()
    original = site.world.original()
    page = person.get(AT).text
    assert copy["code"] in page and original["code"] in page and "加注件 1" in page

    id_ = copy["endorsement_id"]
    for fmt in ("pdf", "ofd"):
        content = person.get(f"/desk/copies/{id_}.{fmt}").data
        assert hashlib.sha256(content).hexdigest() == copy["files"][fmt]["sha256"]
    small, large = (person.get(f"/desk/copies/{id_}.png{query}") for query in ("?small=1", ""))
    assert small.data.startswith(b"\x89PNG") and len(small.data) < len(large.data)
    assert person.get(f"/desk/copies/{'0' * 32}.pdf").status_code == 404

    site.world.record(site.world.event("change_employer", employer=EMPLOYER))
    assert "此件不是最新版本" in person.get(AT).text


def test_a_look_at_the_desk_is_no_look_up(site: Site, person: Person) -> None:
    """A holder who reads that somebody looked him up must not read of the office."""
    site.world.endorse()
    person.get(AT)
    services = site.world.services
    services.lookups.take_turn(lambda _: False)
    with services.registry.reading() as session:
        registration_id = session.find_registration(NUMBER)
        assert registration_id is not None
        assert session.lookups_of(registration_id) == {}


def test_an_unknown_number_is_said_to_be_unknown(person: Person) -> None:
    """404, in words."""
    answer = person.get("/desk/registrations/京1112020202299999")
    assert answer.status_code == 404 and "未找到" in answer.text


def test_an_erased_holder_is_found_by_no_name(site: Site, person: Person) -> None:
    """The keyed hash of the name goes with the name."""
    world = site.world
    world.record(world.event("cancel", reason={"code": "R", "text": "本人申请"}))
    assert found(person, "样本甲").startswith("/desk/registrations/")

    world.services.eraser.erase(NUMBER, "tests", override=True)

    assert "没有查到" in found(person, "样本甲")
    page = person.get(AT).text
    assert "样本甲" not in page and "已注销" in page


def test_the_api_is_asked_nothing_by_the_desk(site: Site, person: Person) -> None:
    """A session at the desk is no API key, and a key no session."""
    assert person.get(path_of(NUMBER)).status_code == 401
    assert site.client.get(AT, headers={"X-API-Key": site.key}).headers["Location"] == "/desk/login"


EMPLOYER = {"name": "示例第二建设有限公司", "uscc": "91990000MA0000015Q"}
