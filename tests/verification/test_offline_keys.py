"""Which key signed, and what is known of it: a reader without our register cannot know more."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from certsvc.domain.report import Check
from certsvc.qr.offline import encode_claims
from certsvc.sealing.trust import mark_compromised, retire_key
from certsvc.verification.offline import OfflineVerifier
from tests.offline import PUBLIC_URL, SampleSigner, a_world_with_codes
from tests.verification.offline_hand import HOUR, Handed, ask, code_on, fresh_bundle, of, with_key
from tests.world import World


def test_a_strangers_key_under_our_keys_name_is_no_key_of_ours(handed: Handed) -> None:
    """The signature decides, not the name in the code."""
    ours = handed.world.services.keystore.service_signer("offline")
    forger = SampleSigner(key_id=ours.key_id, private_key=ec.generate_private_key(ec.SECP256R1()))

    report = ask(handed, encode_claims(handed.claims, forger, public_url=PUBLIC_URL)).report

    assert report.status == "ALTERED"
    assert of(report, Check.SIGNATURE) == ("fail", "SIGNATURE_BROKEN")
    assert report.specialties == ()


def test_a_key_the_bundle_does_not_know_is_not_ours(handed: Handed) -> None:
    """Unless the code claims to be newer than the bundle: then a newer bundle may know better."""
    text = encode_claims(handed.claims, SampleSigner(), public_url=PUBLIC_URL)
    older = replace(handed.bundle, issued_at=handed.claims.issued_at - HOUR)

    assert ask(handed, text).report.status == "NOT_OURS"
    assert of(ask(handed, text).report, Check.SIGNER_PINNED) == ("fail", "SIGNER_NOT_OURS")
    report = ask(handed, text, older).report
    assert report.status == "UNAVAILABLE"
    assert of(report, Check.SIGNER_PINNED) == ("unknown", "KEYS_OLDER")


def test_a_key_for_another_use_signs_no_codes(handed: Handed) -> None:
    """The key of receipts is ours too; what it signs is no certificate."""
    signer = handed.world.services.keystore.service_signer("receipt")

    assert (
        ask(handed, encode_claims(handed.claims, signer, public_url=PUBLIC_URL)).report.status == "NOT_OURS"
    )


@pytest.mark.parametrize("after", [timedelta(days=-1000), timedelta(0), timedelta(days=1000)])
def test_a_leaked_key_says_nothing_whatever_instant_it_claims(handed: Handed, after: timedelta) -> None:
    """Who has the key writes any instant, and no register is at hand that knows the true one."""
    bundle = with_key(handed.bundle, "offline", compromised_since=handed.claims.issued_at + after)

    report = ask(handed, handed.text, bundle).report

    assert report.status == "NOT_OURS"
    assert of(report, Check.SIGNER_PINNED) == ("fail", "KEY_COMPROMISED")


def test_a_retired_key_stays_good_and_its_own_days_bind_it(handed: Handed) -> None:
    """Retirement is no fault: what was signed before, and by a server that learnt of it late, is good."""
    at = handed.claims.issued_at
    second = timedelta(seconds=1)
    for changes, status in (
        ({"retired_at": at + second}, "VALID"),
        ({"retired_at": at - second}, "VALID"),
        ({"valid_from": at}, "VALID"),
        ({"valid_to": at}, "VALID"),
        ({"valid_from": at + second}, "NOT_OURS"),
        ({"valid_to": at - second}, "NOT_OURS"),
    ):
        report = ask(handed, handed.text, with_key(handed.bundle, "offline", **changes)).report
        assert report.status == status, changes
        if status == "NOT_OURS":
            assert of(report, Check.SIGNER_PINNED) == ("fail", "SIGNED_OUTSIDE_VALIDITY")


def test_what_the_keystore_withdraws_reaches_the_bundle(
    tmp_path: Path, dev_keys: Path, font_cache: Path
) -> None:
    """From the operator's command to the reader in the field."""
    keys = tmp_path / "own-keys"
    shutil.copytree(dev_keys, keys)
    world = a_world_with_codes(tmp_path, keys, font_cache)
    world.initial()
    text = code_on(world.file(world.endorse()))
    key = world.services.keystore.service_signer("offline").key_id
    for withdraw, status in ((retire_key, "VALID"), (mark_compromised, "NOT_OURS")):
        withdraw(keys, key, world.clock.now())
        world.jump(seconds=60)
        bundle = fresh_bundle(World(world.settings, world.clock))

        verifier = OfflineVerifier(bundle, None)  # type: ignore[arg-type]  # no file, no reader
        assert verifier.verify_text(text, now=world.clock.now()).report.status == status
