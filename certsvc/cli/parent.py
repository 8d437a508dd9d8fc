"""What a child process does so as not to outlive its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
"""prctl(2), Linux."""


def die_with_parent(parent: int | None = None) -> None:
    """Ask the kernel to end this process with its parent.

    Workers whose main process was killed would go on, beside those of the next start.

    Args:
        parent: the parent's process id, where known: it may have died before this line.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
