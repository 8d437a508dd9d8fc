"""What is published for those who check without us: the list of keys, the status lists, and both in one."""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from certsvc.domain.clock import Clock
from certsvc.domain.status_list import BITS, pack
from certsvc.errors import CertsvcError, NotFoundError, RecordDamagedError, UnavailableError
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.port import Registry
from certsvc.sealing.jws import flattened, sign_jws
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.port import PinnedKey, PinnedSeal
from certsvc.sealing.trust import TrustedKey
from certsvc.verification.status_lists import StatusLists
from certsvc.verification.trust_bundle import FORMAT, STATUS_TYP, TRUST_TYP

REFRESH: Final = timedelta(seconds=15)
"""How old the values may be that are served. With the 30 seconds others may keep an answer, a change shows
within a minute."""
RESIGN_S: Final = 600
"""What has not changed is signed with a new instant once in so many seconds."""
_RESTS: Final = 3
_TURN_S: Final = 1.0
"""How long a request waits while another reads the registry; the first reading of a large one takes long."""


@dataclass(frozen=True, slots=True)
class Published:
    """One document ready to be sent."""

    body: bytes
    """JSON."""
    etag: str
    """Equal in every worker for equal content; the bytes differ, because no two signatures are equal."""


class TrustMaterial:
    """Signs what is published, and keeps it while nothing changed; threads may share it."""

    def __init__(
        self,
        *,
        registry: Registry,
        kinds: Mapping[str, CertificateType],
        keystore: Keystore,
        clock: Clock,
        issuer_name: str,
        public_url: str,
    ) -> None:
        """Take what the documents tell of; nothing is read or signed before somebody asks."""
        self._keystore = keystore
        self._clock = clock
        self._issuer = {"issuer": issuer_name, "public_url": public_url}
        self._lists = StatusLists(registry, kinds)
        self._read_at: datetime | None = None
        self._reading = threading.Lock()
        self._wanted = threading.Event()
        """Somebody waits for the lists: the first reading no longer gives way to other work."""
        self._kept: dict[str, Published] = {}
        self._statuses: dict[tuple[int, str], Published] = {}
        """Of the last reading, by list and signing key."""

    def read_ahead(self) -> None:
        """Begin the first reading now, beside other work: of a large register it takes minutes.

        It takes a quarter of one processor until somebody asks for a list.
        """
        threading.Thread(target=self._read_ahead, name="status lists", daemon=True).start()

    def _read_ahead(self) -> None:
        # What stands in the way now is told to whoever asks for a list.
        with suppress(CertsvcError), self._fresh(self._give_way):
            pass

    def _give_way(self, took_s: float) -> None:
        """Rest for thrice as long as the last portion took: people are waiting for other answers."""
        self._wanted.wait(_RESTS * took_s)

    def trust(self) -> Published:
        """Return the signed list of keys.

        Raises:
            KeyMaterialError: the trust list or the key that signs it cannot be used.
        """
        now = self._clock.now()
        keys = [_line(key, pin) for key, pin in self._keystore.listed()]
        return self._signed("trust", TRUST_TYP, {**self._issuer, "keys": keys}, now, now)

    def status(self, number: int) -> Published:
        """Return one signed status list.

        Raises:
            NotFoundError: there is no such list yet.
            UnavailableError: the registry cannot be read now; what was true before is not served as new.
            RecordDamagedError: a damaged row keeps this list from being told.
        """
        with self._fresh() as as_of:
            return self._status(number, as_of)

    def bundle(self) -> Published:
        """Return the list of keys with every status list that can be told.

        A list that a damaged row keeps from being told is left out: its copies cannot be judged without us.

        Raises:
            UnavailableError, KeyMaterialError: as for ``trust`` and ``status``.
        """
        with self._fresh() as as_of:
            parts = [self.trust()]
            for number in self._lists.numbers():
                try:
                    parts.append(self._status(number, as_of))
                except RecordDamagedError:
                    continue
        trust, *lists = (json.loads(part.body) for part in parts)
        etag = hashlib.sha256("\n".join(part.etag for part in parts).encode()).hexdigest()[:32]
        return Published(_json({"format": FORMAT, "trust": trust, "status": lists}), etag)

    @contextmanager
    def _fresh(self, give_way: Callable[[float], None] | None = None) -> Iterator[datetime]:
        """Hold the lists, read anew when they are older than REFRESH; *give_way* as for StatusLists."""
        if give_way is None:
            self._wanted.set()
        if not self._reading.acquire(timeout=_TURN_S):
            raise UnavailableError("the status lists are being read for the first time")
        try:
            now = self._clock.now()
            if self._read_at is None or not timedelta() <= now - self._read_at < REFRESH:
                self._lists.refresh(now, give_way or (lambda _: None))
                self._statuses.clear()
                self._read_at = now
            assert self._lists.as_of is not None  # refresh has set it
            yield self._lists.as_of
        finally:
            self._reading.release()

    def _status(self, number: int, as_of: datetime) -> Published:
        if number not in self._lists.numbers():
            raise NotFoundError
        now = self._clock.now()
        place = number, self._keystore.service_signer("trust", now).key_id
        if place in self._statuses:
            return self._statuses[place]
        values, count = self._lists.values(number), self._lists.count(number)
        data = urlsafe_b64encode(pack(values, count)).rstrip(b"=").decode("ascii")
        said = {"list": number, "bits": BITS, "count": count, "data": data}
        signed = self._signed(f"status {number}", STATUS_TYP, said, as_of, now)
        self._statuses[place] = signed
        return signed

    def _signed(
        self, name: str, typ: str, said: Mapping[str, object], issued_at: datetime, now: datetime
    ) -> Published:
        """Sign what is said, unless the same was signed a short while ago."""
        signer = self._keystore.service_signer("trust", now)
        same = [signer.key_id, typ, int(now.timestamp()) // RESIGN_S, said]
        etag = hashlib.sha256(_json(same)).hexdigest()[:32]
        kept = self._kept.get(name)
        if kept is None or kept.etag != etag:
            payload = {"format": FORMAT, "issued_at": issued_at.isoformat(), **said}
            kept = Published(_json(flattened(sign_jws(payload, signer, typ=typ))), etag)
            self._kept[name] = kept
        return kept


def _line(key: TrustedKey, pin: PinnedKey | PinnedSeal) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "use": key.use,
        "algorithm": key.algorithm,
        "certificate": b64encode(pin.certificate).decode("ascii"),
        "seal": b64encode(pin.seal).decode("ascii") if isinstance(pin, PinnedSeal) else None,
        "valid_from": pin.valid_from.isoformat(),
        "valid_to": pin.valid_to.isoformat(),
        "retired_at": pin.retired_at.isoformat() if pin.retired_at else None,
        "compromised_since": pin.compromised_since.isoformat() if pin.compromised_since else None,
        "development": pin.development,
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
