"""A server process that forks a child for each order and lets it be killed or starved: KEYS FONT-CACHE.

Everything slow is loaded before the fork: fonts, keys, templates, the application, and whatever a first
request imports. The database is not: each child opens its own connections, as a fresh worker would.

Orders come as lines of JSON on stdin, answers leave as lines of JSON on stdout. A child says ``ready`` and
waits for one more line, so that a tracer can take hold of it first.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from flask.testing import FlaskClient

from certsvc.errors import CertsvcError
from certsvc.issuing.counter import Operation, Order
from certsvc.registry.sql import SQLRegistry
from certsvc.web.app import create_app
from certsvc.web.errors import STATUS
from certsvc.wiring import Services, build
from tests.factories import FixedClock
from tests.faults.standby import ADVANCE, RECOVER, TAKE
from tests.web.site import path_of
from tests.world import JSON, NUMBER, World, settings_in

ALLOWED_S: Final = 120
"""A child that hangs is killed after this."""
_PR_SET_PTRACER: Final = 0x59616D61
_ANYBODY: Final = ctypes.c_ulong(-1)


def main() -> None:
    """Load, then obey until stdin ends."""
    keys, font_cache = map(Path, sys.argv[1:])
    # What the program logs to stdout must not come between the answers.
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _warm(keys, font_cache)
    clock = FixedClock()
    places: dict[str, tuple[Services, FlaskClient]] = {}
    _say(answers, {"loaded": True})
    # Unbuffered: the line after an order belongs to the child.
    orders = os.fdopen(os.dup(0), "rb", buffering=0)
    for line in orders:
        order = json.loads(line)
        data = order["data"]
        if data not in places:
            services = build(settings_in(Path(data), keys), clock)
            places[data] = services, create_app(services).test_client()
        child = os.fork()
        if child == 0:
            _obey(order, *places[data], clock, answers)
        _, status = os.waitpid(child, 0)
        _say(answers, {"ended": os.waitstatus_to_exitcode(status)})


def _warm(keys: Path, font_cache: Path) -> None:
    """Go through every kind of request once on a place of its own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "cache").symlink_to(font_cache)
        world = World(settings_in(Path(folder), keys), FixedClock())
        client = create_app(world.services).test_client()
        _, key = world.services.clients.add("warm", ("issue", "endorse"))
        headers = {"X-API-Key": key, "Idempotency-Key": "warm"}
        steps = (
            ("/api/v1/events", world.initial_body()),
            (path_of(NUMBER, "original"), None),
            (path_of(NUMBER, "endorsements"), {"purpose": "投标使用"}),
        )
        for path, body in steps:
            answer = client.post(path, json=body, headers=headers)
            assert answer.status_code == 201, answer.text
        world.services.desk.recover()
        client.get("/readyz")
        _close(world.services)


def _obey(order: JSON, services: Services, client: FlaskClient, clock: FixedClock, answers: int) -> None:
    """Take the steps of *order*, as the child; never returns, and leaves nothing of the parent behind."""
    exit_code = 1
    try:
        signal.alarm(ALLOWED_S)
        # Where only a parent may trace, the tracer is none.
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANYBODY, 0, 0, 0)
        clock.instant = datetime.fromisoformat(order["instant"])
        _say(answers, {"ready": os.getpid()})
        os.read(0, 64)
        for step in order["steps"]:
            clock.advance(timedelta(seconds=step["after_s"]))
            if step["path"] == RECOVER:
                _say(answers, _recover(services))
            elif step["path"] == ADVANCE:
                done = services.sequencer.advance()
                _say(answers, {"status": 200, "body": {"placed": done.placed, "size": done.size}})
            elif step["path"] == TAKE:
                _say(answers, _take(services, step["body"]))
            else:
                _say(answers, _ask(client, step))
        _close(services)
        exit_code = 0
    finally:
        if exit_code:
            traceback.print_exc()
        os._exit(exit_code)


def _ask(client: FlaskClient, step: JSON) -> JSON:
    answer = client.open(step["path"], method=step["method"], json=step["body"], headers=step["headers"])
    return {"status": answer.status_code, "body": answer.get_json()}


def _recover(services: Services) -> JSON:
    """Do what the command does; its errors are told as the application tells them."""
    try:
        return {"status": 200, "body": dict(services.desk.recover())}
    except CertsvcError as error:
        return {"status": STATUS[type(error)], "body": {"code": error.code}}


def _take(services: Services, orders: Sequence[JSON]) -> JSON:
    """Hand in a chunk; each outcome is told as the application tells it."""
    taken = services.counter.take([Order(**{**order, "op": Operation(order["op"])}) for order in orders])
    outcomes: list[JSON] = []
    for one in taken:
        if one.answer is not None:
            outcomes.append({"status": 201 if one.answer.created else 200, "body": dict(one.answer.body)})
        else:
            assert one.error is not None
            outcomes.append({"status": STATUS[type(one.error)], "body": {"code": one.error.code}})
    return {"status": 200, "body": {"outcomes": outcomes}}


def _close(services: Services) -> None:
    assert isinstance(services.registry, SQLRegistry)
    services.registry.close()


def _say(answers: int, line: JSON) -> None:
    """Write one line in one piece."""
    os.write(answers, json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    main()
