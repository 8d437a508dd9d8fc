"""The tale itself: one holder from application to cancellation, and what a platform sees of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from certsvc.client import Client, Endorsement, ProblemError, Recorded, Registration
from registration_desk import office
from registration_desk.book import Book
from registration_desk.business import BUSINESSES
from registration_desk.instance import Instance
from registration_desk.outbox import Delivery, Letter, deliver_again, deliver_due, letters
from registration_desk.stages import STATES
from registration_desk.telling import Teller, Told

DAYS_LEFT: Final = 100
"""Days the first registration still has: few enough for the warning, enough for every later step."""
PURPOSE: Final = "样本大桥工程投标"
CONTRACT: Final = {"contract_from": "2020-01-01", "contract_to": "2039-12-31"}


@dataclass(slots=True, kw_only=True)
class Scene:
    """Everything that is on the stage."""

    teller: Teller
    instance: Instance
    book: Book
    desk: Client
    """Scopes issue, endorse, read."""
    platform: Client
    """Scope verify alone."""
    files: Path
    number: str = ""
    bid_opening: datetime | None = None
    copy: bytes = b""
    """The endorsed PDF, as the platform holds it."""

    def keep(self, told: Told, name: str, content: bytes) -> None:
        """Write a file of the tale."""
        (self.files / name).write_bytes(content)
        told.files.append(name)


def three_years_before(day: date) -> date:
    """Return the day on which a specialty was granted that is valid up to the day before *day*."""
    try:
        return day.replace(year=day.year - 3)
    except ValueError:
        return date(day.year - 3, 2, 28)


def file_and_approve(
    scene: Scene, told: Told, kind: str, said: dict[str, str], *, granted_on: date | None = None
) -> int:
    """Take an application through the four hands; returns its number."""
    number = office.apply(scene.book, kind, "p1", said)
    office.confirm(scene.book, number)
    office.accept(scene.book, number)
    office.approve(scene.book, number, granted_on=granted_on)
    title = BUSINESSES[kind].title
    told.say(
        f"{title.zh}：个人提交 → 企业确认 → 省级审查 → 部级批准（第 {number} 号申请）",
        f"{title.en}: applicant → enterprise → province → ministry (application {number})",
    )
    stands = scene.book.application(number).state
    told.facts["application"] = f"{number} {STATES[stands].en}"
    return number


def delivered(scene: Scene, told: Told, application: int) -> Letter:
    """Let the outbox deliver an application's event, and expect that it is recorded."""
    deliver_due(scene.book, scene.desk)
    letter = letters(scene.book, application)[-1]
    told.expect("delivery", str(letter.state), str(Delivery.DELIVERED))
    told.say(
        f"发件箱送达事件 {letter.source_id}，证照服务已登记",
        f"the outbox delivered event {letter.source_id}; it is recorded",
    )
    return letter


def show(scene: Scene, told: Told, registration: Registration) -> None:
    """Say what a registration reads now."""
    listed = "、".join(f"{one.name} {one.valid_from} – {one.valid_to}" for one in registration.specialties)
    told.say(
        f"读回 {registration.registration_number}：{registration.status}，{registration.employer.name}，"
        f"{listed}，第 {registration.certificate.version} 版",
        f"read back {registration.registration_number}: {registration.status}, {registration.employer.name}, "
        f"{listed}, version {registration.certificate.version}",
    )


def picture(scene: Scene, told: Told, zh: str, en: str) -> None:
    """Have the original issued and its picture kept."""
    scene.desk.issue_original(scene.number)
    content = scene.desk.original_picture(scene.number)
    told.pictures.append((zh if scene.teller.language == "zh" else en, content))


def refused_second_copy(
    endorse: Callable[[str], Endorsement], first: Endorsement, told: Told, *, tries: int = 3
) -> ProblemError:
    """Ask for another copy on the day of *first*; returns the refusal.

    Where midnight in Beijing came between the two, the second is rightly granted: then that one is the
    first of its day, and one more is asked for.

    Args:
        endorse: asks for a copy under the order's name given.
        first: the copy of today.
        told: where midnight is told.
        tries: days that may begin meanwhile.
    """
    for turn in range(tries):
        try:
            copy = endorse(f"story-second-{turn}")
        except ProblemError as refusal:
            return refusal
        told.expect("granted on another day", copy.day > first.day, True)
        told.say(
            f"北京时间刚过零点（{copy.day}），这一份属于新的一天；再试一次",
            f"midnight passed in Beijing ({copy.day}): that copy is of a new day; trying once more",
        )
        first = copy
    raise AssertionError("more midnights than tries")


def service_is_killed(scene: Scene, told: Told, application: int) -> None:
    """Deliver while the service is dead, start it again, deliver once more."""
    scene.instance.kill()
    told.say("证照服务被强行终止（SIGKILL）", "the certificate service is killed (SIGKILL)")
    deliver_due(scene.book, scene.desk)
    letter = letters(scene.book, application)[-1]
    told.expect("delivery while it is away", f"{letter.state} {letter.code}", "PENDING UNREACHABLE")
    told.say(
        "发件箱送不出去：保留，稍后用同一 source_id 再送",
        "the outbox cannot deliver: it keeps the event and will send the same source_id again",
    )
    scene.instance.start()
    told.say("证照服务重新启动", "the service is started again")
    deliver_again(scene.book, letter.id)


def send_twice(scene: Scene, told: Told, letter: Letter) -> None:
    """Send a delivered event once more, as a desk would that died before it wrote the answer down."""
    before = scene.desk.history(scene.number)
    again: Recorded = scene.desk.record_event(letter.event)
    told.expect("same event", again.event_id, letter.event_id)
    told.expect("events recorded", len(scene.desk.history(scene.number)), len(before))
    told.say(
        "同一事件再送一遍：答复相同，没有第二次登记",
        "the same event sent once more: the same answer, nothing recorded twice",
    )


def wait_for_next_instant() -> datetime:
    """Return an instant that lies between what was done and what will be."""
    instant = datetime.now(UTC)
    time.sleep(0.05)
    return instant


def soon_over(today: date) -> date:
    """Return the day of granting that leaves DAYS_LEFT days today."""
    return three_years_before(today + timedelta(days=DAYS_LEFT + 1))
