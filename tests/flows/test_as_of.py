"""The hour of a bid opening: what each thing a bidder may hand in was worth on a day in the past."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from certsvc.domain.report import Report, Verdict
from certsvc.qr.payload import verify_url
from tests.factories import FixedClock
from tests.world import JSON, World, settings_in

OTHER_EMPLOYER = {"name": "另一示例建设有限公司", "uscc": "91990000TEXT00017N"}
REASON = {"code": "R1", "text": "测试"}
FORMS = ("pdf", "ofd", "sha256 of the pdf", "sha256 of the ofd", "qr", "token", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Endorsed on day 0, another employer on day 3, cancelled on day 10, and day 12 today."""

    world: World
    began: datetime
    questions: Mapping[str, JSON]

    def on(self, day: int, form: str) -> Report:
        """Ask how it stood on *day*."""
        return self.world.verify(**self.questions[form], as_of=self.began + timedelta(days=day))


def _told(tmp_path: Path, keys: Path, cache: Path) -> Story:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(cache)
    world = World(settings_in(tmp_path / "var", keys), FixedClock())
    began = world.clock.now()
    world.initial()
    copy = world.endorse()
    pdf, ofd = world.file(copy), world.file(copy, "ofd")
    world.jump(days=3)
    world.record(world.event("change_employer", employer=OTHER_EMPLOYER))
    world.jump(days=7)
    world.record(world.event("cancel", reason=REASON))
    world.jump(days=2)
    questions: dict[str, JSON] = {
        "pdf": {"file": pdf},
        "ofd": {"file": ofd},
        "sha256 of the pdf": {"sha256": hashlib.sha256(pdf).hexdigest()},
        "sha256 of the ofd": {"sha256": hashlib.sha256(ofd).hexdigest()},
        "qr": {"qr": verify_url(world.settings.public_url, str(copy["token"]))},
        "token": {"token": copy["token"]},
        "code": {"code": copy["code"]},
    }
    return Story(world=world, began=began, questions=questions)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Story:
    """Tell it once; nothing here changes it."""
    return _told(tmp_path_factory.mktemp("story"), dev_keys, font_cache)


@pytest.fixture(scope="module")
def revoked(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Story:
    """Tell it again, and find out on day 12 that the registration was obtained by deceit."""
    told = _told(tmp_path_factory.mktemp("revoked"), dev_keys, font_cache)
    told.world.record(told.world.event("revoke", reason=REASON))
    return told


@pytest.mark.parametrize("form", FORMS)
def test_each_form_tells_the_day_that_was_asked_for(story: Story, form: str) -> None:
    """A committee that opened bids on day 1 was right to accept; on day 5 and 11 it was not."""
    told = {day: story.on(day, form) for day in (1, 5, 11)}

    assert {day: str(report.status) for day, report in told.items()} == {
        1: "VALID",
        5: "SUPERSEDED",
        11: "CANCELLED",
    }
    assert {day: report.verdict for day, report in told.items()} == {
        1: Verdict.VALID,
        5: Verdict.INVALID,
        11: Verdict.INVALID,
    }
    assert {"employer", "employer_uscc"} <= set(told[5].changed_fields)
    assert {report.state_now for report in told.values()} == {"CANCELLED"}


@pytest.mark.parametrize("form", FORMS)
def test_a_revocation_counts_for_every_day(revoked: Story, form: str) -> None:
    """撤销: what was obtained by deceit was never right, whatever the day asked for."""
    assert {day: str(revoked.on(day, form).status) for day in (1, 5, 11)} == dict.fromkeys(
        (1, 5, 11), "REVOKED"
    )


@pytest.mark.parametrize("form", FORMS)
def test_the_hours_of_the_changes_themselves(story: Story, form: str) -> None:
    """An event counts from its own instant on: a second before, the certificate was what it had been."""
    change, end = story.began + timedelta(days=3), story.began + timedelta(days=10)
    second = timedelta(seconds=1)

    def at(instant: datetime) -> str:
        return str(story.world.verify(**story.questions[form], as_of=instant).status)

    assert [at(change - second), at(change), at(end - second), at(end)] == [
        "VALID",
        "SUPERSEDED",
        "SUPERSEDED",
        "CANCELLED",
    ]
