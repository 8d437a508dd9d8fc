"""Keys of the sealing tests: the suite's test PKI, opened once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from certsvc.sealing.dev_keys import init_dev_keys
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.port import PinnedKey, Signer
from tests.sealing.samples import AT, PLAN, a_sealed_pdf
from tests.sealing.seal_folders import add_seal


@pytest.fixture(scope="session")
def keystore(dev_keys: Path) -> Keystore:
    """The test PKI."""
    return Keystore.open(dev_keys)


@pytest.fixture(scope="session")
def judged_keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    """Keys made now by the machine's clock, which outside programs read."""
    folder = tmp_path_factory.mktemp("judged") / "keys"
    init_dev_keys(folder, PLAN, datetime.now(UTC))
    return Keystore.open(folder)


@pytest.fixture(scope="session")
def signer(keystore: Keystore) -> Signer:
    """The default signer, P-256."""
    return keystore.signer("p256")


@pytest.fixture(scope="session")
def pinned(keystore: Keystore) -> tuple[PinnedKey, ...]:
    """All keys of the test PKI."""
    return keystore.pinned


@pytest.fixture(scope="session")
def sealed(signer: Signer) -> bytes:
    """The small sample, sealed with P-256."""
    return a_sealed_pdf(signer)


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real plan with its RSA signers left out: they take seconds to make."""
    text = PLAN.read_text("utf-8")
    path = tmp_path_factory.mktemp("plan") / "pki.toml"
    path.write_text(text[: text.index("[signer.rsa2048]")] + text[text.index("[service.offline]") :], "utf-8")
    return path


@pytest.fixture
def keys(tmp_path: Path, plan: Path) -> Path:
    """A fresh key folder with a P-256 signer."""
    init_dev_keys(tmp_path / "keys", plan, AT)
    return tmp_path / "keys"


@pytest.fixture
def sealed_keys(keys: Path, plan: Path) -> Path:
    """A fresh key folder with the seal of NAME."""
    add_seal(keys, plan)
    return keys
