"""A file is there whole, for ever, or not at all."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.errors import CertsvcError, UnavailableError
from certsvc.storage.local import LocalStorage

NAME = "0A-copy_1.pdf"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is not there yet, two levels deep."""
    return tmp_path / "var" / "issued"


def files_below(folder: Path) -> list[Path]:
    """List every file, temporary ones too."""
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def test_what_was_put_is_got_back(folder: Path) -> None:
    """Also by a second process, which has only the folder."""
    LocalStorage(folder).put({NAME: b"issued bytes"})

    assert LocalStorage(folder).get(NAME) == b"issued bytes"
    assert LocalStorage(folder).exists(NAME)


def test_the_same_bytes_again_are_fine(folder: Path) -> None:
    """A retry after a lost answer must not fail."""
    storage = LocalStorage(folder)
    storage.put({NAME: b"issued bytes"})
    storage.put({NAME: b"issued bytes"})

    assert storage.get(NAME) == b"issued bytes" and len(files_below(folder)) == 1


def test_other_bytes_under_a_taken_name_are_refused(folder: Path) -> None:
    """An issued file never changes: not by a rival, not by mistake."""
    storage = LocalStorage(folder)
    storage.put({NAME: b"issued bytes"})

    for other in (b"issued byteZ", b"issued", b"issued bytes and more"):
        with pytest.raises(UnavailableError):
            storage.put({NAME: other})
    assert storage.get(NAME) == b"issued bytes" and len(files_below(folder)) == 1


def test_of_many_rivals_exactly_one_wins(folder: Path) -> None:
    """Two workers with one copy in hand: the link decides, and who lost is told."""
    contents = [f"rival {number}".encode() * 1000 for number in range(16)]

    def attempt(content: bytes) -> bool:
        try:
            LocalStorage(folder).put({NAME: content})
        except UnavailableError:
            return False
        return True

    with ThreadPoolExecutor(16) as rivals:
        won = list(rivals.map(attempt, contents))

    assert won.count(True) == 1
    assert LocalStorage(folder).get(NAME) == contents[won.index(True)]
    assert len(files_below(folder)) == 1


def test_a_chunk_is_one_file_in_a_short_folder(folder: Path) -> None:
    """Two hash levels, 4,096 folders: 900,000 chunks of one copy each are about 220 to a folder."""
    storage = LocalStorage(folder)
    for number in range(50):
        storage.put({f"{number:016}{copy}.{fmt}": b"file" for copy in range(3) for fmt in ("pdf", "ofd")})

    places = [path.relative_to(folder) for path in files_below(folder)]
    assert all(re.fullmatch(r"[0-9a-f]{2}/[0-9a-f]/\d{16}\.pack", str(place)) for place in places)
    assert len({place.stem for place in places}) == 50 >= len({place.parent for place in places}) > 40


def test_files_of_several_chunks_are_refused_together(folder: Path) -> None:
    """A name tells where its file is: what lies elsewhere would not be found again."""
    with pytest.raises(UnavailableError):
        LocalStorage(folder).put({"a" * 16 + "1.pdf": b"one", "b" * 16 + "1.pdf": b"other"})
    assert files_below(folder) == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".pdf",
        "a",
        "a.txt",
        "a.PDF",
        "a.pdf.tmp",
        "a.pdf\n",
        "../a.pdf",
        "/etc/a.pdf",
        "a/b.pdf",
        "a\\b.pdf",
        "a\x00.pdf",
        "..pdf",
        "注册.pdf",
        "\uff11.pdf",
        "a b.pdf",
        "a" * 101 + ".pdf",
    ],
)
def test_only_names_of_issued_files_reach_the_disk(folder: Path, name: str) -> None:
    """A name from outside must not become a path."""
    storage = LocalStorage(folder)
    for attempt in (
        lambda: storage.put({name: b"x"}),
        lambda: storage.get(name),
        lambda: storage.exists(name),
        lambda: storage.sync(name),
        lambda: storage.remove([name]),
    ):
        with pytest.raises(UnavailableError):
            attempt()
    assert files_below(folder.parent.parent) == []


