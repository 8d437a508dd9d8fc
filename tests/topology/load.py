"""Callers of the whole deployment: each repeats itself until answered, and remembers what it was told."""

from __future__ import annotations

import hashlib
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx

from certsvc.client import Client, ClientError, Endorsement, Patience, ProblemError
from tests.batch.lines import endorse, event
from tests.topology.stack import Proxy
from tests.world import JSON

PATIENT: Final = Patience(tries=400, total_s=240, longest_pause_s=1)
"""A row of a killed process is held for a minute; a busy machine takes long to start another one."""
HOLDERS_OF_A_BATCH: Final = 4


@dataclass(slots=True)
class Told:
    """What callers were told; one for all of them."""

    endorsed: dict[str, tuple[str, Endorsement]] = field(default_factory=dict)
    """By Idempotency-Key: the number, and the copy as it was acknowledged."""
    batches: dict[str, list[JSON]] = field(default_factory=dict)
    """Items submitted, by the batch that was acknowledged."""
    calls: int = 0
    retries: int = 0
    """Pauses before another try."""
    faults: list[str] = field(default_factory=list)
    """What must not be, in words."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, calls: int = 1) -> None:
        """Count calls that were answered."""
        with self.lock:
            self.calls += calls

    def pause(self, seconds: float) -> None:
        """Wait before a repetition, and count it."""
        with self.lock:
            self.retries += 1
        time.sleep(seconds)

    def fault(self, what: str) -> None:
        """Note something that must not be."""
        with self.lock:
            self.faults.append(what)


class Caller(threading.Thread):
    """One thread with a client of its own; begins nothing new once *over* is set."""

    def __init__(
        self, name: str, proxy: Proxy, api_key: str, told: Told, over: threading.Event, trust: ssl.SSLContext
    ) -> None:
        """Make the client; nothing is sent yet."""
        super().__init__(name=name, daemon=True)
        self.told = told
        self.over = over
        self.client = Client(
            proxy.url, api_key=api_key, patience=PATIENT, tls=trust, sleep=told.pause, timeout_s=90
        )

    def once(self) -> None:
        """Do one round."""
        raise NotImplementedError

    def run(self) -> None:
        """Go round after round."""
        try:
            while not self.over.is_set():
                self.once()
        except Exception as error:  # noqa: BLE001 - whatever ends a caller early is a finding of the drill
            self.told.fault(f"{self.name}: {type(error).__name__}: {error}")
        finally:
            self.client.close()


class Endorser(Caller):
    """Registers somebody, has a copy made, fetches both files, and asks for it again."""

    people: Callable[[], JSON]

    def once(self) -> None:
        """Take one holder through."""
        body = self.people()
        number = str(body["registration_number"])
        key = f"order-{number[1:]}"
        self.client.record_event(body)
        copy = self.client.endorse(number, "投标使用", idempotency_key=key)
        with self.told.lock:
            self.told.endorsed[key] = (number, copy)
        again = self.client.endorse(number, "投标使用", idempotency_key=key)
        if again.endorsement_id != copy.endorsement_id:
            self.told.fault(f"{key}: two copies for one key")
        try:
            second = self.client.endorse(number, "别的用途", idempotency_key=f"{key}-second")
            self.told.fault(f"{key}: a second copy on one day, {second.endorsement_id}")
        except ProblemError as problem:
            if problem.code != "ENDORSED_TODAY":
                raise
        for file in copy.files.values():
            self.client.download(file)
        self.told.count(4 + len(copy.files))
        # Each copy is looked at again afterwards: a few hundred are enough to meet every kill.
        time.sleep(0.5)


class Batcher(Caller):
    """Submits batches of new people and copies for them, and looks how far they are."""

    people: Callable[[], JSON]

    def once(self) -> None:
        """Submit one batch and wait for it, as long as the drill goes on."""
        bodies = [self.people() for _ in range(HOLDERS_OF_A_BATCH)]
        items = [event(f"event-{one['registration_number']}", one) for one in bodies]
        items += [endorse(f"copy-{one['registration_number']}", one["registration_number"]) for one in bodies]
        batch = self.client.submit_batch(items)
        with self.told.lock:
            self.told.batches[batch.batch_id] = items
        self.told.count()
        while not batch.is_over and not self.over.is_set():
            time.sleep(0.3)
            batch = self.client.batch(batch.batch_id)
            self.told.count()
        time.sleep(0.5)


class Verifier(Caller):
    """Asks about what others were told, by file and by the public page."""

    place = 0

    def once(self) -> None:
        """Ask about one copy."""
        with self.told.lock:
            known = list(self.told.endorsed.values())
        if not known:
            time.sleep(0.1)
            return
        _, copy = known[self.place % len(known)]
        self.place += 1
        report = self.client.verify_sha256(copy.files["pdf" if self.place % 2 else "ofd"].sha256)
        # "Cannot tell now" is a lawful answer while a part is away; "not valid" never is.
        if not report.is_valid and report.verdict != "INDETERMINATE":
            self.told.fault(f"{copy.endorsement_id}: {report.verdict} {report.status} while it is valid")
        self.told.count()


class Reader(Caller):
    """Opens public pages, as a phone does, and opens them again when they do not come."""

    proxy: Proxy
    trust: ssl.SSLContext

    def once(self) -> None:
        """Open the page of the newest copy."""
        with self.told.lock:
            known = list(self.told.endorsed.values())
        time.sleep(0.1)
        if not known:
            return
        path = urlsplit(known[-1][1].verify_url).path
        until = time.monotonic() + PATIENT.total_s
        with httpx.Client(base_url=self.proxy.url, verify=self.trust, timeout=30) as browser:
            while True:
                try:
                    status = browser.get(path).status_code
                except httpx.TransportError:
                    status = 0
                if status == 200:
                    break
                if status not in {0, 429, 502, 503, 504} or time.monotonic() > until:
                    self.told.fault(f"a page answered {status}")
                    break
                self.told.pause(0.3)
        self.told.count()


def lost_files(client: Client, copy: Endorsement) -> list[str]:
    """Return what is wrong with an acknowledged copy: it must be done, the same, both files valid."""
    now = client.endorsement(copy.endorsement_id)
    wrong = [] if now.state == "DONE" and now.token == copy.token else [f"{copy.endorsement_id}: {now.state}"]
    for form in ("pdf", "ofd"):
        if form not in now.files or now.files[form].sha256 != copy.files[form].sha256:
            wrong.append(f"{copy.endorsement_id}: another {form}")
            continue
        try:
            content = client.download(now.files[form])
        except ClientError as error:
            wrong.append(f"{copy.endorsement_id}: its {form} cannot be had: {error}")
            continue
        if hashlib.sha256(content).hexdigest() != copy.files[form].sha256:
            wrong.append(f"{copy.endorsement_id}: other bytes of the {form}")
        report = client.verify_file(content, upload=True)
        if not report.is_valid:
            wrong.append(f"{copy.endorsement_id}: its {form} is {report.verdict} {report.status}")
    return wrong
