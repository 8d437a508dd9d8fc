"""The machine's own chromium, told to talk to this machine only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

_QUIET: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    # Whatever it still wants to look up does not exist: a test with the network and one without are the same.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@contextmanager
def running(executable: Path, also: Sequence[str] = ()) -> Iterator[Browser]:
    """Run *executable* without a window until the block ends, with the options *also*."""
    # The sandbox needs another user than root, whom containers often lack.
    alone = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*_QUIET, *alone, *also])
        try:
            yield browser
        finally:
            browser.close()
