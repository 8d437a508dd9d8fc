"""What every store of issued files keeps to, be it a folder or a bucket."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from certsvc.errors import RecordDamagedError, UnavailableError
from certsvc.storage.naming import place_of
from certsvc.storage.port import Storage
from tests.storage.conftest import Kept

CHUNK = "0123456789abcdef"
NAME = f"{CHUNK}00000001.pdf"
FILES = {
    f"{CHUNK}{number:08}.{fmt}": f"{number} {fmt} ".encode() * 9000
    for number in range(4)
    for fmt in ("pdf", "ofd")
}


def test_what_was_put_is_got_back_by_another_process(kept: Kept) -> None:
    """One pack, read by name; the digests are those of the bytes."""
    told = kept.open().put(FILES)

    store = kept.open()
    assert {name: store.get(name) for name in FILES} == FILES
    assert all(map(store.exists, FILES)) and set(told) == set(FILES)
    assert list(kept.objects()) == [place_of(NAME)]
    store.sync(NAME)


def test_the_same_chunk_again_is_fine_and_another_is_not(kept: Kept) -> None:
    """A retry after a lost answer must not fail; an issued file never changes."""
    store = kept.open()
    store.put(FILES)
    before = kept.objects()
    store.put(FILES)

    for other in (FILES | {NAME: b"other"}, {NAME: FILES[NAME]}, FILES | {f"{CHUNK}9.pdf": b"more"}):
        with pytest.raises(UnavailableError, match="taken"):
            store.put(other)
    assert kept.objects() == before


def test_of_many_rivals_exactly_one_wins(kept: Kept) -> None:
    """Two workers with one copy in hand: the store decides, and who lost is told."""
    contents = [f"rival {number}".encode() * 1000 for number in range(8)]

    def attempt(content: bytes) -> bool:
        try:
            kept.open().put({NAME: content})
        except UnavailableError:
            return False
        return True

    with ThreadPoolExecutor(8) as rivals:
        won = list(rivals.map(attempt, contents))
    assert won.count(True) == 1
    assert kept.open().get(NAME) == contents[won.index(True)]


@pytest.mark.parametrize("name", ["", "a.txt", "a.pdf\n", "../a.pdf", "/etc/a.pdf", "a/b.pdf", "注册.pdf"])
def test_only_names_of_issued_files_reach_the_store(kept: Kept, name: str) -> None:
    """A name from outside must not become a path or a key."""
    store = kept.open()
    attempts: tuple[Callable[[], object], ...] = (
        lambda: store.put({name: b"x"}),
        lambda: store.get(name),
        lambda: store.exists(name),
        lambda: store.sync(name),
        lambda: store.remove([name]),
    )
    for attempt in attempts:
        with pytest.raises(UnavailableError, match="not a name"):
            attempt()


def test_chunks_are_not_mixed_and_no_file_is_empty(kept: Kept) -> None:
    """A name tells where its file is: what lies elsewhere would not be found again."""
    for wrong in ({"a" * 16 + "1.pdf": b"one", "b" * 16 + "1.pdf": b"other"}, {NAME: b""}):
        with pytest.raises(UnavailableError):
            kept.open().put(wrong)
    assert kept.objects() == {}


def test_a_missing_file_is_unavailable_and_its_error_names_nothing(kept: Kept) -> None:
    """The registry says it was issued; and errors travel into logs."""
    store = kept.open()
    store.put(FILES)
    for name in ("f" * 16 + "1.pdf", f"{CHUNK}99999999.pdf"):
        assert not store.exists(name)
        with pytest.raises(UnavailableError) as caught:
            store.get(name)
        assert not isinstance(caught.value, RecordDamagedError)
        assert name[:16] not in str(caught.value) and "http" not in str(caught.value)
        assert caught.value.__cause__ is None or not isinstance(caught.value.__cause__, UnavailableError)


def test_a_flipped_bit_costs_one_file_at_most(kept: Kept) -> None:
    """It is met by the digest, wherever it lies; all other files are handed out."""
    kept.open().put(FILES)
    (place,), (whole,) = kept.objects().keys(), kept.objects().values()
    for at in range(7, len(whole), len(whole) // 12):
        kept.write(place, whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert len(readable(kept.open())) >= len(FILES) - 1


@pytest.mark.parametrize("left", [0, 5, 20_000, -1, -40])
def test_a_pack_cut_short_gives_what_is_left_and_nothing_else(kept: Kept, left: int) -> None:
    """Nobody is handed half a file; storing again heals nothing that is lost."""
    kept.open().put(FILES)
    (place,), (whole,) = kept.objects().keys(), kept.objects().values()
    kept.write(place, whole[:left])

    store = kept.open()
    assert readable(store) <= set(FILES)
    assert store.exists(NAME) is (NAME in readable(store))
    if readable(store) != set(FILES):
        with pytest.raises(UnavailableError):
            store.put(FILES)


def readable(store: Storage) -> set[str]:
    """Return the names whose bytes are handed out; they must be the right ones."""
    found = set()
    for name, content in FILES.items():
        try:
            assert store.get(name) == content
        except UnavailableError:
            continue
        found.add(name)
    return found


def test_removed_files_are_gone_and_the_others_stay(kept: Kept) -> None:
    """Sealed bytes of a failed or erased copy must not lie about; the last file takes its pack along."""
    store = kept.open()
    store.put(FILES)
    first, *others = FILES
    store.remove([first, "never-there-before.ofd"])
    store.remove([first])

    assert not store.exists(first) and readable(store) == set(others)
    assert FILES[first] not in b"".join(kept.objects().values())
    store.remove(others)
    assert kept.objects() == {}
    store.put({first: b"other bytes"})
    assert store.get(first) == b"other bytes"


def test_removers_at_once_bring_nothing_back(kept: Kept) -> None:
    """Each writes the pack anew from what it read; the second must see what the first one left."""
    kept.open().put(FILES)
    names = list(FILES)
    with ThreadPoolExecutor(8) as rivals:
        list(rivals.map(lambda name: kept.open().remove([name]), names[:-1]))
    assert readable(kept.open()) == {names[-1]}
    with ThreadPoolExecutor(8) as rivals:
        list(rivals.map(lambda _: kept.open().remove(names), range(8)))
    assert kept.objects() == {}


def test_a_check_leaves_nothing(kept: Kept) -> None:
    """Readiness asks every few seconds."""
    kept.open().check()
    assert kept.objects() == {}


def test_only_old_leftovers_are_swept(kept: Kept) -> None:
    """What a process left that died while it checked the store; issued files stay, however old."""
    store = kept.open()
    store.put(FILES)
    now = datetime.now(UTC)
    assert store.sweep_temporary(now + timedelta(days=1)) == 0
    places = {f".tmp/check.{'0' * 16}.tmp", f"{place_of(NAME).rpartition('/')[0]}/.check.{'0' * 16}.tmp"}
    for place in places:
        kept.write(place, b"half")

    assert store.sweep_temporary(now - timedelta(days=1)) == 0
    assert store.sweep_temporary(now + timedelta(days=1)) == 1
    assert readable(store) == set(FILES)
