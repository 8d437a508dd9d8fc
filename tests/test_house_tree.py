"""House rules about the tree of files that no other tool enforces."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from certsvc.domain.wording import OFFICIAL

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDERS: Final = (
    "bench",
    "certsvc",
    "deploy",
    "docs",
    "keys",
    "samples",
    "templates",
    "tests",
    "tools",
    ".ci",
)
LOCK: Final = (ROOT / "uv.lock").read_text(encoding="utf-8")
LINK: Final = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def _files(*suffixes: str) -> Iterator[Path]:
    """Yield the project's own files; keys/dev and caches are nobody's source."""
    tops = [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".stamp")]
    nested = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in (*tops, *nested):
        made = "__pycache__" in path.parts or path.is_relative_to(ROOT / "keys" / "dev")
        if not made and (not suffixes or path.suffix in suffixes):
            yield path


def _texts() -> Iterator[tuple[str, str]]:
    """Yield relative path and text of every text file but uv.lock."""
    for path in _files():
        if path.name == "uv.lock":
            continue
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_every_python_file_stays_under_300_lines() -> None:
    """A longer file holds more than one thing."""
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in _files(".py")
    }

    assert len(lengths) > 50
    assert {name: length for name, length in lengths.items() if length >= 300} == {}


def test_no_run_left_its_data_behind() -> None:
    """Counts and registers belong under var; one that lies elsewhere is committed with the next change."""
    assert sorted(str(path.relative_to(ROOT)) for path in _files(".db")) == []


def test_layers_are_exhaustive_and_hold_every_module() -> None:
    """Without exhaustive a new top-level module would be outside every rule."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contract, *_ = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    placed = {name.strip(" ()") for layer in contract["layers"] for name in layer.split("|")}
    present = {
        path.stem
        for path in (ROOT / "certsvc").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }

    assert contract["exhaustive"] is True
    assert contract["type"] == "layers"
    assert present - {"__init__"} <= placed


def test_lock_names_no_local_path() -> None:
    """A path of one machine would break every other one."""
    assert re.findall(r"file://|(?<![\w.])/(?:opt|home|root|tmp|work|usr)/|path = ", LOCK) == []
    assert set(re.findall(r'source = \{ (\w+) = "(?!https)([^"]*)"', LOCK)) == {("editable", ".")}


def test_package_registries_are_named_in_the_lock_alone() -> None:
    """Where packages come from is the machine's business: a mirror, a cache, or the usual place."""
    hosts = set(re.findall(r"https://([\w.-]+)/", LOCK)) | {"registry." + "npmjs.org"}

    assert len(hosts) >= 2
    found = {(name, host) for name, text in _texts() for host in hosts if host in text}
    assert found == set()


def test_no_file_names_a_place_on_the_machine_it_was_written_on() -> None:
    """The tree must mean the same everywhere."""
    place = str(ROOT)
    if place.count("/") < 2:
        pytest.skip("the tree lies so near the root that its path is an ordinary word")

    assert [name for name, text in _texts() if place in text] == []


@pytest.mark.parametrize("code", sorted(OFFICIAL))
def test_official_sentence_stands_in_one_module_only(code: str) -> None:
    """A second copy would drift from the byte-exact one."""
    holders = [
        name
        for name, text in _texts()
        if OFFICIAL[code] in text and name.startswith(("certsvc/", "templates/", "docs/"))
    ]

    # Inner quotes are written as escapes there, so that one sentence may be found in no source at all.
    assert set(holders) <= {"certsvc/domain/wording.py"}


def test_issuing_cycle_fits_on_a_page() -> None:
    """It is read when something went wrong; 30 lines are what one takes in then."""
    lines = (ROOT / "docs" / "issuing-cycle.md").read_text(encoding="utf-8").splitlines()

    assert len(lines) <= 30


def test_links_in_documents_lead_somewhere() -> None:
    """A map with dead ends is worse than none."""
    dead = [
        (str(path.relative_to(ROOT)), target)
        for path in _files(".md")
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]

    assert dead == []


def test_make_commands_in_documents_exist() -> None:
    """A reader's first command must work."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, flags=re.MULTILINE))
    named = {
        name
        for path in _files(".md")
        for name in re.findall(
            r"(?:^|`)make ([a-z][a-z-]*)", path.read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    }

    assert {"run", "test"} <= named <= targets


def test_continuous_integration_runs_what_a_developer_runs() -> None:
    """Anything else would let the two drift apart."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]

    # Where CI is set, a missing outside program is a failure, not a skip.
    assert commands == ["export CI=true", "exec make test"]
