"""Step 7 of the issuing cycle: is a sealed file, by its bytes alone, the one this copy should have?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from certsvc.domain.endorsement import Copy
from certsvc.domain.report import FileCheck, FileOutcome
from certsvc.domain.timestamps import TimestampLevel
from certsvc.pdf.layout import Body
from certsvc.sealing.check_ofd import check_ofd
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.port import PinnedKey, PinnedSeal


class Inspector:
    """The strict checker of each format; whoever makes or recovers a copy asks the same one."""

    def __init__(
        self,
        pinned: Sequence[PinnedKey],
        pinned_seals: Sequence[PinnedSeal],
        *,
        roots: Sequence[bytes] = (),
        level: TimestampLevel | None = None,
    ) -> None:
        """Take what counts.

        Args:
            pinned: keys of PDF files.
            pinned_seals: seals of OFD files.
            roots: of time-stamping authorities, DER.
            level: what a PDF must have inside; None when it needs no time stamp.
        """
        self._level = level
        self._checkers: Mapping[str, Callable[[bytes, Body | None], FileCheck]] = {
            "pdf": lambda content, known: check_pdf(content, pinned, roots, known),
            "ofd": lambda content, _: check_ofd(content, pinned_seals),
        }

    def fault(self, copy: Copy, fmt: str, content: bytes, known: Body | None = None) -> str | None:
        """Say why *content* may not be handed out as the file of *copy* in format *fmt*.

        Args:
            copy: whose file it is.
            fmt: ``pdf`` or ``ofd``.
            content: the sealed bytes.
            known: what preflight read of a PDF; where the sealed bytes are the same, they are not read again.

        Returns:
            The outcome and the codes of the findings; None for an intact file, sealed by the key the row
            names.
        """
        return self._fault_of(copy, fmt, self._checkers[fmt](content, known))

    def stamped_at(self, copy: Copy, content: bytes) -> datetime | None:
        """Return what the time stamp in a sound PDF of *copy* states; None for any other."""
        check = self._checkers["pdf"](content, None)
        return None if self._fault_of(copy, "pdf", check) is not None else check.stamped_at

    def _fault_of(self, copy: Copy, fmt: str, check: FileCheck) -> str | None:
        if check.outcome is not FileOutcome.INTACT:
            return f"{check.outcome}: {', '.join(finding.code for finding in check.findings)}"
        if fmt == "pdf" and self._level not in (None, check.timestamp):
            return f"{check.outcome}: NO_TIMESTAMP, {self._level} is wanted"
        meant = {"pdf": copy.key_id, "ofd": copy.seal_key_id}[fmt]
        return None if check.key_id == meant else f"sealed by {check.key_id}, not by {meant}"
