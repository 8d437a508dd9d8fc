"""The program of docs/verify-as-a-platform.md keeps three outcomes apart."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from certsvc.client import Client
from certsvc.domain.report import Status
from tests.client.service import Service
from tests.conftest import ROOT

DOCS: Final = ROOT / "docs"
PAGES: Final = ("verify-as-a-platform.md", "verify-as-a-platform.zh.md")
STATUSES: Final = re.compile(r"^\| ([A-Z_]+(?:(?:, |、)[A-Z_]+)*) \|", flags=re.MULTILINE)


def program(page: str) -> str:
    """Return the one program of a page."""
    (found,) = re.findall(
        r"^```python\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return str(found)


def test_good_altered_and_unclear_are_three_things(
    service: Service, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes "cannot tell" for a refusal costs somebody a tender."""
    copy = client.endorse(service.person(client), "示例大桥施工投标")
    good = client.download(copy.files["pdf"])
    (tmp_path / "bids").mkdir()
    for name, content in (("1.pdf", good), ("2.pdf", good + b"%"), ("3.pdf", b"%PDF-1.7\n")):
        (tmp_path / "bids" / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VERIFY_URL", service.url)
    monkeypatch.setenv("VERIFY_API_KEY", service.api_key)
    monkeypatch.setenv("OPENING", datetime.now(UTC).isoformat())

    left: dict[str, Any] = {}
    exec(compile(program(PAGES[0]), PAGES[0], "exec"), left)

    assert {name: receipt.count(".") for name, receipt in left["admitted"].items()} == {"1.pdf": 2}
    assert {name: codes[0] for name, codes in left["refused"].items()} == {"2.pdf": "ALTERED"}
    assert left["ask_again"] == {"3.pdf": "UNREADABLE"}


def test_both_languages_say_the_same_of_every_status() -> None:
    """A status without advice is decided by whoever meets it first."""
    texts = [(DOCS / page).read_text("utf-8") for page in PAGES]
    told = [{name for row in STATUSES.findall(text) for name in re.split(", |、", row)} for text in texts]

    assert told[0] == told[1] == {str(status) for status in Status}
    assert program(PAGES[0]) == program(PAGES[1])
