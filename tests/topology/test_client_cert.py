"""Client certificates through the real proxy, and what a caller makes up."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from certsvc.errors import MalformedError
from certsvc.web.client_cert import from_field
from tests.certificates import Made, a_certificate
from tests.flows.server import free_port
from tests.topology.stack import Proxy, start_proxy

OURS = a_certificate("ours")
LONG = a_certificate("long", padding=2300)
TOO_LONG = a_certificate("too long", padding=3200)
FOREIGN = a_certificate("foreign")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep the files of the certificates."""
    return tmp_path_factory.mktemp("callers")


@pytest.fixture(scope="module")
def heard() -> list[list[str]]:
    """Keep what arrives behind the proxy under the header's name, call by call."""
    return []


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, folder: Path, heard: list[list[str]]) -> Iterator[Proxy]:
    """Start the proxy before a server that writes down what it is told."""

    class Behind(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            names = {"client-cert", "client_cert", "client-cert-chain"}
            heard.append([value for name, value in self.headers.items() if name.lower() in names])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    authorities = folder / "authorities.pem"
    authorities.write_bytes(
        b"".join(one.write(folder, "one")[0].read_bytes() for one in (OURS, LONG, TOO_LONG))
    )
    started = start_proxy(
        tmp_path_factory.mktemp("front") / "proxy", free_port(), [server.server_address[1]], authorities
    )
    yield started
    started.end()
    server.shutdown()
    server.server_close()


def call(proxy: Proxy, folder: Path, shown: Made | None, headers: Mapping[str, str] | None = None) -> int:
    """Ask through the proxy; returns the status."""
    context: ssl.SSLContext = proxy.trust()
    if shown is not None:
        context.load_cert_chain(*shown.write(folder, "shown"))
    for _ in range(50):
        connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=10, context=context)
        try:
            connection.request("GET", "/", headers=headers or {})
            return connection.getresponse().status
        except ConnectionRefusedError:
            threading.Event().wait(0.05)
        finally:
            connection.close()
    raise AssertionError("the proxy did not start")


@pytest.mark.parametrize("shown", [OURS, LONG], ids=["usual", "long"])
def test_proxy_tells_the_certificate_as_the_rfc_says(
    proxy: Proxy, folder: Path, heard: list[list[str]], shown: Made
) -> None:
    """One line, the whole DER; our own reader takes it."""
    assert call(proxy, folder, shown) == 200

    assert heard[-1] == [shown.field]
    read = from_field(heard[-1][0])
    assert read is not None and read.sha256 == shown.sha256


def test_certificate_the_proxy_cannot_write_is_refused_by_us(
    proxy: Proxy, folder: Path, heard: list[list[str]]
) -> None:
    """Cut off it would be another one, left out it would be none."""
    assert call(proxy, folder, TOO_LONG) == 200

    with pytest.raises(MalformedError):
        from_field(heard[-1][0])


def test_what_a_caller_makes_up_does_not_arrive(proxy: Proxy, folder: Path, heard: list[list[str]]) -> None:
    """Neither without a certificate nor beside one, in no spelling of the name."""
    made_up = dict.fromkeys(("Client-Cert", "Client_Cert", "Client-Cert-Chain"), FOREIGN.field)

    assert call(proxy, folder, None, made_up) == 200
    assert heard[-1] == []
    assert call(proxy, folder, OURS, made_up) == 200
    assert heard[-1] == [OURS.field]


def test_certificate_of_another_authority_ends_at_the_proxy(
    proxy: Proxy, folder: Path, heard: list[list[str]]
) -> None:
    """Nginx refuses it before anything arrives."""
    before = len(heard)

    assert call(proxy, folder, FOREIGN) == 400
    assert len(heard) == before
