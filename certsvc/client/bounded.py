"""An end for every exchange. httpx bounds each read: a byte in each, and a head would drip in for ever."""

from __future__ import annotations

import math
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

_until: ContextVar[float] = ContextVar("until", default=math.inf)


@contextmanager
def ending_in(seconds: float) -> Iterator[None]:
    """Let nothing that this thread awaits of a bounded client inside last longer than *seconds* together.

    What does is httpx.TimeoutException.
    """
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def bounded(client: httpx.Client) -> httpx.Client:
    """Return the same client, which heeds ending_in() from now on: connection, TLS, request, head and body.

    Looking up a name is bounded by the machine's resolver alone.
    """
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            # httpx has no public way to hand down what httpcore reads with.
            transport._pool._network_backend = _Backend()
    return client


def _left(timeout: float | None) -> float:
    left = _until.get() - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for the whole exchange is over")
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A connection of httpcore on which every wait ends in time."""

    def __init__(self, held: httpcore.NetworkStream) -> None:
        self._held = held

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._held.read(max_bytes, _finite(_left(timeout)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._held.write(buffer, _finite(_left(timeout)))

    def close(self) -> None:
        self._held.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        # Python bounds a handshake as a whole.
        return _Stream(self._held.start_tls(ssl_context, server_hostname, _finite(_left(timeout))))

    def get_extra_info(self, info: str) -> object:
        return self._held.get_extra_info(info)


class _Backend(httpcore.SyncBackend):
    """Opens such connections."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        faults: list[httpcore.ConnectError | httpcore.ConnectTimeout] = []
        # Python gives each address of a name the whole time: one with many would take many times as long.
        for address in _addresses(host, port):
            left = _finite(_left(timeout))
            try:
                return _Stream(super().connect_tcp(address, port, left, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as fault:
                faults.append(fault)
        raise faults[-1]


def _addresses(host: str, port: int) -> Sequence[str]:
    """Look up a name: its addresses, at least one, as the machine orders them."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as fault:
        raise httpcore.ConnectError(str(fault)) from fault


def _finite(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) else None
