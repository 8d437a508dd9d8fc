"""A running server follows the trust list: a retirement or a compromise needs no restart."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from certsvc.domain.key_times import fault_at
from certsvc.errors import KeyMaterialError
from certsvc.sealing.dev_keys import init_dev_keys, rotate_dev_key
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.pki import SERVICES, Service
from certsvc.sealing.trust import TrustedKey, mark_compromised, read_trust, retire_key, write_trust
from tests.sealing.samples import AT

LATER = AT + timedelta(days=30)


@pytest.mark.parametrize("use", SERVICES)
def test_each_service_has_a_key_that_is_for_nothing_else(keys: Path, use: Service) -> None:
    """A key that leaks opens one door."""
    store = Keystore.open(keys)
    signer = store.service_signer(use)

    assert signer.key_id.startswith(f"{use}-")
    assert [key.key_id for key in store.service_keys(use)] == [signer.key_id]
    assert signer.key_id not in {key.key_id for key in store.pinned}
    assert signer.key_id != store.signer("p256").key_id
    assert signer.sign(b"x")


@pytest.mark.parametrize("name", ["p256", *SERVICES])
def test_rotation_acts_in_an_open_keystore(keys: Path, plan: Path, name: str) -> None:
    """New statements get the new key; the old one's are still recognised."""
    store = Keystore.open(keys)
    live = store.live_pinned

    def signer_id() -> str:
        return store.signer("p256").key_id if name == "p256" else store.service_signer(_service(name)).key_id

    old = signer_id()
    new = rotate_dev_key(keys, plan, name, LATER)

    assert signer_id() == new.key_id != old
    known = live if name == "p256" else store.service_keys(_service(name))
    assert [(key.key_id, key.retired_at) for key in known] == [(old, LATER), (new.key_id, None)]
    assert len(live) == len(store.pinned)


def test_a_compromise_acts_in_an_open_keystore(keys: Path) -> None:
    """A thief is faster than a restart of all servers."""
    store = Keystore.open(keys)
    live, signer = store.live_pinned, store.signer("p256")
    mark_compromised(keys, signer.key_id, LATER)

    assert live[0].compromised_since == LATER
    with pytest.raises(KeyMaterialError, match="certsvc keys rotate p256"):
        store.signer("p256")


def test_rotating_one_key_leaves_the_others_alone(keys: Path, plan: Path) -> None:
    """Each use has a life of its own."""
    before = {key.key_id: key for key in read_trust(keys)}
    rotate_dev_key(keys, plan, "receipt", LATER)
    changed = [key for key in read_trust(keys) if before.get(key.key_id) != key]

    assert {key.use for key in changed} == {"receipt"}
    assert len(changed) == 2


def test_what_is_ours_stays_known_while_the_folder_is_out_of_reach(keys: Path) -> None:
    """A folder that is not mounted must not make good certificates strange; but nothing is signed."""
    store = Keystore.open(keys)
    known, live = store.pinned, store.live_pinned
    (keys / "trust.json").rename(keys / "elsewhere")

    assert tuple(live) == known
    for ask in (lambda: store.signer("p256"), lambda: store.service_signer("trust"), store.listed):
        with pytest.raises(KeyMaterialError):
            ask()
    (keys / "elsewhere").rename(keys / "trust.json")
    assert store.signer("p256").sign(b"x")


def test_a_list_edited_badly_acts_when_it_is_mended(keys: Path) -> None:
    """Half an edit must not be taken for the whole."""
    store = Keystore.open(keys)
    text = (keys / "trust.json").read_text()
    (keys / "trust.json").write_text(text[:-20])
    with pytest.raises(KeyMaterialError):
        store.service_signer("offline")
    assert store.service_keys("offline")
    (keys / "trust.json").write_text(text)
    retire_key(keys, store.service_signer("offline").key_id, LATER)
    assert store.service_keys("offline")[0].retired_at == LATER


def test_a_folder_from_before_gets_the_keys_it_lacks(keys: Path, plan: Path) -> None:
    """Its list says nothing of uses: every key in it seals."""
    trust = keys / "trust.json"
    table = json.loads(trust.read_text())
    table["keys"] = [key for key in table["keys"] if key["use"] == "seal"]
    for key in table["keys"]:
        del key["use"]
    for path in keys.glob("*-001.*"):
        if path.name.split("-")[0] in SERVICES:
            path.unlink()
    trust.write_text(json.dumps(table))
    store = Keystore.open(keys)
    sealing = store.signer("p256").key_id
    with pytest.raises(KeyMaterialError, match="init --dev"):
        store.service_signer("receipt")

    init_dev_keys(keys, plan, LATER)

    assert store.signer("p256").key_id == sealing
    assert all(store.service_signer(use).sign(b"x") for use in SERVICES)


@pytest.mark.parametrize(("field", "value"), [("use", "other"), ("use", None), ("algorithm", "rsa2048")])
def test_a_key_for_an_unknown_use_is_refused(keys: Path, field: str, value: object) -> None:
    """A typing error must not turn a key into one that seals."""
    trust = keys / "trust.json"
    table = json.loads(trust.read_text())
    next(key for key in table["keys"] if key["use"] == "offline")[field] = value
    trust.write_text(json.dumps(table))

    with pytest.raises(KeyMaterialError, match="backup"):
        Keystore.open(keys)


def test_a_real_folder_with_one_test_key_is_a_test_folder(keys: Path) -> None:
    """One word edited in the list does not make a test key fit for receipts of a real service."""
    write_trust(keys, [_real(key) for key in read_trust(keys) if key.use != "seal"])

    assert Keystore.open(keys).is_development


def test_time_acts_on_a_key_in_one_way(keys: Path) -> None:
    """Retirement takes nothing back; a compromise counts from its instant, an end of validity after it."""
    (key,) = Keystore.open(keys).service_keys("receipt")
    moment = timedelta(microseconds=1)
    assert fault_at(key, key.valid_from - moment) == "SIGNED_OUTSIDE_VALIDITY"
    assert fault_at(key, key.valid_from) is None
    assert fault_at(key, key.valid_to) is None
    assert fault_at(key, key.valid_to + moment) == "SIGNED_OUTSIDE_VALIDITY"
    retire_key(keys, key.key_id, AT)
    (retired,) = Keystore.open(keys).service_keys("receipt")
    assert fault_at(retired, LATER) is None
    mark_compromised(keys, key.key_id, AT)
    (stolen,) = Keystore.open(keys).service_keys("receipt")
    assert (fault_at(stolen, AT - moment), fault_at(stolen, AT)) == (None, "KEY_COMPROMISED")


def _service(name: str) -> Service:
    return next(use for use in SERVICES if use == name)


def _real(key: TrustedKey) -> TrustedKey:
    return replace(key, development=False)
