"""An exchange that is given so many seconds ends then, whatever the other side does."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from certsvc.client.bounded import bounded, ending_in

_GIVEN_S = 0.4
_ADDRESSES = 25
_NAME = "log.example"


def answer_with(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    """Let the name lead to *addresses*; what is no name is looked up as ever."""
    genuine = socket.getaddrinfo

    def look_up(host: str, *words: Any, **named: Any) -> Any:
        if host != _NAME:
            return genuine(host, *words, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", one) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.fixture
def deaf() -> Iterator[tuple[str, int]]:
    """Yield an address that takes no connection and refuses none: those that wait for it fill its queue."""
    with ExitStack() as held:
        server = held.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        while True:
            caller = held.enter_context(socket.socket())
            caller.settimeout(0.2)
            try:
                caller.connect(server.getsockname())
            except TimeoutError:
                break
        yield server.getsockname()


def test_a_name_with_many_addresses_gets_no_more_time(
    deaf: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them takes no connection; whoever answers for the name says how many there are."""
    answer_with(monkeypatch, *[deaf] * _ADDRESSES)
    began = time.monotonic()
    with (
        bounded(httpx.Client(base_url=f"http://{_NAME}:{deaf[1]}", timeout=5, trust_env=False)) as http,
        pytest.raises(httpx.TimeoutException),
        ending_in(_GIVEN_S),
    ):
        http.get("/")

    assert time.monotonic() - began < _GIVEN_S * _ADDRESSES / 3


def test_the_next_address_is_tried_where_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with two addresses, of which one is not listened at, is reached."""
    with socket.create_server(("127.0.0.2", 0)) as server:
        host, port = server.getsockname()
        # Nobody listens at the same port of the first.
        answer_with(monkeypatch, ("127.0.0.3", port), (host, port))
        with (
            bounded(httpx.Client(base_url=f"http://{_NAME}:{port}", timeout=0.3, trust_env=False)) as http,
            pytest.raises(httpx.ReadTimeout),
        ):
            http.get("/")


def test_a_name_nobody_knows_is_an_error_of_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """As httpx says it without a bound: whoever calls tells that from a time-out."""

    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with (
        bounded(httpx.Client(base_url=f"http://{_NAME}", trust_env=False)) as http,
        pytest.raises(httpx.ConnectError, match="not known"),
    ):
        http.get("/")
