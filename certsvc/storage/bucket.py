"""A bucket of an S3-compatible store: single requests, bounded in time, their faults in our words.

An object is created only where there is none (If-None-Match) and replaced only while it is the one that was
read (If-Match). A store that takes no notice of these would lose files silently: prove() asks it once.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from certsvc.errors import UnavailableError
from certsvc.storage.bucket_faults import (
    BlankError,
    ChangedError,
    TakenError,
    UncertainError,
    told_in_words,
    uncertain,
)

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Credential

PROBES: Final = ".tmp"
"""Objects below it are probes of check(): nothing that was issued."""
_PROBE_BYTES: Final = 64 * 1024
_QUICK_S: Final = 3.0
"""Longest wait of a look whether the store is well: somebody polls it."""
_PAGE: Final = 1000
_PAUSE_S: Final = 0.2
_NO_TAG: Final = f'"{"0" * 32}"'
"""The ETag of no object."""
_NO_RANGE: Final = re.compile("status code: 416|non-partial response")


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPlace:
    """Where a bucket is and who asks."""

    bucket: str
    prefix: str
    """Without slashes at its ends; empty for the whole bucket."""
    endpoint: str
    """URL, with the bucket in its host where *host_style*."""
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    timeout_s: float = 10.0
    """Of one reading request; one that writes may take twice as long."""
    host_style: bool = False
    """The bucket stands in the host's name instead of the path."""


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of an object."""

    content: bytes
    start: int
    """Place of its first byte."""
    size: int
    """Bytes of the whole object."""
    tag: str
    """ETag, which names this very content."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An object in a listing."""

    place: str
    size: int
    changed_at: datetime
    """Aware."""


