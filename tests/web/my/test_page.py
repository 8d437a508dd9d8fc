"""我的证书 from inside: what is shown, endorsing with a purpose, files, and nobody else's."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest

from certsvc.domain.wording import OFFICIAL, error_text
from tests.web.my.guest import Guest
from tests.web.site import HTML, Site
from tests.world import NUMBER

OTHER = "京1112020202200002"
REASON = {"code": "C", "text": "测试"}


def test_the_page_shows_what_is_the_holders(guest: Guest) -> None:
    """Name, photo, number, employer, state, days left, the day to renew by, one next step."""
    page = guest.get("/my").text
    for text in ("样本甲", NUMBER, "示例建设有限公司", "注册有效", "建筑工程", "剩余 1095 天"):
        assert text in page, text
    assert re.search(r"延续注册须于 2029年\d+月\d+日 前提出", page)
    assert "data:image/jpeg;base64," in page
    assert "请在下方生成原件" in page
    assert OFFICIAL["SPECIALTY_LT_180D"] not in page
    assert "990000" not in page, "no identity number"


def test_the_warning_is_said_byte_for_byte(site: Site) -> None:
    """From 179 days on, in Chinese whatever the language, with its gloss."""
    site.world.initial(granted_on=site.world.today - timedelta(days=3 * 365 - 150))
    guest = Guest(site).let_in()
    sentence = "部分专业有效期不足180天,请及时办理延续"
    assert sentence in guest.get("/my").text
    english = guest.get("/my?lang=en").text
    assert sentence in english and "less than 180 days" in english
    assert sentence in guest.get(f"{guest.base}/endorse").text


def test_the_original_is_issued_and_downloaded(guest: Guest) -> None:
    """By a button; twice is once; PDF, OFD and a picture."""
    base = guest.base
    form = guest.form("/my", f"{base}/original")
    for _ in range(2):
        assert guest.post(f"{base}/original", form).status_code == 303
    page = guest.get("/my").text
    assert f'src="{base}/original.png"' in page
    for fmt, magic in (("pdf", b"%PDF"), ("ofd", b"PK"), ("png", b"\x89PNG")):
        answer = guest.get(f"{base}/original.{fmt}")
        assert answer.status_code == 200 and answer.data.startswith(magic)
    held = guest.site.world.services.enquiry
    assert guest.get(f"{base}/original.pdf").data == held.original_file(NUMBER, "pdf").content


def test_an_endorsed_copy_from_form_to_file(guest: Guest) -> None:
    """The window is shown before anything is confirmed; both files verify; the same bytes again and again."""
    page = guest.get(f"{guest.base}/endorse").text
    assert "2026年11月20日" in page and "2027年5月19日" in page and "自今日起 180 天" in page
    address = guest.copy("示例工程投标")
    assert "示例工程投标" in guest.get(address).text
    for fmt in ("pdf", "ofd"):
        first, second = (guest.get(f"{address}.{fmt}") for _ in range(2))
        assert first.status_code == 200
        assert first.data == second.data
        report = guest.site.world.verify(file=first.data)
        assert str(report.status) == "VALID"
    assert 'data-state="VALID"' in guest.get("/my").text


def test_one_form_is_one_copy(guest: Guest) -> None:
    """Pressed twice, sent again tomorrow by the back button: the answer is found again."""
    action = f"{guest.base}/endorse"
    form = guest.form(action, action)
    answers = [guest.endorse(form=form) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    guest.site.world.jump(days=1)
    guest.let_in()
    again = guest.endorse(form={**form, "csrf": guest.form(action, action)["csrf"]})
    assert again.headers["Location"] == answers[0].headers["Location"]


def test_the_second_of_a_day_meets_the_official_sentence(guest: Guest) -> None:
    """Byte for byte, with the links of the copy there is: for a form open since before, and for a new one."""
    sentence = "今日已申请过加注件,请勿重复加注"
    action = f"{guest.base}/endorse"
    stale = guest.form(action, action)
    address = guest.copy()
    late = guest.endorse("另一个用途", form=stale)
    assert late.status_code == 409
    fresh = guest.get(action)
    for page in (late, fresh):
        assert sentence in page.text
        assert f'href="{address}.pdf"' in page.text and f'href="{address}.ofd"' in page.text
    assert sentence in guest.get(f"{action}?lang=en").text
    guest.site.world.jump(days=1)
    guest.let_in()
    assert guest.copy("另一个用途") != address


def test_a_purpose_changed_under_a_form_that_was_sent(guest: Guest) -> None:
    """Back, another purpose, confirm: no second copy, and the sentence with the first one's files."""
    action = f"{guest.base}/endorse"
    form = guest.form(action, action)
    guest.endorse("甲", form=form)
    answer = guest.endorse("乙", form=form)
    assert answer.status_code == 409
    assert OFFICIAL["ENDORSED_TODAY"] in answer.text


