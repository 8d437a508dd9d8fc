"""A backup put back is the service as it was: same answers, same bytes, same rules."""

from __future__ import annotations

import os
import shutil
import tarfile
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from certsvc.backup.disk import alone_in
from certsvc.backup.keys_archive import archive_keys
from certsvc.backup.manifest import MANIFEST, PACKS, REGISTER, complete_backups, read_packs
from certsvc.backup.restore import check_backup, restore_backup
from certsvc.backup.take import forget_backups
from certsvc.config import Settings
from certsvc.domain.report import Status
from certsvc.errors import (
    BackupDamagedError,
    EndorsedTodayError,
    KeyMaterialError,
    PlaceNotEmptyError,
    StorageFullError,
    UnavailableError,
)
from certsvc.registry.sql import SQLRegistry
from certsvc.storage.pack_files import is_pack_place
from certsvc.wiring import Services, build
from tests.backup.conftest import NUMBERS, TAKEN_AT, Elsewhere, backed_up, close
from tests.world import World


def close_of(services: Services) -> None:
    """Close the connections of services built here."""
    assert isinstance(services.registry, SQLRegistry)
    services.registry.close()


def restored(settings: Settings, folder: Path, name: str | None = None) -> str:
    """Put a backup back in a place; returns its name."""
    return restore_backup(
        folder, database_url=settings.database_url, storage=Path(settings.storage_url), name=name
    ).name


def test_everything_comes_back(stocked: World, elsewhere: Elsewhere, tmp_path: Path) -> None:
    """Answers, files, keys of requests and the one-a-day rule are as before."""
    copies = [stocked.endorse(number, key=f"k{order}") for order, number in enumerate(NUMBERS, start=1)]
    files = [stocked.file(copy, fmt) for copy in copies for fmt in ("pdf", "ofd")]
    taken = backed_up(stocked, tmp_path / "kept")
    assert (taken.copied, taken.manifest.pack_count) == (2, 2)
    assert check_backup(tmp_path / "kept") == taken.manifest
    place = elsewhere()
    assert restored(place, tmp_path / "kept") == taken.folder.name
    again = World(place, stocked.clock)
    try:
        assert [again.endorse(number, key=f"k{order}") for order, number in enumerate(NUMBERS, 1)] == copies
        assert [again.file(copy, fmt) for copy in copies for fmt in ("pdf", "ofd")] == files
        assert {again.verify(file=file).status for file in files} == {Status.VALID}
        with pytest.raises(EndorsedTodayError):
            again.endorse(NUMBERS[0], key="another")
        again.jump(days=1)
        assert again.endorse(NUMBERS[0], key="next day")["copy_number"] == 2
    finally:
        close(again)


def test_a_second_backup_copies_what_is_new(stocked: World, tmp_path: Path) -> None:
    """Packs are immutable, so a second backup is small."""
    first = backed_up(stocked, tmp_path / "kept")
    stocked.jump(days=1)
    stocked.endorse(NUMBERS[0], key="new")
    second = backed_up(stocked, tmp_path / "kept", TAKEN_AT + timedelta(days=1))
    assert (first.copied, second.copied, second.manifest.pack_count) == (2, 1, 3)
    assert complete_backups(tmp_path / "kept") == [first.folder, second.folder]
    third = backed_up(stocked, tmp_path / "kept", TAKEN_AT + timedelta(days=2))
    assert (third.copied, third.manifest.pack_bytes) == (0, second.manifest.pack_bytes)


def test_an_older_backup_is_as_of_then(stocked: World, elsewhere: Elsewhere, tmp_path: Path) -> None:
    """What came later is not in it."""
    first = backed_up(stocked, tmp_path / "kept")
    stocked.jump(days=1)
    stocked.endorse(NUMBERS[0], key="new")
    backed_up(stocked, tmp_path / "kept", TAKEN_AT + timedelta(days=1))
    place = elsewhere()
    restored(place, tmp_path / "kept", first.folder.name)
    services = build(place, stocked.clock)
    with services.registry.reading() as session:
        (event,) = session.recorded_after(0, 1)
        found = session.newest_endorsement(event.registration_id)
    assert found is not None and found.copy_number == 1
    close_of(services)


