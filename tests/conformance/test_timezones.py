"""The service lives in Beijing's days wherever its machine stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.days import INSTANTS
from tests.conftest import ROOT
from tests.drills import record
from tests.world import JSON

ZONES: Final = {"UTC": "+0000", "Asia/Shanghai": "+0800", "America/New_York": "-0500"}
"""Zone -> what a clock there shows on 2026-11-20."""


def told_in(zone: str, keys: Path, cache: Path, folder: Path) -> JSON:
    """Return what days.py tells in a zone."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.conformance.days", keys, cache, folder],
        cwd=ROOT,
        env=os.environ | {"TZ": zone},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(told, dict)
    return told


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> dict[str, JSON]:
    """Ask once in each zone."""
    folder = tmp_path_factory.mktemp("zones")
    answers = {zone: told_in(zone, dev_keys, font_cache, folder / zone[:2]) for zone in ZONES}
    offsets = {zone: one.pop("offset") for zone, one in answers.items()}
    if offsets != ZONES:
        pytest.skip(f"this machine does not know the zones: apt-get install tzdata ({offsets})")
    return answers


def test_every_day_is_the_same_in_every_zone(told: dict[str, JSON]) -> None:
    """Before, at and after each midnight: window, quota, print, report and list agree."""
    record("time zones", zones=len(told), instants=len(INSTANTS), differences=0)

    first = told["UTC"]
    assert set(first) == {instant.isoformat() for instant in INSTANTS}
    for zone, answers in told.items():
        assert answers == first, zone


def test_day_changes_at_midnight_in_beijing_and_at_no_other(told: dict[str, JSON]) -> None:
    """Equal answers could be equally wrong."""
    answers = told["America/New_York"]
    days = {instant[5:19]: one["window"][0] for instant, one in answers.items() if "2026" in instant}

    assert days == {
        "11-20T15:59:59": "2026-11-20",
        "11-20T16:00:00": "2026-11-21",
        "11-20T16:00:01": "2026-11-21",
        "11-20T23:59:59": "2026-11-21",
        "11-21T00:00:00": "2026-11-21",
        "11-21T04:59:59": "2026-11-21",
        "11-21T05:00:00": "2026-11-21",
    }


def test_answers_tell_of_real_copies(told: dict[str, JSON]) -> None:
    """Equal refusals would prove nothing."""
    for answers in told["Asia/Shanghai"].values():
        assert answers["report"][0] == "VALID"
        assert answers["second"] == "ENDORSED_TODAY"
        assert len(answers["printed"]) > 10 and len(answers["signed"]) >= 2
        assert len(answers["ofd"]["printed"]) > 10 and len(answers["ofd"]["dates"]) == 3
        assert len(answers["expiring"]["items"]) == 1
