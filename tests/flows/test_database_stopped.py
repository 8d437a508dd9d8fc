"""The database stops under a running server: what bytes alone show is still said, and nothing else is."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any, Protocol

from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from certsvc.domain.report import Verdict
from certsvc.issuing.clients import KNOWN_FOR, Clients
from certsvc.registry.sql import SQLRegistry, open_registry
from certsvc.web.app import create_app
from certsvc.wiring import build
from tests.factories import FixedClock
from tests.flows.conftest import close
from tests.flows.press_room import a_press, images_of, reserved
from tests.flows.server import Server as WebServer
from tests.flows.server import serving, settings_of
from tests.postgres import Server
from tests.sealing.ofd_attacks import edited, replacing
from tests.sealing.ofd_samples import a_sealed_ofd, some_keys
from tests.sealing.samples import an_unsigned_pdf
from tests.sealing.strangers import a_stranger, signed_by_pyhanko
from tests.world import NUMBER, World, settings_in

Answered = tuple[int, Message | Mapping[str, str], bytes]
FORGED = ("被改动", "altered", "不是本机关", "not issued by us", "伪造", "forged")
AWAY = {"zh": "暂时无法核验", "en": "Cannot check right now"}


class Asked(Protocol):
    """A server that is asked by a form."""

    def __call__(self, form: Mapping[str, Any], headers: Mapping[str, str]) -> Answered:
        """Send the public form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """What people hand in."""

    by_bytes: Mapping[str, tuple[bytes, str]]
    """Name to a file and the status its bytes alone give."""
    by_register: Mapping[str, Mapping[str, Any]]
    """Name to a form only the register can answer; all of them of a genuine copy."""


def _things(world: World) -> Things:
    world.initial()
    press = a_press(world)
    row = reserved(world, press)
    images = images_of(world, row)
    prepared = press.prepare(row.copy, row.version, row.specialties, *images, row.id_type)
    sealed = press.seal(prepared).files
    with world.services.registry.writing() as session:
        assert session.fail(row.copy.copy_id, "dead", "UNAVAILABLE", world.clock.now())
    copy = world.endorse()
    pdf, ofd = world.file(copy), world.file(copy, "ofd")
    by_bytes = {
        "PDF, altered": (pdf + b"\n", "ALTERED"),
        "OFD, altered": (edited(replacing("Doc_0/Pages/Page_0/Content.xml", "样", "别"))(ofd), "ALTERED"),
        "PDF, unsigned": (prepared.pdf.unsealed(), "NO_SIGNATURE"),
        "OFD, unsigned": (prepared.ofd.unsealed(), "NO_SIGNATURE"),
        "PDF, a stranger's": (signed_by_pyhanko(an_unsigned_pdf(), a_stranger()), "NOT_OURS"),
        "OFD, a stranger's": (a_sealed_ofd(some_keys("stranger")), "NOT_OURS"),
        "neither": (b"hello", "UNREADABLE"),
    }
    by_register = {
        "PDF": {"file": pdf},
        "OFD": {"file": ofd},
        # Perfect by their bytes, and never handed out: without the register nobody knows.
        "PDF, never handed out": {"file": sealed["pdf"]},
        "OFD, never handed out": {"file": sealed["ofd"]},
        "QR": {"qr": copy["verify_url"]},
        "code": {"code": copy["code"]},
        "number": {"number": NUMBER, "name": "样本甲"},
    }
    return Things(by_bytes=by_bytes, by_register=by_register)


def _body(form: Mapping[str, Any]) -> tuple[str, bytes]:
    values = {
        name: FileStorage(io.BytesIO(value), "file") if isinstance(value, bytes) else value
        for name, value in form.items()
    }
    boundary, content = encode_multipart(values)
    return f"multipart/form-data; boundary={boundary}", content


def _over_the_wire(server: WebServer, api_key: str | None = None) -> Asked:
    """Ask the public form, or the API with *api_key*."""

    def ask(form: Mapping[str, Any], headers: Mapping[str, str]) -> Answered:
        path, kind, content = _request(form, api=api_key is not None)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        try:
            key = {"X-API-Key": api_key} if api_key is not None else {}
            connection.request("POST", path, content, {**headers, **key, "Content-Type": kind})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    return ask


def _in_process(app: Flask, api_key: str | None = None) -> Asked:
    client = app.test_client()

    def ask(form: Mapping[str, Any], headers: Mapping[str, str]) -> Answered:
        path, kind, content = _request(form, api=api_key is not None)
        key = {"X-API-Key": api_key} if api_key is not None else {}
        answer = client.post(path, data=content, content_type=kind, headers={**headers, **key})
        return answer.status_code, dict(answer.headers), answer.data

    return ask


def _request(form: Mapping[str, Any], *, api: bool) -> tuple[str, str, bytes]:
    """Return path, content type and body: the API takes other things than files as JSON."""
    if not api:
        return "/verify", *_body(form)
    if "file" in form:
        return "/api/v1/verifications", *_body(form)
    body = {"registration_number" if name == "number" else name: value for name, value in form.items()}
    return "/api/v1/verifications", "application/json", json.dumps(body).encode()


