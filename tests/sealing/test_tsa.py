"""Asking an authority over HTTP: every misbehaviour ends in one coded error, in the time that was given."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from certsvc.errors import TimestampUnavailableError
from certsvc.sealing import tsa
from certsvc.sealing.tsa import CONNECT_S, Deadline, TimestampAuthority
from certsvc.sealing.tsa_messages import request_of
from tests.dripping import dripping
from tests.factories import NOW, FixedClock
from tests.tsa import POLICY, an_authority
from tests.tsa_server import Desk, running

DIGEST = hashlib.sha256(b"a file").digest()


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A running authority."""
    with running() as open_desk:
        yield open_desk


def client(desk: Desk, policy: str | None = None) -> TimestampAuthority:
    """Ask *desk*, pinned by its root."""
    roots = [desk.authority.root_der]
    return TimestampAuthority(desk.url, roots=roots, clock=FixedClock(), policy=policy)


def test_an_authority_stamps(desk: Desk) -> None:
    """Twice the same digest gives two tokens: each request has its own nonce."""
    tokens = [client(desk, POLICY).stamp(DIGEST, Deadline()) for _ in range(2)]

    assert [token.gen_time for token in tokens] == [NOW.replace(microsecond=0)] * 2
    assert desk.asked == 2


@pytest.mark.parametrize(
    "manners",
    [
        "reset", "endless", "page", "redirect", "error", "no DER", "slow clock", "refused", "wrong nonce",
        "wrong imprint", "bad signature", "large", "extensions",
    ],
)  # fmt: skip
def test_a_misbehaving_authority_is_a_coded_error(desk: Desk, manners: str) -> None:
    """Nothing it answers is believed by half; no redirect is followed."""
    desk.manners = manners

    with pytest.raises(TimestampUnavailableError):
        client(desk).stamp(DIGEST, Deadline())
    assert desk.asked == 1


@pytest.mark.parametrize("manners", ["blackhole", "drip", "drip the head"])
def test_one_that_never_comes_to_an_end_is_left_alone(desk: Desk, manners: str) -> None:
    """The bound holds for the whole, not for each read: each byte of a drip comes in time, the last never.

    The thread that spoke to it ends too, because its socket is shut, not because the authority relents.
    """
    desk.manners = manners

    with pytest.raises(TimestampUnavailableError, match="in time"):
        client(desk).stamp(DIGEST, Deadline(0.15))

    speaking = [one for one in threading.enumerate() if one.name == "timestamp"]
    for thread in speaking:
        thread.join(5)
    assert not any(thread.is_alive() for thread in speaking)
    assert not desk.released.is_set()


@pytest.mark.parametrize("late", ["connection", "layer of TLS"])
def test_a_deadline_between_connection_and_handshake_leaves_nobody_behind(
    monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    """What comes to stand after the wait is over is shut as well; a drip would hold the thread for hours."""
    connect, wrap = socket.create_connection, ssl.SSLContext.wrap_socket

    def slowly_connect(*given: Any, **named: Any) -> socket.socket:
        made = connect(*given, **named)
        if late == "connection":
            time.sleep(0.3)
        return made

    def slowly_wrap(self: ssl.SSLContext, *given: Any, **named: Any) -> ssl.SSLSocket:
        if late != "connection":
            time.sleep(0.3)
        return wrap(self, *given, **named)

    monkeypatch.setattr(socket, "create_connection", slowly_connect)
    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", slowly_wrap)
    # One record of a handshake, of 16 KB.
    with dripping(b"\x16\x03\x03\x40\x00") as port:
        slow = TimestampAuthority(
            f"https://127.0.0.1:{port}/tsa", roots=[an_authority().root_der], clock=FixedClock()
        )
        with pytest.raises(TimestampUnavailableError, match="in time"):
            slow.stamp(DIGEST, Deadline(0.15))
        speaking = [one for one in threading.enumerate() if one.name == "timestamp"]
        for thread in speaking:
            # Less than a connection's own timeout: nothing but the shut ends it.
            thread.join(CONNECT_S - 1)
        assert not any(thread.is_alive() for thread in speaking)


def test_an_authority_that_is_not_there_is_the_same_error() -> None:
    """Refused connections, and names nobody has."""
    with running() as gone:
        url = gone.url
    for address in (url, "http://tsa.invalid/"):
        away = TimestampAuthority(address, roots=[an_authority().root_der], clock=FixedClock())
        with pytest.raises(TimestampUnavailableError):
            away.stamp(DIGEST, Deadline(2))


def test_an_answer_may_not_be_larger_than_it_needs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte over the bound is too much."""
    size = len(an_authority().answer(request_of(DIGEST, 1 << 62), NOW))
    monkeypatch.setattr(tsa, "LARGEST_ANSWER", size + 10)
    assert client(desk).stamp(DIGEST, Deadline())
    monkeypatch.setattr(tsa, "LARGEST_ANSWER", size - 10)

    with pytest.raises(TimestampUnavailableError, match="bytes"):
        client(desk).stamp(DIGEST, Deadline())


def test_an_authority_without_a_pinned_root_is_not_asked_in_vain(desk: Desk) -> None:
    """Fail closed: a token nobody vouches for is no token."""
    careless = TimestampAuthority(desk.url, roots=(), clock=FixedClock())

    with pytest.raises(TimestampUnavailableError, match="pinned"):
        careless.stamp(DIGEST, Deadline())


def test_the_clocks_may_be_a_minute_apart(desk: Desk) -> None:
    """Further, and either the authority's clock or ours is wrong: nobody can tell which."""
    desk.now = lambda: NOW + timedelta(seconds=59)
    assert client(desk).stamp(DIGEST, Deadline())
    desk.now = lambda: NOW - timedelta(seconds=61)

    with pytest.raises(TimestampUnavailableError, match="clock"):
        client(desk).stamp(DIGEST, Deadline())


def test_an_expired_authority_is_refused() -> None:
    """At the instant it states itself."""
    expired = an_authority("late", until=NOW - timedelta(days=1))
    with running(authority=expired) as desk, pytest.raises(TimestampUnavailableError, match="not valid"):
        client(desk).stamp(DIGEST, Deadline())


def test_tls_that_is_not_trusted_or_never_shakes_hands_is_the_same_error(desk: Desk) -> None:
    """An address that speaks no TLS, and one that takes the connection and says nothing."""
    plain = TimestampAuthority(
        desk.url.replace("http:", "https:"), roots=[desk.authority.root_der], clock=FixedClock()
    )
    with pytest.raises(TimestampUnavailableError):
        plain.stamp(DIGEST, Deadline())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(TimestampUnavailableError, match="in time"):
            TimestampAuthority(url, roots=[desk.authority.root_der], clock=FixedClock()).stamp(
                DIGEST, Deadline(0.15)
            )
        for thread in [one for one in threading.enumerate() if one.name == "timestamp"]:
            thread.join(5)
            assert not thread.is_alive()


def test_an_authority_stamps_over_tls(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its address is proven by the machine's trust store, its tokens by the pinned root."""
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
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "tls.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    proving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    proving.load_cert_chain(pem)
    with running(tls=proving) as secure:
        url = secure.url.replace("http://127.0.0.1", "https://localhost")
        over = TimestampAuthority(url, roots=[secure.authority.root_der], clock=FixedClock())
        with pytest.raises(TimestampUnavailableError):
            over.stamp(DIGEST, Deadline())
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        assert over.stamp(DIGEST, Deadline()).pinned
