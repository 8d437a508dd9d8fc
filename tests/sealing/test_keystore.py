"""Keys: made once, kept for ever, opened with a remedy at hand when something is wrong."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certsvc.errors import KeyMaterialError
from certsvc.sealing.dev_keys import init_dev_keys
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.trust import read_certificate
from tests.sealing.samples import AT, PLAN

LATER = AT + timedelta(days=30)
MADE = ("p256", "offline", "receipt", "trust", "log", "sm2")
"""Keys of the short plan, in the order of the trust list."""


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_test_pki_is_what_the_plan_says(keystore: Keystore) -> None:
    """Extensions decide whether other programs accept a signature as one for documents."""
    root = x509.load_pem_x509_certificate(keystore.root_pem.read_bytes())
    kinds = {"p256": ec.EllipticCurvePublicKey, "rsa2048": rsa.RSAPublicKey, "rsa3072": rsa.RSAPublicKey}
    for algorithm, kind in kinds.items():
        signer = keystore.signer(algorithm)
        certificate = x509.load_der_x509_certificate(signer.certificate)
        issuing = x509.load_der_x509_certificate(signer.chain[0])
        certificate.verify_directly_issued_by(issuing)
        issuing.verify_directly_issued_by(root)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        assert isinstance(certificate.public_key(), kind)
        assert usage.content_commitment
        assert usage.digital_signature
        assert not usage.key_cert_sign
        assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        authority = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        identifier = issuing.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        assert authority.key_identifier == identifier.digest
    for name, length in ((root, 1), (issuing, 0)):
        constraints = name.extensions.get_extension_for_class(x509.BasicConstraints)
        assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (
            True,
            True,
            length,
        )
        assert "TEST ONLY" in name.subject.rfc4514_string()
        assert "示例" in name.subject.rfc4514_string()


def test_the_default_plan_names_every_algorithm(keystore: Keystore) -> None:
    """Each value of CERTSVC_SIGNATURE has a key, marked as one for development."""
    assert {key.algorithm for key in keystore.keys} == {"p256", "rsa2048", "rsa3072", "ed25519", "sm2"}
    assert keystore.is_development
    assert all(key.development for key in keystore.pinned)
    assert len(keystore.registry_secret) == 32


def test_a_key_id_is_the_algorithm_or_the_use_and_the_fingerprint(keys: Path) -> None:
    """Stable, readable, and different for every certificate."""
    for key, name in zip(Keystore.open(keys).keys, MADE, strict=True):
        certificate = x509.load_der_x509_certificate(read_certificate(keys / key.certificate))

        assert key.key_id == f"{name}-{certificate.fingerprint(hashes.SHA256()).hex()[:12]}"


def test_files_belong_to_their_owner_only(keys: Path) -> None:
    """Private keys are worth a register's seal."""
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    for path in keys.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_second_run_changes_nothing(keys: Path, plan: Path) -> None:
    """`make run` calls it every time."""
    before = _contents(keys)

    init_dev_keys(keys, plan, LATER)

    assert _contents(keys) == before


def test_a_signer_added_to_the_plan_is_made_beside_the_others(keys: Path, plan: Path) -> None:
    """The full plan completes what the short one began."""
    before = _contents(keys)

    init_dev_keys(keys, PLAN, LATER)

    after = _contents(keys)
    assert {name: after[name] for name in before if name != "trust.json"} == {
        name: content for name, content in before.items() if name != "trust.json"
    }
    assert Keystore.open(keys).signer("rsa2048").algorithm == "rsa2048"


WRITTEN_IN_ORDER = (
    "registry.secret", "root.key.pem", "root.pem", "issuing.key.pem", "issuing.pem",
    "p256-001.key.pem", "p256-001.pem", "offline-001.key.pem", "offline-001.pem", "receipt-001.key.pem",
    "receipt-001.pem", "trust-001.key.pem", "trust-001.pem", "log-001.key.pem", "log-001.pem",
    "sm2-root.key.pem", "sm2-root.pem",
    "sm2-maker.key.pem", "sm2-maker.pem", "sm2-001.key.pem", "sm2-001.pem", "trust.json",
)  # fmt: skip


@pytest.mark.parametrize("written", range(len(WRITTEN_IN_ORDER) + 1))
def test_a_crash_after_any_write_is_completed(written: int, keys: Path, plan: Path) -> None:
    """Power failed after the n-th file and within the next: what is there is kept, the rest is made."""
    for name in WRITTEN_IN_ORDER[written:]:
        (keys / name).rename(keys / ".unfinished-0123")
    before = {name: (keys / name).read_bytes() for name in WRITTEN_IN_ORDER[:written]}

    init_dev_keys(keys, plan, LATER)

    after = _contents(keys)
    assert {name: after[name] for name in before} == before
    assert set(after) == {*WRITTEN_IN_ORDER, ".lock"}
    assert Keystore.open(keys).signer("p256").sign(b"x")