@pytest.mark.parametrize("purpose", ["", " ", "用" * 201, "a\u202eb", "<script>alert(1)</script>" * 9])
def test_a_purpose_meets_the_rules_of_the_api(guest: Guest, purpose: str) -> None:
    """The same messages, what was typed stays and does no harm, and the day is not used up."""
    answer = guest.endorse(purpose)
    assert answer.status_code == 422
    api = guest.site.post(
        f"/api/v1/registrations/{NUMBER}/endorsements", {"purpose": purpose}, **{"Idempotency-Key": "k"}
    )
    assert api.status_code == 422
    for fault in api.get_json()["errors"]:
        assert fault["detail"] in answer.text
    assert "<script" not in answer.text
    assert guest.endorse("投标使用").status_code == 303


def test_200_characters_pass(guest: Guest) -> None:
    """Code points, not bytes."""
    assert guest.endorse("用" * 200).status_code == 303


@pytest.mark.parametrize(
    ("event", "code"),
    [("suspend", "SUSPENDED"), ("cancel", "REGISTRATION_ENDED"), ("revoke", "REGISTRATION_ENDED")],
)
def test_what_has_ended_is_refused_in_words(guest: Guest, event: str, code: str) -> None:
    """On the page, at the form, and for a form that was open before."""
    action = f"{guest.base}/endorse"
    form = guest.form(action, action)
    guest.site.world.record(guest.site.world.event(event, reason=REASON))
    assert error_text(code).zh in guest.get("/my").text
    for answer in (guest.get(action), guest.endorse(form=form)):
        assert answer.status_code == 409
        assert error_text(code).zh in answer.text


def test_without_a_photo_the_official_sentence_says_where(site: Site) -> None:
    """PHOTO_OR_SIGNATURE_MISSING, byte for byte."""
    body = site.world.initial_body()
    del body["holder"]["photo"]
    site.world.record(body)
    guest = Guest(site).let_in()
    sentence = "请进入一级建造师任意事项在线办理后\u2018资料补充及信息修改\u2019功能中补充个人照片信息"
    assert sentence in guest.get("/my").text
    refused = guest.get(f"{guest.base}/endorse")
    assert refused.status_code == 422 and sentence in refused.text
    assert "/my/r/" not in guest.get("/my").text, "no button where nothing may be done"


def test_what_has_expired_is_refused_in_words(site: Site) -> None:
    """All specialties over: what to do next, and no button."""
    site.world.initial(granted_on=site.world.today - timedelta(days=3 * 365 + 30))
    page = Guest(site).let_in().get("/my").text
    assert "请办理重新注册" in page
    assert "/endorse" not in page


def test_copies_with_their_state_now(guest: Guest) -> None:
    """Superseded by a change, used up by time: as every verifier is told."""
    world = guest.site.world
    guest.copy("甲")
    world.jump(days=1)
    world.record(
        world.event("change_employer", employer={"name": "示例城建有限公司", "uscc": "91990000MA0000015Q"})
    )
    guest.let_in().copy("乙")
    assert re.findall(r'data-state="(\w+)"', guest.get("/my").text) == ["VALID", "SUPERSEDED"]
    world.jump(days=200)
    states = re.findall(r'data-state="(\w+)"', guest.let_in().get("/my").text)
    assert states[0] == "USE_EXPIRED" and len(states) == 2


