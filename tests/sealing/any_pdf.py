"""The slow way to judge a PDF: as one that is not laid out like ours. The quick way must say the same."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from certsvc.domain.report import FileCheck
from certsvc.sealing import check_pdf as checking
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.port import PinnedKey


def check_any_pdf(data: bytes, pinned: Sequence[PinnedKey], roots: Sequence[bytes] = ()) -> FileCheck:
    """Judge a file with nothing known of its layout, nor of that of a file in front of a time stamp."""
    strictly = checking._check_strictly
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "read_layout", lambda data, known: None)
        patch.setattr(
            checking, "_check_strictly", lambda data, pinned, layout, **_: strictly(data, pinned, None)
        )
        return check_pdf(data, pinned, roots)
