"""Clients that send almost nothing, for as long as they may, while others want their answers."""

from __future__ import annotations

import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.drills import FULL, record
from tests.factories import FixedClock
from tests.flows.conftest import close
from tests.flows.server import Server, serving, settings_of
from tests.world import World, settings_in

SLOW = 50
BYTES_A_SECOND = 200
WATCHED_S = 20.0 if FULL else 2.0
HEAD = (
    b"POST /verify HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    b"Content-Length: 9000000\r\n\r\n--b\r\n"
    b'Content-Disposition: form-data; name="file"; filename="x.pdf"\r\n\r\n%PDF-1.7\n'
)


def _drip(server: Server, ended: threading.Event, sent: list[int]) -> None:
    """Upload at 200 bytes a second until told to end, or until the server has had enough."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as wire:
        wire.sendall(HEAD)
        while not ended.wait(0.5):
            try:
                wire.sendall(b"x" * (BYTES_A_SECOND // 2))
            except OSError:
                return
            sent.append(BYTES_A_SECOND // 2)


def test_slow_uploads_keep_nobody_waiting(tmp_path: Path, dev_keys: Path, font_cache: Path) -> None:
    """50 of them at once: each other question is answered, and the drill prints how soon."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    world = World(settings_in(tmp_path / "var", dev_keys), FixedClock(datetime.now(UTC)))
    world.initial()
    token = world.endorse()["token"]
    close(world)
    with serving(settings_of(tmp_path / "var", dev_keys), workers=2) as server:
        ended, sent = threading.Event(), list[int]()
        slow = [threading.Thread(target=_drip, args=(server, ended, sent)) for _ in range(SLOW)]
        for one in slow:
            one.start()
        took: list[float] = []
        try:
            until = time.monotonic() + WATCHED_S
            while time.monotonic() < until or len(took) < 20:
                began = time.monotonic()
                status, _, _ = server.call("GET", f"/v/{token}", headers={"Accept": "text/html"})
                took.append(time.monotonic() - began)
                assert status == 200
        finally:
            ended.set()
            for one in slow:
                one.join()
    took.sort()
    p99_ms = took[int(len(took) * 0.99) - 1] * 1000
    record("others beside 50 slow uploads", asked=len(took), p99_ms=f"{p99_ms:.0f}", slow_bytes=sum(sent))
    assert sum(sent) > 0
