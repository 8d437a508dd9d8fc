"""What ``make run`` makes: safe to run again, and it shows something real."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

from certsvc.cli.demo import issue_one, record_samples
from tests.cli.conftest import Run
from tests.world import World


def _shown(text: str) -> dict[str, str]:
    """Read the lines ``name   value`` of the demo."""
    return dict(re.findall(r"^ {2,4}(\S.*?) {2,}(\S+)$", text, flags=re.MULTILINE))


def test_second_demo_shows_the_same_copy_and_key(run: Run, tmp_path: Path) -> None:
    """Started twice, or after a crash, it must neither fail nor endorse again."""
    first = run("demo", "--no-serve")
    second = run("demo", "--no-serve")

    shown = _shown(first.stdout)
    assert _shown(second.stdout) == shown
    assert first.stderr == second.stderr == ""
    assert shown["demo certificate"].startswith("http://127.0.0.1:8000/v/")
    kept = tmp_path / "var" / "demo" / "api-key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text(encoding="ascii") == shown["demo API key"]
    kept = tmp_path / "var" / "demo" / "operator-password"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text(encoding="ascii") == shown["password"]
    assert shown["desk"] == "http://127.0.0.1:8000/desk/login"


def test_demo_operator_comes_in_again_after_a_reset(run: Run) -> None:
    """Whoever changed the password at the desk gets a demo that works with the next start."""
    before = _shown(run("demo", "--no-serve").stdout)
    run("operator", "disable", before["its operator"], code=1)
    run("operator", "password", before["its operator"])

    assert _shown(run("demo", "--no-serve").stdout)["password"] != before["password"]


def test_demo_files_are_genuine(run: Run) -> None:
    """The paths it prints are what a visitor drops on the verify page."""
    shown = _shown(run("demo", "--no-serve").stdout)

    told = json.loads(run("verify", shown["endorsed PDF"], shown["endorsed OFD"], "--json").stdout)

    seen = [(report["verdict"], report["subject"], report["kind"]) for report in told["reports"]]
    assert seen == [("VALID", "file", "pdf"), ("VALID", "file", "ofd")]


def test_demo_with_a_fresh_database_makes_a_fresh_key(run: Run, tmp_path: Path) -> None:
    """``make run DATABASE=...`` changes the database under the same data folder."""
    other = {"CERTSVC_DATABASE_URL": f"sqlite:///{tmp_path / 'other.db'}"}
    first = _shown(run("demo", "--no-serve").stdout)
    second = _shown(run("demo", "--no-serve", settings=other).stdout)

    assert first["demo API key"] != second["demo API key"]
    assert first["demo certificate"] != second["demo certificate"]


def test_demo_outlives_its_samples(world: World, tmp_path: Path) -> None:
    """The samples' days are absolute; years on, the first command must still show a certificate."""
    world.jump(days=3 * 366)

    shown = issue_one(world.services, record_samples(world.services), tmp_path)

    assert shown is not None
    assert shown.number == "京1992015202500001"
    assert {fmt: world.verify(file=path.read_bytes()).verdict for fmt, path in shown.files.items()} == {
        "pdf": "VALID",
        "ofd": "VALID",
    }
