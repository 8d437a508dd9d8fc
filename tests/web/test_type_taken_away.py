"""A certificate type whose folder is taken away while people hold certificates of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from certsvc.access.roles import ROLES
from certsvc.batch.run import Step
from certsvc.domain.report import Report, Status
from certsvc.errors import UnavailableError
from certsvc.verification.question import Question
from certsvc.wiring.services import build
from tests.batch.lines import endorse, original, plan, states
from tests.factories import FixedClock
from tests.flows.conftest import close
from tests.flows.test_second_type import templates_with
from tests.verification.history import lists_of
from tests.web.desk.person import at_the_desk
from tests.web.my.guest import Guest
from tests.web.site import AS_JSON, HTML, Site, body_of, path_of
from tests.world import JSON, NUMBER, SECOND_NUMBER, World, settings_in

SECOND = "constructor-2"


@dataclass(frozen=True)
class Left:
    """A site without the second type, and what was issued before."""

    site: Site
    first: JSON
    second: JSON
    pdf: bytes
    """Of the second."""


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Left:
    """Issue copies of both types, then take a folder away and start again."""
    folder = tmp_path_factory.mktemp("taken")
    templates = templates_with(folder)
    (folder / "var").mkdir()
    (folder / "var" / "cache").symlink_to(font_cache)
    settings = settings_in(folder / "var", dev_keys, templates_dir=str(templates))
    world = World(settings, FixedClock())
    world.initial()
    world.second()
    first, second = world.endorse(), world.endorse(SECOND_NUMBER)
    pdf = world.file(second)
    close(world)
    shutil.rmtree(templates / SECOND)
    world.services = build(settings, world.clock)
    return Left(Site(world), first, second, pdf)


def test_the_page_says_that_it_cannot_tell(left: Left) -> None:
    """Never forged, never valid, never an error; as a page and as JSON."""
    address = f"/v/{left.second['token']}"

    answer = left.site.client.get(address, headers=AS_JSON)
    assert (body_of(answer)["verdict"], body_of(answer)["status"]) == ("INDETERMINATE", "UNAVAILABLE")
    page = left.site.client.get(address, headers=HTML)
    assert page.status_code == 503
    assert "暂时无法" in page.text


def test_other_types_go_on(left: Left) -> None:
    """One missing folder takes nothing from the others."""
    answer = left.site.client.get(f"/v/{left.first['token']}", headers=AS_JSON)
    assert body_of(answer)["verdict"] == "VALID"
    assert left.site.get(path_of(NUMBER)).status_code == 200


@pytest.mark.parametrize("known_by", ["hash", "file", "code", "number"])
def test_every_question_is_left_open(left: Left, known_by: str) -> None:
    """However it is asked; of a number even with a wrong name, since nobody can hold a name against it."""
    world = left.site.world
    asked = {
        "hash": Question(sha256=left.second["files"]["pdf"]["sha256"]),
        "file": Question(file=left.pdf),
        "code": Question(code=left.second["code"]),
        "number": Question(number=SECOND_NUMBER, name="样本甲"),
    }

    report = world.services.verifier.verify(asked[known_by])

    assert report.status is Status.UNAVAILABLE
    answers = world.services.verifier.verify_each([asked[known_by], Question(code=left.first["code"])])
    told = [one.status for one in answers if isinstance(one, Report)]
    assert told == [Status.UNAVAILABLE, Status.VALID]


def test_an_altered_file_is_still_altered(left: Left) -> None:
    """What the file itself shows needs no rules of its type."""
    report = left.site.world.verify(file=left.pdf + b"\n")

    assert report.status is Status.ALTERED


def test_nothing_is_issued_and_no_day_is_used_up(left: Left) -> None:
    """The caller may come again; the note names what is missing."""
    left.site.world.jump(days=1)
    for answer in (left.site.endorse("again", SECOND_NUMBER), left.site.get(path_of(SECOND_NUMBER))):
        assert (answer.status_code, body_of(answer)["code"]) == (503, "UNAVAILABLE")


def test_desk_and_holder_meet_a_page_in_words(left: Left) -> None:
    """As for a register that is away."""
    person = at_the_desk(left.site, ROLES, "赵操作")
    page = person.get(f"/desk/registrations/{SECOND_NUMBER}")
    assert (page.status_code, "暂时无法办理" in page.text) == (503, True)
    own = Guest(left.site).let_in(SECOND_NUMBER).get("/my")
    assert (own.status_code, "暂时无法办理" in own.text) == (503, True)


def test_its_status_list_is_not_given_out(left: Left) -> None:
    """The list would call its copies usable; reading it goes on for when the folder is back."""
    lists = lists_of(left.site.world)
    lists.refresh(left.site.world.clock.now())

    with pytest.raises(UnavailableError):
        lists.values(0)


def test_items_of_a_batch_fail_one_by_one(left: Left) -> None:
    """Copies of other types in the same batch are made."""
    world = left.site.world
    world.jump(days=1)
    batch = plan(world, [endorse("first", NUMBER), endorse("second", SECOND_NUMBER), original("own", NUMBER)])

    runner = world.services.batches.runner("w")
    for _ in range(100):
        if runner.step(batch.batch_id) is Step.OVER:
            break
        world.jump(seconds=10)

    assert states(world, batch.batch_id) == {
        1: ("done", None),
        2: ("failed", "UNAVAILABLE"),
        3: ("done", None),
    }
