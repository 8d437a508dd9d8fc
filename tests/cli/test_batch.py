"""Batches on the command line, with real worker processes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.batch.lines import endorse, jsonl, number_of, original
from tests.cli.conftest import Run
from tests.world import JSON, NUMBER


def test_a_file_is_carried_out_once_however_often_it_is_run(
    ready: Run, event_file: Path, initial_body: JSON, tmp_path: Path
) -> None:
    """Exit code, totals, files, results; a second run and a resume find nothing to do."""
    ready("record", event_file)
    file, out = tmp_path / "orders.jsonl", tmp_path / "out"
    file.write_bytes(jsonl([endorse("a", NUMBER), b"{", original("b", NUMBER), original("c", number_of(9))]))

    first = json.loads(ready("batch", "run", file, "--out", out, "--workers", "2", "--json", code=1).stdout)
    again = json.loads(ready("batch", "run", file, "--out", out, "--workers", "1", "--json", code=1).stdout)
    status = json.loads(ready("batch", "status", first["batch_id"], "--json", code=1).stdout)

    assert (first["state"], first["total"], first["done"], first["failed"]) == ("done", 4, 2, 2)
    assert (first["files"], first["codes"]) == (4, {"MALFORMED": 1, "NOT_FOUND": 1})
    assert (again["batch_id"], again["done"], again["files"]) == (first["batch_id"], 2, 0)
    assert status == {name: value for name, value in again.items() if name in status}
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["state"] for line in lines] == ["done", "failed", "done", "failed"]
    paths = [out / path for line in lines for path in line.get("files", {}).values()]
    assert all(path.stat().st_size > 1000 for path in paths) and len(set(paths)) == 4
    assert out.stat().st_mode & 0o077 == 0 and (out / "results.jsonl").stat().st_mode & 0o077 == 0
    ready("verify", *paths[:2])


def test_status_resume_and_cancel_of_nothing_are_refused(ready: Run, tmp_path: Path) -> None:
    """A mistyped id is told as such."""
    for arguments in (("status", "b-x"), ("resume", "b-x", "--out", tmp_path), ("cancel", "b-x")):
        assert "NOT_FOUND" in ready("batch", *arguments, code=1).stderr
    ready("batch", "run", tmp_path / "missing", "--out", tmp_path, code=2)
    ready("batch", "status", code=2)


def test_cancelled_on_the_command_line(ready: Run, tmp_path: Path) -> None:
    """An empty file is refused; what failed can be forgotten."""
    empty, file = tmp_path / "empty", tmp_path / "one"
    empty.write_bytes(b"\n")
    file.write_bytes(jsonl([b"{"]))

    assert "INVALID_FIELD" in ready("batch", "run", empty, "--out", tmp_path / "o", code=1).stderr
    facts = json.loads(ready("batch", "run", file, "--out", tmp_path / "o", "--json", code=1).stdout)
    cancelled = ready("batch", "cancel", facts["batch_id"], "--json")
    assert json.loads(cancelled.stdout)["state"] == "done"
