"""Recovery: what a crash left PENDING becomes DONE or FAILED (docs/issuing-cycle.md)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from certsvc.domain.endorsement import Copy, IssuedFile
from certsvc.domain.report import FileOutcome
from certsvc.registry.port import Registry
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.port import PinnedKey
from certsvc.storage.port import Storage

_LEASE: Final = timedelta(seconds=60)


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
        # A writer that died between write and link leaves a sealed file nobody may ever find.
        self._storage.sweep_temporary(now - _LEASE)
        return counts

    def settle(self, copy: Copy, now: datetime) -> str | None:
        """Finish or fail one stranded copy.

        Returns:
            ``finished`` or ``failed``; None when somebody else has it.
        """
        with self._registry.writing() as session:
            if not session.take_over(copy.copy_id, self._worker, now, now + _LEASE):
                return None
        files = self._finished_files(copy)
        if files is not None:
            with self._registry.writing() as session:
                return "finished" if session.complete(copy.copy_id, self._worker, files, now) else None
        name = f"{copy.copy_id}.pdf"
        self._storage.remove(name)
        with self._registry.writing() as session:
            failed = session.fail(copy.copy_id, self._worker, "UNAVAILABLE", now)
        # Once more, after the row is FAILED: the first worker may have been slow, not dead, and have stored
        # its file between the two steps. If it comes later still, it finds the row FAILED and cleans up.
        self._storage.remove(name)
        return "failed" if failed else None

    def _finished_files(self, copy: Copy) -> Mapping[str, IssuedFile] | None:
        """Return the stored files' facts when all are there and sealed by the key the row names."""
        name = f"{copy.copy_id}.pdf"
        if not self._storage.exists(name):
            return None
        content = self._storage.get(name)
        check = check_pdf(content, self._pinned)
        if check.outcome is not FileOutcome.INTACT or check.key_id != copy.key_id:
            return None
        return {"pdf": IssuedFile(sha256=hashlib.sha256(content).hexdigest(), size=len(content))}
