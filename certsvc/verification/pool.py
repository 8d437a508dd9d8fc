"""Reads strangers' files in child processes that may be killed: warm, few, bounded in time and memory.

One pool serves all threads of a process. As many keeper threads as children take files from one queue; a
keeper watches the child it works with and outlives it. That matters twice: the kernel ends a child with the
*thread* that started it, and a thread of the web server comes and goes.
"""

from __future__ import annotations

import base64
import sys
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from certsvc.domain.report import FileOutcome
from certsvc.errors import UnavailableError
from certsvc.photo.rules import Kind
from certsvc.sealing.port import PinnedKey, PinnedSeal
from certsvc.verification.reading import LARGEST, Reading
from certsvc.verification.reading_child import ANOTHER_TRY, BUSY, WORK_S, Child

COMMAND: Final = (sys.executable, "-s", "-P", "-m", "certsvc.verification.child")
WAIT_S: Final = 2.0
"""Longest wait for a free child; then we say that we cannot check now, instead of piling up."""
ALL_S: Final = WAIT_S + WORK_S
"""Everything together."""
MESSAGES: Final = 200
"""Messages after which a child is replaced: what strangers' files left in its memory goes with it."""
FAILED_STARTS: Final = 3
"""One may fail by chance; so many, one after the other, do not."""


class _Crew:
    """The children of one pool."""

    def __init__(self, command: Sequence[str], messages: int) -> None:
        self._command = command
        self._messages = messages
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._at_work: set[Child] = set()
        self._closed = False
        self._failed = 0
        """Children that could not be started, or never came up, since the last one that did."""

    def take(self) -> Child | None:
        """Return a child for one message, the one used last first; None when none can be had."""
        with self._lock:
            while self._idle and not self._closed:
                child = self._idle.pop()
                if child.alive:
                    self._at_work.add(child)
                    return child
                child.end()
            if self._closed:
                return None
            try:
                child = Child(self._command)
            except OSError:
                self._failed += 1
                return None
            self._at_work.add(child)
            return child

    def give_back(self, child: Child) -> None:
        """Keep a child warm."""
        with self._lock:
            self._at_work.discard(child)
            if child.up:
                self._failed = 0
            elif not child.alive:
                self._failed += 1
            if not self._closed and child.alive and child.answered < self._messages:
                self._idle.append(child)
                return
        child.end()

    def check(self) -> None:
        with self._lock:
            if self._failed >= FAILED_STARTS:
                raise UnavailableError(f"the last {self._failed} children that read files did not start")

    def pids(self) -> tuple[int, ...]:
        with self._lock:
            return tuple(child.pid for child in (*self._idle, *self._at_work))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for child in self._at_work:
                child.kill()
        for child in idle:
            child.end()


class ReaderPool:
    """Opens files in children; safe to share between threads."""

    def __init__(self, processes: int, *, command: Sequence[str] = COMMAND, messages: int = MESSAGES) -> None:
        """Make a pool; nothing is started before the first file.

        Args:
            processes: most children at once.
            command: starts a child; the number of our own process is added to it.
            messages: after so many a child is replaced.
        """
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="certsvc-reader")
        self._crew = _Crew(command, messages)
        self._end = weakref.finalize(self, _end, self._threads, self._crew)

    def pids(self) -> tuple[int, ...]:
        """Return the process numbers of the children there are."""
        return self._crew.pids()

    def check(self) -> None:
        """Raise UnavailableError when children did not start lately, one after the other."""
        self._crew.check()

    def read_pdf(self, content: bytes, pinned: Sequence[PinnedKey], roots: Sequence[bytes] = ()) -> Reading:
        """Judge a PDF strictly; if it has no signature, read the QR symbols on pages that are pictures."""
        told = [base64.b64encode(root).decode() for root in roots]
        words = {"do": "check", "kind": "pdf", "pinned": list(map(_told, pinned)), "roots": told}
        return self._read(words, content)

    def read_ofd(self, content: bytes, pinned: Sequence[PinnedSeal]) -> Reading:
        """Judge an OFD strictly; if it has no signature, read the QR symbols on pages that are pictures."""
        return self._read({"do": "check", "kind": "ofd", "pinned": list(map(_told, pinned))}, content)

    def read_picture(self, content: bytes) -> Reading:
        """Read the QR symbols in a PNG or JPEG."""
        return self._read({"do": "picture"}, content)

    def read_photo(self, content: bytes, kind: Kind, *, fix: bool) -> Reading:
        """Judge a one-inch photo or a signature image, and with *fix* put right what can be.

        In the answer ``fixed`` is without its content: that is in ``file``, or the file that came when there
        was nothing to change.
        """
        return self._read({"do": "photo", "kind": kind, "fix": fix}, content)

    def close(self) -> None:
        """End every child; what is asked from here on is answered ``busy``."""
        self._end()
        self._threads.shutdown(wait=True)

    def _read(self, words: Mapping[str, object], content: bytes) -> Reading:
        if len(content) > LARGEST:
            return Reading(fault="size")
        until = time.monotonic() + ALL_S
        try:
            answer = self._threads.submit(self._work, words, content, until)
            try:
                return answer.result(timeout=WAIT_S)
            except TimeoutError:
                # Still in the queue: withdrawn. Else a child is at it, and its keeper ends it in time.
                return BUSY if answer.cancel() else answer.result()
        except (RuntimeError, CancelledError):
            # Closed: the process is about to end.
            return BUSY

    def _work(self, words: Mapping[str, object], content: bytes, until: float) -> Reading:
        reading = self._ask(words, content, until)
        if reading.check is None or reading.check.outcome is not FileOutcome.NO_SIGNATURE:
            return reading
        # Whatever its pictures do to a child: that the file carries no signature stands.
        scan = {"do": "scan", "kind": words["kind"]}
        return replace(reading, texts=self._ask(scan, content, until).texts)

    def _ask(self, words: Mapping[str, object], content: bytes, until: float) -> Reading:
        """Have a child do one thing; when a used one fails at it, a fresh one decides."""
        while True:
            child = self._crew.take()
            if child is None:
                return BUSY
            fresh = child.answered == 0
            try:
                reading = child.ask(words, content, until=until)
            finally:
                self._crew.give_back(child)
            if fresh or reading.fault not in ANOTHER_TRY:
                return reading


def _told(pin: PinnedKey | PinnedSeal) -> Mapping[str, str]:
    """Write what a child has to know of a key or seal of ours; when it was withdrawn is judged elsewhere."""
    told = {
        "key_id": pin.key_id,
        "certificate": base64.b64encode(pin.certificate).decode(),
        "valid_from": pin.valid_from.isoformat(),
        "valid_to": pin.valid_to.isoformat(),
    }
    return told | {"seal": base64.b64encode(pin.seal).decode()} if isinstance(pin, PinnedSeal) else told


def _end(threads: ThreadPoolExecutor, crew: _Crew) -> None:
    threads.shutdown(wait=False, cancel_futures=True)
    crew.close()
