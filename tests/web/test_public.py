"""The public pages: what a stranger with a certificate in hand sees, and what he does not."""

from __future__ import annotations

import re

import pytest

from certsvc.domain.wording import OFFICIAL
from tests.web.site import AS_JSON, HTML, Site, body_of
from tests.world import JSON, NUMBER

NAME = "艾力样本"
UNKNOWN = "0" * 26


@pytest.fixture
def copy(site: Site) -> JSON:
    """Issue one endorsed copy of somebody with a name of four characters."""
    return site.issued(name=NAME)


def test_page_masks_the_name_and_hides_the_birth_date(site: Site, copy: JSON) -> None:
    """Whoever photographs a QR in passing learns no whole name."""
    page = site.client.get(f"/v/{copy['token']}", headers=HTML).text

    assert "艾**" in page and NAME not in page
    assert "1985" not in page
    assert "data:image/png" not in page, "the signature image is personal too"


@pytest.mark.parametrize("way", ["token", "code"])
def test_full_name_typed_shows_everything(site: Site, copy: JSON, way: str) -> None:
    """The person comparing a paper has the name before his eyes."""
    if way == "token":
        page = site.client.post(f"/v/{copy['token']}", data={"name": f" {NAME} "}, headers=HTML).text
    else:
        page = site.client.post("/verify", data={"code": copy["code"], "name": NAME}, headers=HTML).text

    assert NAME in page and "1985年3月7日" in page
    assert "data:image/png;base64," in page


def test_wrong_name_shows_nothing_more_and_says_so(site: Site, copy: JSON) -> None:
    """A guess must not be confirmed in part."""
    answer = site.client.post(f"/v/{copy['token']}", data={"name": "艾力"}, headers=HTML)

    assert answer.status_code == 200
    assert NAME not in answer.text and "姓名与登记不符" in answer.text


def test_record_is_never_called_genuine(site: Site, copy: JSON) -> None:
    """A genuine QR pasted on an altered paper is the commonest forgery."""
    record = site.client.get(f"/v/{copy['token']}", headers=HTML).text
    file = site.upload("/verify", site.world.file(copy), HTML).text

    assert heading(record) == "登记有效，请与纸面逐项核对"
    assert heading(file) == "有效"
    assert tone(record) == "record" and tone(file) == "verified"
    assert mark(record) != mark(file)


def test_state_now_of_a_file_is_not_said_as_of_a_record(site: Site, copy: JSON) -> None:
    """Asked about a day before it was issued, a whole file is 有效 now; only a record is to be compared."""
    early = {"as_of": "2026-11-19T10:00:00+08:00"}
    file = site.upload("/verify", site.world.file(copy), HTML, **early).text
    record = site.client.post("/verify", data={"code": copy["code"], **early}, headers=HTML).text

    assert heading(file) == heading(record) == "在所查询的时点尚未签发"
    assert state_now(file) == ("verified", "有效")
    assert state_now(record) == ("record", "登记有效，请与纸面逐项核对")


def test_file_of_ours_shows_the_whole_name(site: Site, copy: JSON) -> None:
    """Who holds the file holds the name already."""
    assert NAME in site.upload("/verify", site.world.file(copy), HTML).text


def test_changed_file_shows_no_record(site: Site, copy: JSON) -> None:
    """A file that was altered must not borrow the data of the real one."""
    answer = site.upload("/verify", site.world.file(copy) + b"\n", HTML)

    assert tone(answer.text) == "refused"
    assert NAME not in answer.text


def test_unknown_token_is_404_with_the_official_sentence(site: Site) -> None:
    """As a page and as JSON, and JSON is a report: platforms parse one shape."""
    page = site.client.get(f"/v/{UNKNOWN}", headers=HTML)
    report = site.client.get(f"/v/{UNKNOWN}", headers=AS_JSON)

    assert (page.status_code, report.status_code) == (404, 404)
    assert heading(page.text) == OFFICIAL["NOT_FOUND"]
    assert body_of(report)["status"] == "UNKNOWN"
    assert report.mimetype == "application/json"


@pytest.mark.parametrize(
    "spelling", [str.lower, str.upper, lambda text: text.replace("0", "O").replace("1", "l")]
)
@pytest.mark.parametrize("prefix", ["/v/", "/V/", "/c/", "/C/"])
def test_token_is_read_in_any_case(site: Site, copy: JSON, prefix: str, spelling: type[str]) -> None:
    """The symbol carries upper case, people type what they see."""
    assert site.client.get(prefix + spelling(copy["token"]), headers=HTML).status_code == 200


@pytest.mark.parametrize(
    ("kind", "words", "colour"),
    [
        ("cancel", "注册已注销", "refused"),
        ("revoke", "注册已被撤销或吊销", "refused"),
        ("suspend", "注册处于暂停状态", "ended"),
    ],
)
def test_ended_record_answers_200_with_its_day(
    site: Site, copy: JSON, kind: str, words: str, colour: str
) -> None:
    """An ended certificate is a state with a date, not a page that is missing."""
    site.world.jump(days=1)
    site.world.record(site.world.event(kind, reason={"code": "X", "text": "核查"}))

    answer = site.client.get(f"/v/{copy['token']}", headers=HTML)

    assert answer.status_code == 200
    assert heading(answer.text) == words and tone(answer.text) == colour
    assert "生效日期 2026年11月21日" in answer.text


