"""A copy whose data has changed since: what changed, which copy it is, and what day the newest one has."""

from __future__ import annotations

import pytest

from tests.web.site import HTML, Site, body_of
from tests.world import JSON

PATH = "/api/v1/verifications"


@pytest.fixture
def first(site: Site) -> JSON:
    """Issue a copy; the employer changes the next day, and a second copy is made."""
    copy = site.issued()
    site.world.jump(days=1)
    employer = {"name": "样例集团有限公司", "uscc": "91990000MA0000015Q"}
    site.world.record(site.world.event("change_employer", employer=employer))
    site.world.endorse()
    return copy


def asked(site: Site, way: str, copy: JSON) -> JSON:
    """Ask a platform's question about the first copy."""
    forms = {
        "sha256": {"sha256": copy["files"]["ofd"]["sha256"]},
        "qr": {"qr": copy["verify_url"]},
        "code": {"code": copy["code"]},
    }
    if way == "file":
        return body_of(site.upload(PATH, site.world.file(copy)))
    return body_of(site.post(PATH, forms[way]))


@pytest.mark.parametrize("way", ["file", "sha256", "qr", "code"])
def test_report_names_the_changed_fields_and_the_newest_copy(site: Site, first: JSON, way: str) -> None:
    """Names of fields, not their new values: those are for the new copy to show."""
    report = asked(site, way, first)

    assert (report["status"], report["changed_fields"]) == ("SUPERSEDED", ["employer"])
    copy = report["endorsement"]
    assert (copy["copy_number"], copy["newest_copy_number"], copy["newest_copy_day"]) == (1, 2, "2026-11-21")
    assert "样例集团" not in str(report)


def test_before_the_change_it_was_in_order(site: Site, first: JSON) -> None:
    """At the bid opening nothing had changed; the state of today stands beside it."""
    opening = {"as_of": "2026-11-20T18:00:00+08:00"}
    report = body_of(site.post(PATH, {"sha256": first["files"]["pdf"]["sha256"], **opening}))

    assert (report["status"], report["changed_fields"]) == ("VALID", [])
    assert (report["state_at_as_of"], report["state_now"]) == ("VALID", "SUPERSEDED")


def test_unchanged_data_with_a_newer_copy_is_no_supersession(site: Site) -> None:
    """A second bid needs a second copy; the first one stays good, and says which is the newest."""
    first = site.issued()
    site.world.jump(days=1)
    site.world.endorse()

    report = body_of(site.post(PATH, {"qr": first["verify_url"]}))

    assert (report["status"], report["changed_fields"]) == ("VALID", [])
    assert "NEWER_COPY_EXISTS" in {finding["code"] for finding in report["findings"]}
    assert report["endorsement"]["newest_copy_day"] == "2026-11-21"


@pytest.mark.parametrize("way", ["sha256", "qr", "code"])
@pytest.mark.parametrize(("day", "told"), [(20, "NEWEST"), (21, "NEWER_COPY_EXISTS")])
def test_which_copy_was_the_newest_is_told_of_the_day_asked_about(
    site: Site, way: str, day: int, told: str
) -> None:
    """Copies made since then neither hide the one made between nor count themselves."""
    first = site.issued()
    for _ in range(2):
        site.world.jump(days=1)
        site.world.endorse()
    site.world.jump(days=1)
    form = {
        "sha256": {"sha256": first["files"]["ofd"]["sha256"]},
        "qr": {"qr": first["verify_url"]},
        "code": {"code": first["code"]},
    }[way]

    report = body_of(site.post(PATH, {**form, "as_of": f"2026-11-{day}T23:30:00+08:00"}))

    assert {"NEWEST", "NEWER_COPY_EXISTS"} & {finding["code"] for finding in report["findings"]} == {told}


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh", ("签发后变更的内容", "聘用企业", "加注件序号", "2 · 2026年11月21日")),
        ("en", ("Changed since it was issued", "Employer", "Copy number", "2 · 21 November 2026")),
    ],
)
def test_page_shows_the_same(site: Site, first: JSON, lang: str, words: tuple[str, ...]) -> None:
    """In the reader's words."""
    page = site.client.get(f"/v/{first['token']}?lang={lang}", headers=HTML).text

    for word in words:
        assert word in page
    assert "样例集团" not in page


def test_a_copy_made_between_is_told_though_another_came_after_as_of(site: Site) -> None:
    """Of three copies the second was the newest on the day asked about; the first was not."""
    copies = [site.issued()]
    for _ in range(2):
        site.world.jump(days=2)
        copies.append(site.world.endorse())
    day = {"as_of": "2026-11-23T12:00:00+08:00"}

    told = []
    for copy in copies:
        report = body_of(site.post(PATH, {"sha256": copy["files"]["pdf"]["sha256"], **day}))
        told.append(
            {one["code"]: one["detail"] for one in report["findings"] if one["check"] == "superseded"}
        )

    assert told == [{"NEWER_COPY_EXISTS": "2026-11-22"}, {"NEWEST": ""}, {"NOT_APPLICABLE": ""}]