@given(st.text(max_size=40))
def test_any_name_ends_in_our_own_error(name: str) -> None:
    """No text raises anything of the operating system."""
    with pytest.raises(CertsvcError):
        LocalStorage(Path("nowhere")).get(name)


def test_a_missing_file_is_unavailable(folder: Path) -> None:
    """The registry says it was issued, so its absence is our fault, not the caller's."""
    storage = LocalStorage(folder)

    assert not storage.exists(NAME)
    with pytest.raises(UnavailableError, match="ENOENT"):
        storage.get(NAME)


def test_an_error_names_no_path(folder: Path) -> None:
    """A path holds the copy's id; errors travel into logs."""
    with pytest.raises(UnavailableError) as caught:
        LocalStorage(folder).get(NAME)
    assert "0A-copy_1" not in str(caught.value) and str(folder) not in str(caught.value)


def test_an_empty_file_counts_for_nothing(folder: Path) -> None:
    """Some file systems show a name with no bytes after a power cut."""
    storage = LocalStorage(folder)
    storage.put({NAME: b"issued bytes"})
    os.truncate(files_below(folder)[0], 0)

    assert not storage.exists(NAME)
    with pytest.raises(UnavailableError):
        storage.get(NAME)
    with pytest.raises(UnavailableError):
        storage.put({"other.pdf": b""})


def test_a_link_to_elsewhere_is_not_followed(folder: Path, tmp_path: Path) -> None:
    """Nobody with write access to one folder may serve another file as issued."""
    storage = LocalStorage(folder)
    storage.put({NAME: b"issued bytes"})
    place = files_below(folder)[0]
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    place.unlink()
    place.symlink_to(secret)

    for attempt in (
        lambda: storage.exists(NAME),
        lambda: storage.get(NAME),
        lambda: storage.sync(NAME),
        lambda: storage.put({NAME: b"secret"}),
    ):
        with pytest.raises(UnavailableError):
            attempt()
    assert secret.read_bytes() == b"secret"


def test_a_removed_file_frees_its_name(folder: Path) -> None:
    """A failed attempt is cleaned up; doing it twice is fine."""
    storage = LocalStorage(folder)
    storage.put({NAME: b"failed attempt"})
    storage.remove([NAME])
    storage.remove([NAME])
    storage.remove(["never-there.ofd"])
    storage.put({NAME: b"other bytes"})

    assert storage.get(NAME) == b"other bytes"


def test_check_leaves_nothing(folder: Path) -> None:
    """Readiness asks every few seconds."""
    LocalStorage(folder).check()

    assert files_below(folder) == []


def test_check_fails_where_nothing_can_be_written(tmp_path: Path) -> None:
    """A file in the folder's place stands for every disk that does not take a file."""
    (tmp_path / "issued").write_bytes(b"")

    with pytest.raises(UnavailableError):
        LocalStorage(tmp_path / "issued").check()


def test_only_old_temporary_files_are_swept(folder: Path) -> None:
    """A crashed writer's leftovers go, a writer at work and issued files stay."""
    now = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    storage = LocalStorage(folder)
    assert storage.sweep_temporary(now) == 0
    storage.put({NAME: b"issued bytes"})
    issued = files_below(folder)[0]
    edge = now - timedelta(hours=1)
    for name, age in (("a", -1), ("b", 0), ("c", 1)):
        left = issued.with_name(f".{name}.pdf.0123456789abcdef.tmp")
        left.write_bytes(b"half")
        os.utime(left, times=(edge.timestamp() + age,) * 2)
    os.utime(issued, times=(0, 0))

    assert storage.sweep_temporary(edge) == 1
    assert [path.name[1] for path in files_below(folder) if path != issued] == ["b", "c"]
    assert storage.get(NAME) == b"issued bytes"
