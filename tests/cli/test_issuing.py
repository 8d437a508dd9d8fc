"""From an empty folder to a certificate and back, through commands alone."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from certsvc.domain.endorsement import FORMATS
from tests.certificates import a_certificate
from tests.cli.conftest import Run
from tests.world import JSON, NUMBER


@pytest.fixture
def recorded(ready: Run, event_file: Path) -> Run:
    """Run commands where one registration is recorded."""
    ready("record", event_file)
    return ready


@pytest.mark.parametrize("fmt", FORMATS)
def test_endorsed_copy_verifies_and_one_changed_byte_does_not(
    recorded: Run, tmp_path: Path, fmt: str
) -> None:
    """The whole promise of the service, by the commands an operator types."""
    endorsed = json.loads(
        recorded("endorse", NUMBER, "--purpose", "投标使用", "--out", tmp_path / "out", "--json").stdout
    )
    path = Path(endorsed["paths"][fmt])
    altered = tmp_path / f"altered.{fmt}"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    altered.write_bytes(content)

    good = json.loads(recorded("verify", path, "--json").stdout)
    bad = json.loads(recorded("verify", altered, "--json", code=1).stdout)
    both = json.loads(recorded("verify", path, altered, "--json", code=1).stdout)

    assert path.suffix == f".{fmt}"
    assert (good["verdict"], good["status"], good["subject"]) == ("VALID", "VALID", "file")
    assert good["kind"] == fmt
    assert good["endorsement"]["purpose"] == "投标使用"
    assert (bad["verdict"], bad["status"]) == ("INVALID", "ALTERED")
    assert [report["verdict"] for report in both["reports"]] == ["VALID", "INVALID"]


def test_second_endorsement_of_the_day_is_refused_in_the_official_words(
    recorded: Run, tmp_path: Path
) -> None:
    """The sentence people know; exit 1, no traceback; the same key gives the same copy again."""
    arguments = ("endorse", NUMBER, "--purpose", "投标使用", "--out", tmp_path, "--json")
    first = json.loads(recorded(*arguments, "--key", "k1").stdout)

    refused = recorded(*arguments, "--key", "k2", code=1)
    again = json.loads(recorded(*arguments, "--key", "k1").stdout)

    assert "今日已申请过加注件,请勿重复加注" in refused.stderr
    assert refused.stdout == ""
    assert again == first


def test_original_is_issued_once_and_is_for_viewing(recorded: Run, tmp_path: Path) -> None:
    """Asking twice gives the same bytes; a record by code is in force but is no file."""
    first = json.loads(recorded("issue", NUMBER, "--out", tmp_path / "a", "--json").stdout)
    second = json.loads(recorded("issue", NUMBER, "--out", tmp_path / "b", "--json").stdout)

    report = json.loads(recorded("verify", "--code", first["code"], "--json").stdout)

    for fmt in FORMATS:
        assert Path(first["paths"][fmt]).read_bytes() == Path(second["paths"][fmt]).read_bytes()
    assert report["subject"] == "record"
    assert {"COMPARE_FACE", "ORIGINAL_FOR_VIEWING"} <= {finding["code"] for finding in report["findings"]}


def test_verify_prints_the_verdict_first(recorded: Run, tmp_path: Path) -> None:
    """People read one line; a record is never headed like a verified file."""
    issued = json.loads(recorded("issue", NUMBER, "--out", tmp_path, "--json").stdout)

    of_file = recorded("verify", issued["paths"]["pdf"]).stdout.splitlines()
    of_record = recorded("verify", "--number", NUMBER, "--name", "样本甲").stdout.splitlines()

    assert of_file[1].startswith("✔") and of_file[1].endswith("[VALID]")
    assert of_record[1].startswith("≈ 登记有效")


def test_recording_twice_changes_nothing(recorded: Run, event_file: Path) -> None:
    """source_id makes a repeat harmless."""
    again = recorded("record", event_file)

    assert "already recorded, version 1" in again.stdout


def test_refused_event_does_not_stop_the_next(ready: Run, tmp_path: Path, initial_body: JSON) -> None:
    """A list of events is not held up by one of them, and the exit code tells."""
    wrong = initial_body | {"source_id": "other", "qualification": None}
    file = tmp_path / "list.json"
    file.write_text(json.dumps([wrong, initial_body]), encoding="utf-8")

    result = ready("record", file, code=1)

    assert f"{file}[0]" in result.stderr
    assert f"{file}[1]: recorded" in result.stdout


@pytest.mark.parametrize("content", ['{"a": 1, "a": 2}', "[1", "NaN", "[" * 100_000, "\udcff"])
def test_doubtful_json_is_refused(run: Run, tmp_path: Path, content: str, ready: Run) -> None:
    """What the API refuses, the command line refuses."""
    file = tmp_path / "event.json"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))

    assert "MALFORMED" in ready("record", file, code=1).stderr


def test_expiring_lists_what_runs_out(recorded: Run) -> None:
    """Three years are not soon, 1,200 days are."""
    soon = json.loads(recorded("expiring", "--json").stdout)
    table = recorded("expiring", "--within-days", "1200", "--csv").stdout

    rows = list(csv.DictReader(io.StringIO(table)))

    assert soon == {"items": []}
    assert [(row["registration_number"], row["specialty"]) for row in rows] == [(NUMBER, "建筑工程")]


def test_recover_has_nothing_to_do_after_ordinary_work(recorded: Run, tmp_path: Path) -> None:
    """Recovery never touches a finished copy."""
    paths = json.loads(recorded("issue", NUMBER, "--out", tmp_path, "--json").stdout)["paths"]

    assert json.loads(recorded("recover", "--json").stdout) == {
        "finished": 0,
        "failed": 0,
        "erased": 0,
        "lookups_folded": 0,
    }
    recorded("verify", *paths.values())


def test_client_key_is_printed_once_and_not_stored(ready: Run, tmp_path: Path) -> None:
    """Who reads the database must not be able to call."""
    client = json.loads(ready("client", "add", "平台甲", "--scope", "verify,read", "--json").stdout)

    assert client["scopes"] == ["read", "verify"]
    database = b"".join(path.read_bytes() for path in (tmp_path / "var").glob("registry.db*"))
    assert client["client"].encode() in database
    assert client["api_key"].encode() not in database
    assert "INVALID_FIELD" in ready("client", "add", "x", "--scope", "everything", code=1).stderr


def test_a_caller_gets_another_key_or_none(ready: Run) -> None:
    """A leaked key is replaced; with --discard the caller is out, and nobody reads the key it has now."""
    added = json.loads(ready("client", "add", "平台甲", "--scope", "verify", "--json").stdout)

    fresh = json.loads(ready("client", "rekey", "平台甲", "--json").stdout)
    assert fresh["client"] == added["client"]
    assert fresh["api_key"].startswith("cs_") and fresh["api_key"] != added["api_key"]
    assert "cs_" not in ready("client", "rekey", added["client"], "--discard").stdout
    assert "NOT_FOUND" in ready("client", "rekey", "nobody", code=1).stderr


def test_certificates_are_bound_listed_and_taken_away(ready: Run, tmp_path: Path) -> None:
    """Each by its file; a chain is refused, since nobody can tell which of it is meant."""
    one, other = a_certificate("one"), a_certificate("other")
    file, _ = one.write(tmp_path, "one")
    second, _ = other.write(tmp_path, "other")
    (tmp_path / "chain.pem").write_bytes(file.read_bytes() + second.read_bytes())

    def bound() -> list[list[str]]:
        return [row["certificates"] for row in json.loads(ready("client", "list", "--json").stdout)]

    ready("client", "add", "平台甲", "--scope", "verify", "--cert", file)
    assert bound() == [[one.sha256]]
    told = ready("client", "cert", "平台甲", "--file", second)
    assert other.sha256 in told.stdout and "CERTSVC_CLIENT_CERT is off" in told.stderr
    assert bound() == [sorted([one.sha256, other.sha256])]
    ready("client", "cert", "平台甲", "--remove", "--sha256", other.sha256)
    ready("client", "cert", "平台甲", "--remove", "--file", file)
    assert bound() == [[]]
    assert (
        "INVALID_FIELD" in ready("client", "cert", "平台甲", "--file", tmp_path / "chain.pem", code=1).stderr
    )
    assert "NOT_FOUND" in ready("client", "cert", "nobody", "--file", file, code=1).stderr
    ready("client", "add", "平台甲", "--scope", "verify")
    assert "several" in ready("client", "cert", "平台甲", "--file", file, code=1).stderr


def test_events_one_a_line_are_recorded_and_a_bad_line_is_named(
    ready: Run, initial_body: JSON, tmp_path: Path
) -> None:
    """A first import is a long file: one bad line must be found and must not stop the others."""
    later = {
        "source_id": "line-3",
        "type": "reissue",
        "effective_at": initial_body["effective_at"],
        "registration_number": initial_body["registration_number"],
    }
    bad = later | {"source_id": "line-2", "registration_number": "沪1312020202200001"}
    file = tmp_path / "events.jsonl"
    lines = [json.dumps(one, ensure_ascii=False) for one in (initial_body, bad, later)]
    file.write_text("\n".join([*lines, "", ""]), encoding="utf-8")

    result = ready("record", "--jsonl", file, code=1)

    assert f"{file}:1: recorded" in result.stdout
    assert f"{file}:2" in result.stderr
    assert "查询不到相关证照" in result.stderr
    assert f"{file}:3: recorded" in result.stdout
    ready("record", code=2)
