"""A place of its own for the command line, with keys made once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest
from click.testing import CliRunner, Result

from certsvc.cli.program import program
from tests.factories import FixedClock
from tests.world import JSON, World, settings_in


class Run(Protocol):
    """Runs a command; *code* is the exit code it has to end with."""

    def __call__(
        self, *arguments: str | Path, code: int = 0, settings: Mapping[str, str] | None = None
    ) -> Result:
        """Return what it printed."""


@pytest.fixture(autouse=True)
def commands_set_logging_up(logging_as_before: None) -> None:
    """Undo what a command sets up: a process runs one command, a test session many."""


@pytest.fixture(scope="session")
def cli_keys(tmp_path_factory: pytest.TempPathFactory, font_cache: Path) -> Path:
    """Make keys that are valid now: commands read the machine's clock."""
    place = tmp_path_factory.mktemp("cli")
    (place / "cache").symlink_to(font_cache)
    result = CliRunner().invoke(program, ["keys", "init", "--dev"], env={"CERTSVC_DATA_DIR": str(place)})
    assert result.exit_code == 0, result.output
    return place / "keys"


@pytest.fixture
def run(tmp_path: Path, cli_keys: Path, font_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run commands in a fresh place."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    env = {"CERTSVC_DATA_DIR": str(tmp_path / "var"), "CERTSVC_KEYS_DIR": str(cli_keys)}

    def invoke(*arguments: str | Path, code: int = 0, settings: Mapping[str, str] | None = None) -> Result:
        result = CliRunner().invoke(program, [str(one) for one in arguments], env={**env, **(settings or {})})
        assert result.exit_code == code, f"{result.exit_code}: {result.output}"
        assert "Traceback" not in result.output
        return result

    return invoke


@pytest.fixture
def ready(run: Run) -> Run:
    """Run commands in a place that was initialised."""
    run("init", "--dev")
    return run


@pytest.fixture(scope="session")
def initial_body(tmp_path_factory: pytest.TempPathFactory, cli_keys: Path) -> JSON:
    """Write the body of an initial registration that begins today."""
    settings = settings_in(tmp_path_factory.mktemp("writer") / "var", cli_keys)
    return World(settings, FixedClock(datetime.now(UTC))).initial_body()


@pytest.fixture
def event_file(tmp_path: Path, initial_body: JSON) -> Path:
    """Write that body into a file."""
    file = tmp_path / "initial.json"
    file.write_text(json.dumps(initial_body, ensure_ascii=False), encoding="utf-8")
    return file
