"""``python -m certsvc``, the ``certsvc`` script, and what each worker of the server starts with."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

from certsvc.cli.parent import die_with_parent
from certsvc.cli.program import program

if TYPE_CHECKING:
    from apiflask import APIFlask


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # Names are Chinese; a machine set to another encoding must still get them, as UTF-8.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
    program(prog_name="certsvc")


def create_worker() -> APIFlask:
    """Make the application in a worker process of the server (``certsvc serve`` names this function)."""
    from certsvc.cli.logs import AnsweredLines, configure_logs
    from certsvc.cli.memory import keep_loaded
    from certsvc.web.app import create_app
    from certsvc.web.observe import write_lines_with

    die_with_parent()
    configure_logs("INFO")
    lines = AnsweredLines()
    lines.start()
    write_lines_with(lines.answered)
    app = create_app()
    keep_loaded()
    return app


if __name__ == "__main__":
    main()