def test_changed_employer_is_named(site: Site, copy: JSON) -> None:
    """挂证: the platform wants to know what changed."""
    site.world.jump(days=1)
    site.world.record(
        site.world.event("change_employer", employer={"name": "新示例公司", "uscc": "91990000MA0000015Q"})
    )

    page = site.client.get(f"/v/{copy['token']}?lang=en", headers=HTML).text

    assert tone(page) == "ended"
    assert re.search(r"Changed since it was issued</h2>\s*<ul class=\"plain\"><li>Employer</li>", page)


def test_state_at_bid_opening_stands_beside_the_state_now(site: Site, copy: JSON) -> None:
    """Valid when the bids were opened, cancelled since: both must be seen."""
    site.world.jump(days=2)
    site.world.record(site.world.event("cancel", reason={"code": "X", "text": "本人申请"}))

    page = site.client.get(f"/v/{copy['token']}?as_of=2026-11-21T09:00", headers=HTML).text

    assert heading(page) == "登记有效，请与纸面逐项核对"
    assert "2026年11月21日 09:00:00" in page
    assert re.search(r'class="state-now">注册已注销<', page)


def test_wrong_pair_answers_like_an_unknown_number(site: Site, copy: JSON) -> None:
    """Otherwise numbers could be told apart from non-numbers, one by one."""
    forms = [
        {"number": NUMBER, "name": "样本乙"},
        {"number": "京1112020202299999", "name": "样本乙"},
        {"number": "not a number", "name": "样本乙"},
    ]
    answers = [site.client.post("/verify", data=form, headers=HTML) for form in forms]
    right = site.client.post("/verify", data={"number": NUMBER, "name": NAME}, headers=HTML)

    assert len({without_nonce(answer.text) for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert heading(answers[0].text) == OFFICIAL["NOT_FOUND"]
    assert NAME in right.text


def test_hit_and_miss_carry_the_same_headers(site: Site, copy: JSON) -> None:
    """Headers must not tell what the page does not."""
    hit = site.client.post("/verify", data={"code": copy["code"]}, headers=HTML)
    miss = site.client.post("/verify", data={"code": "0000-0000-0000"}, headers=HTML)

    assert hit.status_code == miss.status_code
    assert set(hit.headers.keys()) == set(miss.headers.keys())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_come_in_both_languages(site: Site, copy: JSON, language: str) -> None:
    """By ?lang= and by Accept-Language alike; days are written as each language writes them."""
    by_query = site.client.get(f"/v/{copy['token']}?lang={language}", headers=HTML)
    by_header = site.client.get(f"/v/{copy['token']}", headers={**HTML, "Accept-Language": language})

    day = "20 November 2026" if language == "en" else "2026年11月20日"
    for answer in (by_query, by_header):
        assert day in answer.text
        assert f'<html lang="{"en" if language == "en" else "zh-CN"}">' in answer.text


def test_page_says_when_it_was_checked_and_not_to_trust_a_screenshot(site: Site, copy: JSON) -> None:
    """Screenshots of verification pages are shown to inspectors."""
    page = site.client.get(f"/v/{copy['token']}", headers=HTML).text

    assert "2026年11月20日 10:00:00" in page and "北京时间" in page
    assert "请亲自扫描证书上的二维码" in page
    assert "127.0.0.1:8000" in page, "the official address is printed"


@pytest.mark.parametrize(
    "form",
    [
        {"code": ""},
        {"number": NUMBER},
        {"name": NAME},
        {"code": "X" * 300},
        {"code": "0000-0000-0000", "as_of": "yesterday"},
        {"code": "0000-0000-0000", "as_of": "2030-01-01T00:00"},
    ],
)
def test_form_filled_in_wrongly_comes_back_with_a_sentence(standing_site: Site, form: dict[str, str]) -> None:
    """A page for people, a problem for programs; a name never comes back."""
    page = standing_site.client.post("/verify", data=form, headers=HTML)
    problem = standing_site.client.post("/verify", data=form)

    assert (page.status_code, problem.status_code) == (422, 422)
    assert 'role="alert"' in page.text and NAME not in page.text
    assert problem.mimetype == "application/problem+json"


def test_home_leads_to_verify(standing_site: Site) -> None:
    """Whoever types only the host wants to verify."""
    answer = standing_site.client.get("/")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/verify")


def heading(page: str) -> str:
    """Return the one h1."""
    (found,) = re.findall(r"<h1>(.*?)</h1>", page)
    return str(found)


def tone(page: str) -> str:
    """Return the tone of the verdict."""
    found = re.search(r'<section class="verdict (\w+)">', page)
    assert found is not None
    return found[1]


def state_now(page: str) -> tuple[str, str]:
    """Return the tone and the words of the state now."""
    found = re.search(r'class="verdict now (\w+)">.*?class="state-now">(.*?)</p>', page, re.DOTALL)
    assert found is not None
    return found[1], found[2]


def mark(page: str) -> str:
    """Return the verdict's mark."""
    return page.split('<svg class="mark"')[1].split("</svg>")[0]


def without_nonce(page: str) -> str:
    """Return a page without what differs at every answer."""
    return re.sub(r'nonce="[^"]+"', "", page)
