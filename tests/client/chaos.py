"""A proxy between client and server that loses, cuts, delays and invents answers, one by one as told."""

from __future__ import annotations

import http.client
import json
import socket
import socketserver
import struct
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of no time at all: closing sends a reset."""


class Fault(Enum):
    """What happens to one request; every kind but the first hides a whole answer from the client."""

    NONE = auto()
    LOST_BEFORE = auto()
    """The connection is reset; the server never saw the request."""
    LOST_AFTER = auto()
    """The server did what was asked; the connection is reset instead of its answer."""
    CUT = auto()
    """The answer breaks off in the middle of the length it stated."""
    CUT_UNSEEN = auto()
    """The same without a stated length: only its content tells."""
    SILENCE = auto()
    """The server did what was asked; nothing comes back until the client gives up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer the server never gave."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def problem(status: int, code: str, **headers: str) -> Said:
    """Refuse as the service would."""
    body = {
        "type": "t",
        "title": "t",
        "status": status,
        "detail": "d",
        "instance": "i",
        "code": code,
        "errors": [],
    }
    kind = {"Content-Type": "application/problem+json"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(status=status, headers=kind | named, body=json.dumps(body).encode())


def said_json(body: object, status: int = 200) -> Said:
    """Answer with JSON."""
    return Said(status=status, headers={"Content-Type": "application/json"}, body=json.dumps(body).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request as the client sent it."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Chaos:
    """A running proxy."""

    def __init__(self, port: int, upstream: int) -> None:
        """Listen on *port*, pass on to *upstream*."""
        self.url = f"http://127.0.0.1:{port}"
        self.upstream = upstream
        self.seen: list[Seen] = []
        self._plan: deque[Fault | Said] = deque()
        self._lock = threading.Lock()

    def plan(self, *steps: Fault | Said) -> None:
        """Say what happens to the next requests; those after them pass."""
        with self._lock:
            self.seen.clear()
            self._plan = deque(steps)

    def next_step(self, request: Seen) -> Fault | Said:
        """Write *request* down and tell its fate."""
        with self._lock:
            self.seen.append(request)
            return self._plan.popleft() if self._plan else Fault.NONE

    def forward(self, request: Seen) -> Said:
        """Ask the server."""
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=60)
        try:
            connection.request(request.method, request.path, request.body, dict(request.headers))
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() in _PASSED_ON}
            return Said(status=answer.status, headers=kept, body=answer.read())
        finally:
            connection.close()


_PASSED_ON: Final = {"content-type", "retry-after", "etag", "location", "date"}


class _Handler(socketserver.BaseRequestHandler):
    """One connection, one request."""

    request: socket.socket

    def handle(self) -> None:
        chaos = self.server.chaos  # type: ignore[attr-defined]  # set in running_chaos
        assert isinstance(chaos, Chaos)
        asked = _read(self.request)
        if asked is None:
            return
        step = chaos.next_step(asked)
        if isinstance(step, Said):
            self.request.sendall(_written(step))
            return
        if step is Fault.LOST_BEFORE:
            self._reset()
            return
        answer = chaos.forward(asked)
        if step is Fault.LOST_AFTER:
            self._reset()
        elif step is Fault.SILENCE:
            # Ends when the client closes its side.
            self.request.settimeout(60)
            self.request.recv(1)
        elif step is Fault.NONE:
            self.request.sendall(_written(answer))
        else:
            whole = _written(answer, length=step is Fault.CUT)
            self.request.sendall(whole[: len(whole) - len(answer.body) // 2 - 1])

    def _reset(self) -> None:
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.request.close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    chaos: Chaos

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close without the shutdown that would come before a reset."""
        assert isinstance(request, socket.socket)
        request.close()


@contextmanager
def running_chaos(upstream: int) -> Iterator[Chaos]:
    """Run a proxy before the server on port *upstream* until the block ends."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.chaos = Chaos(int(server.server_address[1]), upstream)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.chaos
        finally:
            server.shutdown()
            thread.join()


def _read(wire: socket.socket) -> Seen | None:
    """Read one request; None when the client went away first."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = wire.recv(65536)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
    }
    while len(body) < int(headers.get("content-length", "0")):
        chunk = wire.recv(65536)
        if not chunk:
            return None
        body += chunk
    method, path, _ = first.split(" ")
    return Seen(method=method, path=path, headers=headers, body=body)


def _written(answer: Said, *, length: bool = True) -> bytes:
    headers = {**answer.headers, "Connection": "close"}
    if length:
        headers["Content-Length"] = str(len(answer.body))
    lines = _lines(answer.status, headers.items())
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + answer.body


def _lines(status: int, headers: Iterable[tuple[str, str]]) -> list[str]:
    return [f"HTTP/1.1 {status} {http.client.responses.get(status, '-')}", *(f"{n}: {v}" for n, v in headers)]
