"""The examples of docs/client.md do what the page says."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from certsvc.client import Client
from tests.client.service import Service
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def run(**names: object) -> dict[str, Any]:
    """Run every example in order with these names given; returns the names they leave."""
    try:
        for example in EXAMPLES:
            exec(compile(example, "docs/client.md", "exec"), names)
    finally:
        client = names.get("client")
        if isinstance(client, Client):
            client.close()
    return names


def test_examples_run_and_do_what_the_page_says(
    service: Service, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever begins with this page copies from it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VERIFY_URL", service.url)
    monkeypatch.setenv("VERIFY_API_KEY", service.api_key)
    number, bidder = service.person(client), service.person(client)
    copy = client.endorse(bidder, "投标使用")
    good = client.download(copy.files["pdf"])
    (tmp_path / "bids").mkdir()
    (tmp_path / "bids" / "1-good.pdf").write_bytes(good)
    (tmp_path / "bids" / "2-grown.pdf").write_bytes(good + b"%")
    (tmp_path / "bids" / "3-broken.pdf").write_bytes(b"%PDF-1.7\n")

    left = run(opening=datetime.now(UTC), qr_text=copy.verify_url, code=copy.code, number=number)

    assert len(EXAMPLES) > 7
    assert left["accepted"] == ["1-good.pdf"]
    ((name, status, codes),) = left["refused"]
    assert (name, status) == ("2-grown.pdf", "ALTERED") and "TRAILING_BYTES" in codes
    assert left["later"] == ["3-broken.pdf"]
    assert left["verdicts"] == {"1-good.pdf": "VALID", "2-grown.pdf": "INVALID", "3-broken.pdf": "INVALID"}
    assert (tmp_path / "1-good.receipt").read_text().count(".") == 2
    assert json.loads((tmp_path / "bundle.json").read_bytes())["format"] == 1
    assert client.registration(number).employer.name == "示例建设集团有限公司"
    assert client.verify_file(tmp_path / "copy.ofd").is_valid
    assert number in {who for who, _ in left["soon"]} or left["soon"] == []
    assert left["outcome"] == "NOT_FOUND"
    assert left["became"]["lot-7/original"] == left["original"]
    assert left["became"]["lot-7/endorse"] == "ENDORSED_TODAY"
    assert (left["batch"].state, left["batch"].done, left["batch"].failed) == ("done", 1, 1)
