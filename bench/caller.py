"""A client that endorses over HTTP: connections kept open, each asking again as soon as it is answered."""

from __future__ import annotations

import http.client
import json
import threading
import time
from itertools import count
from typing import Final
from urllib.parse import quote

from bench.row import Turn
from bench.serving import Server

CONNECTIONS: Final = 8
_keys: Final = count()


def endorse_each(server: Server, api_key: str, numbers: list[str], seconds: float) -> Turn:
    """Endorse one registration after the other for about *seconds*; every answer is a 201, or the run ends.

    Args:
        server: whom to ask.
        api_key: of a client that may endorse.
        numbers: taken from the end of the list, each once.
        seconds: how long.
    """
    walls: list[float] = []
    faults: list[str] = []
    before, began = server.cpu_s(), time.perf_counter()

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        try:
            while time.perf_counter() - began < seconds and not faults:
                started = time.perf_counter()
                _endorse(connection, api_key, numbers.pop())
                walls.append(time.perf_counter() - started)
        except (OSError, http.client.HTTPException, ValueError, IndexError) as error:
            faults.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise ValueError(f"endorsing failed: {faults[0]}")
    return Turn(
        calls=len(walls),
        cpu_s=server.cpu_s() - before,
        walls_s=tuple(walls),
        wall_s=time.perf_counter() - began,
        peak_bytes=server.peak_bytes(),
    )


def _endorse(connection: http.client.HTTPConnection, api_key: str, number: str) -> None:
    connection.request(
        "POST",
        f"/api/v1/registrations/{quote(number)}/endorsements",
        body=json.dumps({"purpose": f"示例项目第{number[-6:]}标段投标"}).encode(),
        headers={
            "Content-Type": "application/json",
            "X-API-Key": api_key,
            "Idempotency-Key": f"bench-{next(_keys)}",
        },
    )
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 201 or not _has_files(json.loads(body)):
        raise ValueError(f"{answer.status}: {body[:200]!r}")


def _has_files(body: dict[str, object]) -> bool:
    """Tell whether both formats were made."""
    files = body.get("files")
    return isinstance(files, dict) and {"pdf", "ofd"} <= files.keys()
