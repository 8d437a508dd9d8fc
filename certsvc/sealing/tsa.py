"""Asking a time-stamping authority for a token (RFC 3161 over HTTP), within bounds that hold.

The address comes from the settings, never from a file. Whatever the authority does, the caller waits no
longer than it said: the exchange has a thread of its own, and its socket is shut at the deadline. A timeout
for each read would not do: one byte a second would go on for ever.
"""

from __future__ import annotations

import http.client
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import SplitResult, urlsplit

from certsvc.domain.clock import Clock
from certsvc.errors import TimestampUnavailableError
from certsvc.sealing.tokens import Token, TokenError, read_token
from certsvc.sealing.tsa_messages import request_of, token_of

TOTAL_S: Final = 10.0
"""Seconds for all the tokens of one copy together: name look-up, connection, TLS, answer."""
CONNECT_S: Final = 3.0
"""Seconds for one connection to be made."""
LARGEST_ANSWER: Final = 32_768
"""Bytes of a response's body."""
CLOCKS_APART: Final = timedelta(seconds=60)
"""The authority's clock and ours may differ by so much; a token further off is refused."""
_NONCE_BITS: Final = 63
_QUERY: Final = "application/timestamp-query"
_REPLY: Final = "application/timestamp-reply"
_Socket = TypeVar("_Socket", bound=socket.socket)


class Deadline:
    """An instant of the machine's steady clock, by which everything has to be done."""

    def __init__(self, seconds: float = TOTAL_S) -> None:
        """Begin to count."""
        self._until = time.monotonic() + seconds

    @property
    def left_s(self) -> float:
        """Seconds left, never under 0."""
        return max(0.0, self._until - time.monotonic())


@dataclass(slots=True)
class _Exchange:
    """One question and its answer, in a thread of its own."""

    done: threading.Event = field(default_factory=threading.Event)
    answer: bytes | None = None
    fault: str = ""
    _socket: socket.socket | None = None
    _given_up: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, make: Callable[[], _Socket]) -> _Socket:
        """Speak over another socket from now on; whoever shuts the exchange shuts this one.

        Args:
            make: returns it without waiting for anybody; a shut in the meantime comes before or after.

        Raises:
            TimeoutError: the exchange was given up; nothing was made.
        """
        with self._lock:
            if self._given_up:
                raise TimeoutError("given up before the connection stood")
            made = make()
            self._socket = made
            return made

    def shut(self) -> None:
        """Wake a thread that waits for the network, and let it connect to nothing more, so that it ends."""
        with self._lock:
            self._given_up = True
            if self._socket is not None:
                # Closed already: then nobody waits for it.
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)


class TimestampAuthority:
    """One authority, pinned by its roots; safe to share between threads."""

    def __init__(self, url: str, *, roots: Sequence[bytes], clock: Clock, policy: str | None = None) -> None:
        """Take the authority.

        Args:
            url: ``http://`` or ``https://``.
            roots: its root certificates, DER; at least one.
            clock: what its instants are held against.
            policy: object identifier, dotted, to ask for and to insist on; None for the authority's own.
        """
        self.url = url
        self.roots = tuple(roots)
        self._clock = clock
        self._policy = policy

    def stamp(self, digest: bytes, deadline: Deadline) -> Token:
        """Return a token for a SHA-256 *digest*, checked in every respect.

        Raises:
            TimestampUnavailableError: no answer in time, a refusal, or a token that is not believed.
        """
        nonce = secrets.randbits(_NONCE_BITS) | 1 << _NONCE_BITS - 1
        answer = self._ask(request_of(digest, nonce, self._policy), deadline)
        now = self._clock.now()
        try:
            token = read_token(
                token_of(answer), digest=digest, roots=self.roots, nonce=nonce, policy=self._policy
            )
        except TokenError as fault:
            raise TimestampUnavailableError(f"a token was refused: {fault}") from fault
        if not token.pinned:
            raise TimestampUnavailableError("no root of the authority is pinned")
        check_instant(token, now)
        return token

    def _ask(self, request: bytes, deadline: Deadline) -> bytes:
        exchange = _Exchange()
        thread = threading.Thread(
            target=self._exchange, args=(exchange, request, deadline), name="timestamp", daemon=True
        )
        thread.start()
        # The socket has the same bound, and either may be the first to notice.
        if not exchange.done.wait(deadline.left_s) or exchange.fault == TimeoutError.__name__:
            exchange.shut()
            raise TimestampUnavailableError("the time-stamping authority did not answer in time")
        if exchange.answer is None:
            raise TimestampUnavailableError(f"the time-stamping authority: {exchange.fault}")
        return exchange.answer

    def _exchange(self, exchange: _Exchange, request: bytes, deadline: Deadline) -> None:
        try:
            exchange.answer = self._speak(exchange, request, deadline)
        except (OSError, http.client.HTTPException, ValueError) as fault:
            exchange.fault = type(fault).__name__ if not isinstance(fault, _RefusedError) else str(fault)
        finally:
            exchange.done.set()

    def _speak(self, exchange: _Exchange, request: bytes, deadline: Deadline) -> bytes:
        address = urlsplit(self.url)
        connection = _connected(address, exchange, deadline)
        try:
            path = address.path or "/"
            target = f"{path}?{address.query}" if address.query else path
            connection.request("POST", target, request, {"Content-Type": _QUERY, "Accept": _REPLY})
            answer = connection.getresponse()
            if answer.status != 200 or answer.headers.get_content_type() != _REPLY:
                raise _RefusedError(f"answered {answer.status}, and no time-stamp reply")
            body = answer.read(LARGEST_ANSWER + 1)
            if len(body) > LARGEST_ANSWER:
                raise _RefusedError(f"answered with more than {LARGEST_ANSWER} bytes")
            return body
        finally:
            connection.close()


def _connected(address: SplitResult, exchange: _Exchange, deadline: Deadline) -> http.client.HTTPConnection:
    """Connect; the socket is where the exchange can shut it before anything is awaited on it."""
    host, secure = address.hostname or "", address.scheme == "https"
    port = address.port or (443 if secure else 80)
    plain = socket.create_connection((host, port), timeout=min(CONNECT_S, deadline.left_s) or CONNECT_S)
    used = plain
    try:
        exchange.hold(lambda: plain)
        plain.settimeout(deadline.left_s or CONNECT_S)
        if secure:
            trusting = ssl.create_default_context()
            # The plain socket is another one's from then on: shutting it would wake nobody.
            used = wrapped = exchange.hold(
                lambda: trusting.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
            )
            wrapped.do_handshake()
    except OSError:
        used.close()
        raise
    connection = http.client.HTTPConnection(host, port)
    connection.sock = used
    return connection


class _RefusedError(ValueError):
    """An answer that is none, told in words that name no content of it."""


def check_instant(token: Token, now: datetime) -> None:
    """Refuse a fresh token whose instant is not about now.

    Raises:
        TimestampUnavailableError: the authority's clock and ours are too far apart.
    """
    if abs(token.gen_time - now) > CLOCKS_APART:
        raise TimestampUnavailableError(
            f"the authority's clock stands at {token.gen_time.isoformat()}, ours at {now.isoformat()}"
        )
