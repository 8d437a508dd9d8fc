"""Keys change under load: a server with two processes and a batch beside it; nobody's request fails."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from certsvc.domain.endorsement import CopyState
from certsvc.wiring import SystemClock, compromise, rotate_key
from tests.conftest import ROOT
from tests.drills import FULL, record
from tests.factories import FixedClock
from tests.flows.server import Server, serving, settings_of
from tests.web.site import path_of
from tests.world import World, settings_in

SERVED, IN_BATCH = (600, 3000) if FULL else (16, 24)
"""People whose copies are asked for over HTTP, and those of the batch."""
CHANGES = ("pdf", "ofd", "stolen", "pdf", "stolen") * 8 if FULL else ("pdf", "stolen", "pdf")
CHANGES_IN_BATCH = 20 if FULL else 2
"""The batch's workers start later than the callers; they see changes of their own."""
WORKERS = "2" if FULL else "1"
CALLERS = 4
PURPOSE = {"purpose": "投标使用"}
CONNECTIONS = 24
"""Connections of one look: the kernel deals them out, so both processes get some."""
PROMISED_S = 60
BORN_A_DAY = 400


def number(order: int) -> str:
    """Return the *order*-th registration number."""
    return f"京11120202022{order:05d}"


def register(world: World, who: str, order: int) -> None:
    """Register the *order*-th person; a day of birth has identity numbers for so many."""
    born = date(1985, 3, 7) + timedelta(days=order // BORN_A_DAY)
    world.initial(who, order=order % BORN_A_DAY, birth_date=born)


class Callers:
    """Threads that ask for copies; the changes of keys come in between, by how far they are."""

    def __init__(self, server: Server, api_key: str, numbers: list[str]) -> None:
        """Begin at once."""
        self._left: queue.SimpleQueue[str] = queue.SimpleQueue()
        for one in numbers:
            self._left.put(one)
        self._server, self._api_key = server, api_key
        self.answers: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._call) for _ in range(CALLERS)]
        for thread in self._threads:
            thread.start()

    def _call(self) -> None:
        while True:
            try:
                who = self._left.get_nowait()
            except queue.Empty:
                return
            headers = {"X-API-Key": self._api_key, "Idempotency-Key": f"drill {who[1:]}"}
            try:
                status, said = self._server.json("POST", path_of(who, "endorsements"), PURPOSE, **headers)
            except OSError as fault:
                self.answers[type(fault).__name__] += 1
            else:
                self.answers[str(status) if status == 201 else str(said.get("code"))] += 1

    def wait_until(self, answered: int) -> None:
        """Wait until so many were answered."""
        while self.answers.total() < answered and any(thread.is_alive() for thread in self._threads):
            time.sleep(0.01)

    def end(self) -> Counter[str]:
        """Wait for all of them; returns how they were answered."""
        for thread in self._threads:
            thread.join()
        return self.answers


def change(world: World, kind: str) -> None:
    """Do to the keys what an operator does, in a process that is none of those at work."""
    keystore, now = world.services.keystore, datetime.now(UTC)
    if kind != "stolen":
        rotate_key(world.settings, kind, SystemClock())
        return
    leaked = keystore.signer("p256", now).key_id
    rotate_key(world.settings, "pdf", SystemClock())
    compromise(world.settings, leaked, datetime.now(UTC), SystemClock())


def seconds_until_all_say(server: Server, token: str, code: str) -> float:
    """Look at a copy over many connections until all workers say what became of its key."""
    began = time.monotonic()
    while time.monotonic() - began < PROMISED_S:
        looks = [server.json("GET", f"/v/{token}", Accept="application/json")[1] for _ in range(CONNECTIONS)]
        if all(code in {finding["code"] for finding in look["findings"]} for look in looks):
            return time.monotonic() - began
        time.sleep(0.2)
    raise AssertionError(f"after {PROMISED_S} s not every worker says {code}")


