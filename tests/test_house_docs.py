"""What the service offers is documented: routes, commands, settings, codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from certsvc import errors
from certsvc.cli.program import program
from certsvc.config import setting_names
from certsvc.domain.report import Status, Verdict
from certsvc.domain.texts_findings import FINDINGS
from certsvc.errors import CertsvcError
from certsvc.web.app import create_app
from certsvc.web.errors import INTERNAL, PROTOCOL
from tests.world import World

DOCS: Final = Path(__file__).resolve().parent.parent / "docs"
API: Final = (DOCS / "api.md").read_text(encoding="utf-8")
METHODS: Final = {"GET", "POST", "PUT", "PATCH", "DELETE"}
PARAMETER: Final = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
SHOWN: Final = r"{\1}"
OPERATING: Final = (DOCS / "operating.md").read_text(encoding="utf-8")


def _commands(group: click.Group, path: str) -> Iterator[str]:
    """Yield the full name of every command that does something."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def _codes(kind: type[CertsvcError]) -> Iterator[str]:
    yield kind.code
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _codes(child)


def _names(text: str) -> set[str]:
    """Return every word in capitals."""
    return set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", text))


def test_every_route_is_documented_and_every_documented_one_exists(world: World) -> None:
    """Callers cannot use what they cannot find, and must not find what is not there."""
    served = {
        f"{method} {PARAMETER.sub(SHOWN, rule.rule)}"
        for rule in create_app(world.services).url_map.iter_rules()
        for method in (rule.methods or set()) & METHODS
    }

    assert len(served) > 15
    assert set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`\s]*)`", API)) == served


def test_every_command_is_documented_and_every_documented_one_exists() -> None:
    """The table of commands is complete."""
    commands = set(_commands(program, "certsvc"))
    documented = re.findall(r"^\| `(certsvc(?: [a-z]+(?:-[a-z]+)*)+)", OPERATING, flags=re.MULTILINE)

    assert sorted(documented) == sorted(commands)


@pytest.mark.parametrize("setting", setting_names())
def test_setting_is_documented(setting: str) -> None:
    """An operator finds each setting with its default."""
    assert f"| `{setting}` |" in OPERATING


def test_no_setting_is_documented_that_does_not_exist() -> None:
    """A removed setting leaves the documents too."""
    assert set(re.findall(r"CERTSVC_[A-Z0-9_]+", OPERATING)) <= set(setting_names())


def test_every_error_code_is_documented() -> None:
    """Programs act on codes."""
    codes = {*_codes(CertsvcError), *PROTOCOL.values(), INTERNAL}

    assert codes - _names(API) == set()


def test_every_status_and_verdict_is_documented() -> None:
    """A platform decides by them."""
    rows = set(re.findall(r"^\| ([A-Z_]+) \|", API, flags=re.MULTILINE))

    assert {str(name) for name in (*Status, *Verdict)} <= rows


def test_every_finding_is_documented() -> None:
    """Reason codes are what integrators conclude from."""
    assert set(FINDINGS) - _names(API) == set()


def test_every_decision_is_listed() -> None:
    """A page nobody links is not read."""
    pages = {path.name for path in (DOCS / "decisions").glob("*.md")} - {"README.md"}
    listed = re.findall(
        r"\]\(([a-z0-9-]+\.md)\)", (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    )

    assert sorted(listed) == sorted(pages)
