"""The files in deploy/ name only settings there are, and every one a deployment needs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from certsvc.config import load_settings, setting_names
from tests.tools import ROOT
from tests.topology.stack import NGINX_CONF

DEPLOY: Final = ROOT / "deploy"
UNITS: Final = sorted((DEPLOY / "systemd").glob("*.service"))
NEEDED: Final = {
    *("CERTSVC_ENV", "CERTSVC_PUBLIC_URL", "CERTSVC_ISSUER_NAME", "CERTSVC_ISSUER_USCC", "CERTSVC_TYPE_CODE"),
    *("CERTSVC_DATABASE_URL", "CERTSVC_STORAGE_URL", "CERTSVC_DATA_DIR", "CERTSVC_KEYS_DIR"),
    *("CERTSVC_S3_ENDPOINT", "CERTSVC_S3_ACCESS_KEY", "CERTSVC_S3_SECRET_KEY", "CERTSVC_TRUSTED_PROXIES"),
}
"""Without any of these two processes would not be one service, or would be the sample one."""
GIVEN: Final = {
    "CERTSVC_PUBLIC_URL": "https://verify.example.cn",
    "CERTSVC_ISSUER_NAME": "另一个示例省厅（测试）",
    "CERTSVC_ISSUER_USCC": "91990000MA0000015Q",
    "CERTSVC_TYPE_CODE": "91990000MA0000015Q001",
    "POSTGRES_PASSWORD": "made-up",
    "S3_BUCKET": "issued-files",
    "S3_ENDPOINT": "https://store.example.cn",
    "S3_ACCESS_KEY": "made-up",
    "S3_SECRET_KEY": "made-up",
}
HARDENING: Final = {
    "User": "certsvc",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "CapabilityBoundingSet": "",
    "SystemCallFilter": "@system-service",
}


def _compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8")))


def _interpolated(text: str) -> str:
    """Fill in ``${NAME:-default}`` and ``${NAME:?why}`` as compose does."""

    def value(found: re.Match[str]) -> str:
        default = found[3] if found[2] == ":-" else None
        return GIVEN.get(found[1], default) if default is not None else GIVEN[found[1]]

    return re.sub(r"\$\{([A-Z0-9_]+)(:-|:\?)?([^}]*)\}", value, text)


@pytest.mark.parametrize("path", [path for path in sorted(DEPLOY.rglob("*")) if path.is_file()], ids=str)
def test_every_setting_named_is_one(path: Path) -> None:
    """A misspelt one would end every process at its start."""
    # CERTSVC_IMAGE is the one name of compose.yaml itself.
    named = set(re.findall(r"CERTSVC_[A-Z0-9_]+", path.read_text(encoding="utf-8"))) - {"CERTSVC_IMAGE"}

    assert named <= set(setting_names())


@pytest.mark.parametrize("name", ["init", "api-1", "api-2", "worker"])
def test_each_process_gets_every_setting_it_needs(name: str) -> None:
    """And our own reader takes them, in production too."""
    environment = _compose()["services"][name]["environment"]

    assert environment.keys() >= NEEDED
    settings = load_settings({key: _interpolated(text) for key, text in environment.items()})
    assert settings.env == "production"
    assert settings.s3_bucket == ("issued-files", "issued")
    assert settings.proxy_networks


def test_parts_are_whole() -> None:
    """Images by variable, a health check or the reason why none, nothing open but the proxy."""
    services = _compose()["services"]

    assert services.keys() == {"init", "api-1", "api-2", "worker", "database", "store", "proxy"}
    for name, service in services.items():
        assert re.fullmatch(r"\$\{[A-Z0-9_]+:\?[^}]+\}", service["image"]), name
        assert "healthcheck" in service, name
        assert ("ports" in service) == (name == "proxy"), name
        assert service.get("depends_on", {}).keys() <= services.keys(), name
    for name in ("api-1", "api-2", "worker"):
        waits = services[name]["depends_on"]["init"]["condition"]
        assert waits == "service_completed_successfully"
        assert services[name]["read_only"] is True
    used = {one.split(":")[0] for service in services.values() for one in service.get("volumes", ())}
    assert {one for one in used if re.fullmatch("[a-z0-9-]+", one)} == _compose()["volumes"].keys()
    servers = set(re.findall(r"server (\S+):8000", services["proxy"]["environment"]["API_SERVERS"]))
    assert servers == {name for name in services if name.startswith("api")}


def test_proxy_is_given_every_value_its_template_wants() -> None:
    """An empty one would be a server that does not start."""
    wanted = set(re.findall(r"\$\{([A-Z_]+)\}", NGINX_CONF.read_text(encoding="utf-8")))

    assert wanted == _compose()["services"]["proxy"]["environment"].keys()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_are_hardened(unit: Path) -> None:
    """Every one the same way."""
    lines = [line for line in unit.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    values = dict(line.split("=", 1) for line in lines if "=" in line)

    assert values.items() >= HARDENING.items()


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """What it would pass over with a warning is a misspelt line."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not on this machine: the units were only read as text")
    # It also looks whether the program to start is there.
    for unit in (*UNITS, DEPLOY / "systemd" / "certsvc.target"):
        text = unit.read_text(encoding="utf-8").replace("/opt/certsvc/.venv/bin/certsvc", "/bin/true")
        (tmp_path / unit.name.replace("@.", "@1.")).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [program, "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )

    told = [line for line in (done.stdout + done.stderr).splitlines() if str(tmp_path) in line]
    assert not told
    assert done.returncode == 0, done.stderr


def test_image_runs_as_nobody_in_particular() -> None:
    """The last stage drops root before anything of ours runs, and says how it is."""
    last = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").split("FROM ")[-1]

    assert "\nUSER certsvc\n" in last
    assert "\nHEALTHCHECK " in last
    assert last.index("USER certsvc") < last.index("\nCMD ")
