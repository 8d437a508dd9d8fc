"""Logs: one JSON object per line, on stderr, without personal data."""

from __future__ import annotations

import logging
import logging.config
import re
import sys
from collections import deque
from collections.abc import MutableMapping
from datetime import UTC, datetime
from multiprocessing.util import Finalize
from threading import Event, Lock, Thread
from typing import Any, Final, TextIO

import structlog

PERSONAL: Final = frozenset(
    {
        "address",
        "api_key",
        "birth_date",
        "body",
        "employer",
        "face",
        "headers",
        "holder",
        "id_number",
        "name",
        "name_raw",
        "photo",
        "purpose",
        "registration_number",
        "signature",
        "token",
    }
)
"""Fields never written, whoever logs them."""
_TOGETHER: Final = 16
"""Lines of answers written at once: they fit into the 4,096 bytes that a pipe takes in one piece, whichever
workers share it."""
_LATE_S: Final = 0.1
"""How late a line of an answer may be written."""
_LAST: Final = 0
"""Priority among what a worker does at its end: after everything that may still be answering."""
_ID_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])")


class ExpectedFilter(logging.Filter):
    """Keeps back the server's advice against many threads: they are meant (serve.THREADS)."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything else through."""
        return not (record.name == "_granian" and "Python threads" in record.getMessage())


class StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to what stderr is at the time, also when it was replaced after the set-up."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        self.stream = sys.stderr
        super().emit(record)


def drop_personal(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out personal fields, and anything shaped like a resident ID number from the text that stays."""
    for field in PERSONAL & event.keys():
        del event[field]
    for field, value in event.items():
        if isinstance(value, str):
            event[field] = without_id_numbers(value)
    return event


def without_id_numbers(text: str) -> str:
    """Return *text* with everything shaped like a resident ID number taken out."""
    return _ID_NUMBER.sub("[id number]", text)


def log_config(level: str) -> dict[str, Any]:
    """Return the ``logging.config`` table for this process and for the server's workers."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": "structlog.stdlib.ProcessorFormatter",
                "foreign_pre_chain": _shared(),
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_written()],
            }
        },
        "handlers": {
            "stderr": {
                "class": "certsvc.cli.logs.StderrHandler",
                "formatter": "json",
                "filters": ["expected"],
            }
        },
        "filters": {"expected": {"()": "certsvc.cli.logs.ExpectedFilter"}},
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            name: {"level": level, "handlers": ["stderr"], "propagate": False}
            for name in ("_granian", "granian.access")
        },
    }


def configure_logs(level: str) -> None:
    """Set up logging for this process.

    What others log goes through the standard library. Our own lines, one for every request, are written at
    once: on its way through handlers a line would cost as much as judging the record it tells of.
    """
    logging.config.dictConfig(log_config(level))
    structlog.configure(
        processors=[*_shared(), *_written()],
        logger_factory=Lines,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )


class AnsweredLines:
    """Lines of answers as a logger of ours writes them, for those of which every page has one.

    They are written some at a time, a fraction of a second late; whoever writes lets go of the interpreter's
    lock, and a page would wait for it as long as writing takes. Errors go another way, at once. Only words of
    ours go in: nothing is left out and nothing escaped.
    """

    def __init__(self) -> None:
        """Hold nothing; start() begins."""
        self._lines: deque[str] = deque()
        self._writing = Lock()
        self._ended = Event()
        self._thread = Thread(target=self._run, name="access log", daemon=True)

    def start(self) -> None:
        """Write what is held from now on, and the last of it when this process is told to end."""
        self._thread.start()
        # A worker of the server is a child of multiprocessing and ends without atexit.
        Finalize(None, self.stop, exitpriority=_LAST)

    def stop(self) -> None:
        """Write what is left."""
        self._ended.set()
        self.write()

    def answered(self, endpoint: str, method: str, status: int, ms: float, request_id: str) -> None:
        """Take the line of one answer."""
        lines = self._lines
        lines.append(
            f'{{"endpoint": "{endpoint}", "method": "{method}", "status": {status}, "ms": {ms}, '
            f'"request_id": "{request_id}", "event": "answered", "level": "info", '
            f'"logger": "certsvc.access", "at": "{datetime.now(UTC).isoformat()[:-6]}Z"}}\n'
        )
        if len(lines) >= _TOGETHER or self._ended.is_set():
            self.write()

    def write(self) -> None:
        """Write what is held, whole lines in one piece."""
        # Whoever comes while another writes leaves it to that one, and to the next.
        if self._writing.acquire(blocking=self._ended.is_set()):
            try:
                while self._lines:
                    together = min(len(self._lines), _TOGETHER)
                    sys.stderr.write("".join([self._lines.popleft() for _ in range(together)]))
                    sys.stderr.flush()
            finally:
                self._writing.release()

    def _run(self) -> None:
        while not self._ended.wait(_LATE_S):
            self.write()


class Lines:
    """Writes finished lines to what stderr is at the time, each in one piece."""

    def __init__(self, name: str) -> None:
        """Take the name that stands in the lines."""
        self.name = name

    def msg(self, line: str) -> None:
        """Write one line."""
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = exception = msg


def _written() -> list[Any]:
    return [
        structlog.processors.format_exc_info,
        drop_personal,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
