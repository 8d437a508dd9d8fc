"""``keys`` and ``doctor`` about the seal of OFD files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from certsvc.config import load_settings
from tests.cli.conftest import Run
from tests.test_config import PRODUCTION

OTHER = "样例市住房和城乡建设局（测试）"


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    """Settings that name a key folder of its own."""
    return {"CERTSVC_KEYS_DIR": str(tmp_path / "own")}


def seals(run: Run, place: dict[str, str]) -> list[dict[str, Any]]:
    """The keys that have a seal, as `keys list` tells of them."""
    keys = json.loads(run("keys", "list", "--json", settings=place).stdout)["keys"]
    return [key for key in keys if key["seal"] is not None]


def seal_check(run: Run, place: dict[str, str], code: int = 1) -> dict[str, str]:
    """What doctor says of the seal."""
    checks = json.loads(run("doctor", "--json", code=code, settings=place).stdout)["checks"]
    return next(check for check in checks if check["part"] == "seal")


def test_keys_init_makes_a_seal_in_the_issuers_name(run: Run, place: dict[str, str]) -> None:
    """The picture is drawn in the size the certificate gives the stamp."""
    run("keys", "init", "--dev", settings=place)
    run("keys", "init", "--dev", settings=place)

    (key,) = seals(run, place)
    assert key["key_id"].startswith("sm2-")
    assert key["development"] is True
    assert key["seal"] == {
        "name": load_settings({}).issuer_name,
        "valid_from": key["valid_from"],
        "valid_to": key["valid_to"],
        "width_mm": 38,
        "height_mm": 38,
    }
    assert load_settings({}).issuer_name in run("keys", "list", settings=place).stdout


def test_rotating_a_seal_retires_the_one_before(run: Run, place: dict[str, str]) -> None:
    """Exactly one seal of an issuer seals; the PDF keys are not touched."""
    run("keys", "init", "--dev", settings=place)
    made = run("keys", "rotate", "sm2", settings=place).stdout.strip()

    assert [(key["key_id"] == made, key["retired_at"] is None) for key in seals(run, place)] == [
        (False, False),
        (True, True),
    ]
    keys = json.loads(run("keys", "list", "--json", settings=place).stdout)["keys"]
    assert [key["retired_at"] for key in keys if key["seal"] is None] == [None] * 7
    assert "KEY_MATERIAL" in run("keys", "rotate", "sm3", code=3, settings=place).stderr


def test_another_issuer_gets_a_seal_at_the_next_init(run: Run, place: dict[str, str]) -> None:
    """Until then doctor names both, for the usual mistake is one character of the setting."""
    run("keys", "init", "--dev", settings=place)
    other = place | {"CERTSVC_ISSUER_NAME": OTHER}

    before = seal_check(run, other)
    run("init", "--dev", settings=other)
    after = seal_check(run, other, code=0)

    assert before["state"] == "fail"
    assert OTHER in before["fact"]
    assert load_settings({}).issuer_name in before["fact"]
    assert (after["state"], after["remedy"]) == ("ok", "")
    assert len(seals(run, place)) == 2


def test_doctor_tells_of_a_seal_that_cannot_be_used(run: Run, place: dict[str, str]) -> None:
    """Before the first copy, not with it."""
    run("init", "--dev", settings=place)
    assert seal_check(run, place, code=0)["state"] == "ok"
    (Path(place["CERTSVC_KEYS_DIR"]) / "sm2-001.key.pem").chmod(0o644)

    check = seal_check(run, place)

    assert check["state"] == "fail"
    assert "chmod 600" in check["fact"]


@pytest.mark.parametrize(("days", "state"), [(-1, "fail"), (29, "warn"), (30, "ok")])
def test_doctor_warns_thirty_days_before_a_seal_ends(
    days: int, state: str, run: Run, place: dict[str, str]
) -> None:
    """Its maker takes weeks to make another."""
    run("init", "--dev", settings=place)
    trust = Path(place["CERTSVC_KEYS_DIR"]) / "trust.json"
    table = json.loads(trust.read_text("utf-8"))
    table["keys"][-1]["valid_to"] = (datetime.now(UTC) + timedelta(days=days, hours=1)).isoformat()
    trust.write_text(json.dumps(table), "utf-8")

    assert seal_check(run, place, code=1 if state == "fail" else 0)["state"] == state


def test_a_seal_that_leaked_seals_no_more(run: Run, place: dict[str, str]) -> None:
    """It is withdrawn like any other key, and init makes no new one unasked."""
    run("init", "--dev", settings=place)
    (key,) = seals(run, place)
    run("keys", "compromise", key["key_id"], "--since", "2026-05-01T00:00:00+08:00", settings=place)
    run("init", "--dev", settings=place)

    (after,) = seals(run, place)
    assert after["compromised_since"] == "2026-04-30T16:00:00+00:00"
    assert "rotate sm2" in seal_check(run, place)["fact"]


def test_doctor_refuses_a_test_seal_in_production(run: Run, place: dict[str, str]) -> None:
    """Even one that bears the real issuer's name."""
    other = place | {"CERTSVC_ISSUER_NAME": OTHER}
    run("init", "--dev", settings=other)

    check = seal_check(run, PRODUCTION | other)

    assert (check["state"], "development" in check["fact"]) == ("fail", True)


