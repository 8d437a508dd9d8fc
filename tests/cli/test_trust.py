"""``certsvc trust``: what an operator hands to those who check without the service."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certsvc.sealing.pki import SERVICES
from certsvc.verification.trust_bundle import read_bundle
from tests.cli.conftest import Run
from tests.world import JSON


@pytest.fixture
def place(run: Run, tmp_path: Path, font_cache: Path) -> dict[str, str]:
    """A place with keys of its own, valid now."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "cache").symlink_to(font_cache)
    settings = {"CERTSVC_DATA_DIR": str(tmp_path / "own"), "CERTSVC_KEYS_DIR": str(tmp_path / "own-keys")}
    run("init", "--dev", settings=settings)
    return settings


def keys_of(run: Run, place: dict[str, str]) -> dict[str, JSON]:
    """Return the lines of ``keys list`` by key."""
    listed = json.loads(run("keys", "list", "--json", settings=place).stdout)["keys"]
    return {key["key_id"]: key for key in listed}


def services_check(run: Run, place: dict[str, str], code: int = 1) -> JSON:
    """Return doctor's line on the keys of the service."""
    checks = json.loads(run("doctor", "--json", code=code, settings=place).stdout)["checks"]
    return next(dict(check) for check in checks if check["part"] == "services")


def test_a_bundle_is_written_and_shown(run: Run, place: dict[str, str], tmp_path: Path) -> None:
    """The fingerprint printed here is what a platform writes down once."""
    bundle = tmp_path / "carried" / "bundle.json"
    run("trust", "bundle", "--out", bundle, settings=place)
    found = read_bundle(bundle.read_bytes())

    shown = json.loads(run("trust", "show", bundle, "--json").stdout)
    live = json.loads(run("trust", "show", "--json", settings=place).stdout)

    assert shown["trust_key"] == live["trust_key"] == found.trust_key
    assert shown["status_issued_at"] is not None
    assert [key["key_id"] for key in shown["keys"]] == list(keys_of(run, place))
    text = run("trust", "show", bundle, "--trust-key", found.trust_key).stdout
    assert found.trust_key in text
    for use in SERVICES:
        assert use in text


def test_a_bundle_that_does_not_hold_ends_with_1(run: Run, place: dict[str, str], tmp_path: Path) -> None:
    """A script that updates a bundle must not put a forged one in the place of a good one."""
    bundle = tmp_path / "bundle.json"
    run("trust", "bundle", "--out", bundle, settings=place)

    assert "another trust key" in run("trust", "show", bundle, "--trust-key", "0" * 64, code=1).stderr
    bundle.write_bytes(bundle.read_bytes().replace(b'"signature":"', b'"signature":"A', 1))
    assert "signature" in run("trust", "show", bundle, code=1).stderr
    bundle.write_bytes(b"\xff")
    run("trust", "show", bundle, code=1)
    run("trust", "show", tmp_path / "none.json", code=2)


@pytest.mark.parametrize("use", SERVICES)
def test_keys_of_the_service_live_like_all_others(run: Run, place: dict[str, str], use: str) -> None:
    """One list, one set of commands; rotating one leaves the others alone."""
    before = keys_of(run, place)
    (old,) = (key_id for key_id, key in before.items() if key["use"] == use)

    new = run("keys", "rotate", use, settings=place).stdout.strip()
    run("keys", "compromise", old, "--since", "2026-05-01T00:00:00+08:00", settings=place)

    after = keys_of(run, place)
    assert new.startswith(f"{use}-")
    assert after[old]["retired_at"] is not None
    assert after[old]["compromised_since"] == "2026-04-30T16:00:00+00:00"
    assert {key_id for key_id, key in after.items() if before.get(key_id) != key} == {old, new}
    assert services_check(run, place, code=0)["state"] == "ok"
    run("keys", "retire", new, settings=place)
    assert f"rotate {use}" in services_check(run, place)["fact"]


@pytest.mark.parametrize(("days", "state"), [(-1, "fail"), (59, "warn"), (60, "ok")])
def test_doctor_warns_before_a_key_of_the_service_ends(
    days: int, state: str, run: Run, place: dict[str, str]
) -> None:
    """What it signs afterwards nobody would take."""
    trust = Path(place["CERTSVC_KEYS_DIR"]) / "trust.json"
    table = json.loads(trust.read_text("utf-8"))
    line = next(key for key in table["keys"] if key["use"] == "receipt")
    line["valid_to"] = (datetime.now(UTC) + timedelta(days=days, hours=1)).isoformat()
    trust.write_text(json.dumps(table), "utf-8")

    assert services_check(run, place, code=1 if state == "fail" else 0)["state"] == state


def test_doctor_tells_of_a_key_of_the_service_that_is_not_there(run: Run, place: dict[str, str]) -> None:
    """Before the first receipt, not with it."""
    (Path(place["CERTSVC_KEYS_DIR"]) / "offline-001.key.pem").unlink()

    check = services_check(run, place)

    assert check["state"] == "fail"
    assert "offline-001.key.pem" in check["fact"]
