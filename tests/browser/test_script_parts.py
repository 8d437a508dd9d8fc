"""Parts of the script that checks offline codes, each beside the Python it follows."""

from __future__ import annotations

import json
import random
import re
import zlib

from certsvc.qr import lookalike
from certsvc.qr.payload import read_payload
from tests.browser.node import WEB, ask_node
from tests.conftest import ROOT
from tests.qr.test_payload import FOREIGN, LOOKALIKE, MALFORMED, OURS


def test_hosts_are_judged_alike() -> None:
    """Foreign, look-alike and broken links of the Python tests, as they are and as offline codes."""
    texts = [*FOREIGN, *LOOKALIKE, *MALFORMED]
    links = [text.rpartition("/V/")[0] for text in texts if "/V/" in text]
    texts += [f"{link}/c/{'0' * 26}#123" for link in links]
    texts += [f"{OURS}/c/{'0' * 26}#{digits}" for digits in ("", "0", "01", "1" * 4000, "1" * 4001, "１２")]
    cases = [{"text": text, "url": OURS} for text in texts]
    theirs = ask_node("offline_host.js", "async one => ours.readText(one.text, one.url)", cases)

    def told(text: str) -> tuple[str | None, str | None, bool]:
        clue = read_payload(text, OURS)
        return clue.fault, clue.token, clue.offline

    assert [(one.get("fault"), one.get("token"), "digits" in one) for one in theirs] == [*map(told, texts)]
    assert len(texts) > 150


def test_tables_of_lookalikes_are_one() -> None:
    """The script cannot import the Python table, so it has its own."""
    (table,) = ask_node("offline_host.js", "async () => ours.LOOKS_LIKE", [None])

    assert table == lookalike._LOOKS_LIKE


def test_lists_of_any_size_are_unpacked_exactly() -> None:
    """Stored, fixed and dynamic blocks, far repeats; one byte more or less than promised is refused."""
    rng = random.Random("lists")
    cases = []
    for order in range(60):
        size = rng.choice((0, 1, 3, 300, 32768))
        content = bytes(rng.choice((0, 0, 0, 0x40, rng.randrange(256))) for _ in range(size))
        packer = zlib.compressobj(order % 10, zlib.DEFLATED, 15, 9, order % 5)
        packed = packer.compress(content) + packer.flush()
        asked = size + order % 3 - 1 if size else 0
        cases.append({"packed": packed.hex(), "size": asked, "is": content.hex()})
    answer = """async one => {
      const packed = Uint8Array.from(Buffer.from(one.packed, "hex"));
      try { return ours.unzlib(packed, one.size); } catch { return null; }
    }"""
    answers = ask_node("offline_bundle.js", answer, cases)

    right = [len(str(case["is"])) // 2 == case["size"] for case in cases]
    assert answers == [case["is"] if fits else None for case, fits in zip(cases, right, strict=True)]
    assert 15 < sum(right) < 60


def test_example_in_the_documentation_is_read() -> None:
    """Whoever writes a third verifier starts from it."""
    page = (ROOT / "docs" / "offline-code.md").read_text(encoding="utf-8")
    found = re.search(r"```text text\n([^`]*)```", page)
    assert found is not None
    text = found[1].replace("\n", "")
    answer = "async text => ours.decode((await import(WEB)).readText(text, 'https://certs.example.org'))"
    answer = answer.replace("WEB", json.dumps(str(WEB / "offline_host.js")))

    (code,) = ask_node("offline.js", answer, [text])

    assert (code["name"], code["employer"], code["statusIndex"]) == ("张示例", "示例建设工程有限公司", 131)