def test_many_copies_have_pages(guest: Guest) -> None:
    """Ten on each."""
    for _ in range(11):
        guest.site.world.endorse()
        guest.site.world.jump(days=1)
    guest.let_in()
    assert len(re.findall("data-state", guest.get("/my").text)) == 10
    second = guest.get(f"{guest.base}?page=2").text
    assert len(re.findall("data-state", second)) == 1
    for strange in ("0", "-1", "x", "９", "99999999"):
        assert guest.get(f"{guest.base}?page={strange}").status_code == 200


def test_who_looked_is_counted_and_not_named(guest: Guest) -> None:
    """Way, hour, public or platform; the holder's own page counts nothing; each shows once."""
    site = guest.site
    token = site.world.services.enquiry.endorsement(guest.copy().rsplit("/", 1)[1])["token"]
    guest.get("/my")
    assert "最近 30 天被查验 0 次" in guest.get("/my").text
    site.client.get(f"/v/{token}", headers=HTML)
    site.post("/api/v1/verifications", {"registration_number": NUMBER, "name": "样本甲"})
    site.world.services.lookups.flush()
    page = guest.get("/my").text
    assert "最近 30 天被查验 2 次" in page
    assert "扫描二维码" in page and "注册编号与姓名" in page
    assert "2026年11月20日 10:00–10:59" in page
    assert page.partition('class="bars"')[2].partition("</svg>")[0].count("<rect") == 1
    assert "tests" not in re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL), "no client is named"
    site.world.jump(days=30)
    assert "最近 30 天被查验 0 次" in guest.let_in().get("/my").text


def test_an_earlier_registration_stands_below(guest: Guest) -> None:
    """All of the holder's; the one in force first, the ended one by its link, without buttons."""
    world = guest.site.world
    world.record(world.event("cancel", reason=REASON))
    world.jump(days=1)
    body = world.initial_body(OTHER)
    world.record(
        {**body, "type": "re_register", "registration_number": NUMBER, "new_registration_number": OTHER}
    )
    page = guest.let_in().get("/my").text
    assert page.index(OTHER) < page.index(NUMBER)
    others = re.findall(r'<li><a href="(/my/r/[0-9a-f]{32})[^"]*">([^<]+)', page)
    assert [number for _, number in others] == [NUMBER]
    old = guest.get(others[0][0]).text
    assert "注册已注销" in old


def test_what_is_done_by_number_is_not_done_for_an_earlier_registration(guest: Guest) -> None:
    """After 重新注册 its number may mean the new one, whose files and copies would come instead."""
    world = guest.site.world
    earlier = guest.base
    world.record(world.event("cancel", reason=REASON))
    world.jump(seconds=60)
    world.record({**world.initial_body(), "type": "re_register"})
    world.original()
    assert guest.base != earlier

    assert guest.get(earlier).status_code == 200 and guest.get(f"{guest.base}/endorse").status_code == 200
    for rest in ("original.pdf", "original.ofd", "original.png", "endorse"):
        assert guest.get(f"{earlier}/{rest}").status_code == 404, rest
    csrf = guest.form("/my", "/my/leave")
    for rest in ("original", "endorse"):
        assert guest.post(f"{earlier}/{rest}", {**csrf, "purpose": "投标使用"}).status_code == 404, rest


def test_files_come_with_their_hash(guest: Guest) -> None:
    """ETag as the API has it."""
    address = guest.copy()
    answer = guest.get(f"{address}.pdf")
    etag = answer.headers["ETag"]
    again = guest.client.get(f"{address}.pdf", headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert io.BytesIO(answer.data).read(4) == b"%PDF"
