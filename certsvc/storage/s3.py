"""Issued files in packs in an S3-compatible store: one object for each pack, created once.

An object shows whole or not at all and is durable when the store has answered, so there is nothing to sync
and no temporary file. What is hard is an answer that got lost: the object is looked at then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from certsvc.errors import RecordDamagedError, UnavailableError
from certsvc.storage.bucket import PROBES, Bucket, BucketPlace
from certsvc.storage.bucket_faults import BlankError, ChangedError, MissingError, TakenError
from certsvc.storage.naming import place_of
from certsvc.storage.pack import (
    Whole,
    packed_file,
    parts_of,
    read_index,
    read_packed,
    read_raw,
)
from certsvc.storage.port import NOTHING, Storage

_END_BYTES: Final = 64 * 1024
"""More than the index of a chunk of 200 copies takes, so that most often one request reads it."""
_TURNS: Final = 8
"""How often a pack that others write anew at the same time is read again."""
_T = TypeVar("_T")


@dataclass(slots=True)
class ObjectPack:
    """One pack in the bucket, read in pieces of the very object its end was read of."""

    bucket: Bucket
    place: str
    start: int
    end: bytes
    size: int
    tag: str

    def read(self, place: int, length: int) -> bytes:
        """Return a piece. ChangedError, MissingError, UnavailableError."""
        length = min(length, self.size - place)
        if length <= 0:
            return b""
        if place >= self.start:
            return self.end[place - self.start : place - self.start + length]
        return self.bucket.read_piece(self.place, place, length, self.tag)


def open_pack(bucket: Bucket, place: str) -> ObjectPack:
    """Read the end of a pack.

    Raises:
        MissingError: there is none.
        RecordDamagedError: it is empty.
        UnavailableError: it cannot be read.
    """
    try:
        found = bucket.read_end(place, _END_BYTES)
    except BlankError:
        raise RecordDamagedError("a pack of issued files is cut short or none of ours") from None
    return ObjectPack(bucket, place, found.start, found.content, found.size, found.tag)


class S3Storage(Storage):
    """A create-only store in one bucket; safe to share between threads, processes and machines."""

    def __init__(self, place: BucketPlace) -> None:
        """Take the place; the store is asked for the first time when something is to be done."""
        self.bucket = Bucket(place)

    def put(self, files: Mapping[str, bytes], known: Mapping[str, str] = NOTHING) -> Mapping[str, str]:
        """Store the files of one chunk durably, in one pack. See the port."""
        places = {place_of(name) for name in files}
        if len(places) != 1 or not all(files.values()):
            raise UnavailableError("a pack holds the files of one chunk, and an issued file is never empty")
        (place,) = places
        self.bucket.prove()
        packed = [packed_file(name, content, known.get(name)) for name, content in files.items()]
        try:
            self.bucket.create(place, b"".join(parts_of(packed)))
        except TakenError:
            if not self._holds(place, files):
                raise UnavailableError("the name is taken by other bytes") from None
        return {file.name: file.sha256.hex() for file in packed}

    def get(self, name: str) -> bytes:
        """Return the bytes of one file. See the port."""
        place = place_of(name)

        def read() -> bytes:
            pack = open_pack(self.bucket, place)
            packed = read_index(pack).files.get(name)
            if packed is None:
                raise UnavailableError("an issued file is not in its pack")
            return read_packed(pack, packed)

        try:
            return _again(read)
        except MissingError:
            raise UnavailableError("storage: S3 NoSuchKey") from None

    def exists(self, name: str) -> bool:
        """Tell whether a pack lists this name."""
        place = place_of(name)
        try:
            return _again(lambda: name in read_index(open_pack(self.bucket, place)).files)
        except (MissingError, RecordDamagedError):
            return False

    def sync(self, name: str) -> None:
        """Make sure the pack is there: what the store shows is durable. See the port."""
        try:
            open_pack(self.bucket, place_of(name))
        except MissingError:
            raise UnavailableError("storage: S3 NoSuchKey") from None

    def remove(self, names: Iterable[str]) -> None:
        """Write each pack anew without these files, or remove it when nothing is left. See the port."""
        packs: dict[str, set[str]] = {}
        for name in names:
            packs.setdefault(place_of(name), set()).add(name)
        for place, gone in packs.items():
            try:
                _again(lambda place=place, gone=gone: self._remove(place, gone))  # type: ignore[misc]
            except MissingError:
                # Never stored, or another one removed the last file of it.
                continue

    def sweep_temporary(self, older_than: datetime) -> int:
        """Remove the probes of processes that died while they checked the store. See the port."""
        left = [
            entry.place
            for page in self.bucket.list(f"{PROBES}/")
            for entry in page
            if entry.changed_at < older_than
        ]
        for place in left:
            self.bucket.delete(place)
        return len(left)

    def check(self) -> None:
        """Create and remove a probe the size of an issued file. See the port."""
        self.bucket.check()

    def _holds(self, place: str, files: Mapping[str, bytes]) -> bool:
        """Tell whether a pack is just that of *files*."""
        try:
            pack = Whole(self.bucket.read_all(place))
        except MissingError:
            raise UnavailableError("storage: an object was there and is gone") from None
        index = read_index(pack)
        return index.files.keys() == files.keys() and all(
            read_packed(pack, packed) == files[name] for name, packed in index.files.items()
        )

    def _remove(self, place: str, gone: set[str]) -> None:
        """Write one pack anew, on condition that it is still the one that was read. ChangedError."""
        pack = open_pack(self.bucket, place)
        index = read_index(pack)
        kept = {name: packed for name, packed in index.files.items() if name not in gone}
        if len(kept) == len(index.files):
            return
        if not index.whole:
            raise RecordDamagedError("a damaged pack cannot be written anew")
        if kept:
            self.bucket.prove()
            self.bucket.replace(place, b"".join(parts_of(read_raw(pack, kept))), pack.tag)
        else:
            # Files of a pack only ever become fewer: nothing can have come in since.
            self.bucket.delete(place)


def _again(step: Callable[[], _T]) -> _T:
    """Do *step*, again when a pack was written anew between two of its requests."""
    for _ in range(_TURNS):
        try:
            return step()
        except ChangedError:
            continue
    raise UnavailableError("storage: a pack is written anew over and over")
