"""What goes through the pipes between the server and a reading child: JSON, then bytes, each with its length.

Nothing else is ever taken from a child: no pickle, no file descriptor, no path.
"""

from __future__ import annotations

import json
import os
import select
import struct
import time
from datetime import datetime
from typing import Final

_HEAD: Final = struct.Struct(">II")
"""Sizes of the JSON and of the bytes that follow."""
_PIECE: Final = 1 << 18
"""Bytes asked of a pipe at once; it holds less."""

READY: Final = b"+"
"""The one byte a child says when it is up; a single byte cannot arrive in halves."""


def send(pipe: int, words: object, content: bytes = b"", *, until: float | None = None) -> None:
    """Write one message.

    Args:
        pipe: a file descriptor; with *until* a non-blocking one.
        words: JSON values.
        content: any bytes.
        until: instant of the monotonic clock; None waits for ever.

    Raises:
        EOFError: the other side is gone.
        TimeoutError: it does not read.
    """
    said = json.dumps(words, ensure_ascii=False, default=datetime.isoformat).encode()
    write(pipe, _HEAD.pack(len(said), len(content)) + said, until=until)
    write(pipe, content, until=until)


def receive(pipe: int, *, most: int, until: float | None = None) -> tuple[bytes, bytes]:
    """Read one message: its JSON, unparsed, and its bytes.

    Args:
        pipe: a file descriptor; with *until* a non-blocking one.
        most: bytes a message may have.
        until: instant of the monotonic clock; None waits for ever.

    Raises:
        EOFError: the other side is gone, or says it has more to say than *most*.
        TimeoutError: it does not write.
    """
    said, content = _HEAD.unpack(read(pipe, _HEAD.size, until=until))
    if said + content > most:
        raise EOFError("a message too long")
    return read(pipe, said, until=until), read(pipe, content, until=until)


def write(pipe: int, content: bytes, *, until: float | None = None) -> None:
    """Write all of *content*; as send."""
    left = memoryview(content)
    while left:
        _wait(pipe, select.POLLOUT, until)
        try:
            left = left[os.write(pipe, left[:_PIECE]) :]
        except BlockingIOError:
            continue
        except BrokenPipeError as gone:
            raise EOFError("nobody reads") from gone


def read(pipe: int, size: int, *, until: float | None = None) -> bytes:
    """Read exactly *size* bytes; as receive."""
    pieces: list[bytes] = []
    while size:
        _wait(pipe, select.POLLIN, until)
        try:
            piece = os.read(pipe, min(size, _PIECE))
        except BlockingIOError:
            continue
        if not piece:
            raise EOFError("nobody writes")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _wait(pipe: int, event: int, until: float | None) -> None:
    """Wait until the pipe can be used or the other side is gone."""
    poll = select.poll()
    poll.register(pipe, event)
    left = None if until is None else max(0.0, (until - time.monotonic()) * 1000)
    if not poll.poll(left):
        raise TimeoutError("the other side takes too long")
