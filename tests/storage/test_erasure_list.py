"""The list of erasures: a promised line is there, whoever else writes and however full the disk is."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from certsvc.errors import UnavailableError
from certsvc.storage.erasure_list import ErasureEntry, ErasureList

AT = datetime(2036, 1, 2, tzinfo=UTC)


def entry(holder_id: str) -> ErasureEntry:
    """Return an entry for one holder."""
    return ErasureEntry(holder_id=holder_id, at=AT, reason="保存期满")


def test_two_who_add_at_once_take_no_line_from_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one takes for the rest of a crash may be the line that another has just been promised."""
    path = tmp_path / "erasures.jsonl"
    ours, theirs = ErasureList(path, bytes(32)), ErasureList(path, bytes(32))
    rivals: list[Thread] = []
    cut: Callable[[int, int], None] = os.ftruncate

    def cut_late(handle: int, length: int) -> None:
        if not rivals:
            rivals.append(Thread(target=theirs.add, args=[entry("b")]))
            rivals[0].start()
            # It either waits for its turn or is done by then.
            rivals[0].join(1)
        cut(handle, length)

    monkeypatch.setattr(os, "ftruncate", cut_late)
    ours.add(entry("a"))
    rivals[0].join()

    assert {one.holder_id for one in ours.entries()} == {"a", "b"}


def test_a_line_that_went_in_half_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk takes the beginning and says so; nobody may be erased on the strength of that."""
    kept = ErasureList(tmp_path / "erasures.jsonl", bytes(32))
    kept.add(entry("a"))
    write: Callable[[int, bytes], int] = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda handle, content: write(handle, content[:40]))
        with pytest.raises(UnavailableError):
            kept.add(entry("b"))
    assert [one.holder_id for one in kept.entries()] == ["a"]
    kept.add(entry("c"))
    assert [one.holder_id for one in kept.entries()] == ["a", "c"]
