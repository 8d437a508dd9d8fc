"""The trust list: rotation, retirement, compromise, and lists that were edited badly."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from certsvc.errors import KeyMaterialError
from certsvc.sealing.dev_keys import rotate_dev_key
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.trust import mark_compromised, read_trust, retire_key
from tests.sealing.samples import AT

LATER = AT + timedelta(days=30)


def test_rotation_retires_the_old_and_pins_both(keys: Path, plan: Path) -> None:
    """New files get the new key; the old one's stay good."""
    old, *_ = read_trust(keys)

    new = rotate_dev_key(keys, plan, "p256", LATER)

    store = Keystore.open(keys)
    assert store.signer("p256").key_id == new.key_id != old.key_id
    assert [(key.key_id, key.retired_at) for key in store.pinned] == [(old.key_id, LATER), (new.key_id, None)]
    assert stat.S_IMODE((keys / "p256-002.key.pem").stat().st_mode) == 0o600
    with pytest.raises(KeyMaterialError):
        rotate_dev_key(keys, plan, "rsa2048", LATER)


def test_a_retired_key_signs_nothing(keys: Path) -> None:
    """And an init does not make a new one behind the operator's back."""
    key, *_ = read_trust(keys)

    assert retire_key(keys, key.key_id, LATER).retired_at == LATER
    assert retire_key(keys, key.key_id, LATER + timedelta(days=1)).retired_at == LATER
    with pytest.raises(KeyMaterialError, match="rotate"):
        Keystore.open(keys).signer("p256")


def test_a_compromise_can_only_be_dated_back(keys: Path) -> None:
    """The earliest instant reported counts."""
    key, *_ = read_trust(keys)
    for since, counted in ((LATER, LATER), (LATER + timedelta(days=1), LATER), (AT, AT)):
        assert mark_compromised(keys, key.key_id, since).compromised_since == counted
    assert Keystore.open(keys).pinned[0].compromised_since == AT
    with pytest.raises(KeyMaterialError, match="known"):
        mark_compromised(keys, "p256-000000000000", AT)


@pytest.mark.parametrize("change", ["path", "naive", "twice", "words"])
def test_a_trust_list_edited_badly_is_refused(change: str, keys: Path) -> None:
    """No file outside the folder, no instant without offset, no key twice."""
    table = json.loads((keys / "trust.json").read_text())
    line = table["keys"][0]
    if change == "path":
        line["certificate"] = "../p256-001.pem"
    elif change == "naive":
        line["valid_from"] = "2026-01-01T00:00:00"
    elif change == "twice":
        table["keys"] *= 2
    else:
        line["development"] = "no"
    (keys / "trust.json").write_text(json.dumps(table))

    with pytest.raises(KeyMaterialError, match="backup"):
        Keystore.open(keys)
