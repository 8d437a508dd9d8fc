"""Requests with an identity number in its one right place, and in every wrong one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from tests.web.site import AS_JSON, HTML, path_of
from tests.web.test_hostile import changed, fields
from tests.world import JSON, World

BORN: Final = date(1979, 8, 17)
NAME: Final = "金丝雀"
"""The holder's name: where it is found, the number would have been found too."""

Request = tuple[str, str, bytes | None, Mapping[str, str]]
"""Method, path, body, headers."""


def body_of_holder(world: World, number: str, canary: str) -> JSON:
    """Return a good initial event of the canary's holder."""
    body = world.initial_body(number, name=NAME, birth_date=BORN)
    body["holder"]["id_number"] = canary
    return body


def posted(path: str, body: object, **headers: str) -> Request:
    """Return a POST of JSON."""
    return "POST", path, json.dumps(body).encode(), {"Content-Type": "application/json", **headers}


def events(good: JSON, canary: str) -> Iterator[Request]:
    """Yield the good event, its repetition, and everything that may go wrong with it."""
    path = "/api/v1/events"
    yield posted(path, good)
    yield posted(path, good)
    yield posted(path, good | {"registration_number": "沪1312020202200077"})  # a conflict
    other = good | {"source_id": "other", "registration_number": "沪1312020202200077"}
    yield posted(path, other)  # a second registration
    for field, value in (("birth_date", "1979-08-18"), ("sex", "女"), ("name", "?"), ("photo", canary)):
        yield posted(path, changed(other, ("holder", field), value))
    wrong_check = canary[:17] + ("1" if canary[17] != "1" else "2")
    for slip in (wrong_check, canary.lower(), f" {canary}", canary + "0"):
        yield posted(path, changed(other, ("holder", "id_number"), slip))
    for way in fields(other):
        if way[-1] not in {"photo", "signature"}:
            for text in (canary, f"投标{canary}", canary.lower()):
                source = {} if way == ("source_id",) else {"source_id": f"{way}{len(text)}"}
                yield posted(path, changed(other, way, text) | source)
    for part in ("reason", "qualification", "employer"):
        yield posted(path, other | {part: {"code": canary, "text": canary, "number": canary, "name": canary}})
    number = good["registration_number"]
    for kind, parts in (
        ("suspend", {"reason": {"code": canary, "text": f"身份证{canary}"}}),
        ("amend_holder", {"holder": {"id_number": canary}}),
        ("amend_holder", {"holder": {"name": canary}}),
        ("amend_employer", {"employer": {"name": f"公司{canary}", "uscc": "91990000MA0000015Q"}}),
    ):
        basis = {"source_id": f"{kind}-{len(str(parts))}", "type": kind, "registration_number": number}
        yield posted(path, basis | {"effective_at": good["effective_at"]} | parts)
    yield posted(path, {canary: canary})
    yield posted(path, changed(good, ("holder",), {**good["holder"], canary: 1}))
    yield posted(path, [canary])
    raw = json.dumps(good)
    stated = {"Content-Type": "application/json"}
    yield "POST", path, raw[:-9].encode(), stated
    yield "POST", path, raw.encode("utf-16"), stated
    yield "POST", path, raw.replace(f'"{canary}"', f'"{canary}", "id_number": "{canary}"').encode(), stated
    yield "POST", path, raw.replace(f'"{canary}"', f"[{canary}").encode(), stated
    yield "POST", path, raw.encode(), {"Content-Type": f"text/plain; charset={canary}"}


