"""Stands before a real S3-compatible server and behaves badly on request: faults one cannot ask it for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import httpx

Rule = Callable[[str, str], str]
"""From method and path to how the request is met, see Proxy.rule."""
_NOT_PASSED_ON: Final = frozenset({"connection", "transfer-encoding", "content-length", "date", "server"})
_ERROR: Final = '<?xml version="1.0"?><Error><Code>{code}</Code><Message>planted</Message></Error>'


@dataclass
class Proxy:
    """What it does, and what it was asked."""

    port: int = 0
    rule: Rule = field(default=lambda method, path: "pass")
    """``pass``; ``lost`` (done, but the connection ends before the answer), ``cut`` (ended before anything
    is done), ``hang``, ``slow``, ``blind`` (conditions are not passed on), or a status with a code such as
    ``503 SlowDown``."""
    done: Callable[[], None] = field(default=lambda: None)
    """Called after each request that was passed on, before it is answered."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    """Of each request, names in lower case."""
    let_go: threading.Event = field(default_factory=threading.Event)

    @property
    def endpoint(self) -> str:
        """URL of it."""
        return f"http://127.0.0.1:{self.port}"

    def first(self, count: int, manners: str, method: str = "PUT", part: str = ".pack") -> None:
        """Meet the first so many requests of a kind with *manners*."""
        left = [manners] * count

        def rule(asked: str, path: str) -> str:
            return left.pop() if left and asked == method and part in path else "pass"

        self.rule = rule


@contextmanager
def standing_before(port: int) -> Iterator[Proxy]:
    """Run one before the server at *port*."""
    proxy = Proxy()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy, client))
        server.daemon_threads = True
        proxy.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.let_go.set()
            server.shutdown()
            thread.join()
            server.server_close()


def _handler(proxy: Proxy, client: httpx.Client) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

        def _meet(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            proxy.asked.append((self.command, self.path))
            proxy.headers.append({name.lower(): value for name, value in self.headers.items()})
            manners = proxy.rule(self.command, self.path)
            if manners == "hang":
                proxy.let_go.wait(60)
            if manners in {"hang", "cut"}:
                self.close_connection = True
                return
            if manners[0].isdigit():
                status, _, code = manners.partition(" ")
                self._answer(int(status), {}, _ERROR.format(code=code).encode())
                return
            headers = {
                name: value
                for name, value in self.headers.items()
                if not (manners == "blind" and name.lower() in {"if-none-match", "if-match"})
            }
            got = client.request(self.command, self.path, content=body, headers=headers)
            proxy.done()
            if manners == "lost":
                self.close_connection = True
                return
            if manners == "slow":
                time.sleep(0.3)
            self._answer(got.status_code, dict(got.headers), got.content)

        def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name not in _NOT_PASSED_ON:
                    self.send_header(name, value)
            length = headers.get("content-length", "0") if self.command == "HEAD" else str(len(content))
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = _meet

    return Handler
