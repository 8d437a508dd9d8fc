"""The audit stands apart: it may not use the code it judges, and every code it says is explained."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Final

from certsvc.domain.texts_audit import DEFECTS, UNCHECKED

ROOT: Final = Path(__file__).resolve().parent.parent.parent
JUDGED: Final = {
    f"certsvc.{name}"
    for name in (
        "issuing",
        "verification",
        "rendering",
        "sealing",
        "qr",
        "translog",
        "photo",
        "page",
        "ofd",
        "pdf",
        "gm",
        "batch",
    )
}
COMPUTED: Final = {
    f"certsvc.domain.{name}"
    for name in (
        "specialty",
        "licence",
        "elicence",
        "granting",
        "recording",
        "judge",
        "record_state",
        "log_facts",
        "key_events",
        "key_times",
    )
}
"""Modules of rules alone, whose arithmetic the audit does a second time."""
SOURCES: Final = sorted((ROOT / "certsvc" / "audit").rglob("*.py"))


def _imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module is not None
    }


def test_a_contract_forbids_the_audit_what_it_judges() -> None:
    """`make check` enforces it; without the contract nobody would notice a new import."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    (contract,) = [one for one in contracts if one["type"] == "forbidden"]

    assert contract["source_modules"] == ["certsvc.audit"]
    assert set(contract["forbidden_modules"]) == JUDGED | COMPUTED
    # A value of domain/ may lead to a rule of domain/, which the audit does not call.
    assert contract.get("allow_indirect_imports") in (None, True, "true")


def test_nothing_in_it_imports_what_it_judges() -> None:
    """The same, read from the sources."""
    assert len(SOURCES) > 15
    names = {name for path in SOURCES for name in _imported(path)}

    assert {
        name
        for name in names
        for judged in JUDGED | COMPUTED
        if name == judged or name.startswith(f"{judged}.")
    } == set()


def test_of_the_rules_only_values_are_used() -> None:
    """A function of domain/ that computes would make both sides err alike."""
    taken = {
        alias.name
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("certsvc.domain")
        for alias in node.names
    }

    # Types begin with a capital, constants are capitals throughout.
    assert {name for name in taken if name[0].islower()} == set()


def test_every_code_said_is_explained_and_every_explained_one_is_said() -> None:
    """A code without a sentence would end the audit; one that nothing says is dead."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    said = set(re.findall(r'"([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+|UNSIGNED)"', text))

    assert set(DEFECTS) | set(UNCHECKED) == said & (set(DEFECTS) | set(UNCHECKED))
    assert said - set(DEFECTS) - set(UNCHECKED) == set()


def test_every_code_is_documented_with_what_to_do() -> None:
    """Operators look codes up; the table says the same as the command."""
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([A-Z0-9_]+)` \| (.+) \|$", page, flags=re.MULTILINE))

    assert set(rows) == set(DEFECTS) | set(UNCHECKED)
    for code, explained in DEFECTS.items():
        assert rows[code].startswith(explained.says.en), code
