"""The same certificate from a key in SoftHSM2: issued, judged by others; and what happens when it goes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from certsvc.domain.certificate import Face
from certsvc.domain.endorsement import FORMATS
from certsvc.errors import HSMUnavailableError
from certsvc.sealing.hsm import PKCS11
from certsvc.sealing.pdf import seal_draft
from certsvc.wiring import rotate_key
from certsvc.wiring.keys import hsm_of
from tests.factories import FixedClock
from tests.flows.press_room import WatchedPress, a_desk, prepared, reserved
from tests.flows.test_chunks import endorsing, number, told
from tests.sealing.samples import cms_of, covered_of
from tests.softhsm import SoftHSM
from tests.tools import need
from tests.world import World, settings_in

KEYS = [("p256", "pdf-p256"), ("rsa2048", "pdf-rsa")]


@pytest.fixture
def place(tmp_path: Path, dev_keys: Path, font_cache: Path, softhsm: SoftHSM) -> dict[str, str]:
    """Settings that name the token, and a copy of the keys."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    shutil.copytree(dev_keys, tmp_path / "keys")
    return {name.removeprefix("CERTSVC_").lower(): value for name, value in softhsm.settings.items()}


def a_world(tmp_path: Path, place: dict[str, str], algorithm: str) -> World:
    """Somebody who wants a certificate."""
    settings = settings_in(tmp_path / "var", tmp_path / "keys", signature=algorithm, **place)
    world = World(settings, FixedClock())
    world.initial()
    return world


@pytest.fixture
def present(softhsm: SoftHSM) -> Iterator[SoftHSM]:
    """The token, put back when a test has pulled it out."""
    yield softhsm
    if not (softhsm.folder / "tokens").exists():
        softhsm.come_back()


def judged_by_others(world: World, sealed: bytes, folder: Path) -> str:
    """What pdfsig and openssl say of a file."""
    root = world.services.keystore.root_pem
    store = f"sql:{folder / 'nss'}"
    (folder / "nss").mkdir()
    for name, content in (("a.pdf", sealed), ("cms.der", cms_of(sealed)), ("covered", covered_of(sealed))):
        (folder / name).write_bytes(content)
    commands: list[list[object]] = [
        [need("certutil"), "-N", "-d", store, "--empty-password"],
        [need("certutil"), "-A", "-d", store, "-n", "root", "-t", "CT,CT,CT", "-i", root],
        [need("pdfsig"), "-nssdir", store, folder / "a.pdf"],
        [
            *(need("openssl"), "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-purpose", "any"),
            *("-in", folder / "cms.der", "-content", folder / "covered", "-out", os.devnull, "-CAfile", root),
        ],
    ]
    said = ""
    for command in commands:
        done = subprocess.run([str(word) for word in command], capture_output=True, check=True, timeout=60)
        said += (done.stdout + done.stderr).decode("utf-8", "replace")
    return said


@pytest.mark.parametrize(("algorithm", "label"), KEYS)
def test_softhsm_issues_the_same_certificate(
    algorithm: str, label: str, tmp_path: Path, place: dict[str, str]
) -> None:
    """Only the certificate's name, the signature's value and its room differ from a file sealed by a file."""
    world = a_world(tmp_path, place, algorithm)
    by_file = world.services.keystore.signer(algorithm)
    new = rotate_key(world.settings, "pdf", world.clock, hsm_label=label)
    copy = world.endorse()
    sealed = world.file(copy)

    assert world.verify(file=sealed).status == "VALID"
    with world.services.registry.reading() as session:
        kept = session.find_copy_by_token(str(copy["token"]))
    assert kept is not None and kept.key_id == new.key_id
    words = judged_by_others(world, sealed, tmp_path)
    assert words.count("Signature Validation: Signature is Valid.") == 1
    assert "Certificate Validation: Certificate is Trusted." in words
    assert "Verification successful" in words

    # One page, prepared once, sealed by each of the two.
    world.jump(days=1)
    press = world.services.desk._press
    row = reserved(world, press)
    work = prepared(press, row, _images(world, row.version.face))
    in_hardware, in_a_file = (
        _parts(
            seal_draft(
                work.pdf, signer=signer, at=row.copy.reserved_at, reason="电子证照签发", location="示例"
            )
        )
        for signer in (press._signer(), by_file)
    )
    assert in_hardware == in_a_file


def _images(world: World, face: Face) -> tuple[bytes, bytes]:
    assert face.photo_sha256 is not None and face.signature_sha256 is not None
    with world.services.registry.reading() as session:
        return session.get_image(face.photo_sha256), session.get_image(face.signature_sha256)


def _parts(sealed: bytes) -> list[str]:
    """Every object of a PDF by its digest, but for the signature's value and where it stands."""
    with pikepdf.open(BytesIO(sealed)) as pdf:
        told = []
        for item in pdf.objects:
            if isinstance(item, pikepdf.Dictionary) and "/ByteRange" in item:
                del item["/ByteRange"], item["/Contents"]
            if isinstance(item, pikepdf.Stream):
                told.append(hashlib.sha256(item.read_raw_bytes()).hexdigest())
            else:
                told.append(item.unparse().decode("latin-1"))
        return told


def test_a_token_gone_in_the_midst_fails_in_words_and_frees_the_day(
    tmp_path: Path, place: dict[str, str], present: SoftHSM, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sealed before it went is issued; the others have their day, and come again when it is back."""
    monkeypatch.setattr("certsvc.issuing.press_run.ABREAST", 2)
    world = a_world(tmp_path, place, "p256")
    rotate_key(world.settings, "pdf", world.clock, hsm_label="pdf-p256")
    for order in range(2, 6):
        world.initial(number(order), order=order)
    press = WatchedPress(world.services.desk._press, lambda turn: present.go_away() if turn == 3 else None)
    orders = [endorsing(number(order), f"k{order}") for order in range(2, 6)]

    outcomes = a_desk(world, press=press).take(orders)

    assert sorted(told(outcomes)) == ["CREATED"] * 2 + ["HSM_UNAVAILABLE"] * 2
    present.come_back()
    hsm = hsm_of(world.settings)
    assert isinstance(hsm, PKCS11)
    hsm._away_until = time.monotonic()
    assert sorted(told(world.services.desk.take(orders))) == ["CREATED"] * 2 + ["REPEATED"] * 2
    for outcome in world.services.desk.take(orders):
        for fmt in FORMATS:
            found = world.services.enquiry.endorsement_file(str(outcome.get().body["endorsement_id"]), fmt)
            assert world.verify(file=found.content).status == "VALID"


def test_a_service_whose_token_is_away_says_so_and_verifies_on(
    tmp_path: Path, place: dict[str, str], present: SoftHSM
) -> None:
    """Nothing that was issued needs the token again."""
    world = a_world(tmp_path, place, "p256")
    rotate_key(world.settings, "pdf", world.clock, hsm_label="pdf-p256")
    sealed = world.file(world.endorse())
    world.jump(days=1)
    present.go_away()

    with pytest.raises(HSMUnavailableError, match="certsvc-tests"):
        world.endorse()
    assert world.verify(file=sealed).status == "VALID"
