"""A site as tests call it."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from certsvc.web.app import create_app
from certsvc.web.limits import EXTENSION, RATES, Limiter, Rate
from tests.world import JSON, NUMBER, World

SCOPES = ("issue", "endorse", "verify", "read")
HTML = {"Accept": "text/html"}
AS_JSON = {"Accept": "application/json"}


class Site:
    """The application on a world, with one API key of every scope."""

    def __init__(self, world: World) -> None:
        """Wire the application to *world* and let one client in."""
        self.world = world
        self.app = create_app(world.services)
        self.client: FlaskClient = self.app.test_client()
        _, self.key = world.services.clients.add("tests", SCOPES)

    def limit(self, **rates: Rate) -> None:
        """Let callers try at other rates than ours from now on."""
        held = self.world.services
        self.app.extensions[EXTENSION] = Limiter(
            held.limits, held.clock, held.keystore.registry_secret, {**RATES, **rates}
        )

    def get(self, path: str, **headers: str) -> TestResponse:
        """Call an address of the API."""
        return self.client.get(path, headers={"X-API-Key": self.key, **headers})

    def post(self, path: str, body: object = None, **headers: str) -> TestResponse:
        """Send a JSON body to an address of the API."""
        return self.client.post(path, json=body, headers={"X-API-Key": self.key, **headers})

    def endorse(self, key: str = "k1", number: str = NUMBER, purpose: str = "投标使用") -> TestResponse:
        """Ask for an endorsed copy."""
        return self.post(path_of(number, "endorsements"), {"purpose": purpose}, **{"Idempotency-Key": key})

    def issued(self, **changes: Any) -> JSON:
        """Register somebody and issue one endorsed copy; returns the answer's body."""
        self.world.initial(**changes)
        return self.world.endorse()

    def upload(
        self, path: str, content: bytes, headers: dict[str, str] | None = None, /, **fields: str
    ) -> TestResponse:
        """Upload a file with small fields."""
        # Encoded here: the test client would leave a temporary file open for a large upload.
        file = FileStorage(io.BytesIO(content), "certificate.pdf", content_type="application/pdf")
        boundary, data = encode_multipart({"file": file, **fields})
        return self.client.post(
            path,
            data=data,
            content_type=f"multipart/form-data; boundary={boundary}",
            headers={"X-API-Key": self.key, **(headers or {})},
        )


def path_of(number: str, rest: str = "") -> str:
    """Return the address of a registration."""
    return f"/api/v1/registrations/{quote(number)}" + (f"/{rest}" if rest else "")


def body_of(answer: TestResponse) -> JSON:
    """Return a JSON object an answer holds."""
    body = answer.get_json()
    assert isinstance(body, dict)
    return body
