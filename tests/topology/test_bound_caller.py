"""A caller whose key needs a certificate, all the way: TLS at the proxy, then the API process itself."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from certsvc.client import Client, Patience, ProblemError
from certsvc.errors import Fault
from certsvc.issuing.client_certificate import MISSING, NOT_BOUND, from_der
from tests.certificates import Made, a_certificate
from tests.factories import FixedClock
from tests.flows.conftest import close
from tests.flows.server import free_port, serving, settings_of
from tests.topology.stack import Proxy, start_proxy
from tests.world import JSON, World, settings_in

OURS = a_certificate("platform")
NEIGHBOUR = a_certificate("another platform")
"""The proxy knows it as well: it is another caller's."""


@dataclass(frozen=True, slots=True)
class Place:
    """The proxy, an API process behind it, and a key that needs a certificate."""

    proxy: Proxy
    folder: Path
    api_key: str
    plain_key: str
    """A key of somebody else, which needs none."""
    body: JSON
    """An event nobody recorded yet."""

    def trust(self, shown: Made | None) -> ssl.SSLContext:
        """Return what to connect with."""
        context = self.proxy.trust()
        if shown is not None:
            context.load_cert_chain(*shown.write(self.folder, "shown"))
        return context

    def client(self, shown: Made | None, api_key: str) -> Client:
        """Return our own client, which waits until the proxy listens."""
        patience = Patience(tries=50, total_s=60, longest_pause_s=0.5)
        return Client(
            self.proxy.url, api_key=api_key, language="en", tls=self.trust(shown), patience=patience
        )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Iterator[Place]:
    """Start both, as deploy/ describes them."""
    data, folder, port = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("callers"), free_port()
    (data / "cache").symlink_to(font_cache)
    named = {
        "public_url": f"https://127.0.0.1:{port}",
        "trusted_proxies": "127.0.0.1",
        "client_cert": "optional",
    }
    world = World(settings_in(data, dev_keys, **named), FixedClock(datetime.now(UTC)))
    try:
        _, api_key = world.services.clients.add("platform", {"issue", "verify"}, from_der(OURS.der))
        _, plain_key = world.services.clients.add("office", {"issue", "verify"})
        body = world.initial_body()
    finally:
        close(world)
    authorities = folder / "authorities.pem"
    authorities.write_bytes(b"".join(one.write(folder, "one")[0].read_bytes() for one in (OURS, NEIGHBOUR)))
    environ = settings_of(data, dev_keys) | {
        f"CERTSVC_{name.upper()}": value for name, value in named.items()
    }
    with serving(environ, workers=1) as server:
        proxy = start_proxy(folder / "proxy", port, [server.port], authorities)
        try:
            yield Place(proxy, folder, api_key, plain_key, body)
        finally:
            proxy.end()


def test_key_and_its_certificate_record_an_event(place: Place) -> None:
    """What arrives behind the proxy is the certificate that was bound."""
    with place.client(OURS, place.api_key) as client:
        recorded = client.record_event(place.body)

    assert recorded.registration.registration_number == place.body["registration_number"]


@pytest.mark.parametrize(
    ("shown", "why"), [(None, MISSING), (NEIGHBOUR, NOT_BOUND)], ids=["no certificate", "another caller's"]
)
def test_stolen_key_is_worth_nothing(place: Place, shown: Made | None, why: Fault) -> None:
    """By itself, and beside a certificate the proxy knows as well."""
    with place.client(shown, place.api_key) as client, pytest.raises(ProblemError) as refused:
        client.record_event(place.body)

    assert (refused.value.status, refused.value.code) == (401, "UNAUTHENTICATED")
    assert [fault.detail for fault in refused.value.errors] == [why.en]


def test_certificate_written_in_a_header_was_not_shown(place: Place) -> None:
    """A certificate is public, its key is not: the proxy says what it saw, never what it is told."""
    for name in ("Client-Cert", "client_cert", "Client-Cert-Chain"):
        with httpx.Client(base_url=place.proxy.url, verify=place.trust(None), timeout=60) as stranger:
            headers = {"X-API-Key": place.api_key, "Accept-Language": "en", name: OURS.field}
            answer = stranger.post("/api/v1/events", json=dict(place.body), headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED"), name
        assert answer.json()["errors"][0]["detail"] == MISSING.en, name


def test_key_that_needs_none_goes_on_without(place: Place) -> None:
    """With "optional" only a bound key asks for one."""
    number = place.body["registration_number"]

    with place.client(None, place.plain_key) as client:
        assert client.record_event(place.body).registration.registration_number == number
