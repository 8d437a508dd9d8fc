"""A seal is used only when key, certificate, seal, maker, root and time agree; else it says why."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from certsvc.errors import KeyMaterialError
from certsvc.gm.certificate import pem_of
from certsvc.sealing.keystore import Keystore
from tests.sealing.samples import AT
from tests.sealing.seal_folders import (
    DAMAGES,
    NAME,
    SEAL,
    a_certificate,
    pair_in,
    put_seal,
    put_signer,
)


@pytest.mark.parametrize("border", ["valid_from", "valid_to"])
def test_a_seal_is_used_from_its_first_to_its_last_second(border: str, sealed_keys: Path) -> None:
    """A file sealed a second too early or too late would be refused by everybody."""
    store = Keystore.open(sealed_keys)
    at = getattr(store.pinned_seals[0], border)
    step = timedelta(seconds=-1 if border == "valid_from" else 1)

    assert store.seal_signer(NAME, at).key_id == store.pinned_seals[0].key_id
    with pytest.raises(KeyMaterialError, match="begins at" if border == "valid_from" else "ended at"):
        store.seal_signer(NAME, at + step)


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_does_not_belong_together_is_refused_in_words(damage: str, sealed_keys: Path) -> None:
    """An operator reads what is wrong at the start, not a holder with the first certificate."""
    spoil, told = DAMAGES[damage]
    spoil(sealed_keys)

    with pytest.raises(KeyMaterialError, match=told):
        Keystore.open(sealed_keys).seal_signer(NAME)


def test_seals_remade_by_the_same_helpers_are_accepted(sealed_keys: Path) -> None:
    """Or the refusals of wrong pairings would show nothing."""
    put_seal(sealed_keys)
    assert Keystore.open(sealed_keys).seal_signer(NAME, AT).sign(b"x")
    put_signer(sealed_keys, a_certificate(pair_in(sealed_keys, "sm2-root")))
    assert Keystore.open(sealed_keys).seal_signer(NAME, AT).sign(b"x")


def test_maker_and_signer_may_stand_under_different_authorities(sealed_keys: Path) -> None:
    """A real seal maker and a real issuer have their certificates from different CAs: one file holds both."""
    authority = a_certificate(path_length=0)
    put_seal(sealed_keys, maker=a_certificate(authority))
    root = sealed_keys / "sm2-root.pem"
    root.write_bytes(root.read_bytes() + b"\n# the seal maker's\n" + pem_of(authority[0].der))

    assert Keystore.open(sealed_keys).seal_signer(NAME, AT).sign(b"x")


def test_a_renewed_seal_of_one_key_follows_the_one_before(sealed_keys: Path) -> None:
    """A seal ends sooner than a key: the next one is a further line, and the one before stays pinned."""
    table = json.loads((sealed_keys / "trust.json").read_text("utf-8"))
    before = (sealed_keys / SEAL).read_bytes()
    put_seal(sealed_keys)
    (sealed_keys / SEAL).rename(sealed_keys / "renewed.esl")
    (sealed_keys / SEAL).write_bytes(before)
    table["keys"].append(table["keys"][-1] | {"key_id": "renewed", "seal": "renewed.esl"})
    (sealed_keys / "trust.json").write_text(json.dumps(table), "utf-8")

    store = Keystore.open(sealed_keys)
    assert store.seal_signer(NAME, AT).key_id == "renewed"
    assert store.seal_signer(NAME, AT).seal == (sealed_keys / "renewed.esl").read_bytes() != before
    assert store.pinned_seals[0].seal == before


@pytest.mark.parametrize("shorter", ["seal", "certificate"])
def test_a_seal_counts_only_while_its_certificate_does(shorter: str, sealed_keys: Path) -> None:
    """Whichever ends first ends both."""
    first = AT + timedelta(days=7)
    if shorter == "seal":
        put_seal(sealed_keys, valid_from=first)
    else:
        table = json.loads((sealed_keys / "trust.json").read_text("utf-8"))
        table["keys"][-1]["valid_from"] = first.isoformat()
        (sealed_keys / "trust.json").write_text(json.dumps(table), "utf-8")

    store = Keystore.open(sealed_keys)
    assert store.pinned_seals[0].valid_from == first
    assert store.seal_signer(NAME, first).sign(b"x")
    with pytest.raises(KeyMaterialError, match="begins at"):
        store.seal_signer(NAME, first - timedelta(seconds=1))


def test_a_test_seal_is_known_by_its_certificates_too(sealed_keys: Path) -> None:
    """One word edited in a file must not let test seals into production."""
    table = json.loads((sealed_keys / "trust.json").read_text("utf-8"))
    table["keys"] = [line | {"development": False} for line in table["keys"] if line["algorithm"] == "sm2"]
    (sealed_keys / "trust.json").write_text(json.dumps(table), "utf-8")

    assert Keystore.open(sealed_keys).is_development


@pytest.mark.parametrize("change", ["path", "number", "pdf"])
def test_a_trust_list_edited_badly_about_a_seal_is_refused(change: str, sealed_keys: Path) -> None:
    """No file outside the folder, no seal beside a key that cannot use it."""
    table = json.loads((sealed_keys / "trust.json").read_text("utf-8"))
    sm2 = table["keys"][-1]
    if change == "path":
        (sealed_keys / sm2["seal"]).rename(sealed_keys.parent / sm2["seal"])
        sm2["seal"] = f"../{sm2['seal']}"
    elif change == "number":
        sm2["seal"] = 1
    else:
        table["keys"][0]["seal"] = sm2["seal"]
    (sealed_keys / "trust.json").write_text(json.dumps(table), "utf-8")

    with pytest.raises(KeyMaterialError, match=r"trust\.json is damaged .* backup"):
        Keystore.open(sealed_keys)


def test_a_signer_shows_nothing_of_its_key(sealed_keys: Path) -> None:
    """It lands in logs and error reports."""
    signer = Keystore.open(sealed_keys).seal_signer(NAME)
    _, key = pair_in(sealed_keys, "sm2-001")

    assert str(key.scalar) not in repr(signer)
    assert f"{key.scalar:x}" not in repr(signer)
