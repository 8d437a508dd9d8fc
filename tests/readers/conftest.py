"""Fixtures: the certificates are issued once, one browser runs for a file of tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import running
from tests.factories import FixedClock
from tests.readers.cases import Certificate, issued
from tests.readers.ofdjs import OFDJS
from tests.tools import need, need_libatomic, need_ofd_js
from tests.world import World, settings_in


@pytest.fixture(scope="session")
def certificates(
    tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path
) -> dict[str, Certificate]:
    """Issue every kind of certificate."""
    folder = tmp_path_factory.mktemp("readers")
    (folder / "var").mkdir()
    (folder / "var" / "cache").symlink_to(font_cache)
    return issued(World(settings_in(folder / "var", dev_keys), FixedClock()), folder)


@pytest.fixture(scope="session")
def root(dev_keys: Path) -> Path:
    """Name the root under which our SM2 certificates stand, PEM."""
    return dev_keys / "sm2-root.pem"


@pytest.fixture(scope="module")
def ofdjs() -> Iterator[OFDJS]:
    """Start a browser for ofd.js; its event loop must be gone before other files of tests begin."""
    script, executable = need_ofd_js(), need("chromium")
    need_libatomic()
    with running(executable) as browser:
        yield OFDJS(browser, script)
