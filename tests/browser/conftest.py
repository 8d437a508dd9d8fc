"""Fixtures: one server for all, one browser for a file of tests, one visitor for a test."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, TypeAlias

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import running
from tests.browser.desk import Desk
from tests.browser.instance import Instance, living
from tests.browser.visitor import LOCALES, PHONE, Lang, Visitor
from tests.factories import FixedClock
from tests.tools import need
from tests.world import World, settings_in

Visit: TypeAlias = Callable[..., Visitor]
_CAMERA: Final = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory, font_cache: Path) -> Iterator[Instance]:
    """Serve one history to every test of a process."""
    need("chromium")
    with living(tmp_path_factory.mktemp("browser"), font_cache) as made:
        yield made


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Desk:
    """Make copies of different fates once, without a server; nothing changes them."""
    data = tmp_path_factory.mktemp("offline")
    (data / "cache").symlink_to(font_cache)
    return Desk(World(settings_in(data, dev_keys), FixedClock()))


@pytest.fixture(scope="module")
def browser(film: Path) -> Iterator[Browser]:
    """Start the browser; its event loop must be gone before other files of tests begin."""
    executable = need("chromium")
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        pytest.skip("playwright's own node needs libatomic: apt-get install libatomic1")
    with running(executable, (*_CAMERA, f"--use-file-for-fake-video-capture={film}")) as started:
        yield started


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name the file that the pretended camera shows; a test writes it before the camera opens."""
    return tmp_path_factory.mktemp("camera") / "film.y4m"


@pytest.fixture
def visit(browser: Browser, instance: Instance) -> Iterator[Visit]:
    """Let people in; at the end each is asked whether anything was amiss."""
    with ExitStack() as stack:
        visitors: list[Visitor] = []

        def arrive(lang: Lang = "zh", *, scripts: bool = True, dark: bool = False) -> Visitor:
            context = browser.new_context(
                viewport={"width": PHONE[0], "height": PHONE[1]},
                locale=LOCALES[lang],
                color_scheme="dark" if dark else "light",
                java_script_enabled=scripts,
            )
            stack.callback(context.close)
            visitors.append(Visitor(context=context, url=instance.url, lang=lang))
            return visitors[-1]

        yield arrive
        for visitor in visitors:
            visitor.check_peace()