def test_taken_while_others_write(stocked: World, elsewhere: Elsewhere, tmp_path: Path) -> None:
    """Whatever the register of a backup calls issued has its files in that backup."""
    ended = threading.Event()
    issued: list[str] = []

    def write() -> None:
        order = 3
        while not ended.is_set():
            number = f"京11120202022{order:05d}"
            stocked.initial(number, order=order)
            issued.append(stocked.endorse(number, key=f"w{order}")["endorsement_id"])
            order += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        names = [
            backed_up(stocked, tmp_path / "kept", TAKEN_AT + timedelta(seconds=second)).folder.name
            for second in range(3)
        ]
    finally:
        ended.set()
        writer.join()
    assert issued
    for name in names[-1:]:
        place = elsewhere(name)
        restored(place, tmp_path / "kept", name)
        services = build(place, stocked.clock)
        with services.registry.reading() as session:
            ids = session.endorsed_after(None, 1000)
            copies = [copy for one in ids for copy in session.endorsements_between(one, one)]
        done = [copy for copy in copies if copy.state == "DONE"]
        assert len(done) >= len(NUMBERS)
        for copy in done:
            for fmt, file in copy.files.items():
                assert len(services.storage.get(f"{copy.copy_id}.{fmt}")) == file.size
        close_of(services)


@pytest.mark.parametrize("part", [REGISTER, PACKS, MANIFEST, "pack", "pack missing"])
def test_damage_is_named_and_nothing_is_restored(
    stocked: World, elsewhere: Elsewhere, tmp_path: Path, part: str
) -> None:
    """A flipped bit or a missing file anywhere: no register comes of it."""
    taken = backed_up(stocked, tmp_path / "kept")
    pack = tmp_path / "kept" / next(read_packs(taken.folder)).kept_at
    file = pack if part.startswith("pack") and part != PACKS else taken.folder / part
    if part == "pack missing":
        file.unlink()
    else:
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    place = elsewhere()
    with pytest.raises(BackupDamagedError, match=file.name[:8]):
        check_backup(tmp_path / "kept")
    with pytest.raises(BackupDamagedError, match=file.name[:8]):
        restored(place, tmp_path / "kept")
    with pytest.raises(BackupDamagedError):
        restored(place, tmp_path / "kept")
    assert not (tmp_path / "elsewhere" / "registry.db").exists()


def test_nothing_there_is_touched(stocked: World, elsewhere: Elsewhere, tmp_path: Path) -> None:
    """Neither a register nor files of somebody else are written over."""
    taken = backed_up(stocked, tmp_path / "kept")
    with pytest.raises(PlaceNotEmptyError):
        restored(stocked.settings, tmp_path / "kept")
    assert stocked.endorse(NUMBERS[0], key="k1")["copy_number"] == 1
    with pytest.raises(PlaceNotEmptyError):
        backed_up(stocked, tmp_path / "kept")
    assert check_backup(tmp_path / "kept") == taken.manifest
    place = elsewhere()
    stray = Path(place.storage_url) / "ab" / "c" / "stray.pack"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"somebody's")
    with pytest.raises(PlaceNotEmptyError):
        restored(place, tmp_path / "kept")


def test_a_restore_cut_off_goes_on(stocked: World, elsewhere: Elsewhere, tmp_path: Path) -> None:
    """Packs that came already are kept."""
    taken = backed_up(stocked, tmp_path / "kept")
    packs = list(read_packs(taken.folder))
    missing = tmp_path / "kept" / packs[1].kept_at
    aside = tmp_path / "aside"
    missing.rename(aside)
    place = elsewhere()
    with pytest.raises(BackupDamagedError):
        restored(place, tmp_path / "kept")
    assert (Path(place.storage_url) / packs[0].place).is_file()
    aside.rename(missing)
    restored(place, tmp_path / "kept")
    assert (Path(place.storage_url) / packs[1].place).is_file()