def test_keys_change_under_load_and_no_issue_fails(tmp_path: Path, font_cache: Path, dev_keys: Path) -> None:
    """Rotation and compromise: every order gets its copy, every copy is judged by its own key's fate."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    settings = settings_in(tmp_path / "var", tmp_path / "keys")
    shutil.copytree(dev_keys, settings.keys_dir)
    world = World(settings, FixedClock(datetime.now(UTC)))
    everybody = [number(order) for order in range(1, SERVED + IN_BATCH + 1)]
    for order, who in enumerate(everybody, start=1):
        register(world, who, order)
    _, api_key = world.services.clients.add("drill", ("endorse", "read"))
    lines = [
        json.dumps({"item_id": who, "op": "endorse", "registration_number": who, "purpose": "投标使用"})
        for who in everybody[SERVED:]
    ]
    (tmp_path / "batch.jsonl").write_text("\n".join(lines) + "\n", "utf-8")

    own = settings_of(tmp_path / "var", tmp_path / "keys")
    with serving(own, workers=2) as server, running_batch(own, tmp_path) as batch:
        callers = Callers(server, api_key, everybody[:SERVED])
        for turn, kind in enumerate(CHANGES, start=1):
            callers.wait_until(turn * SERVED // (len(CHANGES) + 1))
            change(world, kind)
        answers = callers.end()
        for _ in range(CHANGES_IN_BATCH):
            if batch.poll() is None:
                time.sleep(0.5)
                change(world, "pdf")
        assert batch.wait() == 0, (tmp_path / "batch.log").read_text()
        assert answers == {"201": SERVED}

        world.clock.instant = datetime.now(UTC)
        verdicts, given_up, stolen = judge_all(world, everybody)
        last = datetime.now(UTC)
        leaked = world.services.keystore.signer("p256", last).key_id
        token = _a_copy_by(world, everybody, leaked)
        compromise(settings, leaked, world.services.keystore.pinned[-1].valid_from, SystemClock())
        shown_s = seconds_until_all_say(server, token, "KEY_COMPROMISED") if token else 0.0
    record(
        "keys changed under load",
        issued=f"{SERVED} over HTTP + {IN_BATCH} in a batch",
        changes=f"{len(CHANGES)} to {len(CHANGES) + CHANGES_IN_BATCH}",
        failed=0,
        made_anew=given_up,
        stolen=stolen,
        shown_by_all_workers_after_s=f"{shown_s:.1f}",
    )
    assert verdicts == {"as its key says": len(everybody)}
    assert token, "no copy has the last key"


def judge_all(world: World, everybody: list[str]) -> tuple[Counter[str], int, int]:
    """Judge every copy; returns whether its status is what its keys' fate says, and what was given up."""
    thefts = {key.key_id: key.compromised_since for key in world.services.keystore.keys}
    verdicts: Counter[str] = Counter()
    stolen = given_up = 0
    with world.services.registry.reading() as session:
        given_up = sum(
            copy.failure == "KEY_WITHDRAWN" for copy in session.failed_copies(datetime.fromtimestamp(0, UTC))
        )
        found = [session.find_registration(who) for who in everybody]
        copies = [session.newest_endorsement(one) for one in found if one is not None]
        logged = {copy.copy_id: session.logged_at(copy.copy_id) for copy in copies if copy is not None}
    for copy in copies:
        assert copy is not None and copy.state is CopyState.DONE
        own = [theft for key_id in (copy.key_id, copy.seal_key_id) if (theft := thefts[key_id]) is not None]
        # What was handed out in the last second before the theft stood in no checkpoint yet.
        known_at = max(copy.reserved_at, logged[copy.copy_id] or copy.reserved_at)
        bad = any(known_at >= theft for theft in own)
        stolen += bad
        report = world.verify(token=copy.token)
        verdicts[
            "as its key says" if report.status == ("NOT_OURS" if bad else "VALID") else report.status
        ] += 1
    return verdicts, given_up, stolen


def _a_copy_by(world: World, everybody: list[str], key_id: str) -> str:
    """Find the token of a copy sealed by this key; a new person's, when none is."""
    with world.services.registry.reading() as session:
        for who in everybody:
            registration = session.find_registration(who)
            copy = session.newest_endorsement(registration) if registration is not None else None
            if copy is not None and copy.key_id == key_id:
                return copy.token
    who = number(len(everybody) + 1)
    register(world, who, len(everybody) + 1)
    return str(world.endorse(who)["token"])


@contextmanager
def running_batch(own: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Carry out a batch with its worker processes, as the command starts them."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CERTSVC_")}
    words = ("batch", "run", folder / "batch.jsonl", "--out", folder / "out", "--workers", WORKERS)
    with (
        (folder / "batch.log").open("wb") as said,
        subprocess.Popen(
            [sys.executable, "-m", "certsvc", *map(str, words)],
            cwd=ROOT,
            env={**environ, **own},
            stdout=said,
            stderr=said,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
