"""The service proves who it is, or hears nothing."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from certsvc.client import Client, UnreachableError
from tests.client.service import Pauses

KEY = "cs_canary-KEY-0123456789"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 31\r\n\r\n"
    b'{"items":[],"next_cursor":null}'
)


@pytest.fixture(scope="module")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 that no system trusts; returns its file and its key's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEST ONLY")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "cert.pem", folder / "key.pem"


@contextmanager
def tls_server(files: tuple[Path, Path], got: list[bytes]) -> Iterator[str]:
    """Answer every request over TLS with an empty list; *got* keeps what came through."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                wire, _ = listening.accept()
                if stop.is_set():
                    wire.close()
                    return
                try:
                    with context.wrap_socket(wire, server_side=True) as safe:
                        got.append(safe.recv(65536))
                        safe.sendall(ANSWER)
                except OSError:
                    got.append(b"")

        stop = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        port = listening.getsockname()[1]
        yield f"https://127.0.0.1:{port}"
        stop.set()
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join()


def test_service_with_a_strange_certificate_gets_nothing(
    tls_files: tuple[Path, Path], pauses: Pauses
) -> None:
    """Neither the key nor the question, and it is not asked again."""
    got: list[bytes] = []
    with (
        tls_server(tls_files, got) as url,
        Client(url, api_key=KEY, sleep=pauses.sleep) as client,
        pytest.raises(UnreachableError, match=r"(?i)certificate"),
    ):
        list(client.expiring())

    assert got == [b""] and pauses.slept == []


def test_own_authority_is_trusted_by_a_context(tls_files: tuple[Path, Path]) -> None:
    """A ministry has its own."""
    got: list[bytes] = []
    context = ssl.create_default_context(cafile=tls_files[0])
    with tls_server(tls_files, got) as url, Client(url, api_key=KEY, tls=context) as client:
        assert list(client.expiring()) == []

    assert len(got) == 1 and KEY.encode() in got[0]


def test_context_that_verifies_nothing_is_refused() -> None:
    """There is no switch to turn verification off, and none by a detour."""
    blind = ssl.create_default_context()
    blind.check_hostname = False
    nameless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    nameless.check_hostname = False
    blind.verify_mode = ssl.CERT_NONE
    for context in (blind, nameless):
        with pytest.raises(ValueError, match="verify"):
            Client("https://verify.example.cn", api_key=KEY, tls=context)
