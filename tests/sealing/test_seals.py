"""Our seals: made once for each issuer, used only when key, certificate, seal, maker and root agree."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from certsvc.errors import KeyMaterialError
from certsvc.gm.certificate import issued_by, read_certificate
from certsvc.gm.seal import maker_signed, read_seal
from certsvc.sealing.dev_keys import init_dev_keys
from certsvc.sealing.dev_seals import ensure_dev_seal, has_seal, rotate_dev_seal
from certsvc.sealing.gm_pairs import read_gm_certificate
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.port import SealSigner
from certsvc.sealing.trust import mark_compromised, read_trust, retire_key
from tests.sealing.samples import AT
from tests.sealing.seal_folders import (
    NAME,
    OTHER,
    PICTURE,
    add_seal,
)

LATER = AT + timedelta(days=30)
SECOND = ("sm2-002.key.pem", "sm2-002.pem", "seal-sm2-002.esl")


def test_the_seal_is_what_the_plan_says(sealed_keys: Path) -> None:
    """Readers show these facts, and the maker's signature is over them."""
    store = Keystore.open(sealed_keys)
    signer = store.seal_signer(NAME, AT)
    seal, certificate = read_seal(signer.seal), read_certificate(signer.certificate)
    maker, root = read_certificate(seal.maker), read_gm_certificate(sealed_keys / "sm2-root.pem")

    assert (seal.name, seal.vendor, seal.certificates) == (NAME, "certsvc", (signer.certificate,))
    assert (seal.picture.content, seal.picture.width_mm, seal.picture.height_mm) == (PICTURE, 38, 38)
    assert seal.seal_id.endswith(signer.key_id)
    assert certificate.not_before <= seal.valid_from < AT < seal.valid_to <= certificate.not_after
    assert maker_signed(seal)
    assert issued_by(maker, root)
    assert issued_by(certificate, root)
    assert certificate.usages == {"digitalSignature", "nonRepudiation"}
    assert all("TEST ONLY" in one.subject for one in (certificate, maker, root))
    assert certificate.public_key.verify(b"message", signer.sign(b"message"))


def test_what_is_pinned_is_the_seal_and_its_time(sealed_keys: Path) -> None:
    """A checker trusts exact bytes, and only while seal and certificate are both valid."""
    store = Keystore.open(sealed_keys)
    (pinned,) = store.pinned_seals
    signer = store.seal_signer(NAME)
    seal = read_seal(pinned.seal)

    assert (pinned.key_id, pinned.seal, pinned.certificate) == (
        signer.key_id,
        signer.seal,
        signer.certificate,
    )
    assert (pinned.valid_from, pinned.valid_to) == (seal.valid_from, seal.valid_to)
    assert pinned.development
    assert pinned.key_id not in {key.key_id for key in store.pinned}


def test_openssl_finds_maker_and_signer_under_the_root(sealed_keys: Path) -> None:
    """A program that shares no line with ours agrees about every certificate."""
    for name in ("sm2-maker.pem", "sm2-001.pem"):
        done = subprocess.run(
            ["openssl", "verify", "-vfyopt", "distid:1234567812345678", "-x509_strict",
             "-attime", str(int(AT.timestamp())), "-CAfile", sealed_keys / "sm2-root.pem",
             sealed_keys / name],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), name
        assert done.stdout.strip().endswith(": OK")


def test_a_second_run_changes_nothing(sealed_keys: Path, plan: Path) -> None:
    """Not even when the picture would be drawn anew: files in holders' hands carry the first one."""
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in sealed_keys.iterdir()}

    init_dev_keys(sealed_keys, plan, LATER)
    ensure_dev_seal(sealed_keys, plan, name=NAME, picture=b"other", size_mm=40, now=LATER)

    after = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in sealed_keys.iterdir()}
    assert after == before