def test_two_at_once_make_one_pki(tmp_path: Path, plan: Path) -> None:
    """Two servers started together on an empty folder."""
    folder = tmp_path / "keys"
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC;"
        "from certsvc.sealing.dev_keys import init_dev_keys;"
        "init_dev_keys(Path(sys.argv[1]), Path(sys.argv[2]), datetime(2026, 11, 20, tzinfo=UTC))"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, folder, plan]) for _ in range(3)]

    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert [key.key_id.partition("-")[0] for key in Keystore.open(folder).keys] == list(MADE)


def _delete(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _write(name: str, content: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return damage


def _open_to_all(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).chmod(0o644)


def _other_key(folder: Path) -> None:
    (folder / "p256-001.key.pem").write_bytes((folder / "issuing.key.pem").read_bytes())


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "no_trust": (_delete("trust.json"), "certsvc init"),
    "trust_cut": (_write("trust.json", b"{"), "backup"),
    "trust_of_another_format": (_write("trust.json", b'{"format": 2, "keys": []}'), "backup"),
    "trust_empty": (_write("trust.json", b'{"format": 1, "keys": []}'), "certsvc keys init"),
    "trust_no_object": (_write("trust.json", b"[]"), "backup"),
    "no_secret": (_delete("registry.secret"), "backup"),
    "secret_short": (_write("registry.secret", b"00ff\n"), "backup"),
    "secret_no_hex": (_write("registry.secret", b"\xff" * 64), "backup"),
    "secret_open": (_open_to_all("registry.secret"), "chmod 600"),
    "no_root": (_delete("root.pem"), "backup"),
    "no_issuing": (_delete("issuing.pem"), "backup"),
    "certificate_damaged": (_write("p256-001.pem", b"hello"), "backup"),
    "no_key": (_delete("p256-001.key.pem"), "backup"),
    "key_damaged": (_write("p256-001.key.pem", b"hello"), "backup"),
    "key_open": (_open_to_all("p256-001.key.pem"), "chmod 600"),
    "key_of_another": (_other_key, "backup"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named_with_its_remedy(damage: str, keys: Path) -> None:
    """An operator reads what to do, at the start and not at the first certificate."""
    spoil, remedy = DAMAGES[damage]
    spoil(keys)

    with pytest.raises(KeyMaterialError, match=remedy):
        Keystore.open(keys).signer("p256")


@pytest.mark.parametrize("lost", ["registry.secret", "p256-001.key.pem"])
def test_a_loss_is_not_papered_over(lost: str, keys: Path, plan: Path) -> None:
    """A new secret would make every row look damaged; a new key would not fit its certificate."""
    (keys / lost).unlink()

    with pytest.raises(KeyMaterialError, match="backup"):
        init_dev_keys(keys, plan, LATER)
        Keystore.open(keys).signer("p256")


def test_an_unknown_algorithm_is_refused(keys: Path) -> None:
    """The note lists what there is."""
    for name in ("rsa2048", "sm2"):
        with pytest.raises(KeyMaterialError, match=r"trusted: p256\)"):
            Keystore.open(keys).signer(name)


def test_a_signer_is_made_once(keystore: Keystore) -> None:
    """An RSA key is checked for a quarter of a second at each load."""
    assert keystore.signer("rsa3072") is keystore.signer("rsa3072")


def test_a_plan_must_say_test_only(tmp_path: Path, plan: Path) -> None:
    """Nobody gets a key that could pass for a real authority's."""
    for old, new in (("TEST ONLY Seal", "Seal"), ("p256", "ed25519"), ("[root]", "[top]"), ("= 24", "= x")):
        bad = tmp_path / "bad.toml"
        bad.write_text(plan.read_text("utf-8").replace(old, new), "utf-8")
        with pytest.raises(KeyMaterialError):
            init_dev_keys(tmp_path / "keys", bad, AT)
    assert not (tmp_path / "keys").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, plan: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "keys").write_bytes(b"")

    with pytest.raises(KeyMaterialError, match="folder of your own"):
        init_dev_keys(tmp_path / "keys", plan, AT)
    assert os.listdir(tmp_path) == ["keys"]  # noqa: PTH208  names are enough
