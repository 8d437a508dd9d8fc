"""Everything the service says and leaves behind while an identity number goes through it."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog
from click.testing import CliRunner
from flask import Response
from structlog.typing import EventDict

from certsvc.cli.logs import configure_logs, drop_personal
from certsvc.cli.program import program
from certsvc.config import Settings
from certsvc.registry.sql import SQLRegistry
from tests.factories import FixedClock
from tests.flows.server import serving, settings_of
from tests.privacy import requests
from tests.web.site import SCOPES, Site, path_of
from tests.world import JSON, NUMBER, World, a_resident_id, settings_in

CANARY = a_resident_id(requests.BORN, 462)


@dataclass
class Scene:
    """What was seen."""

    folder: Path
    """All state, temporary files and logs of the three runs; what we handed in lies elsewhere."""
    answers: list[tuple[str, bytes]] = field(default_factory=list)
    """(request, answer with its headers)"""
    said: dict[str, str] = field(default_factory=dict)
    """Who -> what it logged or printed."""
    statuses: list[int] = field(default_factory=list)
    good: JSON = field(default_factory=dict)
    """The event that was recorded."""

    def hear(
        self, request: requests.Request, status: int, headers: Iterable[tuple[str, str]], body: bytes
    ) -> None:
        """Keep one answer."""
        head = "\n".join(f"{name}: {value}" for name, value in headers)
        self.answers.append(
            (f"{request[0]} {request[1]}", head.encode("latin-1", "replace") + b"\n\n" + body)
        )
        self.statuses.append(status)

    def files(self) -> list[Path]:
        """Return every file left behind."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file() and "cache" not in path.parts)


def in_process(scene: Scene, keys: Path, fonts: Path) -> None:
    """Ask the application itself, every log there is at DEBUG; then plant a crash and an outage."""
    world = World(_settings(scene, "site", keys, fonts), FixedClock())
    site = Site(world)

    def broken() -> Response:
        raise ValueError(f"somebody typed {CANARY}")

    site.app.add_url_rule("/broken", view_func=broken, methods=["GET", "POST"])
    scene.good = requests.body_of_holder(world, NUMBER, CANARY)
    with _everything_heard(scene, "in process"):
        _ask(scene, site, requests.events(scene.good, CANARY))
        _ask(scene, site, requests.endorsements(NUMBER, CANARY))
        copy = site.endorse("k3").get_json()
        _ask(scene, site, requests.readings(NUMBER, copy["token"], CANARY))
        _ask(scene, site, requests.verifications(NUMBER, copy["token"], world.file(copy), CANARY))
        _ask(scene, site, [("GET", f"/broken?{CANARY}", None, {}), requests.posted("/broken", scene.good)])
        with _away(world):
            _ask(scene, site, [requests.posted("/api/v1/events", scene.good | {"source_id": "away"})])


def on_the_command_line(scene: Scene, keys: Path, fonts: Path, inputs: Path) -> None:
    """Record good and bad files, endorse, verify: every command that takes what people write."""
    settings = _settings(scene, "cli", keys, fonts)
    env = settings_of(settings.data_dir, keys)
    good = requests.body_of_holder(World(settings, FixedClock(datetime.now(UTC))), NUMBER, CANARY)
    raw = json.dumps(good)
    bodies = {
        "good": raw,
        "conflict": json.dumps(good | {"registration_number": "沪1312020202200077"}),
        "label": json.dumps(good | {"source_id": CANARY}),
        "birth": raw.replace("1979-08-17", "1979-08-18").replace("src-", "b-"),
        "cut": raw[:-9],
        "twice": raw.replace(f'"{CANARY}"', f'"{CANARY}", "id_number": "{CANARY}"'),
        "bare": f'"{CANARY}"',
        "key": json.dumps({CANARY: CANARY}),
        "text": CANARY,
    }
    for name, text in bodies.items():
        (inputs / f"{name}.json").write_text(text, encoding="utf-8")
    (inputs / "lines.jsonl").write_text("\n".join([raw, bodies["label"], bodies["cut"]]), encoding="utf-8")
    (inputs / "paper.scan").write_bytes(b"%PDF-1.7 " + CANARY.encode())
    out = str(scene.folder / "out")
    commands = [
        *(["record", str(inputs / f"{name}.json")] for name in bodies),
        ["record", "--jsonl", str(inputs / "lines.jsonl")],
        ["record", "--json", str(inputs / "good.json")],
        ["endorse", NUMBER, "--purpose", f"投标{CANARY}", "--out", out],
        ["endorse", NUMBER, "--purpose", "投标使用", "--out", out],
        ["issue", NUMBER, "--out", out],
        ["issue", CANARY, "--out", out],
        ["verify", "--qr", CANARY],
        ["verify", "--qr", CANARY, "--json"],
        ["verify", "--code", CANARY],
        ["verify", str(inputs / "paper.scan"), "--json"],
        ["expiring", "--within-days", "3660"],
        ["doctor"],
        ["recover"],
    ]
    with _everything_heard(scene, "command line"):
        for command in commands:
            result = CliRunner().invoke(program, command, env=env)
            scene.said[f"certsvc {command[0]} {len(scene.said)}"] = result.output + repr(result.exception)


