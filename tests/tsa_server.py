"""A time-stamping authority on a port of its own, that misbehaves on demand."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.factories import FixedClock
from tests.tsa import Authority, an_authority


class Desk:
    """What the running authority does next, and what it was asked."""

    def __init__(self, authority: Authority, now: Callable[[], datetime]) -> None:
        """Begin well-behaved."""
        self.authority = authority
        self.now = now
        self.manners = ""
        """Empty, a twist of the token, or ``blackhole``, ``reset``, ``drip``, ``drip the head``, ``endless``,
        ``page``, ``redirect``, ``error``, ``no DER``, ``slow clock``."""
        self.asked = 0
        self.from_then: int | None = None
        """Misbehave only from the n-th question on."""
        self.url = ""
        self.released = threading.Event()
        self._came = threading.Condition()

    def wait_for(self, asked: int) -> None:
        """Wait until so many questions came."""
        with self._came:
            assert self._came.wait_for(lambda: self.asked >= asked, timeout=60)

    def manners_now(self) -> str:
        """How to answer the question that just came."""
        with self._came:
            self.asked += 1
            self._came.notify_all()
        return self.manners if self.from_then is None or self.asked >= self.from_then else ""


@contextmanager
def running(
    now: Callable[[], datetime] | None = None,
    authority: Authority | None = None,
    *,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Desk]:
    """Serve on a free port of this machine."""
    desk = Desk(authority or an_authority(), now or FixedClock().now)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(desk))
    server.daemon_threads = True
    if tls is not None:
        # The handshake belongs to the thread of each connection: one that fails must stop nobody.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    desk.url = f"http://127.0.0.1:{server.server_address[1]}/tsa"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield desk
    finally:
        desk.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(desk: Desk) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            manners = desk.manners_now()
            request = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                self._answer(manners, request)
            except OSError:
                # The client gave up, which is what it should do.
                self.close_connection = True

        def _answer(self, manners: str, request: bytes) -> None:
            if manners == "blackhole":
                desk.released.wait()
            elif manners == "reset":
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
                self.close_connection = True
            elif manners == "drip the head":
                self._drip(b"HTTP/1.1 200 OK\r\n" + b"X-Wait: yes\r\n" * 1_000_000)
            elif manners == "redirect":
                self.send_response(307)
                self.send_header("Location", desk.url)
                self.end_headers()
            elif manners == "error":
                self.send_error(500)
            else:
                self._reply(manners, request)

        def _reply(self, manners: str, request: bytes) -> None:
            at = desk.now() + (timedelta(hours=1) if manners == "slow clock" else timedelta())
            body = desk.authority.answer(request, at, manners)
            if manners == "no DER":
                body = b"\x30\x80" + body
            self.send_response(200)
            self.send_header(
                "Content-Type", "text/html" if manners == "page" else "application/timestamp-reply"
            )
            if manners != "endless":
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if manners == "drip":
                self._drip(body)
            elif manners == "endless":
                while not desk.released.is_set():
                    self.wfile.write(bytes(65_536))
            else:
                self.wfile.write(body)

        def _drip(self, content: bytes) -> None:
            for byte in content:
                if desk.released.wait(0.02):
                    return
                self.wfile.write(bytes((byte,)))
                self.wfile.flush()

    return Handler
