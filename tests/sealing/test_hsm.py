"""Keys in hardware: SoftHSM2 signs as a file does, and whatever is wrong with it is said in words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_public_key

from certsvc.errors import HSMUnavailableError, KeyMaterialError
from certsvc.sealing import hsm as module
from certsvc.sealing.cms import verifies
from certsvc.sealing.dev_keys import rotate_dev_key
from certsvc.sealing.hsm import PKCS11, HSMPlace
from certsvc.sealing.jws import read_jws, sign_jws
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.trust import read_trust
from tests.sealing.samples import AT, PLAN
from tests.softhsm import TOKEN, SoftHSM


@pytest.fixture
def place(softhsm: SoftHSM) -> HSMPlace:
    """Where the token of this run is."""
    return HSMPlace(module=softhsm.module, token=TOKEN, pin_file=softhsm.folder / "pin")


@pytest.fixture
def hsm(place: HSMPlace) -> PKCS11:
    """The token, nothing asked of it yet."""
    return PKCS11(place)


@pytest.fixture
def present(softhsm: SoftHSM) -> Iterator[SoftHSM]:
    """The token, put back when a test has pulled it out."""
    yield softhsm
    if not (softhsm.folder / "tokens").exists():
        softhsm.come_back()


@pytest.mark.parametrize(("name", "label"), [("p256", "pdf-p256"), ("rsa2048", "pdf-rsa")])
def test_a_key_in_the_token_signs_as_one_in_a_file(name: str, label: str, keys: Path, hsm: PKCS11) -> None:
    """The private key has no file, the certificate is like any other, and the old one still verifies."""
    new = rotate_dev_key(keys, PLAN, name, AT, hsm_label=label, hsm=hsm)
    store = Keystore.open(keys, hsm=hsm)
    signer = store.signer(name, AT)

    assert (signer.key_id, signer.algorithm, new.hsm_label) == (new.key_id, name, label)
    assert not list(keys.glob(f"{Path(new.certificate).stem}.key.pem"))
    certificate = x509.load_der_x509_certificate(signer.certificate)
    assert certificate.public_key() == load_der_public_key(hsm.public_key(label))
    certificate.verify_directly_issued_by(x509.load_der_x509_certificate(signer.chain[0]))
    family = "ecdsa" if name == "p256" else "rsa"
    assert verifies(signer.certificate, family, signer.sign(b"message"), b"message")
    assert store.signer(name, AT) is signer


def test_a_statement_is_signed_in_the_token(keys: Path, hsm: PKCS11) -> None:
    """Receipts and the trust list are P-256 too."""
    rotate_dev_key(keys, PLAN, "receipt", AT, hsm_label="receipt-p256", hsm=hsm)
    store = Keystore.open(keys, hsm=hsm)
    text = sign_jws({"verdict": "VALID"}, store.service_signer("receipt", AT), typ="test+jws")

    assert read_jws(text, store.service_keys("receipt"), typ="test+jws")[0] == {"verdict": "VALID"}


def test_threads_take_turns(hsm: PKCS11) -> None:
    """The binding tells the module of no threads, so two must never be inside it at once."""
    with ThreadPoolExecutor(8) as threads:
        signed = list(threads.map(lambda n: hsm.sign("pdf-p256", "p256", b"%d" % n), range(200)))
    assert len(set(signed)) == 200


def test_a_token_that_went_away_is_said_and_found_again(hsm: PKCS11, present: SoftHSM) -> None:
    """Pulled out in the midst: the call ends in words; put back, the next one logs in anew by itself."""
    assert hsm.sign("pdf-p256", "p256", b"before")
    present.go_away()
    with pytest.raises(HSMUnavailableError, match="does not answer"):
        hsm.sign("pdf-p256", "p256", b"meanwhile")
    with pytest.raises(HSMUnavailableError, match="away just now"):
        hsm.sign("pdf-p256", "p256", b"at once")
    present.come_back()
    hsm._away_until = time.monotonic()

    assert hsm.sign("pdf-p256", "p256", b"after")


def test_a_busy_token_keeps_nobody_waiting_for_ever(hsm: PKCS11, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that hangs would otherwise take every thread of a server with it."""
    monkeypatch.setattr(module, "WAIT_S", 0.01)
    with module._TURN, pytest.raises(HSMUnavailableError, match="busy"):
        hsm.sign("pdf-p256", "p256", b"x")