def readings(number: str, token: str, canary: str) -> Iterator[Request]:
    """Yield look-ups of the holder, and look-ups of the number itself."""
    for path in (
        path_of(number),
        path_of(number, "history"),
        path_of(number, "original.pdf"),
        path_of(number, "original.ofd"),
        path_of(number, "original.png"),
        "/api/v1/expiring?within_days=3660",
        path_of(canary),
        path_of(canary, "history"),
        f"/api/v1/endorsements/{canary}",
        f"/api/v1/endorsements/{canary}.pdf",
        f"/api/v1/endorsements/{canary}.ofd",
        path_of(number) + f"?as_of={canary}",
        path_of(number) + f"?{canary}={canary}",
        f"/api/v1/expiring?cursor={canary}",
        f"/api/v1/expiring?within_days={canary}",
        "/api/v1/expiring?cursor=" + base64.urlsafe_b64encode(f'["{canary}", "", ""]'.encode()).decode(),
        f"/static/{canary}",
        f"/{canary}",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
    ):
        yield "GET", path, None, {}
    for accepted in (HTML, AS_JSON):
        for path in (f"/v/{token}", f"/v/{canary}", f"/v/{token}?as_of={canary}&lang={canary}", f"/{canary}"):
            yield "GET", path, None, accepted
    for name in ("User-Agent", "Accept-Language", "X-API-Key", "Referer", "X-Request-Id", "Origin", "Cookie"):
        yield "GET", "/verify", None, {name: canary}
        yield "GET", path_of(number), None, {name: canary}
    yield "DELETE", f"/v/{canary}", None, {}


def endorsements(number: str, canary: str) -> Iterator[Request]:
    """Yield one good request for a copy and those with the number in them."""
    path = path_of(number, "endorsements")
    for key, purpose in (
        ("k0", canary),
        ("k1", f"身份证号{canary}投标"),
        ("k2", canary.lower()),
        (canary, "投标使用"),
        (f"投标{canary}", "投标使用"),
        ("k3", "投标使用"),
        ("k3", canary),
        ("k4", "投标使用"),
    ):
        head = {"Idempotency-Key": key.encode("utf-8").decode("latin-1")}
        yield posted(path, {"purpose": purpose}, **head)
    yield posted(path_of(canary, "endorsements"), {"purpose": "投标使用"}, **{"Idempotency-Key": "k5"})
    yield posted(path_of(number, "original"), None)
    yield posted(path_of(canary, "original"), None)


def verifications(number: str, token: str, pdf: bytes, canary: str) -> Iterator[Request]:
    """Yield questions of platforms and of the public with the number typed into each field."""
    path = "/api/v1/verifications"
    asked: list[dict[str, Any]] = [
        *({field: canary} for field in ("qr", "code", "sha256", "specialty", "as_of", "receipt", canary)),
        {"qr": f"http://127.0.0.1:8000/V/{canary}"},
        {"qr": f"http://evil.example/{canary}?{canary}"},
        {"registration_number": number, "name": NAME},
        {"registration_number": number, "name": canary},
        {"registration_number": canary, "name": NAME},
        {"qr": f"http://127.0.0.1:8000/V/{token}", "specialty": canary},
    ]
    yield from (posted(path, question) for question in asked)
    signed = [question | {"receipt": True} for question in asked]
    yield from (posted(path, question) for question in signed)
    yield from (posted(path, question, Accept="application/pdf") for question in signed)
    yield posted(f"{path}/batch", {"items": [*asked, *signed, canary]})
    for file in (pdf, pdf + canary.encode(), canary.encode(), b"%PDF-1.7\n" + canary.encode()):
        for name, field in ((f"{canary}.pdf", "specialty"), ("a.pdf", canary), ("a.pdf", "as_of")):
            yield uploaded(path, file, name, {field: canary}, {})
            yield uploaded("/verify", file, name, {field: canary}, HTML)
    for accepted in (HTML, AS_JSON):
        form = {"Content-Type": "application/x-www-form-urlencoded", **accepted}
        for given in (
            {"code": canary},
            {"number": canary, "name": canary},
            {"number": number, "name": canary},
            {"number": number, "name": NAME},
            {"code": "x", "as_of": canary},
            {canary: canary},
        ):
            yield "POST", "/verify", urlencode(given).encode(), form
        for given in ({"name": canary}, {"name": NAME}, {"name": NAME, "as_of": canary}):
            yield "POST", f"/v/{token}", urlencode(given).encode(), form


def uploaded(
    path: str, content: bytes, filename: str, small: Mapping[str, str], headers: Mapping[str, str]
) -> Request:
    """Return a POST of a file with small fields beside it."""
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in small.items()
    ]
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\n'
    body = b"".join(parts) + head.encode() + content + b"\r\n--b--\r\n"
    return "POST", path, body, {"Content-Type": "multipart/form-data; boundary=b", **headers}
