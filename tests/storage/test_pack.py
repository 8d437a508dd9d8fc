"""A pack keeps each of its files whole or says which one is not, and lets go of single files for good."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from certsvc.errors import RecordDamagedError, UnavailableError
from certsvc.storage.local import LocalStorage
from certsvc.storage.pack import MAGIC, Packed, opened, read_index
from tests.drills import some

CHUNK = "0123456789abcdef"
FILES = {
    f"{CHUNK}{order:016x}.{fmt}": os.urandom(40 + 7 * order) for order in range(3) for fmt in ("pdf", "ofd")
}
FIRST, *OTHERS = FILES


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    """A store that holds one pack of three copies."""
    store = LocalStorage(tmp_path / "issued")
    store.put(FILES)
    return store


@pytest.fixture
def pack(storage: LocalStorage, tmp_path: Path) -> Path:
    """The file of that pack."""
    (found,) = (tmp_path / "issued").rglob("*.pack")
    return found


def listed(pack: Path) -> dict[str, Packed]:
    """Read what a pack says of itself."""
    with opened(pack) as handle:
        return dict(read_index(handle).files)


def flip(pack: Path, place: int) -> None:
    """Change one bit of a byte."""
    content = bytearray(pack.read_bytes())
    content[place] ^= 1
    pack.write_bytes(content)


def readable(storage: LocalStorage) -> set[str]:
    """List the files that come back just as they were stored; what does not is refused."""
    found = set()
    for name, content in FILES.items():
        try:
            assert storage.get(name) == content, "other bytes were handed out"
        except UnavailableError:
            continue
        found.add(name)
    return found


def test_every_file_comes_back_by_its_own_name(storage: LocalStorage) -> None:
    """Also where a name is not in the pack it would be in."""
    assert readable(storage) == set(FILES)
    assert all(map(storage.exists, FILES))
    assert not storage.exists(f"{CHUNK}{9:016x}.pdf")
    with pytest.raises(UnavailableError):
        storage.get(f"{CHUNK}{9:016x}.pdf")


def test_the_same_chunk_again_is_fine_and_a_part_of_it_is_not(storage: LocalStorage) -> None:
    """A pack never changes by being stored."""
    storage.put(FILES)
    for files in ({FIRST: FILES[FIRST]}, {**FILES, FIRST: b"other"}, {f"{CHUNK}new.pdf": b"new"}):
        with pytest.raises(UnavailableError):
            storage.put(files)
    assert readable(storage) == set(FILES)


def test_a_file_must_come_back_as_it_was_checked(tmp_path: Path) -> None:
    """The check's own digest goes into the pack: bytes that changed between check and store are refused."""
    store = LocalStorage(tmp_path / "other")
    checked = hashlib.sha256(FILES[FIRST]).hexdigest()

    told = store.put({FIRST: FILES[FIRST], OTHERS[0]: b"changed since"}, {FIRST: checked, OTHERS[0]: checked})

    assert told == {FIRST: checked, OTHERS[0]: checked}
    assert store.get(FIRST) == FILES[FIRST]
    with pytest.raises(RecordDamagedError):
        store.get(OTHERS[0])


def test_a_flipped_bit_costs_one_file_at_most(storage: LocalStorage, pack: Path) -> None:
    """In the file it hits; with a damaged index the heads lead to every file, and the other way round."""
    whole = pack.read_bytes()
    places = listed(pack)
    for place in some(range(len(MAGIC), len(whole)), "flipped bits of a pack", least=60):
        flip(pack, place)
        hit = {n for n, one in places.items() if one.place <= place < one.place + one.length}
        assert readable(storage) == set(FILES) - hit
        for name in hit:
            with pytest.raises(RecordDamagedError):
                storage.get(name)
        pack.write_bytes(whole)


def test_a_pack_cut_short_gives_what_is_left_and_nothing_else(storage: LocalStorage, pack: Path) -> None:
    """A disk that lost the end of a file answers short reads."""
    whole = pack.read_bytes()
    places = listed(pack)
    for length in some(range(len(whole)), "a pack cut short", least=40):
        pack.write_bytes(whole[:length])
        left = {name for name, one in places.items() if one.place + one.length <= length}
        assert readable(storage) == left


def test_index_and_a_head_damaged_lose_no_more_than_lies_behind(storage: LocalStorage, pack: Path) -> None:
    """Two faults in one pack: what cannot be found is refused, and nothing is written anew without it."""
    places = listed(pack)
    third = list(FILES)[2]
    flip(pack, places[third].place - len(third) - 46)
    flip(pack, pack.stat().st_size - 1)
    damaged = pack.read_bytes()

    assert readable(storage) == set(list(FILES)[:2])
    with pytest.raises(RecordDamagedError):
        storage.remove([FIRST])
    assert pack.read_bytes() == damaged


def test_a_removed_file_is_gone_and_the_others_stay(storage: LocalStorage, pack: Path) -> None:
    """Its sealed bytes must not lie on the disk either."""
    storage.remove([FIRST, f"{CHUNK}{9:016x}.pdf"])

    assert readable(storage) == set(OTHERS)
    assert not storage.exists(FIRST)
    assert FILES[FIRST] not in pack.read_bytes()
    assert list(pack.parent.iterdir()) == [pack]


def test_a_damaged_file_stays_as_it_is_when_another_is_removed(storage: LocalStorage, pack: Path) -> None:
    """Writing anew must not make damage look whole."""
    hit = OTHERS[0]
    flip(pack, listed(pack)[hit].place)
    storage.remove([FIRST])

    assert readable(storage) == set(OTHERS) - {hit}
    with pytest.raises(RecordDamagedError):
        storage.get(hit)


def test_the_last_file_takes_its_pack_along(storage: LocalStorage, pack: Path) -> None:
    """Then the chunk's name is free."""
    storage.remove(FILES)

    assert not pack.exists() and readable(storage) == set()
    storage.put({FIRST: b"other"})
    assert storage.get(FIRST) == b"other"


def test_removers_at_once_bring_nothing_back(tmp_path: Path) -> None:
    """Each writes the pack anew; who writes second must have read what the first one left."""
    folder = tmp_path / "issued"
    files = {f"{CHUNK}{order:016x}.pdf": bytes([order]) * 1000 for order in range(1, 25)}
    LocalStorage(folder).put(files)
    names = list(files)
    store = LocalStorage(folder)
    with ThreadPoolExecutor(8) as rivals:
        list(rivals.map(lambda name: LocalStorage(folder).remove([name]), names[:-1]))
        assert [name for name in names if store.exists(name)] == names[-1:]
        assert store.get(names[-1]) == files[names[-1]]
        # The last one, by many: whoever comes late finds nothing to do.
        list(rivals.map(lambda _: LocalStorage(folder).remove(names), range(8)))
    assert not any(map(store.exists, names))