def _said(act: Callable[[], object]) -> str:
    with pytest.raises(KeyMaterialError) as caught:
        act()
    return caught.value.note


def test_what_is_set_wrongly_is_said_in_words(
    keys: Path, place: HSMPlace, hsm: PKCS11, tmp_path: Path
) -> None:
    """Label, kind, certificate, module, binding: each with what to do."""
    certificate = Keystore.open(keys).signer("p256").certificate
    other = lambda: hsm.signer(  # noqa: E731
        "pdf-p256", key_id="p256-x", certificate=certificate, chain=(), algorithm="p256"
    )

    assert "no single key 'nobody'" in _said(lambda: hsm.sign("nobody", "p256", b"x"))
    assert "no rsa2048 key" in _said(lambda: hsm.sign("pdf-p256", "rsa2048", b"x"))
    assert "not the one of p256-x" in _said(other)
    gone = PKCS11(replace(place, module=tmp_path / "no.so"))
    assert "CERTSVC_PKCS11_MODULE" in _said(lambda: gone.sign("pdf-p256", "p256", b"x"))
    with pytest.raises(HSMUnavailableError, match="'elsewhere'"):
        PKCS11(replace(place, token="elsewhere")).sign("pdf-p256", "p256", b"x")


def test_a_wrong_pin_is_tried_once(place: HSMPlace, softhsm: SoftHSM, tmp_path: Path) -> None:
    """A few wrong ones lock a token for good; each request would be one."""
    import pkcs11

    pkcs11.lib(str(softhsm.module)).reinitialize()
    wrong = tmp_path / "pin"
    wrong.touch(mode=0o600)
    wrong.write_text("0000")
    hsm = PKCS11(replace(place, pin_file=wrong))

    assert "refuses the PIN" in _said(lambda: hsm.sign("pdf-p256", "p256", b"x"))
    assert "not tried again" in _said(lambda: hsm.sign("pdf-p256", "p256", b"x"))
    wrong.write_text((softhsm.folder / "pin").read_text())
    assert hsm.sign("pdf-p256", "p256", b"x")
    wrong.chmod(0o644)
    assert "chmod 600" in _said(replace(place, pin_file=wrong).read_pin)
    assert "CERTSVC_PKCS11_PIN_FILE" in _said(replace(place, pin_file=None).read_pin)


def test_a_list_that_names_the_token_wants_the_token(keys: Path, hsm: PKCS11) -> None:
    """A server started without the settings says which."""
    rotate_dev_key(keys, PLAN, "p256", AT, hsm_label="pdf-p256", hsm=hsm)

    assert "CERTSVC_PKCS11_MODULE" in _said(lambda: Keystore.open(keys).signer("p256", AT))
    assert Keystore.open(keys).pinned[-1].key_id == read_trust(keys)[-1].key_id


def test_keys_that_no_token_may_hold_are_refused(keys: Path, hsm: PKCS11) -> None:
    """Nothing is written: the list stays as it was."""
    before = (keys / "trust.json").read_bytes()

    assert "cannot be one for log" in _said(
        lambda: rotate_dev_key(keys, PLAN, "log", AT, hsm_label="pdf-p256", hsm=hsm)
    )
    assert "no rsa2048 key" in _said(
        lambda: rotate_dev_key(keys, PLAN, "rsa2048", AT, hsm_label="pdf-p256", hsm=hsm)
    )
    assert "no PKCS#11 token is set" in _said(
        lambda: rotate_dev_key(keys, PLAN, "p256", AT, hsm_label="pdf-p256")
    )
    assert (keys / "trust.json").read_bytes() == before