def _check_away(ask: Asked, things: Things) -> None:
    """Demand that bytes are judged as always, and of everything else only that it cannot be told."""
    for name, (content, status) in things.by_bytes.items():
        code, _, said = ask({"file": content}, {"Accept": "application/json"})
        assert (code, json.loads(said)["status"]) == (200, status), name
    for name, form in things.by_register.items():
        code, headers, said = ask(form, {"Accept": "application/json"})
        report = json.loads(said)
        assert code == 503 and int(headers["Retry-After"]) > 0, name
        if "verdict" in report:
            assert (report["status"], report["verdict"]) == ("UNAVAILABLE", Verdict.INDETERMINATE), name
            assert all(finding["result"] != "fail" for finding in report["findings"]), name
        else:
            # A guess is not even counted while the buckets are away, so it is not made.
            assert report["code"] == "UNAVAILABLE" and name in ("code", "number")
        for language, words in AWAY.items() if name in ("OFD", "QR") else ():
            code, headers, said = ask(form, {"Accept": "text/html", "Accept-Language": language})
            page = said.decode()
            assert code == 503 and int(headers["Retry-After"]) > 0, name
            assert words in page, (name, language)
            assert not any(word in page for word in FORGED), name


def _check_api_away(ask: Asked, things: Things) -> None:
    """Demand the same of the API: a report for whatever bytes show, UNAVAILABLE with a time for the rest."""
    for name, (content, status) in things.by_bytes.items():
        code, headers, said = ask({"file": content}, {})
        assert (code, json.loads(said)["status"]) == (200, status), name
        assert "Retry-After" not in headers, name
    for name, form in things.by_register.items():
        code, headers, said = ask(form, {})
        report = json.loads(said)
        assert int(headers["Retry-After"]) > 0, name
        if code == 200:
            assert (report["status"], report["verdict"]) == ("UNAVAILABLE", Verdict.INDETERMINATE), name
            assert report["certificate"] is None, name
        else:
            assert (code, report["code"]) == (503, "UNAVAILABLE") and name in ("code", "number")


def _check_back(ask: Asked, things: Things) -> None:
    """Demand that the first questions after its return are answered as if nothing had been."""
    for name, form in things.by_register.items():
        code, _, said = ask(form, {"Accept": "application/json"})
        expected = "UNKNOWN" if "never" in name else "VALID"
        assert (code, json.loads(said)["status"]) == (200, expected), name


def test_postgresql_stops_under_a_server(
    tmp_path: Path, dev_keys: Path, font_cache: Path, postgresql: Server
) -> None:
    """Two processes, as in operation; both held open connections when it went."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    url = postgresql.emptied()
    world = World(settings_in(tmp_path / "var", dev_keys, database_url=url), FixedClock(datetime.now(UTC)))
    things = _things(world)
    _, key = world.services.clients.add("platform", ["verify"])
    close(world)
    named = {"CERTSVC_DATABASE_URL": url, "CERTSVC_PUBLIC_URL": world.settings.public_url}
    with serving({**settings_of(tmp_path / "var", dev_keys), **named}, workers=2) as server:
        ask, api = _over_the_wire(server), _over_the_wire(server, key)
        _check_back(ask, things)
        postgresql.stop()
        try:
            _check_away(ask, things)
            _check_api_away(api, things)
            assert _over_the_wire(server, "")(things.by_register["QR"], {})[0] == 401
        finally:
            postgresql.start()
        _check_back(ask, things)
        _check_back(api, things)


def test_an_sqlite_file_that_is_not_there(world: World) -> None:
    """A disk that is not mounted: a service starts without its register, and finds it when it comes."""
    things = _things(world)
    _, key = world.services.clients.add("platform", ["verify"])
    _, other = world.services.clients.add("registration system", ["issue"])
    folder = Path(world.settings.database_url.removeprefix("sqlite:///")).parent
    aside = folder.with_name("aside")
    close(world)
    databases = [path for path in folder.iterdir() if ".db" in path.name]
    assert databases

    def move(source: Path, target: Path) -> None:
        for path in databases:
            assert not (target / path.name).exists(), "nothing was put in its place"
            (source / path.name).rename(target / path.name)

    aside.mkdir()
    move(folder, aside)
    services = build(world.settings, world.clock)
    app = create_app(services)
    _check_away(_in_process(app), things)
    # Nobody can say whose key it is: it is served as the public is.
    _check_api_away(_in_process(app, key), things)
    move(aside, folder)
    _check_back(_in_process(app), things)
    _check_back(_in_process(app, key), things)
    assert _in_process(app, other)(things.by_register["QR"], {})[0] == 403

    assert isinstance(services.registry, SQLRegistry)
    services.registry.close()
    move(folder, aside)
    # A key that was recognised within the hour is still known, and what it may not do it still may not.
    _check_api_away(_in_process(app, key), things)
    assert _in_process(app, other)(things.by_register["QR"], {})[0] == 403
    world.clock.advance(KNOWN_FOR)
    assert _in_process(app, other)(things.by_register["QR"], {})[0] == 200


def test_who_was_not_recognised_sees_no_whole_name_when_the_register_is_back(world: World) -> None:
    """It may come back between the look at the key and the look at the record."""
    world.initial()
    copy = world.endorse()
    _, key = world.services.clients.add("platform", ["verify"])
    secret = world.services.keystore.registry_secret
    away = open_registry(f"sqlite:///{world.settings.data_dir / 'not-there.db'}", secret)
    form = {"qr": copy["verify_url"]}

    def name_told(clients: Clients) -> str:
        code, _, said = _in_process(create_app(replace(world.services, clients=clients)), key)(form, {})
        assert code == 200
        return str(json.loads(said)["certificate"]["name"])

    assert name_told(world.services.clients) == "样本甲"
    assert name_told(Clients(away, world.clock)) == "样**"
