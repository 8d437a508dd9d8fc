"""A copy is a PDF and an OFD, or it is nothing: one fails, both are gone and the day is free."""

from __future__ import annotations

from pathlib import Path

import pytest

from certsvc.domain.endorsement import FORMATS, CopyState
from certsvc.errors import CertsvcError, DefectError, StorageFullError
from certsvc.issuing.desk import Desk
from tests.flows.press_room import (
    OtherSealSigner,
    OtherSigner,
    PickyStorage,
    a_desk,
    a_press,
    reserved,
    sealed,
    stored,
)
from tests.world import NUMBER, World

AFTER_LEASE_S = 61


def refuse(world: World, desk: Desk, error: type[CertsvcError]) -> None:
    """Ask *desk* for a copy it cannot make; then nothing of it may be left, and the day is free."""
    with pytest.raises(error):
        desk.endorse(NUMBER, {"purpose": "投标使用"}, client_id="tests", key="k1")
    assert stored(world) == []
    with world.services.registry.reading() as session:
        claim = session.find_idempotent("tests", "k1")
        assert claim is not None
        failed = session.get_copy(claim.copy_id)
    assert (failed.state, failed.files) == (CopyState.FAILED, {})
    check_day_is_free(world)


def check_day_is_free(world: World) -> None:
    """The same caller comes again the same day, to a sound desk."""
    copy = world.endorse(key="k1")
    assert copy["copy_number"] == 2
    assert stored(world) == sorted(f"{copy['endorsement_id']}.{fmt}" for fmt in FORMATS)
    for fmt in FORMATS:
        assert world.verify(file=world.file(copy, fmt)).status == "VALID"


def test_a_copy_is_one_page_in_two_files(world: World) -> None:
    """Both are handed out under their own hash, and both are known as the same copy."""
    world.initial()
    copy = world.endorse()

    assert sorted(copy["files"]) == sorted(FORMATS)
    for fmt in FORMATS:
        report = world.verify(file=world.file(copy, fmt))
        assert (report.status, report.subject, str(report.kind)) == ("VALID", "file", fmt)
        assert report.entry is not None and report.entry.copy is not None
        assert report.entry.copy.copy_id == copy["endorsement_id"]
        assert world.verify(sha256=copy["files"][fmt]["sha256"]).status == "VALID"


def test_the_original_too(world: World) -> None:
    """It is issued by the same cycle."""
    world.initial()
    original = world.original()

    for fmt in FORMATS:
        content = world.services.enquiry.original_file(NUMBER, fmt).content
        assert len(content) == original["files"][fmt]["size"]
        assert world.verify(file=content).status == "VALID"


@pytest.mark.parametrize("fmt", FORMATS)
def test_no_room_for_one_file_is_no_copy(world: World, fmt: str) -> None:
    """The other one may have been stored already, and nobody may be left with half a certificate."""
    world.initial()
    storage = PickyStorage(Path(world.settings.storage_url), fmt)
    refuse(world, a_desk(world, storage=storage), StorageFullError)


def test_a_signature_that_is_wrong_is_no_copy(world: World) -> None:
    """Hardware may fail at either key; what it gave is checked before anything is stored."""
    world.initial()
    genuine = world.services.keystore.signer("p256")
    careless = OtherSigner(genuine, genuine.key_id, b"x")
    refuse(world, a_desk(world, press=a_press(world, signer=careless)), DefectError)


def test_a_seal_that_is_wrong_is_no_copy(world: World) -> None:
    """The same for the OFD, whose PDF was sound."""
    world.initial()
    genuine = world.services.keystore.seal_signer(world.settings.issuer_name)
    careless = OtherSealSigner(genuine, genuine.key_id, b"x")
    refuse(world, a_desk(world, press=a_press(world, seal_signer=careless)), DefectError)


def test_a_seal_by_another_key_than_the_row_names_is_no_copy(world: World) -> None:
    """What is judged later is the key the register names: it must be the one that was used."""
    world.initial()
    genuine = world.services.keystore.seal_signer(world.settings.issuer_name)
    misnamed = OtherSealSigner(genuine, "sm2-999")
    refuse(world, a_desk(world, press=a_press(world, seal_signer=misnamed)), DefectError)


def test_both_whole_files_make_a_stranded_copy_done(world: World) -> None:
    """Its worker died between storing and telling; the holder gets the copy after all."""
    world.initial()
    press = a_press(world)
    _, files = sealed(world, press, reserved(world, press))
    world.services.storage.put(files)
    world.jump(seconds=AFTER_LEASE_S)

    assert world.services.desk.recover() == {"finished": 1, "failed": 0}
    for content in files.values():
        assert world.verify(file=content).status == "VALID"


@pytest.mark.parametrize("kept", [(), ("pdf",), ("ofd",)], ids=["none", "pdf alone", "ofd alone"])
def test_one_whole_file_is_not_a_copy(world: World, kept: tuple[str, ...]) -> None:
    """Killed between the two: what is there goes, and the day is free."""
    world.initial()
    press = a_press(world)
    copy, files = sealed(world, press, reserved(world, press))
    if kept:
        world.services.storage.put({copy.file_name(fmt): files[copy.file_name(fmt)] for fmt in kept})
    world.jump(seconds=AFTER_LEASE_S)

    assert world.services.desk.recover() == {"finished": 0, "failed": 1}
    assert stored(world) == []
    for content in files.values():
        assert world.verify(file=content).status == "UNKNOWN"
    check_day_is_free(world)


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_damaged_file_beside_a_whole_one_is_not_a_copy(world: World, fmt: str) -> None:
    """A name shows a whole file or nothing, but a disk may lie."""
    world.initial()
    press = a_press(world)
    copy, files = sealed(world, press, reserved(world, press))
    content = files[copy.file_name(fmt)]
    middle = len(content) // 2
    damaged = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    world.services.storage.put({**files, copy.file_name(fmt): damaged})
    world.jump(seconds=AFTER_LEASE_S)

    assert world.services.desk.recover() == {"finished": 0, "failed": 1}
    assert stored(world) == []


@pytest.mark.parametrize("named", [{"key_id": "p256-999"}, {"seal_key_id": "sm2-999"}], ids=["pdf", "ofd"])
def test_files_sealed_by_another_key_than_the_row_names_are_not_its_copy(
    world: World, named: dict[str, str]
) -> None:
    """Whoever can write into the store must not finish a copy with files of another one."""
    world.initial()
    press = a_press(world)
    _, files = sealed(world, press, reserved(world, press))
    world.jump(days=1)
    copy = reserved(world, press, **named).copy
    world.services.storage.put(
        {copy.file_name(name.rpartition(".")[2]): content for name, content in files.items()}
    )
    world.jump(seconds=AFTER_LEASE_S)

    assert world.services.desk.recover() == {"finished": 0, "failed": 2}
    assert stored(world) == []


def test_files_that_come_after_their_copy_failed_are_removed(world: World) -> None:
    """A worker who slept through his lease stores both, and dies before he can look."""
    world.initial()
    press = a_press(world)
    _, files = sealed(world, press, reserved(world, press))
    world.jump(seconds=AFTER_LEASE_S)
    assert world.services.desk.recover() == {"finished": 0, "failed": 1}
    world.services.storage.put(files)

    assert world.services.desk.recover() == {"finished": 0, "failed": 0}
    assert stored(world) == []
