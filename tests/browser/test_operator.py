"""An operator at the desk: in, a holder found, the timeline seen, a batch and what runs out looked at."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Browser, Locator

from certsvc.access.roles import ROLES
from certsvc.issuing.counter import Operation
from certsvc.registry.port_batches import Batch, Engine
from tests.browser.standing import look_at, standing
from tests.browser.visitor import LOCALES, PHONE, Lang, Visitor
from tests.drills import record
from tests.factories import FixedClock
from tests.web.desk.person import PASSWORD, hire
from tests.web.site import Site
from tests.world import NUMBER, World, settings_in

NAME = "龙𬭎"
CHIEF: dict[Lang, str] = {"zh": "赵操作", "en": "Chief"}
HISTORY: dict[Lang, tuple[str, str]] = {
    "zh": ("变更注册", "初始注册"),
    "en": ("Change of employer", "Initial registration"),
}


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path
) -> Iterator[tuple[Site, str, Batch]]:
    """Serve somebody with a history and copies, and a batch that waits for its worker."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "cache").symlink_to(font_cache)
    site = Site(World(settings_in(folder, dev_keys), FixedClock()))
    world = site.world
    world.initial(name=NAME)
    world.original()
    world.endorse()
    world.record(
        world.event("change_employer", employer={"name": "示例城建有限公司", "uscc": "91990000MA0000015Q"})
    )
    line = {"item_id": "a", "op": "original", "registration_number": "京1112020202299999"}
    batch = world.services.batches.plan(
        io.BytesIO(json.dumps(line).encode()),
        client_id="tests",
        engine=Engine.LOCAL,
        operations=list(Operation),
    )
    for name in CHIEF.values():
        hire(site, name, *ROLES)
    with standing(site) as url:
        yield site, url, batch


def _wait_until_drawn(picture: Locator) -> None:
    """Wait for a picture; a condition in the page's own script would break its policy."""
    for _ in range(100):
        if picture.evaluate("image => image.naturalWidth") > 300:
            return
        time.sleep(0.1)
    raise AssertionError("the picture did not come")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_operator_finds_a_holder_and_sees_the_timeline(
    browser: Browser, served: tuple[Site, str, Batch], lang: Lang
) -> None:
    """From the login to what each event changed, a copy's picture, and the register as a whole."""
    _, url, batch = served
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, locale=LOCALES[lang], accept_downloads=True
    )
    visitor = Visitor(context=context, url=url, lang=lang)
    page = visitor.page
    visitor.go("/desk/login")
    look_at(visitor)
    page.fill("#name", CHIEF[lang])
    page.fill("#password", PASSWORD)
    visitor.send("#password")
    look_at(visitor)

    page.fill("#typed", NAME)
    visitor.send("#typed")
    page.wait_for_selector(".timeline")
    assert NUMBER[1:] in page.url and NAME not in page.url
    later, earlier = (page.locator(".timeline li", has_text=what) for what in HISTORY[lang])
    assert later.locator("ins").first.inner_text() == "示例城建有限公司"
    assert earlier.count() == 1
    picture = page.locator(".copies img").first
    picture.scroll_into_view_if_needed()
    _wait_until_drawn(picture)
    look_at(visitor)

    ways = ("expiring", "batches", f"batches/{batch.batch_id}", "lookups", "health", "actions", "operators")
    for way in ways:
        visitor.go(f"/desk/{way}")
        look_at(visitor)
    assert visitor.complaints == []
    context.close()
    record("desk in a browser", walks=1, pages=10)


def test_the_page_of_a_batch_keeps_itself_up_to_date(
    browser: Browser, served: tuple[Site, str, Batch]
) -> None:
    """Somebody watches it: it ends on the screen without a key pressed."""
    site, url, batch = served
    context = browser.new_context(locale=LOCALES["zh"])
    visitor = Visitor(context=context, url=url, lang="zh")
    page = visitor.page
    visitor.go("/desk/login")
    page.fill("#name", CHIEF["zh"])
    page.fill("#password", PASSWORD)
    visitor.send("#password")
    visitor.go(f"/desk/batches/{batch.batch_id}")
    assert page.locator("[data-is=told]").inner_text() == "0 / 1 项"

    site.world.services.batches.runner("w").work(batch.batch_id, Event())

    page.wait_for_selector("text=第 1 行", timeout=20_000)
    assert "第 1 行" in visitor.words
    assert visitor.complaints == []
    context.close()
