"""Recovery: what a crash left PENDING becomes DONE or FAILED (docs/issuing-cycle.md)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from certsvc.domain.endorsement import Copy, IssuedFile
from certsvc.domain.report import FileOutcome
from certsvc.issuing.reserve import LEASE
from certsvc.registry.port import Registry
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.port import PinnedKey
from certsvc.storage.port import Storage

_LATEST_FILE: Final = timedelta(days=1)
"""A worker that took longer than this to store a file has long been restarted."""


class Recovery:
    """Takes over copies whose worker died."""

    def __init__(self, *, registry: Registry, storage: Storage, pinned: tuple[PinnedKey, ...]) -> None:
        """Take the registry, the files and the keys whose seals count."""
        self._registry = registry
        self._storage = storage
        self._pinned = pinned
        self._worker = f"recovery-{secrets.token_hex(8)}"

    def run(self, now: datetime) -> Mapping[str, int]:
        """Settle every PENDING copy whose lease has ended; counts by outcome."""
        counts = {"finished": 0, "failed": 0}
        with self._registry.reading() as session:
            stranded = session.pending_copies(now)
        for copy in stranded:
            outcome = self.settle(copy, now)
            if outcome is not None:
                counts[outcome] += 1
        with self._registry.reading() as session:
            failed = session.failed_copies(now - _LATEST_FILE)
        # Who should have removed the file of a FAILED copy may have died before that.
        for copy in failed:
            self._storage.remove(_file_of(copy))
        # A writer that died between write and link leaves a sealed file nobody may ever find.
        self._storage.sweep_temporary(now - LEASE)
        return counts

    def settle(self, copy: Copy, now: datetime) -> str | None:
        """Finish or fail one stranded copy.

        Returns:
            ``finished`` or ``failed``; None when somebody else has it.
        """
        with self._registry.writing() as session:
            if not session.take_over(copy.copy_id, self._worker, now, now + LEASE):
                return None
        content = self._finished_file(copy)
        if content is not None:
            # Its writer may have died before the folder was synced; this syncs it.
            self._storage.put(_file_of(copy), content)
            files = {"pdf": IssuedFile(sha256=hashlib.sha256(content).hexdigest(), size=len(content))}
            with self._registry.writing() as session:
                return "finished" if session.complete(copy.copy_id, self._worker, files, now) else None
        # The row first: until it is FAILED in our name, the file may yet become that of a DONE copy.
        with self._registry.writing() as session:
            if not session.fail(copy.copy_id, self._worker, "UNAVAILABLE", now):
                return None
        self._storage.remove(_file_of(copy))
        return "failed"

    def _finished_file(self, copy: Copy) -> bytes | None:
        """Return the stored file when it is there and sealed by the key the row names."""
        if not self._storage.exists(_file_of(copy)):
            return None
        content = self._storage.get(_file_of(copy))
        check = check_pdf(content, self._pinned)
        if check.outcome is not FileOutcome.INTACT or check.key_id != copy.key_id:
            return None
        return content


def _file_of(copy: Copy) -> str:
    return f"{copy.copy_id}.pdf"
