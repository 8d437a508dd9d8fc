"""A platform that verifies, and reads its feed."""

from __future__ import annotations

from typing import Any, Final

from tests.web.site import Site, body_of
from tests.world import JSON, NUMBER, World

VERIFY: Final = "/api/v1/verifications"
CHANGES: Final = "/api/v1/changes"
NEW_EMPLOYER: Final = {"name": "另一建设有限公司", "uscc": "91990000MA0000023K"}
EMPLOYER: Final = ["employer", "employer_uscc"]
"""What another employer changes in print."""
REASON: Final = {"code": "C", "text": "测试"}


def feed(site: Site, since: str | None = None, **headers: str) -> tuple[list[JSON], str]:
    """Read one page of the feed; returns its items and the next cursor."""
    answer = site.get(CHANGES if since is None else f"{CHANGES}?since={since}", **headers)
    assert answer.status_code == 200, answer.text
    body = body_of(answer)
    return body["items"], body["next_cursor"]


def verified(site: Site, body: JSON, **headers: str) -> JSON:
    """Verify one thing as a platform."""
    answer = site.post(VERIFY, body, **headers)
    assert answer.status_code == 200
    return body_of(answer)


def change_employer(world: World, number: str = NUMBER) -> None:
    """Record another employer, a second later."""
    world.jump(seconds=1)
    world.record(world.event("change_employer", number, employer=NEW_EMPLOYER))


def end(world: World, kind: str, number: str = NUMBER) -> None:
    """Record an end, or a suspension, a second later."""
    world.jump(seconds=1)
    world.record(world.event(kind, number, reason=REASON))


def told(items: list[JSON]) -> list[tuple[Any, ...]]:
    """Return what items say, without instants."""
    return [(one["token"], one["status"], one["changed_fields"], one["specialty"]) for one in items]


def days_left(world: World) -> int:
    """Return the days left of the one specialty."""
    body: Any = world.services.enquiry.registration(NUMBER, None)
    return int(body["specialties"][0]["days_left"])
