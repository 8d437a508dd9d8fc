"""Yesterday's copy of the register, put back, is noticed: by this machine, and by whoever watches it."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from certsvc.backup.restore import restore_backup
from certsvc.errors import RecordDamagedError
from certsvc.issuing.anchor import Anchor
from certsvc.registry.port_log import StoredCheckpoint
from certsvc.translog.fault import BrokenPromiseError
from certsvc.translog.tiles import Tile
from certsvc.translog.witness import Memory, look
from certsvc.wiring import Services, build
from tests.backup.conftest import NUMBERS, Elsewhere, backed_up, close
from tests.backup.test_restore import close_of
from tests.world import World


def checkpoint_of(services: Services) -> StoredCheckpoint:
    """Advance the log and return its newest checkpoint."""
    services.sequencer.advance()
    with services.registry.reading() as session:
        newest = session.newest_checkpoint()
    assert newest is not None
    return newest


def tile_of(services: Services, tile: Tile) -> bytes:
    """Fetch a tile as the log serves it."""
    with services.registry.reading() as session:
        content = session.log_tile(tile.level, tile.number)
    assert content is not None
    return content[: 32 * tile.width]


def test_a_restored_copy_of_yesterday_is_noticed(
    stocked: World, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    """The log went back: nothing more is signed on this machine, and a witness says so wherever it runs."""
    yesterday = checkpoint_of(stocked.services)
    backed_up(stocked, tmp_path / "kept")
    stocked.jump(days=1)
    stocked.endorse(NUMBERS[0], key="today")
    today = checkpoint_of(stocked.services)
    assert today.size == yesterday.size + 1
    keys = stocked.services.log_book.keys
    seen = look(today.note.encode(), None, keys, partial(tile_of, stocked.services))
    memory = Memory(note=today.note, keys=keys)
    assert seen.signed.checkpoint.size == today.size

    place = elsewhere()
    restore_backup(
        tmp_path / "kept", database_url=place.database_url, storage=Path(place.storage_url), name=None
    )
    restored = build(place, stocked.clock)
    # Elsewhere nobody remembers anything: the log goes on from where it was.
    assert checkpoint_of(restored).size == yesterday.size
    with pytest.raises(BrokenPromiseError, match="rolled back"):
        look(checkpoint_of(restored).note.encode(), memory, keys, partial(tile_of, restored))
    # As long again, it is another history.
    stocked.jump(days=1)
    restored.desk.endorse(NUMBERS[1], {"purpose": "另一项目"}, client_id="tests", key="another")
    with pytest.raises(BrokenPromiseError, match="forked"):
        look(checkpoint_of(restored).note.encode(), memory, keys, partial(tile_of, restored))
    close_of(restored)

    # Where the machine's own memory stayed, nothing is signed at all.
    shutil.copytree(stocked.settings.data_dir / "log", place.data_dir / "log", dirs_exist_ok=True)
    same = build(place, stocked.clock)
    assert Anchor(place.data_dir / "log" / "checkpoint").read() is not None
    with pytest.raises(RecordDamagedError, match=r"not the one|rolled back"):
        same.sequencer.advance()
    close_of(same)
    close(stocked)