def test_no_room_leaves_no_backup(stocked: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full after the register: what the kernel says is played, as no disk of ours is."""
    synced = os.fsync
    calls = iter(range(1000))

    def full(handle: int) -> None:
        if next(calls) == 6:
            raise OSError(28, "No space left on device")
        synced(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFullError):
        backed_up(stocked, tmp_path / "kept")
    monkeypatch.undo()
    assert complete_backups(tmp_path / "kept") == []
    assert not list((tmp_path / "kept").rglob("*.tmp"))
    with pytest.raises(BackupDamagedError):
        check_backup(tmp_path / "kept")


def test_old_backups_are_forgotten_and_the_newest_never(stocked: World, tmp_path: Path) -> None:
    """Both sides of the instant."""
    kept = tmp_path / "kept"
    first = backed_up(stocked, kept)
    stocked.jump(days=1)
    stocked.endorse(NUMBERS[0], key="new")
    second = backed_up(stocked, kept, TAKEN_AT + timedelta(days=1))
    assert forget_backups(kept, TAKEN_AT) == []
    assert forget_backups(kept, TAKEN_AT + timedelta(days=9)) == [first.folder.name]
    assert complete_backups(kept) == [second.folder]
    assert check_backup(kept) == second.manifest
    assert len(list((kept / "packs").rglob("*.pack"))) == second.manifest.pack_count


def test_a_pack_no_backup_needs_goes_too(stocked: World, tmp_path: Path) -> None:
    """Packs go with the last backup that names them."""
    kept = tmp_path / "kept"
    backed_up(stocked, kept)
    copy = stocked.endorse(NUMBERS[0], key="k1")
    stocked.services.storage.remove([f"{copy['endorsement_id']}.{fmt}" for fmt in ("pdf", "ofd")])
    second = backed_up(stocked, kept, TAKEN_AT + timedelta(days=1))
    assert second.manifest.pack_count == 1
    forget_backups(kept, TAKEN_AT + timedelta(days=9))
    assert len(list((kept / "packs").rglob("*.pack"))) == 1


@pytest.mark.parametrize(
    "place", ["../x.pack", "ab/c/../../x.pack", "/ab/c/x.pack", "ab/c/x", "ab/x.pack", "ab/c/d/x.pack"]
)
def test_a_list_names_no_place_outside(place: str) -> None:
    """A list somebody edited cannot write outside the store."""
    assert is_pack_place("ab/c/0123456789abcdef.pack")
    assert not is_pack_place(place)


def test_one_backup_at_a_time(stocked: World, tmp_path: Path) -> None:
    """One that forgets would remove packs that another has copied and not named yet."""
    kept = tmp_path / "kept"
    backed_up(stocked, kept)
    with alone_in(kept):
        with pytest.raises(UnavailableError, match="at work"):
            forget_backups(kept, TAKEN_AT)
        with pytest.raises(UnavailableError, match="at work"):
            backed_up(stocked, kept, TAKEN_AT + timedelta(days=1))
    assert len(complete_backups(kept)) == 1
    backed_up(stocked, kept, TAKEN_AT + timedelta(days=1))


def test_a_store_that_is_not_mounted_is_no_empty_store(stocked: World, tmp_path: Path) -> None:
    """Else good backups would be forgotten for others that hold no file."""
    kept, storage = tmp_path / "kept", Path(stocked.settings.storage_url)
    backed_up(stocked, kept)
    storage.rename(tmp_path / "away")
    for _ in ("no folder", "an empty one"):
        with pytest.raises(UnavailableError, match="CERTSVC_STORAGE_URL"):
            backed_up(stocked, kept, TAKEN_AT + timedelta(days=1))
        storage.mkdir(exist_ok=True)
    assert len(complete_backups(kept)) == 1


def test_keys_in_an_archive_are_of_one_moment(
    dev_keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key made while the folder is read is in it with its line, or not at all; a linked file counts."""
    keys = Path(shutil.copytree(dev_keys, tmp_path / "keys"))
    (keys / "root.pem").rename(tmp_path / "root.pem")
    (keys / "root.pem").symlink_to(tmp_path / "root.pem")
    read = Path.read_bytes
    late = iter(["p256-009.pem"])

    def meanwhile(path: Path) -> bytes:
        for name in late:
            (keys / name).write_text("new")
            (keys / "trust.json").write_text("names it")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", meanwhile)
    archive_keys(keys, tmp_path / "keys.tar")
    with tarfile.open(tmp_path / "keys.tar") as archive:
        assert {"p256-009.pem", "trust.json", "root.pem", "registry.secret"} <= set(archive.getnames())
        assert ".lock" not in archive.getnames()
    (keys / "registry.secret").unlink()
    with pytest.raises(KeyMaterialError, match="CERTSVC_KEYS_DIR"):
        archive_keys(keys, tmp_path / "other.tar")
