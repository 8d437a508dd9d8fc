"""A holder at 我的证书: in by the link, a copy for a purpose, the one-a-day sentence, both files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from certsvc.domain.wording import OFFICIAL
from tests.browser.standing import look_at, standing
from tests.browser.visitor import LOCALES, PHONE, Lang, Visitor
from tests.drills import record
from tests.factories import FixedClock
from tests.web.site import Site
from tests.world import World, settings_in

NUMBERS: dict[Lang, str] = {"zh": "京1112020202200001", "en": "京1112020202200002"}
PURPOSE = "示例市轨道交通工程施工投标"


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path
) -> Iterator[tuple[Site, str]]:
    """Serve one holder for each language."""
    folder = tmp_path_factory.mktemp("my")
    (folder / "cache").symlink_to(font_cache)
    site = Site(World(settings_in(folder, dev_keys), FixedClock()))
    for order, number in enumerate(NUMBERS.values(), 1):
        site.world.initial(number, order=order, name="龙𬭎")
        site.world.original(number)
    with standing(site) as url:
        yield site, url


def _download(visitor: Visitor, fmt: str) -> bytes:
    with visitor.page.expect_download() as waiting:
        visitor.page.click(f'.downloads a[href$=".{fmt}"]')
    return Path(waiting.value.path()).read_bytes()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_holder_endorses_and_downloads(browser: Browser, served: tuple[Site, str], lang: Lang) -> None:
    """From the link in a message to two files that verify; no page of it has a script."""
    site, url = served
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]},
        locale=LOCALES[lang],
        java_script_enabled=True,
        accept_downloads=True,
    )
    visitor = Visitor(context=context, url=url, lang=lang)
    page = visitor.page
    secret = urlsplit(site.world.services.holders.links.make(NUMBERS[lang], "").url).path
    visitor.go(secret)
    assert page.query_selector("script") is None
    look_at(visitor)
    page.click("main button")
    page.wait_for_selector(".own")
    assert urlsplit(page.url).path == "/my"
    assert visitor.verdict == "龙𬭎"
    look_at(visitor)

    page.click('a[href*="/endorse"]')
    page.wait_for_selector("#purpose")
    look_at(visitor)
    form = page.url
    page.fill("#purpose", PURPOSE)
    visitor.send("#purpose")
    assert urlsplit(page.url).path.startswith("/my/copies/")
    assert PURPOSE in visitor.words
    look_at(visitor)
    files = {fmt: _download(visitor, fmt) for fmt in ("pdf", "ofd")}

    visitor.go(urlsplit(form).path)
    assert OFFICIAL["ENDORSED_TODAY"] in visitor.words
    look_at(visitor)
    assert {fmt: _download(visitor, fmt) for fmt in files} == files
    for content in files.values():
        assert str(site.world.verify(file=content).status) == "VALID"

    visitor.go("/my")
    page.click(".leaving button")
    page.wait_for_url("**/my/left*")
    look_at(visitor)
    visitor.go("/my")
    assert "龙𬭎" not in visitor.words
    assert visitor.complaints == []
    context.close()
    record("holder's page in a browser", walks=1, pages=7, files=len(files))
