"""A store reached by https, whose certificate comes from an authority of the house."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.factories import FixedClock
from tests.flows.conftest import close
from tests.flows.server import settings_of
from tests.s3_server import Moto
from tests.tools import ROOT, need
from tests.world import JSON, World, settings_in


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """Start a store with such a certificate."""
    folder = tmp_path_factory.mktemp("store")
    openssl = str(need("openssl"))
    fresh = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    for command in (
        (*fresh, "-x509", "-days", "2", "-subj", "/CN=house", "-keyout", "house.key", "-out", "house.pem"),
        (*fresh, "-subj", "/CN=store", "-keyout", "tls.key", "-out", "tls.csr"),
        (
            *("x509", "-req", "-in", "tls.csr", "-CA", "house.pem", "-CAkey", "house.key", "-CAcreateserial"),
            *("-days", "2", "-extfile", "names", "-out", "tls.pem"),
        ),
    ):
        subprocess.run([openssl, *command], cwd=folder, check=True, capture_output=True)
    server = Moto(folder / "moto.log", tls=folder)
    server.start()
    try:
        server.make_bucket()
        yield server
    finally:
        server.kill()


@pytest.fixture
def place(tmp_path: Path, dev_keys: Path) -> dict[str, str]:
    """Make an instance; returns the settings that name it."""
    close(World(settings_in(tmp_path, dev_keys), FixedClock(datetime.now(UTC))))
    return settings_of(tmp_path, dev_keys)


def storage(settings: Mapping[str, str], environ: Mapping[str, str]) -> JSON:
    """Return what ``certsvc doctor`` says of the store, asked in a process of its own."""
    plain = {
        name: value for name, value in os.environ.items() if not name.startswith(("CERTSVC_", "SSL_CERT"))
    }
    named = {f"CERTSVC_{name.upper()}": value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "certsvc", "doctor", "--json"],
        cwd=ROOT,
        env=plain | named | dict(environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return next(dict(one) for one in json.loads(done.stdout)["checks"] if one["part"] == "storage")


def test_authority_of_the_house_is_named_by_the_environment(store: Moto, place: dict[str, str]) -> None:
    """As docs/operating.md says."""
    assert store.tls is not None
    found = storage(store.settings("known"), place | {"SSL_CERT_FILE": str(store.tls / "house.pem")})

    assert found["state"] == "ok", found


def test_unknown_authority_is_refused_by_name(store: Moto, place: dict[str, str]) -> None:
    """It is told apart from a store that is away, and with what to do."""
    found = storage(store.settings("unknown"), place)

    assert found["state"] == "fail"
    assert "certificate is refused (UnknownIssuer)" in found["fact"]
    assert "SSL_CERT_FILE" in found["fact"]


def test_certificate_of_another_host_is_refused_by_name(store: Moto, place: dict[str, str]) -> None:
    """The right authority alone is not enough."""
    assert store.tls is not None
    other = store.settings("other", endpoint=store.endpoint.replace("127.0.0.1", "localhost"))
    found = storage(other, place | {"SSL_CERT_FILE": str(store.tls / "house.pem")})

    assert found["state"] == "fail"
    assert "certificate is refused (NotValidForName" in found["fact"]
