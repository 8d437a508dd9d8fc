"""``keys`` and ``doctor`` about a key in hardware."""

from __future__ import annotations

import json
from pathlib import Path

from certsvc.sealing.trust import read_trust
from tests.cli.conftest import Run
from tests.softhsm import SoftHSM


def test_the_commands_bring_a_key_in_the_token_into_use(run: Run, tmp_path: Path, softhsm: SoftHSM) -> None:
    """`keys rotate --hsm` certifies it for tests; `keys list` names it; doctor signs with it once."""
    settings = {
        **softhsm.settings,
        "CERTSVC_KEYS_DIR": str(tmp_path / "keys"),
        "CERTSVC_DATA_DIR": str(tmp_path / "var"),
    }
    run("init", "--dev", settings=settings)
    made = run("keys", "rotate", "pdf", "--hsm", "pdf-p256", "--now", settings=settings).stdout.strip()

    keys = json.loads(run("keys", "list", "--json", settings=settings).stdout)["keys"]
    (line,) = (key for key in keys if key["key_id"] == made)
    assert (line["hsm_label"], line["state"], line["used_today"]) == ("pdf-p256", "active", 0)
    checks = json.loads(run("doctor", "--json", settings=settings).stdout)["checks"]
    assert made in next(check["fact"] for check in checks if check["part"] == "keys")
    assert (
        "CERTSVC_PKCS11_MODULE"
        in run(
            "doctor",
            "--json",
            code=1,
            settings={name: value for name, value in settings.items() if "PKCS11" not in name},
        ).stdout
    )
    assert "KEY_MATERIAL" in run("keys", "rotate", "ofd", "--hsm", "x", code=3, settings=settings).stderr
    assert read_trust(tmp_path / "keys")[-1].key_id == made
