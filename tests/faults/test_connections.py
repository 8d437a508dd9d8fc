"""Connections that break: the caller's after any part of a request, the database's in the midst of many."""

from __future__ import annotations

import http.client
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from certsvc.errors import CertsvcError, EndorsementPendingError, UnavailableError
from tests.drills import FULL, record
from tests.factories import FixedClock
from tests.faults.census import faults_of, take_census
from tests.faults.place import Place, make_place, number_of
from tests.flows.conftest import close
from tests.postgres import Server
from tests.web.site import path_of
from tests.web.test_server import a_free_port, serving
from tests.world import World, settings_in

RESETS: Final = 120 if FULL else 16
PEOPLE: Final = 200 if FULL else 24
STOPS: Final = 12 if FULL else 2
WRITERS: Final = 4
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing throws away what is on its way and resets the connection."""


@pytest.fixture
def served(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Iterator[tuple[Place, int]]:
    """Serve an instance with one person for each reset; yields it and the port."""
    place = make_place(tmp_path / "var", dev_keys, font_cache)
    for order in range(2, RESETS + 2):
        place.world.initial(number_of(order), order=order)
    place.close()
    port = a_free_port()
    with serving(place.data, dev_keys, port):
        yield place, port


def request_of(place: Place, order: int) -> bytes:
    """Write the request of one person for a copy, as it goes over the wire."""
    body = json.dumps({"purpose": "投标使用"}).encode()
    head = [
        f"POST {path_of(number_of(order), 'endorsements')} HTTP/1.1",
        *("Host: 127.0.0.1", "Content-Type: application/json", f"Content-Length: {len(body)}"),
        *(f"X-API-Key: {place.key}", f"Idempotency-Key: k{order}", "", ""),
    ]
    return "\r\n".join(head).encode() + body


def send_and_reset(port: int, content: bytes, wait_s: float) -> None:
    """Send part of a request, wait, and reset the connection whatever the server is doing."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.sendall(content)
        time.sleep(wait_s)


def ask(place: Place, port: int, order: int) -> tuple[int, dict[str, object]]:
    """Ask in peace, again while the copy is being made."""
    for _ in range(200):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        head, _, body = request_of(place, order).partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[2:])
        connection.request("POST", path_of(number_of(order), "endorsements"), body, headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        connection.close()
        if told.get("code") != "ENDORSEMENT_PENDING":
            return answer.status, told
        time.sleep(0.05)
    raise AssertionError("the copy stays pending")


def test_a_connection_reset_after_any_part_of_a_request(served: tuple[Place, int]) -> None:
    """The caller does not know whether it was heard, asks again, and gets one copy."""
    place, port = served
    dice = random.Random("resets")
    heard = 0
    told: set[object] = set()
    for order in range(2, RESETS + 2):
        request = request_of(place, order)
        cut = dice.choice([0, dice.randrange(len(request)), len(request) - 1, len(request), len(request)])
        send_and_reset(port, request[:cut], dice.choice([0, 0, 0.002, 0.02, 0.2]))
        status, answer = ask(place, port, order)
        assert status in (200, 201), answer
        heard += status == 200
        assert ask(place, port, order) == (200, answer)
        told.add(answer["token"])
    keystore = place.world.services.keystore
    faults = faults_of(take_census(place.data, keystore), told, keystore)
    faults["doubles"] += RESETS - len(told)
    record(
        "connection reset",
        requests=RESETS,
        heard_before=heard,
        **{kind: faults[kind] for kind in ("doubles", "lost", "unknown_files", "damaged", "unsettled")},
    )
    assert not +faults
    assert 0 < heard < RESETS, "the drill tests one side only"


def test_a_database_that_restarts_in_the_midst(
    postgresql: Server, tmp_path: Path, dev_keys: Path, font_cache: Path
) -> None:
    """Many ask; the database is stopped at once, and comes back; each ends with one copy."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    settings = settings_in(tmp_path / "var", dev_keys, database_url=postgresql.emptied())
    world = World(settings, FixedClock(datetime.now(UTC)))
    for order in range(1, PEOPLE + 1):
        world.initial(number_of(order), order=order)
    waiting, told, refused, strange = list(range(1, PEOPLE + 1)), {}, 0, []
    lock = threading.Lock()

    def ask_for_all() -> None:
        nonlocal refused
        while True:
            with lock:
                if not waiting:
                    return
                order = waiting.pop()
            try:
                answer = world.endorse(number_of(order), key=f"k{order}")
            except (UnavailableError, EndorsementPendingError):
                with lock:
                    waiting.insert(0, order)
                    refused += 1
                time.sleep(0.02)
            except CertsvcError as error:
                strange.append(error)
            else:
                with lock:
                    told[order] = answer["token"]

    writers = [threading.Thread(target=ask_for_all) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        for stop in range(1, STOPS + 1):
            while len(told) < PEOPLE * stop // (STOPS + 2):
                time.sleep(0.005)
            postgresql.stop()
            time.sleep(0.1)
            postgresql.start()
            # Their leases are over for whoever comes again; nobody waits a minute here.
            world.jump(seconds=62)
            world.services.desk.recover()
    finally:
        for writer in writers:
            writer.join(120)
    world.jump(seconds=62)
    world.services.desk.recover()
    with world.services.registry.reading() as session:
        ids = session.endorsed_after(None, PEOPLE + 1)
        copies = [copy for one in ids for copy in session.endorsements_between(one, one)]
    done = [copy for copy in copies if copy.state == "DONE"]
    files = [world.services.storage.get(copy.file_name(fmt)) for copy in done for fmt in ("pdf", "ofd")]
    figures = {
        "doubles": len(done) - len({copy.holder_id for copy in done}),
        "lost": len(set(told.values()) - {copy.token for copy in done}),
        "unsettled": sum(copy.state == "PENDING" for copy in copies),
    }
    record("database restarted", requests=PEOPLE, stops=STOPS, refused=refused, **figures)
    close(world)
    assert strange == []
    assert not any(figures.values()), figures
    assert len(told) == len(done) == PEOPLE and len(files) == 2 * PEOPLE
    assert refused > 0, "nobody met the database being away: the drill tests nothing"