def in_a_server(scene: Scene, keys: Path, fonts: Path) -> None:
    """Ask a real server process, its stderr kept and its temporary files where we look."""
    settings = _settings(scene, "server", keys, fonts)
    world = World(settings, FixedClock(datetime.now(UTC)))
    _, key = world.services.clients.add("tests", SCOPES)
    good = requests.body_of_holder(world, NUMBER, CANARY)
    temporary = scene.folder / "temporary"
    temporary.mkdir()
    places = settings_of(settings.data_dir, keys) | {"TMPDIR": str(temporary)}
    with serving(places, workers=1, log=scene.folder / "server.log") as server:

        def ask(some: Iterable[requests.Request]) -> None:
            for request in some:
                scene.hear(request, *_over_the_wire(server.port, request, key))

        ask(requests.events(good, CANARY))
        ask(requests.endorsements(NUMBER, CANARY))
        original = requests.posted(path_of(NUMBER, "original"), None)
        token = str(json.loads(_over_the_wire(server.port, original, key)[2])["token"])
        ask(requests.readings(NUMBER, token, CANARY))
        ask(requests.verifications(NUMBER, token, b"%PDF-1.7", CANARY))
    scene.said["server"] = (scene.folder / "server.log").read_text(encoding="utf-8")


def _over_the_wire(
    port: int, request: requests.Request, key: str
) -> tuple[int, list[tuple[str, str]], bytes]:
    method, path, body, headers = request
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest(method, path)
        told = {"X-API-Key": key, "Content-Length": str(len(body or b"")), **headers}
        for name, value in told.items():
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    finally:
        connection.close()


def _ask(scene: Scene, site: Site, some: Iterable[requests.Request]) -> None:
    for place, request in enumerate(some):
        method, path, body, headers = request
        answer = site.client.open(
            path,
            method=method,
            data=body,
            headers={"X-API-Key": site.key, **headers},
            # From many places, so that the limits do not answer instead.
            environ_base={"REMOTE_ADDR": f"192.0.2.{place % 250}"},
        )
        scene.hear(request, answer.status_code, list(answer.headers.items()), answer.data)


def _settings(scene: Scene, name: str, keys: Path, fonts: Path) -> Settings:
    data = scene.folder / name
    data.mkdir()
    (data / "cache").symlink_to(fonts)
    return settings_in(data, keys)


@contextlib.contextmanager
def _everything_heard(scene: Scene, who: str) -> Iterator[None]:
    """Keep what is printed and logged, at DEBUG and by libraries too, tracebacks with their values."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    heard, raw = io.StringIO(), io.StringIO()
    configure_logs("DEBUG")
    catcher = logging.StreamHandler(raw)  # beside our own handler, whose filter would hide a leak into it
    root.addHandler(catcher)

    def overheard(_logger: object, _method: str, event: EventDict) -> EventDict:
        raw.write(f"{event}\n")
        return event

    # Our own lines do not come by the handlers: they are heard where they are about to be filtered.
    processors = list(structlog.get_config()["processors"])
    processors.insert(processors.index(drop_personal), overheard)
    structlog.configure(processors=processors)
    try:
        with contextlib.redirect_stderr(heard), contextlib.redirect_stdout(heard):
            yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
    scene.said[who] = heard.getvalue()
    scene.said[f"{who}, before the filter"] = raw.getvalue()


@contextlib.contextmanager
def _away(world: World) -> Iterator[None]:
    """Put a folder in the place of the database."""
    registry = world.services.registry
    assert isinstance(registry, SQLRegistry)
    place = Path(str(registry.database.engine.url.database))
    registry.close()
    away = place.rename(place.with_name("away.db"))
    place.mkdir()
    try:
        yield
    finally:
        place.rmdir()
        away.rename(place)
