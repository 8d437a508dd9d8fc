"""Each vector differs in one thing from the one it names, and every bundle is read or refused as it says."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from certsvc.ofd.parts import BrokenOFDError
from certsvc.ofd.read_container import read_container
from certsvc.verification.trust_bundle import BundleError, read_bundle
from samples.unpack_vectors import VECTORS, file_of, read_files
from tests.browser.node import ask_node

DOCUMENT: Final[dict[str, Any]] = json.loads((VECTORS / "vectors.json").read_text(encoding="utf-8"))
ALL: Final[dict[str, dict[str, Any]]] = {one["name"]: one for one in DOCUMENT["vectors"]}
FILES: Final = read_files()
SETTINGS: Final = ("by", "clock", "as_of", "specialty", "trust", "register", "readers")
SEALED: Final = (".pdf", ".ofd")
MOST_PARTS: Final = 5
"""What changes when a seal is taken out: the way to it, list of seals, seal, list of parts, signature."""
OTHERS: Final = {
    "other-document.ofd": "a whole second document is in it",
    "verification-report.pdf": "another document of ours",
    "scan.pdf": "a picture of the page",
    "not-an-ofd.ofd": "another ZIP file",
    "encrypted.pdf": "encryption changes every string",
    "repacked.ofd": "each part is packed anew",
}
"""Files that are another thing altogether, so that not much of the good one is left in them."""
_READS: Final = """async text => {
  try { await ours.readBundle(text); return true; }
  catch (fault) { if (!(fault instanceof ours.BundleError)) throw fault; return false; }
}"""


def _given(vector: dict[str, Any]) -> dict[str, str]:
    given = dict(vector["input"])
    return given | {"file": FILES[given["file"]]["sha256"]} if "file" in given else given


@pytest.mark.parametrize("name", ALL)
def test_a_vector_differs_in_one_thing(name: str) -> None:
    """Else nobody can tell which of two defects a program noticed."""
    vector = ALL[name]
    other = ALL[vector["differs_from"]]
    changed = [one for one in SETTINGS if vector.get(one) != other.get(one)]
    changed += ["input"] if _given(vector) != _given(other) else []

    assert len(changed) == (0 if other is vector else 1), changed
    if other["expect"]["verdict"] != "VALID":
        # Two steps from a good one, such as an altered file while the register is away: by way of one step.
        assert ALL[other["differs_from"]]["expect"]["verdict"] == "VALID"


def test_a_changed_text_is_changed_in_its_link_or_in_its_digits() -> None:
    """Only the code of another copy has both, and two texts are none."""
    tokens = {copy["token"] for one in DOCUMENT["registry"].values() for copy in one["copies"]}
    both = set()
    for name, vector in ALL.items():
        if vector["by"] == "bundle" and "qr" in vector["input"]:
            ours = ALL[vector["differs_from"]]["input"]["qr"].partition("#")
            text = vector["input"]["qr"].partition("#")
            if ours[0] != text[0] and ours[2] != text[2]:
                both.add(name)
                assert not text[1] or text[0].rpartition("/")[2] in tokens, name

    assert {name for name in both if "-code-of-" not in name} == {
        "offline-the-other-symbol",
        "offline-no-link",
    }


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(SEALED) and name not in OTHERS])
def test_a_changed_file_is_for_the_most_part_the_good_one(name: str) -> None:
    """A defect is an edit; a file that shares little with the good one would have many."""
    content = file_of(FILES, name)
    vector = next(one for one in ALL.values() if one["input"].get("file") == name)
    good = file_of(FILES, ALL[vector["differs_from"]]["input"]["file"])
    parts, pages = _parts(good), range(0, len(content), 4096)
    if name.endswith(".ofd") and (changed := _parts(content)):
        # Some are packed anew by our own writer; what counts is in the parts.
        differing = {part for part in parts.keys() | changed.keys() if parts.get(part) != changed.get(part)}
        assert len(differing) <= MOST_PARTS, differing
    else:
        stretches = {good[at : at + 64] for at in range(0, len(good) - 63, 64)}
        kept = sum(not stretches.isdisjoint(_windows(content, at)) for at in pages)
        assert kept >= 0.5 * len(pages), f"{kept} of {len(pages)} pages of 4096 bytes"


def _parts(content: bytes) -> dict[str, bytes]:
    """Return the parts of an OFD; none when its package is what is wrong with it."""
    try:
        return dict(read_container(content))
    except BrokenOFDError:
        return {}


def _windows(content: bytes, at: int) -> set[bytes]:
    """Return every 64 bytes that begin in the first 128 of a page."""
    return {content[place : place + 64] for place in range(at, at + 128)}


def test_every_bundle_is_read_or_refused_by_both() -> None:
    """A verifier that takes one signed part for the whole would take most of the broken ones."""
    bundles = DOCUMENT["bundles"]
    texts = [(VECTORS / one["file"]).read_text(encoding="utf-8") for one in bundles]
    wanted = [one["read"] for one in bundles]

    assert ask_node("offline.js", _READS, texts) == wanted
    assert [_read_by_us(text) for text in texts] == wanted
    assert {one["file"] for one in bundles if one["read"]} == {one["trust"] for one in ALL.values()}
    assert all(one["says"] for one in bundles if not one["read"])
    kept = {path.name for path in VECTORS.glob("*.json")} - {"vectors.json", "files.json"}
    assert {one["file"] for one in bundles} == kept


def _read_by_us(text: str) -> bool:
    try:
        read_bundle(text.encode())
    except BundleError:
        return False
    return True
