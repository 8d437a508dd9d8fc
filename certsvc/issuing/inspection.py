"""Step 7 of the issuing cycle: is a sealed file, by its bytes alone, the one this copy should have?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from certsvc.domain.endorsement import Copy
from certsvc.domain.report import FileCheck, FileOutcome
from certsvc.pdf.layout import Body
from certsvc.sealing.check_ofd import check_ofd
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.port import PinnedKey, PinnedSeal


class Inspector:
    """The strict checker of each format; whoever makes or recovers a copy asks the same one."""

    def __init__(self, pinned: Sequence[PinnedKey], pinned_seals: Sequence[PinnedSeal]) -> None:
        """Take the keys and seals that count."""
        self._checkers: Mapping[str, Callable[[bytes, Body | None], FileCheck]] = {
            "pdf": lambda content, known: check_pdf(content, pinned, known),
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
        check = self._checkers[fmt](content, known)
        if check.outcome is not FileOutcome.INTACT:
            return f"{check.outcome}: {', '.join(finding.code for finding in check.findings)}"
        meant = {"pdf": copy.key_id, "ofd": copy.seal_key_id}[fmt]
        return None if check.key_id == meant else f"sealed by {check.key_id}, not by {meant}"
