"""The client itself."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Literal, Self

from certsvc.client.address import check_api_key, check_base_url, check_tls
from certsvc.client.batches import BatchCalls
from certsvc.client.issuing import IssuingCalls
from certsvc.client.patience import Patience
from certsvc.client.transport import Transport
from certsvc.client.verifying import VerifyingCalls

_RANDOM: Final = random.SystemRandom()


class Client(IssuingCalls, BatchCalls, VerifyingCalls):
    """Calls one certsvc service; one for a whole program is right, threads may share it.

    Use it in a ``with`` statement, or call ``close``. Every call raises ClientError, and ValueError for an
    argument that makes no sense before anything is sent.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str,
        language: Literal["zh", "en"] = "zh",
        timeout_s: float = 30.0,
        patience: Patience | None = None,
        tls: ssl.SSLContext | None = None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = _RANDOM.random,
    ) -> None:
        """Take the service's address and a key for it; nothing is sent yet.

        Args:
            base_url: scheme, host and port; https unless the host is this very machine.
            api_key: from ``certsvc client add``; sent in a header, shown nowhere.
            language: of sentences in answers; codes are the same in both.
            timeout_s: seconds without a byte after which a request counts as lost.
            patience: how often and how long to try again.
            tls: for a certification authority of your own or a client certificate; it must verify.
            sleep: waits that many seconds.
            clock: counts seconds steadily, from anywhere.
            chance: random, 0 <= chance < 1; spreads repetitions.

        Raises:
            ValueError: the address, the key or the TLS context is not one to use.
        """
        self._base_url = check_base_url(base_url)
        if timeout_s <= 0:
            raise ValueError("timeout_s must be above 0")
        self._transport = Transport(
            self._base_url,
            api_key=check_api_key(api_key),
            language=language,
            timeout_s=timeout_s,
            verify=check_tls(tls),
            patience=patience or Patience(),
            sleep=sleep,
            clock=clock,
            chance=chance,
        )

    def __repr__(self) -> str:
        """Name the service, never the key."""
        return f"Client({self._base_url!r})"

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close every connection."""
        self.close()

    def close(self) -> None:
        """Close every connection; the client cannot be used after this."""
        self._transport.close()
