"""``make story`` as a newcomer runs it: from an application to a verified copy, and past its end."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from registration_desk.story import FolderError, tell_story
from registration_desk.tale import refused_second_copy
from registration_desk.telling import OtherwiseError, Teller, Told
from registration_desk.words import Words

from certsvc.client import Endorsement, ProblemError
from certsvc.client.answers import Certificate
from certsvc.client.errors import Problem
from certsvc.domain.wording import OFFICIAL
from tests.conftest import ROOT

STEPS = [
    *("start", "apply", "original", "refused", "endorse", "second", "verify", "altered", "feed", "killed"),
    *("superseded", "expiring", "renew", "reissue", "cancel", "past", "history"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one run printed and left."""

    folder: Path
    steps: dict[str, dict[str, Any]]
    said: str


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Play it once, from nothing, in a process of its own."""
    folder = tmp_path_factory.mktemp("tale") / "story"
    done = subprocess.run(
        [sys.executable, "-m", "registration_desk", "story", "--lang", "en", "--json", "--out", str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "samples"), "CERTSVC_ENV": "production"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (folder / "story.jsonl").read_text(encoding="utf-8") == done.stdout
    return Played(folder=folder, steps={line["step"]: line for line in lines}, said=done.stderr)


def test_every_step_goes_as_told(played: Played) -> None:
    """All of them, in their order, each with what was asked, answered and how long it took."""
    assert list(played.steps) == STEPS
    assert all(step["ok"] and step["answered"] and step["asked"] for step in played.steps.values())
    assert all(step["seconds"] >= 0 for step in played.steps.values())
    assert f"{len(STEPS)} steps went as told" in played.said


def test_facts_are_those_of_the_rules(played: Played) -> None:
    """What each answer must be, from the outside."""
    facts = {name: step["facts"] for name, step in played.steps.items()}

    assert facts["endorse"]["warning sentence"] == OFFICIAL["SPECIALTY_LT_180D"]
    assert (facts["second"]["code"], facts["second"]["sentence"]) == (
        "ENDORSED_TODAY",
        OFFICIAL["ENDORSED_TODAY"],
    )
    assert facts["refused"]["delivery"] == "REFUSED REGISTRATION_EXISTS"
    assert (facts["verify"]["verdict"], facts["verify"]["OFD"]) == ("VALID", "VALID")
    assert facts["altered"]["verdict"] == "INVALID ALTERED"
    assert facts["killed"]["delivery while it is away"] == "PENDING UNREACHABLE"
    assert (facts["killed"]["delivery"], facts["killed"]["changes recorded"]) == ("DELIVERED", 1)
    assert facts["superseded"]["verdict"] == "INVALID SUPERSEDED"
    assert facts["superseded"]["feed"] == ["SUPERSEDED employer,employer_uscc"]
    assert facts["expiring"]["days left"] in {99, 100}
    assert facts["cancel"]["verdict"] == "INVALID CANCELLED"
    assert facts["past"]["verdict"] == "VALID then, CANCELLED now"
    assert facts["history"]["events"] == ["initial", "change_employer", "renew", "reissue", "cancel"]


class Page(HTMLParser):
    """Collects what a page refers to."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.links: list[str] = []
        self.sources: list[str] = []
        self.steps: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take addresses and the ids of steps."""
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            elif name == "src":
                self.sources.append(value or "")
            elif name == "id" and tag == "li":
                self.steps.append(value or "")


def test_page_stands_alone_with_its_pictures_and_files(played: Played) -> None:
    """It opens from a disk: pictures inside, links only to files that are there."""
    text = (played.folder / "story.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)

    assert page.steps == STEPS
    assert len(page.sources) == 2
    assert all(source.startswith("data:image/png;base64,iVBOR") for source in page.sources)
    assert sorted(page.links) == [
        f"files/{name}"
        for name in ("altered.pdf", "endorsed.ofd", "endorsed.pdf", "original.ofd", "original.pdf")
    ]
    assert all((played.folder / link).stat().st_size > 10_000 for link in page.links)
    assert "url(" not in text and "<script" not in text
    assert OFFICIAL["ENDORSED_TODAY"] in text


def test_no_identity_number_is_left_anywhere(played: Played) -> None:
    """Neither in what it prints nor in any file, its databases and logs too."""
    number = re.compile(rb"(?<!\d)990000(19|20)\d{9}[\dX]")

    files = [path for path in played.folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path.name for path in files if number.search(path.read_bytes())] == []


def test_killed_service_and_its_workers_are_gone(played: Played) -> None:
    """A tale leaves no process behind."""
    place = str(played.folder).encode()
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if place in (process / "environ").read_bytes():
                left.append(process.name)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    assert left == []


def test_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """It makes its folder anew each time, so it must know that it is its own."""
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(FolderError):
        tell_story(tmp_path, Teller("zh", print, as_json=False))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_step_that_goes_otherwise_is_told_and_ends_the_tale() -> None:
    """The exit code follows from it."""
    said: list[str] = []
    teller = Teller("zh", said.append, as_json=False)

    with pytest.raises(OtherwiseError), teller.step("verify", "核验", "Verifying", "verify_file") as told:
        told.expect("verdict", "INVALID", "VALID")
    assert not teller.steps[0].ok
    assert "✗" in said[0] and "verdict: 'INVALID', not 'VALID'" in said[0]


def a_copy(day: date) -> Endorsement:
    """Grant a copy on a day."""
    return Endorsement(
        endorsement_id="e",
        copy_number=1,
        day=day,
        purpose="p",
        use_from=day,
        use_until=day,
        cap_reason="NONE",
        token="t",
        code="c",
        verify_url="u",
        files={},
        certificate=Certificate(licence_id="l", version=1, serial="s", previous_licence_id=None),
        warnings=(),
    )


def test_midnight_between_two_copies_is_told_and_tried_again() -> None:
    """The second is then rightly granted; the third is the one to be refused."""
    today = date(2026, 12, 1)
    asked: list[str] = []

    def endorse(order: str) -> Endorsement:
        asked.append(order)
        if len(asked) == 1:
            return a_copy(today + timedelta(days=1))
        raise ProblemError(Problem(code="ENDORSED_TODAY", status=409, detail="d"))

    told = Told(name="second", title=Words("", ""), asked="")
    assert refused_second_copy(endorse, a_copy(today), told).code == "ENDORSED_TODAY"
    assert asked == ["story-second-0", "story-second-1"] and "零点" in told.lines[0].zh


def test_second_copy_of_the_same_day_ends_the_tale() -> None:
    """That would be the very thing the service must refuse."""
    today = date(2026, 12, 1)

    with pytest.raises(OtherwiseError):
        refused_second_copy(
            lambda _: a_copy(today), a_copy(today), Told(name="", title=Words("", ""), asked="")
        )


@pytest.mark.parametrize(("given", "told"), [([], "zh"), (["LANG=en"], "en"), (["STORY_LANG=en"], "en")])
def test_make_story_speaks_the_language_asked_for(given: list[str], told: str) -> None:
    """LANG of the machine is not a wish; one on the command line is."""
    done = subprocess.run(
        ["make", "-n", "story", *given],
        cwd=ROOT,
        env={**os.environ, "LANG": "en_US.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"registration_desk story --lang '{told}'" in done.stdout
