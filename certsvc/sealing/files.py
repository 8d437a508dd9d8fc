"""Key folders on disk: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from certsvc.errors import KeyMaterialError

_UNFINISHED: Final = ".unfinished-"


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Make *folder* (0700) when it is missing and keep every other maker of keys out of it.

    What a crash left half-written is swept away first; under the lock nobody else can be writing it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as fault:
        raise KeyMaterialError(f"cannot write in {folder}: {fault}; name a folder of your own") from fault
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in folder.glob(f"{_UNFINISHED}*"):
            leftover.unlink()
        yield
    finally:
        os.close(lock)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet; KeyMaterialError when it does, for keys are never overwritten."""
    with _written_beside(path, content) as unfinished:
        try:
            os.link(unfinished, path)
        except FileExistsError:
            raise KeyMaterialError(f"{path} exists and is not overwritten; move it away first") from None
        except OSError as fault:
            raise KeyMaterialError(f"cannot write {path}: {fault}") from fault


def replace(path: Path, content: bytes) -> None:
    """Write a file anew; readers see the old or the new content, never a part."""
    with _written_beside(path, content) as unfinished:
        unfinished.replace(path)


def read_private(path: Path, what: str) -> bytes:
    """Read a file only its owner may read. KeyMaterialError with a remedy otherwise."""
    content = read_public(path, what)
    if path.stat().st_mode & 0o077:
        raise KeyMaterialError(f"{path} can be read by others; run: chmod 600 {path}")
    return content


def read_public(path: Path, what: str) -> bytes:
    """Read a file of the key folder. KeyMaterialError with a remedy when it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        remedy = "restore it from your backup, or run: certsvc init --dev"
        raise KeyMaterialError(f"{what} is missing: {path}; {remedy}") from None
    except OSError as fault:
        raise KeyMaterialError(f"{what} cannot be read: {path}: {fault}; check owner and mode") from fault


@contextmanager
def _written_beside(path: Path, content: bytes) -> Iterator[Path]:
    unfinished = path.with_name(f"{_UNFINISHED}{secrets.token_hex(8)}")
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        yield unfinished
        parent = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)
    except OSError as fault:
        raise KeyMaterialError(f"cannot write {path}: {fault}; make room or check the mode") from fault
    finally:
        unfinished.unlink(missing_ok=True)
