"""A server that never comes to an end: a byte at a time, each in time for whoever reads."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def dripping(first: bytes) -> Iterator[int]:
    """Answer everybody with *first*, then with zeros for ever; yields the port on 127.0.0.1."""
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)

        def drip() -> None:
            while not gone.is_set():
                with suppress(OSError):
                    speaking, _ = server.accept()
                    with speaking:
                        speaking.sendall(first)
                        while not gone.wait(0.02):
                            speaking.sendall(b"0")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            gone.set()
            thread.join()
