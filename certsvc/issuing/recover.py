"""Recovery: what a crash left PENDING becomes DONE or FAILED (docs/issuing-cycle.md)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from certsvc.domain.endorsement import FORMATS, Copy, IssuedFile
from certsvc.domain.timestamps import FileTimestamp
from certsvc.errors import RecordDamagedError, TimestampUnavailableError
from certsvc.issuing.lease import LEASE
from certsvc.issuing.stamping import Stamper, inspector_for
from certsvc.registry.port import Registry
from certsvc.sealing.port import PinnedKey, PinnedSeal
from certsvc.storage.port import Storage

_log = structlog.get_logger()

_LATEST_FILE: Final = timedelta(days=1)
"""A worker that took longer than this to store a file has long been restarted."""


class Recovery:
    """Takes over copies whose worker died."""

    def __init__(
        self,
        *,
        registry: Registry,
        storage: Storage,
        pinned: Sequence[PinnedKey],
        pinned_seals: Sequence[PinnedSeal],
        stamper: Stamper | None = None,
    ) -> None:
        """Take the registry, the files, the keys whose seals count, and who stamps, if anybody does."""
        self._registry = registry
        self._storage = storage
        self._stamper = stamper
        self._inspector = inspector_for(pinned, pinned_seals, stamper)
        self._worker = f"recovery-{secrets.token_hex(8)}"

    def run(self, now: datetime) -> Mapping[str, int]:
        """Settle every PENDING copy whose lease has ended; counts by outcome."""
        counts = {"finished": 0, "failed": 0}
        with self._registry.reading() as session:
            stranded = session.pending_copies(now)
        away: list[TimestampUnavailableError] = []
        for copy in stranded:
            outcome = self.settle(copy, now, away)
            if outcome is not None:
                counts[outcome] += 1
        with self._registry.reading() as session:
            failed = session.failed_copies(now - _LATEST_FILE)
        # Who should have removed the files of a FAILED copy may have died before that.
        for copy in failed:
            self._remove_files(copy)
        # A writer that died between write and link leaves a sealed file nobody may ever find.
        self._storage.sweep_temporary(now - LEASE)
        return counts

    def settle(
        self, copy: Copy, now: datetime, away: list[TimestampUnavailableError] | None = None
    ) -> str | None:
        """Finish or fail one stranded copy.

        Args:
            copy: which.
            now: aware.
            away: what others met already; it grows. With something in it no time stamp is asked for again:
                each would wait as long as the first one to hear the same.

        Returns:
            ``finished`` or ``failed``; None when somebody else has it.
        """
        with self._registry.writing() as session:
            if not session.take_over(copy.copy_id, self._worker, now, now + LEASE):
                return None
        found = self._finished_files(copy)
        stamps = self._timestamps(copy, found, [] if away is None else away) if found is not None else None
        if found is not None and stamps is not None:
            # Its writer may have died before the folder was synced. Both formats lie in one pack.
            self._storage.sync(copy.file_name(FORMATS[0]))
            files = {
                fmt: IssuedFile(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
                for fmt, content in found.items()
            }
            with self._registry.writing() as session:
                if not session.complete(copy.copy_id, self._worker, files, now):
                    return None
                for stamp in stamps:
                    session.add_timestamp(stamp)
            return "finished"
        # The row first: until it is FAILED in our name, the files may yet become those of a DONE copy.
        with self._registry.writing() as session:
            if not session.fail(copy.copy_id, self._worker, "UNAVAILABLE", now):
                return None
        self._remove_files(copy)
        return "failed"

    def _finished_files(self, copy: Copy) -> Mapping[str, bytes] | None:
        """Return the stored files, by format, when all are there and sealed by the keys the row names."""
        found: dict[str, bytes] = {}
        for fmt in FORMATS:
            name = copy.file_name(fmt)
            if not self._storage.exists(name):
                return None
            try:
                found[fmt] = self._storage.get(name)
            except RecordDamagedError:
                return None
            if self._inspector.fault(copy, fmt, found[fmt]) is not None:
                return None
        return found

    def _timestamps(
        self, copy: Copy, files: Mapping[str, bytes], away: list[TimestampUnavailableError]
    ) -> Sequence[FileTimestamp] | None:
        """Return what is to be written down of time stamps; None when one is wanted and not to be had.

        Tokens that lie beside files died with the worker, so they are asked for again.
        """
        if self._stamper is None:
            return ()
        if away:
            return None
        try:
            stamped_at = self._inspector.stamped_at(copy, files["pdf"])
            return self._stamper.begin().written(copy, files, stamped_at)
        except TimestampUnavailableError as error:
            _log.error("a copy is given up", code=error.code, note=error.note)
            away.append(error)
            return None

    def _remove_files(self, copy: Copy) -> None:
        """Remove whatever is stored of a FAILED copy."""
        try:
            self._storage.remove(copy.file_name(fmt) for fmt in FORMATS)
        except RecordDamagedError as error:
            # One damaged pack, which hands out nothing of this copy, must not keep the others unsettled.
            _log.error("files not removed", code=error.code, note=error.note)
