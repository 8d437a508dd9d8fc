"""What holds for every command: exit codes, speed of --help, sentences instead of tracebacks, quiet logs."""

from __future__ import annotations

import itertools
import json
import logging
import socket
import subprocess
import sys
from datetime import date
from pathlib import Path

import click
import pytest
import structlog
from click.testing import CliRunner

from certsvc import errors
from certsvc.cli.exits import Exit, Program, exit_for, tell, worst
from certsvc.cli.logs import configure_logs
from certsvc.cli.register import spreadsheet_safe
from certsvc.errors import CertsvcError
from tests.cli.conftest import Run
from tests.test_config import PRODUCTION

HEAVY = {"alembic", "apiflask", "granian", "PIL", "pydantic", "pyhanko", "reportlab", "rich", "sqlalchemy"}
ERRORS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, CertsvcError) and "code" in vars(kind)
]


def test_help_waits_for_nothing_heavy() -> None:
    """--help and completion must answer at once; importing these takes over a second."""
    code = "import sys, certsvc.__main__; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert HEAVY & set(loaded.split()) == set()


@pytest.mark.parametrize(
    ("codes", "end"),
    [((), 0), ((0, 0), 0), ((0, 3), 3), ((3, 1), 1), ((0, 1, 3), 1)],
)
def test_worst_exit_wins(codes: tuple[int, ...], end: int) -> None:
    """1, then 3, then 0, in any order."""
    for order in itertools.permutations(codes):
        assert worst(map(Exit, order)) == end


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_is_a_sentence_in_two_languages(
    kind: type[CertsvcError], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody reads a traceback for what was raised on purpose."""
    special = {
        errors.RateLimitedError: errors.RateLimitedError(7),
        errors.AssertionRefusedError: errors.AssertionRefusedError(errors.Fault("/exp", "已过期", "expired")),
        errors.RetentionNotOverError: errors.RetentionNotOverError(date(2036, 1, 2)),
    }
    error = special.get(kind) or kind()
    code = tell(error)
    told = capsys.readouterr().err

    assert told.startswith(f"{kind.code}: ")
    assert len(told.splitlines()) >= 2
    assert code == exit_for(error)
    assert code != Exit.OK


@pytest.mark.parametrize("fault", [RuntimeError("x"), OSError(28, "No space left"), errors.DefectError("x")])
def test_defect_is_never_taken_for_not_valid(fault: Exception) -> None:
    """A script reads 1 as "refuse this certificate"; a fault of ours must not say that."""

    @click.group(cls=Program)
    def group() -> None:
        pass

    @group.command("go")
    def go() -> None:
        raise fault

    assert CliRunner().invoke(group, ["go"]).exit_code == Exit.CANNOT_TELL


def test_unknown_setting_is_a_usage_error(run: Run) -> None:
    """A misspelt setting must not become a silent default."""
    result = run("init", code=2, settings={"CERTSVC_DATABSE_URL": "sqlite:///x"})

    assert "CERTSVC_DATABSE_URL" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify",),
        ("verify", "--qr", "x", "--as-of", "yesterday"),
        ("verify", "no-such-file.pdf"),
        ("keys", "init"),
        ("nonsense",),
    ],
)
def test_wrong_usage_ends_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    """Usage is told apart from a refusal."""
    run(*arguments, code=2)


def test_number_without_name_is_refused(ready: Run) -> None:
    """A look-up by number alone would let anybody list holders."""
    assert "/name" in ready("verify", "--number", "京1112020202200001", code=1).stderr


def test_without_keys_verify_cannot_tell(run: Run, tmp_path: Path) -> None:
    """A missing key folder says nothing about the certificate."""
    file = tmp_path / "a.pdf"
    file.write_bytes(b"%PDF-1.7")

    assert (
        "KEY_MATERIAL"
        in run("verify", file, code=3, settings={"CERTSVC_KEYS_DIR": str(tmp_path / "none")}).stderr
    )


def test_what_is_no_certificate_cannot_be_told(ready: Run, tmp_path: Path) -> None:
    """Unreadable is not forged."""
    file = tmp_path / "a.pdf"
    file.write_bytes(b"not a pdf")

    assert json.loads(ready("verify", file, "--json", code=3).stdout)["status"] == "UNREADABLE"


def test_doctor_is_content_after_init_and_names_the_remedy_before(run: Run) -> None:
    """Each part is looked at by itself."""
    before = json.loads(run("doctor", "--json", code=1).stdout)["checks"]
    run("init", "--dev")
    after = json.loads(run("doctor", "--json").stdout)["checks"]

    broken = {check["part"]: check["remedy"] for check in before if check["state"] == "fail"}
    assert "certsvc init" in broken["database"]
    assert "keys" not in broken
    assert {check["part"] for check in after if check["state"] == "fail"} == set()
    assert [check["part"] for check in after] == [
        "keys",
        "seal",
        "services",
        "fonts",
        "templates",
        "database",
        "storage",
        "clock",
        "timestamps",
        "decoders",
    ]


def test_test_keys_are_refused_in_production(run: Run) -> None:
    """A certificate sealed with a test key must never look real."""
    assert "KEY_MATERIAL" in run("init", "--dev", code=3, settings=PRODUCTION).stderr
    assert "KEY_MATERIAL" in run("keys", "init", "--dev", code=3, settings=PRODUCTION).stderr
    assert "SETTINGS" in run("demo", "--no-serve", code=2, settings=PRODUCTION).stderr
    keys = json.loads(run("doctor", "--json", code=1, settings=PRODUCTION).stdout)["checks"][0]
    assert (keys["part"], keys["state"]) == ("keys", "fail")


def test_keys_rotate_retires_the_one_before(run: Run, tmp_path: Path) -> None:
    """Exactly one key of an algorithm signs; the old one goes on being recognised."""
    place = {"CERTSVC_KEYS_DIR": str(tmp_path / "own")}
    run("keys", "init", "--dev", settings=place)
    made = run("keys", "rotate", settings=place).stdout.strip()

    keys = json.loads(run("keys", "list", "--json", settings=place).stdout)["keys"]
    p256 = {key["key_id"]: key["retired_at"] for key in keys if key["key_id"].startswith("p256-")}

    assert len(p256) == 2
    assert [key_id for key_id, retired_at in p256.items() if retired_at is None] == [made]


def test_leaked_key_signs_no_more_and_its_day_only_moves_back(run: Run, tmp_path: Path) -> None:
    """What was sealed before the leak stays good; a later report must not bring trust back."""
    place = {"CERTSVC_KEYS_DIR": str(tmp_path / "own")}
    run("keys", "init", "--dev", settings=place)
    key = json.loads(run("keys", "list", "--json", settings=place).stdout)["keys"][0]["key_id"]

    run("keys", "compromise", key, "--since", "2026-05-01T00:00:00+08:00", settings=place)
    run("keys", "compromise", key, "--since", "2026-06-01T00:00:00+08:00", settings=place)
    run("keys", "retire", key, settings=place)

    found = json.loads(run("keys", "list", "--json", settings=place).stdout)["keys"][0]
    assert found["compromised_since"] == "2026-04-30T16:00:00+00:00"
    assert found["retired_at"] is not None
    assert "KEY_MATERIAL" in run("keys", "retire", "none", code=3, settings=place).stderr


def test_serve_refuses_a_taken_port(ready: Run) -> None:
    """The server itself would start and take half of the other one's visitors."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        assert f"127.0.0.1:{port}" in ready("serve", "--port", str(port), code=1).stderr


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_spreadsheet_runs_no_cell(cell: str) -> None:
    """An employer's name may begin with an equals sign."""
    assert spreadsheet_safe(cell) == f"'{cell}"
    assert spreadsheet_safe("建筑工程") == "建筑工程"


def test_logs_carry_no_personal_data(capsys: pytest.CaptureFixture[str]) -> None:
    """A canary through both ways of logging, in fields, texts and exceptions."""
    canary = "11010519491231002X"
    configure_logs("INFO")

    structlog.get_logger("certsvc.test").info("seen", id_number=canary, note=f"number {canary}", status=200)
    logging.getLogger("elsewhere").info("id %s", canary)
    try:
        raise ValueError(canary)
    except ValueError:
        structlog.get_logger("certsvc.test").exception("broke")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    assert [line["event"] for line in lines] == ["seen", "id [id number]", "broke"]
    assert lines[0]["status"] == 200
    assert canary not in json.dumps(lines)