def test_each_issuer_has_a_seal_and_a_key_of_its_own(sealed_keys: Path, plan: Path) -> None:
    """A folder may serve two issuers; neither can seal in the other's name."""
    add_seal(sealed_keys, plan, OTHER, LATER)
    store = Keystore.open(sealed_keys)
    first, second = store.seal_signer(NAME), store.seal_signer(OTHER)

    assert (has_seal(sealed_keys, NAME), has_seal(sealed_keys, OTHER)) == (True, True)
    assert not has_seal(sealed_keys, NAME + " ")
    assert first.certificate != second.certificate
    assert read_seal(second.seal).name == OTHER
    assert len(store.pinned_seals) == 2
    assert stat_of(sealed_keys) == {0o600}


def stat_of(folder: Path) -> set[int]:
    """The modes of all files."""
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}


@pytest.mark.parametrize("written", range(len(SECOND) + 1))
def test_a_crash_while_a_seal_is_made_is_completed(written: int, sealed_keys: Path, plan: Path) -> None:
    """Power failed after the n-th file and within the next: what is there is kept, the rest is made."""
    trust = (sealed_keys / "trust.json").read_bytes()
    add_seal(sealed_keys, plan, OTHER)
    (sealed_keys / "trust.json").write_bytes(trust)
    for name in SECOND[written:]:
        (sealed_keys / name).rename(sealed_keys / ".unfinished-0123")
    before = {name: (sealed_keys / name).read_bytes() for name in SECOND[:written] if name.endswith(".pem")}

    add_seal(sealed_keys, plan, OTHER, LATER)

    assert {name: (sealed_keys / name).read_bytes() for name in before} == before
    assert Keystore.open(sealed_keys).seal_signer(OTHER, LATER).sign(b"x")
    assert not list(sealed_keys.glob(".unfinished-*"))


def test_a_seal_left_by_a_crash_is_not_taken_for_another_issuer(keys: Path, plan: Path) -> None:
    """The run after the crash may have another name to make a seal for."""
    trust = (keys / "trust.json").read_bytes()
    add_seal(keys, plan, OTHER)
    (keys / "trust.json").write_bytes(trust)

    add_seal(keys, plan, NAME)

    store = Keystore.open(keys)
    assert [one.seal.name for one in store.seals] == [NAME]
    assert store.seal_signer(NAME, AT).sign(b"x")


def test_two_at_once_make_one_seal_for_each_issuer(tmp_path: Path, plan: Path) -> None:
    """Servers of two issuers started together on an empty folder."""
    folder = tmp_path / "keys"
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC;"
        "from certsvc.sealing.dev_keys import init_dev_keys;"
        "from certsvc.sealing.dev_seals import ensure_dev_seal;"
        "folder, plan, now = Path(sys.argv[1]), Path(sys.argv[2]), datetime(2026, 11, 20, tzinfo=UTC);"
        "init_dev_keys(folder, plan, now);"
        "ensure_dev_seal(folder, plan, name=sys.argv[3], picture=b'png', size_mm=38, now=now)"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, folder, plan, name])
        for name in (NAME, OTHER, NAME, OTHER)
    ]

    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    store = Keystore.open(folder)
    assert sorted(one.seal.name for one in store.seals) == sorted((NAME, OTHER))
    assert [key.algorithm for key in store.keys].count("sm2") == 2
    assert all(store.seal_signer(name).sign(b"x") for name in (NAME, OTHER))


def test_many_threads_load_one_signer(sealed_keys: Path) -> None:
    """Every thread of a server asks at its first copy."""
    together = Barrier(16)

    def ask(store: Keystore) -> SealSigner:
        together.wait()
        return store.seal_signer(NAME)

    with ThreadPoolExecutor(16) as threads:
        for _ in range(20):
            signers = list(threads.map(ask, [Keystore.open(sealed_keys)] * 16))
            assert all(signer is signers[0] for signer in signers)