class Bucket:
    """A bucket, or what lies below a prefix in one; safe to share between threads."""

    def __init__(self, place: BucketPlace) -> None:
        """Take the place; nothing is asked yet."""
        self._reading = _client(place, place.timeout_s)
        self._writing = _client(place, 2 * place.timeout_s, retries=0)
        self._quick = _client(place, min(_QUICK_S, place.timeout_s), retries=0)
        self._above = f"{place.prefix}/" if place.prefix else ""
        self._again_s = place.timeout_s
        self._proved = False
        self.keeps_versions = False
        """Whether the bucket keeps what was removed; known after prove()."""

    def prove(self) -> None:
        """Make sure, once, that the store creates and replaces only on the conditions given.

        Raises:
            UnavailableError: it does not, or cannot be asked now.
        """
        if self._proved:
            return
        probe = self._probe()
        with told_in_words():
            made = self._quick.put(self._above + probe, b"first", mode="create", use_multipart=False)
        try:
            self.keeps_versions = made["version"] not in {None, "null"}
            if not self._refuses(probe):
                raise UnavailableError(
                    "storage: this S3 store overwrites objects against If-None-Match or If-Match; "
                    "use one that honours both"
                )
        finally:
            self.delete(probe)
        self._proved = True

    def check(self) -> None:
        """Create and remove a probe the size of an issued file. UnavailableError, StorageFullError."""
        self.prove()
        probe = self._probe()
        with told_in_words():
            try:
                self._quick.put(self._above + probe, bytes(_PROBE_BYTES), mode="create", use_multipart=False)
            finally:
                self._quick.delete(self._above + probe)

    def create(self, place: str, content: bytes) -> None:
        """Create an object; after a lost answer again, for as long as one reading request may take.

        Raises:
            TakenError: there is one; it may be that of an attempt whose answer was lost.
            StorageFullError, UnavailableError: it may be there all the same, if no answer came.
        """
        until = time.monotonic() + self._again_s
        while True:
            try:
                with uncertain():
                    self._writing.put(self._above + place, content, mode="create", use_multipart=False)
            except AlreadyExistsError:
                raise TakenError from None
            except UncertainError as error:
                if time.monotonic() + _PAUSE_S > until:
                    raise UnavailableError(*error.args) from None
                time.sleep(_PAUSE_S)
                continue
            return

    def replace(self, place: str, content: bytes, tag: str) -> None:
        """Replace the object that has this tag. ChangedError, UnavailableError."""
        with told_in_words():
            try:
                self._writing.put(self._above + place, content, mode={"e_tag": tag}, use_multipart=False)
            except PreconditionError:
                raise ChangedError from None

    def read_end(self, place: str, length: int) -> Found:
        """Return the last *length* bytes of an object. MissingError, BlankError, UnavailableError."""
        with told_in_words():
            try:
                got = self._reading.get(self._above + place, options={"range": {"suffix": length}})
            except BaseError as error:
                # No range lies in nothing, and stores word that differently.
                if not _NO_RANGE.search(str(error)):
                    raise
                if self._reading.head(self._above + place)["size"] == 0:
                    raise BlankError from None
                raise
            meta = got.meta
            return Found(bytes(got.bytes()), got.range[0], meta["size"], meta["e_tag"] or "")

    def read_piece(self, place: str, start: int, length: int, tag: str) -> bytes:
        """Return a piece of the object with this tag. ChangedError, MissingError, UnavailableError."""
        with told_in_words():
            try:
                got = self._reading.get(
                    self._above + place, options={"range": (start, start + length), "if_match": tag}
                )
                return bytes(got.bytes())
            except PreconditionError:
                raise ChangedError from None

    def read_all(self, place: str) -> bytes:
        """Return all of an object. MissingError, UnavailableError."""
        with told_in_words():
            return bytes(self._reading.get(self._above + place).bytes())

    def delete(self, place: str) -> None:
        """Remove an object; a missing one is fine. UnavailableError."""
        with told_in_words():
            self._reading.delete(self._above + place)

    def list(self, below: str = "") -> Iterator[list[Entry]]:
        """Go through the objects below a folder, page by page. UnavailableError."""
        pages = self._reading.list((self._above + below) or None, chunk_size=_PAGE)
        while True:
            with told_in_words():
                page = next(pages, None)
            if page is None:
                return
            yield [
                Entry(one["path"].removeprefix(self._above), one["size"], one["last_modified"])
                for one in page
            ]

    def _refuses(self, probe: str) -> bool:
        """Tell whether both conditions are honoured on an object that is there."""
        try:
            with told_in_words():
                self._quick.put(self._above + probe, b"other", mode="create", use_multipart=False)
        except UnavailableError:
            raise
        except AlreadyExistsError:
            pass
        else:
            return False
        try:
            with told_in_words():
                self._quick.put(
                    self._above + probe,
                    b"other",
                    mode={"e_tag": _NO_TAG},
                    use_multipart=False,
                )
        except PreconditionError:
            return True
        return False

    def _probe(self) -> str:
        return f"{PROBES}/check.{secrets.token_hex(8)}.tmp"


def _client(place: BucketPlace, timeout_s: float, retries: int = 2) -> S3Store:
    wait = timedelta(seconds=timeout_s)
    config: S3Config = {
        "endpoint": place.endpoint,
        "region": place.region,
        "virtual_hosted_style_request": place.host_style,
        # One by one: the answer to a removal in bulk is a success although some stayed.
        "disable_bulk_delete": True,
        # Else the client would take these from AWS_* of the environment, which nobody set for this service.
        "skip_signature": False,
        "conditional_put": "etag",
    }
    keys: S3Credential = {
        "access_key_id": place.access_key,
        "secret_access_key": place.secret_key,
        "expires_at": None,
    }
    return S3Store(
        place.bucket,
        config=config,
        # Not among the settings: beside keys there a token of the environment would be sent.
        credential_provider=lambda: keys,
        client_options={
            "allow_http": place.endpoint.startswith("http://"),
            "timeout": wait,
            "connect_timeout": min(wait, timedelta(seconds=_QUICK_S)),
        },
        # After an answer that took all of the time nothing is tried again.
        retry_config={"max_retries": retries, "retry_timeout": wait},
    )
