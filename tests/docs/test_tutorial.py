"""The tutorial's commands, run one after the other as a reader would, show what the page says they show."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from certsvc.domain.clock import beijing_day
from tests.conftest import ROOT
from tests.flows.server import free_port

PAGE: Final = ROOT / "docs" / "tutorial.md"
CHINESE: Final = ROOT / "docs" / "tutorial.zh.md"
_BLOCK: Final = re.compile(r"^```(sh|text)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_MARK: Final = "-- end of block --"
_FOLDER: Final = "var/tutorial"
_PORT: Final = "8017"
_LINKED: Final = (".venv", "samples", "certsvc", "templates")
"""What the commands reach from the folder they start in."""


def blocks(page: Path) -> list[tuple[str, str]]:
    """Return the kind and text of each block."""
    return _BLOCK.findall(page.read_text(encoding="utf-8"))


def _shown(wanted: str) -> re.Pattern[str]:
    """Return what finds the lines of a block in an output, other lines between them; … is anything."""
    lines = [".*".join(re.escape(part) for part in line.split("…")) for line in wanted.splitlines()]
    return re.compile(r"(?:.*\n)*?".join(f"^{line}\n" for line in lines), flags=re.MULTILINE)


def _wait_for_a_day_with_time_left() -> None:
    """The page's second request must come on the day of its first."""
    now = datetime.now(UTC)
    if beijing_day(now) != beijing_day(now + timedelta(seconds=90)):
        time.sleep(91)


def _wait_until_nobody_listens(port: int) -> None:
    """What the page starts it ends too; a server has ten seconds for that."""
    for _ in range(150):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.1)
    raise AssertionError("the server of the tutorial still runs")


def test_every_block_shows_what_the_page_says(tmp_path: Path) -> None:
    """A newcomer who meets another output than the page's gives up there."""
    for name in _LINKED:
        (tmp_path / name).symlink_to(ROOT / name)
    port = str(free_port())
    told = [(kind, text.replace(_PORT, port)) for kind, text in blocks(PAGE)]
    script = "".join(f"{text}\necho '{_MARK}'\n" for kind, text in told if kind == "sh")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CERTSVC_")}
    _wait_for_a_day_with_time_left()

    run = subprocess.run(
        ["bash"],
        input=script,
        cwd=tmp_path,
        env={**environ, "PYTHONDONTWRITEBYTECODE": ""},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    outputs = iter(run.stdout.split(f"{_MARK}\n"))
    checked = 0
    for (kind, text), (following, wanted) in pairwise([*told, ("sh", "")]):
        if kind != "sh":
            continue
        output = next(outputs)
        if following == "text":
            checked += 1
            assert _shown(wanted).search(output), f"{text}\nshowed\n{output}\n{run.stderr}"
    assert checked > 10
    assert "Traceback" not in run.stderr
    _wait_until_nobody_listens(int(port))
    assert (tmp_path / _FOLDER / "copy.pdf").read_bytes().startswith(b"%PDF")


def test_the_chinese_page_has_the_same_commands() -> None:
    """Two pages that run the same are tested by one run."""
    assert blocks(CHINESE) == blocks(PAGE)
