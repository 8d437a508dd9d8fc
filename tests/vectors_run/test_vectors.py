"""samples/vectors: what a verifier must answer, asked of ours in Python and JavaScript, and of pyHanko."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from certsvc.domain.judge import verdict_of
from certsvc.domain.report import Status
from certsvc.domain.texts_findings import FINDINGS
from certsvc.domain.texts_log import LOG_FINDINGS
from samples.unpack_vectors import VECTORS, file_of, read_files
from tests.browser.node import ask_node
from tests.drills import record
from tests.tools import ROOT
from tests.vectors_run.ask import Asking, answer_of
from tests.vectors_run.second import ACCEPTS, second_opinion

DOCUMENT: Final[dict[str, Any]] = json.loads((VECTORS / "vectors.json").read_text(encoding="utf-8"))
ALL: Final[list[dict[str, Any]]] = DOCUMENT["vectors"]
STAMPED: Final = {
    "NO_TIMESTAMP", "TIMESTAMP_VALID", "TIMESTAMP_PENDING", "TIMESTAMP_BROKEN", "TSA_NOT_PINNED",
}  # fmt: skip
"""Codes an instance that asks for no time stamps never emits; tests/flows and tests/sealing meet each."""
LARGEST: Final = 6_000_000
"""Bytes of the folder."""
_VERIFY: Final = """async one => {
  const bundle = await ours.readBundle(one.bundle);
  const asked = {now: Date.parse(one.now), specialty: one.specialty};
  const report = await ours.verifyOffline(one.text, bundle, asked);
  const findings = report.findings.map(one => [one.check, one.result, one.code]);
  return [report.verdict, report.status, report.subject, findings];
}"""


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    """Both Python verifiers, with nothing but the folder."""
    both = Asking(DOCUMENT)
    yield both
    both.close()


@pytest.mark.parametrize("vector", ALL, ids=lambda vector: vector["name"])
def test_python_answers_as_the_vector_says(asking: Asking, vector: dict[str, Any]) -> None:
    """Verdict, status and every finding: a change of any of them is a change of what relying parties see."""
    report = asking.online(vector) if vector["by"] == "register" else asking.offline(vector)

    assert answer_of(report) == vector["expect"]


def test_javascript_answers_every_offline_text_the_same() -> None:
    """Two verifiers, one rule book; a paper must not depend on which of them is at hand."""
    texts = [one for one in ALL if one["by"] == "bundle" and "qr" in one["input"]]
    bundles = {one["trust"]: (VECTORS / one["trust"]).read_text("utf-8") for one in texts}
    cases = [
        {
            "text": one["input"]["qr"],
            "bundle": bundles[one["trust"]],
            "now": one["clock"],
            "specialty": one.get("specialty"),
        }
        for one in texts
    ]

    answers = ask_node("offline.js", _VERIFY, cases)

    for vector, answer in zip(texts, answers, strict=True):
        expected = vector["expect"]
        wanted = [expected[part] for part in ("verdict", "status", "subject", "findings")]
        assert answer == wanted, vector["name"]
    assert len(texts) >= 25
    record("vectors, JavaScript", texts=len(texts), agree=len(answers))


def test_pyhanko_agrees_on_every_pdf(asking: Asking) -> None:
    """Intact for us is whole and valid for it; the three that it takes and we refuse are marked."""
    root = (VECTORS / "root.pem").read_bytes()
    asked = [one for one in ALL if one["input"].get("file", "").endswith(".pdf")]
    for vector in asked:
        content = asking.file(vector)
        assert content is not None
        opinion = second_opinion(content, root, datetime.fromisoformat(vector["clock"]))
        passed = {check for check, result, _ in vector["expect"]["findings"] if result == "pass"}
        intact = {"signature", "coverage"} <= passed
        assert opinion == vector["pyhanko"], vector["name"]
        assert (opinion == ACCEPTS) == (intact or vector.get("stricter", False)), vector["name"]
        assert not (intact and vector.get("stricter", False)), vector["name"]
    stricter = sum(one.get("stricter", False) for one in asked)
    assert len(asked) >= 25 and stricter <= 3
    record("vectors, pyHanko", files=len(asked), agree=len(asked) - stricter, we_are_stricter=stricter)


def test_every_status_and_every_finding_code_is_there() -> None:
    """A code without a vector is one nobody else can check their program against."""
    statuses = {one["expect"]["status"] for one in ALL}
    codes = {code for one in ALL for _, _, code in one["expect"]["findings"]}

    assert statuses == set(map(str, Status))
    # A vector is asked of a register without a log, in which nobody was erased: tests/flows, tests/privacy.
    assert codes == FINDINGS.keys() - STAMPED - LOG_FINDINGS.keys() - {"PERSONAL_DATA_ERASED"}
    met = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*stamp*.py"))
    assert [code for code in sorted(STAMPED) if f'"{code}"' not in met] == []


def test_there_are_many_and_each_has_a_name_of_its_own() -> None:
    """The name says the defect; two of one name would hide one of them."""
    names = [one["name"] for one in ALL]
    inputs = {json.dumps(one["input"], sort_keys=True) for one in ALL}

    assert len(set(names)) == len(names)
    assert len(inputs) >= 60
    assert all(verdict_of(Status(one["expect"]["status"])) == one["expect"]["verdict"] for one in ALL)
    used = {one["input"]["file"] for one in ALL if "file" in one["input"]}
    assert used == read_files().keys()
    record("vectors", vectors=len(ALL), inputs=len(inputs), files=len(used))


def test_what_the_register_answered_stands_in_the_facts() -> None:
    """Others have no register of ours: the vector tells them what it said, and the facts are there."""
    tokens = {copy["token"] for one in DOCUMENT["registry"].values() for copy in one["copies"]}
    numbers = {number for one in DOCUMENT["registry"].values() for number in one["numbers"]}
    answers = {one["answered"]["answer"] for one in ALL if one["by"] == "register"}
    found = [one["answered"] for one in ALL if one["by"] == "register" and one["answered"].get("number")]

    assert answers == {"FOUND", "MISSING", "AWAY", "DAMAGED", "TIME_UNCERTAIN", "NOT_ASKED"}
    assert {one["number"] for one in found} <= numbers
    assert {one["token"] for one in found if "token" in one} <= tokens
    assert "id_number" not in json.dumps(DOCUMENT["registry"])


def test_keys_are_for_tests_and_the_folder_is_small(asking: Asking) -> None:
    """Public keys alone, and of development: nothing here may ever verify something real."""
    files = [path for path in VECTORS.rglob("*") if path.is_file()]

    assert sum(path.stat().st_size for path in files) < LARGEST
    assert not [path.name for path in files if b"PRIVATE KEY" in path.read_bytes()]
    for name in {one["trust"] for one in ALL}:
        assert all(key.development for key in asking.bundle(name).keys)


def test_the_files_can_be_had_whole_without_this_service(tmp_path: Path) -> None:
    """Whoever writes another verifier has Python, not our environment."""
    command = [sys.executable, "-I", str(ROOT / "samples" / "unpack_vectors.py"), "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)

    files = read_files()
    assert {path.name for path in tmp_path.iterdir()} == files.keys()
    for name in files:
        assert (tmp_path / name).read_bytes() == file_of(files, name)


def test_a_file_that_is_not_the_one_spoken_of_is_refused() -> None:
    """A wrong base would make a defect that is not the one named, and the run would still pass."""
    files = {**read_files()}
    name = next(name for name, made in files.items() if "pieces" in made)
    files[name] = {**files[name], "sha256": "00" * 32}

    with pytest.raises(ValueError, match="not the file"):
        file_of(files, name)