def test_an_issuer_without_seal_is_told_what_there_is(keys: Path, plan: Path) -> None:
    """The usual mistake is one character of CERTSVC_ISSUER_NAME."""
    with pytest.raises(KeyMaterialError, match=r"no seal for .*init --dev"):
        Keystore.open(keys).seal_signer(NAME)
    add_seal(keys, plan)
    with pytest.raises(KeyMaterialError, match=rf"no seal for {OTHER}, only for {NAME}.*CERTSVC_ISSUER_NAME"):
        Keystore.open(keys).seal_signer(OTHER)


def test_a_folder_from_before_seals_works_and_is_completed(keys: Path, plan: Path) -> None:
    """It verifies and makes PDF as before; an init adds what OFD needs and changes nothing else."""
    for path in keys.glob("sm2-*"):
        path.unlink()
    lines = (keys / "trust.json").read_text("utf-8")
    old = [key for key in read_trust(keys) if key.algorithm != "sm2"]
    (keys / "trust.json").write_text(_without_seals(lines), "utf-8")

    store = Keystore.open(keys)

    assert store.keys == tuple(old)
    assert store.pinned_seals == ()
    assert store.signer("p256").sign(b"x")
    init_dev_keys(keys, plan, LATER)
    add_seal(keys, plan, NAME, LATER)
    assert Keystore.open(keys).pinned == store.pinned
    assert Keystore.open(keys).seal_signer(NAME, LATER).sign(b"x")


def _without_seals(text: str) -> str:
    """A trust list as it was written before there were seals."""
    table = json.loads(text)
    table["keys"] = [line for line in table["keys"] if line["algorithm"] != "sm2"]
    for line in table["keys"]:
        del line["seal"]
    return json.dumps(table)


def test_rotation_makes_key_and_seal_and_retires_that_issuers_only(sealed_keys: Path, plan: Path) -> None:
    """What the old seal sealed stays good; the other issuer notices nothing."""
    add_seal(sealed_keys, plan, OTHER)
    old, other = (Keystore.open(sealed_keys).seal_signer(name) for name in (NAME, OTHER))

    new = rotate_dev_seal(sealed_keys, plan, name=NAME, picture=PICTURE, size_mm=38, now=LATER)

    store = Keystore.open(sealed_keys)
    assert store.seal_signer(NAME, LATER).key_id == new.key_id != old.key_id
    assert store.seal_signer(OTHER).seal == other.seal
    assert {one.key_id: one.retired_at for one in store.pinned_seals} == {
        old.key_id: LATER,
        other.key_id: None,
        new.key_id: None,
    }


@pytest.mark.parametrize("withdraw", [retire_key, mark_compromised])
def test_a_withdrawn_seal_seals_nothing_and_is_not_replaced_unasked(
    withdraw: Callable[[Path, str, datetime], object], sealed_keys: Path, plan: Path
) -> None:
    """An init at the next start must not undo what an operator decided."""
    (pinned,) = Keystore.open(sealed_keys).pinned_seals
    withdraw(sealed_keys, pinned.key_id, LATER)
    add_seal(sealed_keys, plan, NAME, LATER)

    store = Keystore.open(sealed_keys)
    with pytest.raises(KeyMaterialError, match=r"every seal of .*rotate sm2"):
        store.seal_signer(NAME)
    (after,) = store.pinned_seals
    assert after.retired_at == LATER
    assert after.compromised_since == (LATER if withdraw is mark_compromised else None)


def test_a_signer_withdrawn_before_it_had_a_seal_gets_none(keys: Path, plan: Path) -> None:
    """It is not to be used, whatever for; the seal goes to the next one."""
    waiting = read_trust(keys)[-1]
    retire_key(keys, waiting.key_id, AT)

    add_seal(keys, plan)

    store = Keystore.open(keys)
    assert store.seal_signer(NAME, AT).key_id != waiting.key_id
    assert [key.seal for key in store.keys if key.key_id == waiting.key_id] == [None]
