"""Which key signs at an instant: keys follow each other by time, the next one is known before it signs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509 import load_der_x509_certificate

from certsvc.errors import KeyMaterialError
from certsvc.sealing.dev_keys import rotate_dev_key
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.trust import mark_compromised, read_trust, retire_key
from tests.sealing.samples import AT

MOMENT = timedelta(microseconds=1)
CHANGE = AT + timedelta(days=7)
NAMES = ("p256", "offline", "receipt", "trust", "log")


def signing(keys: Path, name: str, at: object) -> str:
    """The id of the key that signs then."""
    store = Keystore.open(keys)
    if name == "p256":
        return store.signer(name, at).key_id  # type: ignore[arg-type]  # an instant
    return store.service_signer(name, at).key_id  # type: ignore[arg-type]  # one of NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_next_key_is_known_at_once_and_signs_from_its_instant_on(
    name: str, keys: Path, plan: Path
) -> None:
    """Whoever keeps our list for a while must know a key before he meets what it signed."""
    old = signing(keys, name, AT)
    new = rotate_dev_key(keys, plan, name, AT, at=CHANGE)

    assert new.active_from == CHANGE
    assert new.key_id in {key.key_id for key, _ in Keystore.open(keys).listed()}
    assert [signing(keys, name, at) for at in (AT, CHANGE - MOMENT, CHANGE)] == [old, old, new.key_id]
    before = next(key for key in read_trust(keys) if key.key_id == old)
    assert (before.retired_at, before.compromised_since) == (CHANGE, None)


def test_an_open_keystore_changes_over_by_the_clock_alone(keys: Path, plan: Path) -> None:
    """At the planned instant nobody has to be there."""
    store = Keystore.open(keys)
    new = rotate_dev_key(keys, plan, "p256", AT, at=CHANGE)

    at_work = [store.signer("p256", at) for at in (CHANGE - MOMENT, CHANGE, CHANGE + MOMENT)]

    assert [one.key_id == new.key_id for one in at_work] == [False, True, True]
    assert len({one.certificate for one in at_work}) == 2


def test_a_leaked_key_leaves_no_gap_when_its_successor_waits(keys: Path, plan: Path) -> None:
    """It begins before its time: whoever withdraws a key in haste has not to think of the next one."""
    old = signing(keys, "p256", AT)
    new = rotate_dev_key(keys, plan, "p256", AT, at=CHANGE)
    mark_compromised(keys, old, AT)

    assert [signing(keys, "p256", at) for at in (AT, CHANGE)] == [new.key_id] * 2
    mark_compromised(keys, new.key_id, AT)
    with pytest.raises(KeyMaterialError, match="rotate p256"):
        signing(keys, "p256", AT)


def test_where_nobody_signs_any_more_the_next_key_waits_for_nothing(keys: Path, plan: Path) -> None:
    """After a compromise there is nothing to overlap with."""
    mark_compromised(keys, signing(keys, "receipt", AT), AT - timedelta(days=3))

    new = rotate_dev_key(keys, plan, "receipt", AT, at=CHANGE)

    assert new.active_from is None
    assert signing(keys, "receipt", AT) == new.key_id


def test_a_key_signs_until_the_moment_it_is_retired(keys: Path) -> None:
    """From that moment on it never signs again, whatever is asked of it later."""
    key_id = signing(keys, "p256", AT)
    retire_key(keys, key_id, CHANGE)

    assert signing(keys, "p256", CHANGE - MOMENT) == key_id
    for at in (CHANGE, CHANGE + timedelta(days=400)):
        with pytest.raises(KeyMaterialError, match="retired"):
            signing(keys, "p256", at)
    retire_key(keys, key_id, CHANGE + timedelta(days=1))
    assert next(key for key in read_trust(keys) if key.key_id == key_id).retired_at == CHANGE
    retire_key(keys, key_id, AT)
    assert next(key for key in read_trust(keys) if key.key_id == key_id).retired_at == AT


def test_a_certificate_that_ended_signs_nothing(keys: Path) -> None:
    """What it signed would be refused by everybody, ourselves first."""
    store = Keystore.open(keys)
    (pinned,) = store.pinned

    assert store.signer("p256", pinned.valid_to).key_id == pinned.key_id
    with pytest.raises(KeyMaterialError, match="ended at"):
        store.signer("p256", pinned.valid_to + MOMENT)
    with pytest.raises(KeyMaterialError, match="set the clock right"):
        store.signer("p256", pinned.valid_from - MOMENT)


def test_the_key_of_the_log_is_ed25519_and_for_nothing_else(keys: Path) -> None:
    """Checkpoints are signed notes; their readers know that algorithm."""
    signer = Keystore.open(keys).service_signer("log", AT)
    public = load_der_x509_certificate(signer.certificate).public_key()

    assert signer.algorithm == "ed25519"
    assert isinstance(public, Ed25519PublicKey)
    public.verify(signer.sign(b"a checkpoint"), b"a checkpoint")
