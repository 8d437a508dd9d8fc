"""What lies in the bucket of issued files, for somebody who goes through all of it; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import Final

from certsvc.errors import RecordDamagedError, UnavailableError
from certsvc.storage.bucket import PROBES, Bucket, Entry
from certsvc.storage.bucket_faults import ChangedError, MissingError
from certsvc.storage.listing import Kind, Listed
from certsvc.storage.pack import folder_of, read_index
from certsvc.storage.pack_files import is_pack_place
from certsvc.storage.s3 import open_pack

_AT_ONCE: Final = 8
"""Packs whose indexes are read beside each other."""


def listed_in_bucket(bucket: Bucket) -> Iterator[Listed]:
    """Go through the bucket, a page of objects at a time; what vanishes meanwhile is passed over.

    Raises:
        UnavailableError: the bucket is not there, or something in it cannot be read.
    """
    with ThreadPoolExecutor(_AT_ONCE) as readers:
        for page in bucket.list():
            for found in readers.map(lambda entry: _look(bucket, entry), page):
                if found is not None:
                    yield found


def _look(bucket: Bucket, entry: Entry) -> Listed | None:
    place = entry.place
    if place.startswith(f"{PROBES}/"):
        return Listed(path=place, kind=Kind.TEMPORARY, written_at=entry.changed_at)
    if not is_pack_place(place) or place.rpartition("/")[0] != folder_of(PurePosixPath(place).stem):
        return Listed(path=place, kind=Kind.STRAY, written_at=entry.changed_at)
    for _ in range(2):
        try:
            index = read_index(open_pack(bucket, place))
        except MissingError:
            return None
        except ChangedError:
            # Written anew between two requests; it is not often, and hardly twice.
            continue
        except RecordDamagedError:
            return Listed(path=place, kind=Kind.PACK, written_at=entry.changed_at, sound=False)
        return Listed(
            path=place,
            kind=Kind.PACK,
            written_at=entry.changed_at,
            names=tuple(index.files),
            sound=not index.by_heads,
        )
    raise UnavailableError("storage: a pack is written anew over and over")
