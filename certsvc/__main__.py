"""``python -m certsvc``, the ``certsvc`` script, and what each worker of the server starts with."""

from __future__ import annotations

import ctypes
import gc
import signal
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final

from certsvc.cli.program import program

if TYPE_CHECKING:
    from apiflask import APIFlask

_PR_SET_PDEATHSIG: Final = 1
"""prctl(2), Linux."""


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # Names are Chinese; a machine set to another encoding must still get them, as UTF-8.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
    program(prog_name="certsvc")


def create_worker() -> APIFlask:
    """Make the application in a worker process of the server (``certsvc serve`` names this function)."""
    from certsvc.cli.logs import configure_logs
    from certsvc.web.app import create_app

    _die_with_parent()
    configure_logs("INFO")
    app = create_app()
    # What was loaded stays till the end. Looking through it for garbage again and again would stop every
    # request of the process for a tenth of a second.
    gc.collect()
    gc.freeze()
    return app


def _die_with_parent() -> None:
    """Ask the kernel to end this process with its parent.

    Workers whose main process was killed would go on serving, beside those of the next start.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


if __name__ == "__main__":
    main()