def states(run: Run, place: dict[str, str]) -> dict[str, tuple[str, object]]:
    """State and uses of today of each key, as `keys list` tells them."""
    keys = json.loads(run("keys", "list", "--json", settings=place).stdout)["keys"]
    return {key["key_id"]: (key["state"], key["used_today"]) for key in keys}


@pytest.mark.parametrize("name", ["pdf", "ofd", "qr", "receipts", "trust", "log"])
def test_the_next_key_is_known_before_it_signs(name: str, run: Run, place: dict[str, str]) -> None:
    """Who keeps our list for half a minute knows it by then; `--now` and `--at` say otherwise."""
    run("keys", "init", "--dev", settings=place)
    told = run("keys", "rotate", name, settings=place)
    first = told.stdout.strip()

    assert "signs from" in told.stderr
    assert states(run, place)[first][0] == "next"
    second = run("keys", "rotate", name, "--now", settings=place).stdout.strip()
    assert [states(run, place)[key][0] for key in (first, second)] == ["retired", "active"]
    third = run("keys", "rotate", name, "--at", "2099-01-01T00:00:00+08:00", settings=place).stdout.strip()
    assert [states(run, place)[key][0] for key in (second, third)] == ["active", "next"]
    run("keys", "compromise", second, "--since", "2026-05-01T00:00:00+08:00", settings=place)
    assert states(run, place)[second][0] == "compromised"


def test_what_makes_no_sense_is_refused(run: Run, place: dict[str, str]) -> None:
    """A year typed wrongly must not leave a thief's files green until then."""
    run("keys", "init", "--dev", settings=place)
    key_id = next(iter(states(run, place)))

    refused = run(
        "keys", "compromise", key_id, "--since", "2099-01-01T00:00:00+08:00", code=3, settings=place
    )
    assert "has not come" in refused.stderr
    assert states(run, place)[key_id][0] == "active"
    run("keys", "rotate", "--now", "--at", "2099-01-01T00:00:00+08:00", code=2, settings=place)
    run("keys", "rotate", "--key", "nowhere.pem", code=2, settings=place)
    retired = run("keys", "retire", key_id, "--at", "2099-01-01T00:00:00+08:00", settings=place)
    assert "2098-12-31" in retired.stdout
    assert states(run, place)[key_id][0] == "active"


def test_keys_list_counts_the_uses_of_today(run: Run, place: dict[str, str]) -> None:
    """Where there is no register yet the keys are told all the same, and that the counts are not known."""
    run("keys", "init", "--dev", settings=place)
    assert "used_today is not known" in run("keys", "list", settings=place).stderr
    run("init", "--dev", settings=place)
    found = states(run, place)

    assert {used for key_id, (_, used) in found.items() if key_id.startswith(("p256", "sm2", "offline"))} == {
        0
    }
    assert {
        used for key_id, (_, used) in found.items() if key_id.startswith(("receipt", "trust", "log"))
    } == {None}
