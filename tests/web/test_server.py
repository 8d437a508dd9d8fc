"""A real server process: what only shows on the wire."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.factories import FixedClock
from tests.world import World, settings_in

THREADS = 16


def a_free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path) -> Iterator[tuple[int, str]]:
    """Start Granian on a fresh place; yields its port and an API key."""
    folder = tmp_path_factory.mktemp("server")
    world = World(settings_in(folder / "var", dev_keys), FixedClock())
    _, key = world.services.clients.add("tests", ["issue", "read", "verify"])
    port = a_free_port()
    with serving(folder / "var", dev_keys, port):
        yield port, key


@contextmanager
def serving(data: Path, keys: Path, port: int) -> Iterator[None]:
    """Run Granian on an instance until the block ends."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--workers", "1"]
    command += ["--blocking-threads", str(THREADS), "--port", str(port), "certsvc.web.app:create_app"]
    environ = os.environ | {"CERTSVC_DATA_DIR": str(data), "CERTSVC_KEYS_DIR": str(keys)}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_alive(port, process)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_alive(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server ended at once"
        try:
            if _get(port, "/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not come up")


def _get(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "sent", [b"2\r\n{}\r\n0\r\n\r\n", b"11170\r\n" + b"x" * 1000], ids=["whole", "begun"]
)
def test_chunked_body_is_refused_on_the_wire(server: tuple[int, str], sent: bytes) -> None:
    """A whole body and one of 70,000 octets that has begun: never recorded, never a server error.

    No more is sent than the server reads with the head. It answers without waiting for a body and closes, and
    what is still on its way by then would make the system drop the answer too.
    """
    port, key = server
    with socket.create_connection(("127.0.0.1", port), 10) as wire:
        wire.sendall(
            b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nX-API-Key: " + key.encode() + b"\r\n"
            b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + sent
        )
        answer = http.client.HTTPResponse(wire)
        answer.begin()
        assert answer.status == 411
        assert answer.getheader("Content-Type") == "application/problem+json"


def test_body_over_the_limit_is_refused_before_it_is_sent(server: tuple[int, str]) -> None:
    """The stated length decides; the server need not swallow a gigabyte first."""
    port, key = server
    with socket.create_connection(("127.0.0.1", port), 10) as wire:
        wire.sendall(
            b"POST /api/v1/verifications HTTP/1.1\r\nHost: x\r\nX-API-Key: " + key.encode() + b"\r\n"
            b"Content-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n{"
        )
        assert wire.recv(200).startswith(b"HTTP/1.1 413")


def test_slow_clients_do_not_stop_the_others(server: tuple[int, str]) -> None:
    """Half-sent bodies wait; health and pages answer meanwhile."""
    port, key = server
    head = (
        f"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    )
    slow = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(THREADS // 2)]
    try:
        for wire in slow:
            wire.sendall(head.encode())
        time.sleep(0.5)
        for _ in range(5):
            assert _get(port, "/healthz")[0] == 200
            assert _get(port, "/verify", Accept="text/html")[0] == 200
    finally:
        for wire in slow:
            wire.close()


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/verify", "/docs", "/openapi.json", f"/V/{'0' * 26}"]
)
def test_public_addresses_answer_with_their_headers(server: tuple[int, str], path: str) -> None:
    """Through the real server too."""
    status, headers, body = _get(server[0], path, Accept="text/html")

    assert status == (404 if path.startswith("/V/") else 200)
    assert {name.lower() for name in headers} >= {"content-security-policy", "x-content-type-options"}
    assert body
