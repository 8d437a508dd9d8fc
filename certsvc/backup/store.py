"""The store of issued files as a backup sees it: packs to copy from a folder or a bucket, and to put back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Protocol

from certsvc.backup.disk import chunks_of, make_folder, part_of, sync_folder, write_beside
from certsvc.backup.manifest import Part
from certsvc.errors import BackupDamagedError, PlaceNotEmptyError
from certsvc.storage.bucket import Bucket
from certsvc.storage.bucket_faults import MissingError, TakenError
from certsvc.storage.pack_files import PackFile, is_pack_place, list_packs

_NS: Final = 1_000_000_000
_OTHER: Final = "there are other issued files: choose an empty place"


class PackStore(Protocol):
    """What is asked of it."""

    def is_there(self) -> bool:
        """Tell whether there is such a store at all. UnavailableError when that cannot be told."""

    def packs(self) -> Iterator[PackFile]:
        """Go through the packs, in no order. OSError, UnavailableError."""

    def pieces(self, place: str) -> Iterator[bytes]:
        """Read a pack piece by piece. FileNotFoundError once it is gone; OSError, UnavailableError."""

    def bring(self, place: str, pieces: Iterable[bytes], named: Part) -> None:
        """Put a pack where there is none; one that is there already must be this one.

        Raises:
            BackupDamagedError: the pieces are not those that were named; nothing is left.
            PlaceNotEmptyError: another pack is there.
            FileNotFoundError: there are no pieces.
            OSError, UnavailableError: an I/O error.
        """


def store_at(where: Path | Bucket) -> PackStore:
    """Return the store in a folder or a bucket."""
    return _Folder(where) if isinstance(where, Path) else _Bucket(where)


class _Folder(PackStore):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def is_there(self) -> bool:
        return self._folder.is_dir()

    def packs(self) -> Iterator[PackFile]:
        return list_packs(self._folder)

    def pieces(self, place: str) -> Iterator[bytes]:
        return chunks_of(self._folder / place)

    def bring(self, place: str, pieces: Iterable[bytes], named: Part) -> None:
        final = self._folder / place
        if final.exists():
            if part_of(final) != named:
                raise PlaceNotEmptyError(_OTHER)
            return
        make_folder(final.parent)
        temporary, found = write_beside(final.parent, pieces)
        try:
            if found != named:
                raise BackupDamagedError(f"{named.sha256}.pack is not as it was written")
            temporary.rename(final)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(final.parent)


class _Bucket(PackStore):
    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def is_there(self) -> bool:
        # A bucket that is missing cannot be listed; an empty one can.
        next(self._bucket.list(), None)
        return True

    def packs(self) -> Iterator[PackFile]:
        for page in self._bucket.list():
            for entry in page:
                if is_pack_place(entry.place):
                    # A store tells whole seconds; a pack written anew has another size too.
                    yield PackFile(entry.place, entry.size, int(entry.changed_at.timestamp()) * _NS)

    def pieces(self, place: str) -> Iterator[bytes]:
        try:
            yield self._bucket.read_all(place)
        except MissingError:
            raise FileNotFoundError from None

    def bring(self, place: str, pieces: Iterable[bytes], named: Part) -> None:
        content = b"".join(pieces)
        if _part(content) != named:
            raise BackupDamagedError(f"{named.sha256}.pack is not as it was written")
        self._bucket.prove()
        try:
            self._bucket.create(place, content)
        except TakenError:
            if _part(self._bucket.read_all(place)) != named:
                raise PlaceNotEmptyError(_OTHER) from None


def _part(content: bytes) -> Part:
    return Part(size=len(content), sha256=hashlib.sha256(content).hexdigest())
