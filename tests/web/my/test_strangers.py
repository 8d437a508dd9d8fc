"""What is not the holder's own: another holder's things, strangers, forms of other sites."""

from __future__ import annotations

import re

import pytest

from tests.web.my.guest import Guest

OTHER = "京1112020202200002"


def test_nobody_elses(guest: Guest) -> None:
    """Another holder's registration, original, copy and files are answered exactly as what never was."""
    site = guest.site
    site.world.initial(OTHER, order=2, name="样本乙")
    theirs = site.world.endorse(OTHER)["endorsement_id"]
    site.world.original(OTHER)
    with site.world.services.registry.reading() as session:
        registration = session.find_registration(OTHER)
    unknown = "0" * 32
    for path in ("/my/copies/{}", "/my/copies/{}.pdf", "/my/copies/{}.ofd"):
        _same(guest, path.format(theirs), path.format(unknown))
    for rest in ("", "/original.pdf", "/original.ofd", "/original.png", "/endorse"):
        _same(guest, f"/my/r/{registration}{rest}", f"/my/r/{unknown}{rest}")
    csrf = guest.form("/my", "/my/leave")
    for rest in ("/original", "/endorse"):
        answer = guest.post(f"/my/r/{registration}{rest}", {**csrf, "purpose": "冒用"})
        assert answer.status_code == 404
    assert site.world.services.enquiry.endorsement(theirs)["copy_number"] == 1
    assert "样本乙" not in guest.get("/my").text


def _same(guest: Guest, path: str, other: str) -> None:
    answers = [guest.get(one) for one in (path, other)]
    assert [answer.status_code for answer in answers] == [404, 404], path
    texts = [re.sub(r'nonce="[^"]*"|/my/[^"?]*', "", answer.text) for answer in answers]
    assert texts[0] == texts[1]


def test_the_key_of_somebody_elses_form_leads_to_nothing_of_theirs(guest: Guest) -> None:
    """A key counts for one holder: who sends another's meets neither their copy nor a conflict."""
    action = f"{guest.base}/endorse"
    form = guest.form(action, action)
    theirs = guest.endorse(form=form).headers["Location"]
    guest.site.world.initial(OTHER, order=2, name="样本乙")
    other = Guest(guest.site).let_in(OTHER)
    found = re.search(r"/my/r/[0-9a-f]{32}/endorse", other.get("/my").text)
    assert found is not None
    csrf = other.form("/my", "/my/leave")["csrf"]

    answer = other.post(found[0], {"key": form["key"], "purpose": "投标使用", "csrf": csrf})

    assert answer.status_code == 303 and answer.headers["Location"] != theirs


def test_without_a_visit_everything_leads_to_the_door(guest: Guest) -> None:
    """Nothing tells whether an address is of anything."""
    base, address = guest.base, guest.copy()
    stranger = Guest(guest.site)
    for path in (
        base,
        f"{base}/endorse",
        f"{base}/original.pdf",
        address,
        f"{address}.pdf",
        f"{address}.ofd",
    ):
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/my?lang=zh")
    for path in (f"{base}/endorse", f"{base}/original"):
        assert stranger.post(path, {"purpose": "x"}).status_code == 303


@pytest.mark.parametrize("missing", ["csrf", "origin", "other"])
def test_forms_of_other_sites_do_nothing(guest: Guest, missing: str) -> None:
    """No token, a token of another visit, a page elsewhere: refused, and the day is not used up."""
    action = f"{guest.base}/endorse"
    form, headers = guest.form(action, action), {}
    if missing == "csrf":
        del form["csrf"]
    elif missing == "origin":
        headers["Sec-Fetch-Site"] = "cross-site"
    else:
        form["csrf"] = Guest(guest.site).let_in().form("/my", "/my/leave")["csrf"]
    for path in (action, f"{guest.base}/original", "/my/leave"):
        assert guest.post(path, {**form, "purpose": "冒用"}, **headers).status_code == 403
    assert "样本甲" in guest.get("/my").text
    assert guest.endorse().status_code == 303
