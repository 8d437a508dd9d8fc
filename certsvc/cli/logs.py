"""Logs: one JSON object per line, on stderr, without personal data."""

from __future__ import annotations

import logging
import logging.config
import re
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
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


def write_answered(endpoint: str, method: str, status: int, ms: float, request_id: str) -> None:
    """Write the line of an answer as a logger of ours would, for lines of which every page has one.

    Only words of ours go in: nothing is left out and nothing escaped.
    """
    sys.stderr.write(
        f'{{"endpoint": "{endpoint}", "method": "{method}", "status": {status}, "ms": {ms}, '
        f'"request_id": "{request_id}", "event": "answered", "level": "info", "logger": "certsvc.access", '
        f'"at": "{datetime.now(UTC).isoformat()[:-6]}Z"}}\n'
    )
    sys.stderr.flush()


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
