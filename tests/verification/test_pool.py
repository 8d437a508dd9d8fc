"""The pool of reading children: warm, few, replaced when dead, gone with their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from certsvc.domain.report import FileOutcome
from certsvc.verification import pool as pools
from certsvc.verification.pool import ReaderPool
from certsvc.verification.reading import LARGEST, Reading
from certsvc.verification.reading_child import WORK_S
from tests.conftest import ROOT
from tests.drills import record
from tests.verification.children import command
from tests.verification.conftest import Issued, MakePool

BLANK = b"%PDF-1.7 not one"
UNDER_S = 10.0
"""What every file is answered in, whatever it does."""


def alive(pid: int) -> bool:
    """Tell whether a process is there and not merely waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int, within_s: float = 5) -> bool:
    """Wait for a process to end."""
    until = time.monotonic() + within_s
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


def timed(pool: ReaderPool, content: bytes = b"") -> tuple[Reading, float]:
    """Read a picture and say how long it took."""
    begun = time.monotonic()
    return pool.read_picture(content), time.monotonic() - begun


def test_a_child_starts_with_the_first_file_and_stays(a_pool: MakePool) -> None:
    """Most processes never open a stranger's file; those that do pay for the imports once."""
    pool = a_pool()
    assert pool.pids() == ()

    begun = time.monotonic()
    pool.read_pdf(BLANK, ())
    first = time.monotonic() - begun
    pids = pool.pids()
    begun = time.monotonic()
    for _ in range(20):
        assert pool.read_pdf(BLANK, ()).check is not None
    record("reading child", start_ms=round(first * 1000), warm_ms=f"{(time.monotonic() - begun) * 50:.1f}")
    assert len(pids) == 1
    assert pool.pids() == pids


def test_64_threads_share_few_children(issued: Issued, a_pool: MakePool) -> None:
    """A server process has 64 threads; each gets the answer to its own file."""
    pool = a_pool(2)
    pinned = issued.world.services.keystore.pinned
    pool.read_pdf(BLANK, ())
    files = [issued.first_pdf + b"x" * place if place % 2 else BLANK for place in range(64)]

    with ThreadPoolExecutor(64) as threads:
        readings = list(threads.map(lambda content: pool.read_pdf(content, pinned), files))

    checks = [reading.check.outcome if reading.check else None for reading in readings]
    assert checks == [FileOutcome.ALTERED if place % 2 else FileOutcome.UNREADABLE for place in range(64)]
    assert len(pool.pids()) <= 2


def test_a_child_is_replaced_after_many_files(a_pool: MakePool) -> None:
    """What strangers' files left in its memory goes with it."""
    pool = a_pool(messages=3)
    seen: list[tuple[int, ...]] = []
    for _ in range(5):
        assert pool.read_pdf(BLANK, ()).fault == ""
        seen.append(pool.pids())

    assert seen[0] == seen[1] != ()
    assert seen[2] == ()
    assert seen[3] == seen[4] != seen[0]
    assert gone(seen[0][0])


def test_a_child_killed_while_idle_is_replaced(a_pool: MakePool) -> None:
    """The kernel may choose it when memory runs out; the next file must not pay for that."""
    pool = a_pool()
    pool.read_pdf(BLANK, ())
    (pid,) = pool.pids()
    os.kill(pid, signal.SIGKILL)
    assert gone(pid)

    assert pool.read_pdf(BLANK, ()).fault == ""
    assert pool.pids() != (pid,)


@pytest.mark.parametrize(("way", "fault"), [("abort", "crash"), ("eat", "memory"), ("spin", "time")])
def test_a_child_that_fails_is_a_fact_about_the_file(a_pool: MakePool, way: str, fault: str) -> None:
    """Whoever uploads such a file gets an answer, and the next one too."""
    pool = a_pool(command=command(way))

    for _ in range(2):
        reading, seconds = timed(pool)
        assert reading.fault == fault
        assert seconds < UNDER_S
    assert all(gone(pid) for pid in pool.pids())


def test_a_child_killed_at_work_is_a_crash(a_pool: MakePool) -> None:
    """Killed from outside while it reads, twice over: the server's thread gets its answer at once."""
    pool = a_pool(command=command("hang"))
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(timed, pool)
        while not pool.pids():
            time.sleep(0.01)
        time.sleep(0.5)
        os.kill(pool.pids()[0], signal.SIGKILL)
        reading, seconds = answer.result()

    assert reading.fault == "crash"
    assert seconds < WORK_S


def test_hung_and_stopped_children_are_killed_in_time(a_pool: MakePool) -> None:
    """Also one that does not even read what it is sent."""
    hung, stopped = a_pool(command=command("hang")), a_pool()
    stopped.read_pdf(BLANK, ())
    (pid,) = stopped.pids()
    os.kill(pid, signal.SIGSTOP)

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(timed, (hung, stopped), (b"", bytes(LARGEST))))

    for reading, seconds in answers:
        assert reading.fault == "time"
        assert WORK_S <= seconds < UNDER_S
    assert gone(pid)
    assert stopped.read_pdf(BLANK, ()).fault == ""


def test_when_all_children_are_busy_we_say_so(a_pool: MakePool) -> None:
    """Waiting threads would pile up behind a few slow files until nobody is served."""
    pool = a_pool(command=command("take-a-while"))
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(timed, [pool] * 12))

    faults = sorted(reading.fault for reading, _ in answers)
    assert set(faults) == {"", "busy"}
    assert 1 <= faults.count("") <= 4
    assert max(seconds for _, seconds in answers) < pools.WAIT_S + 2
    assert timed(pool)[0].fault == ""


def test_an_innocent_file_does_not_pay_for_an_earlier_one(a_pool: MakePool) -> None:
    """A file may leave its child broken; the next file is then read by a fresh one."""
    pool = a_pool(command=command("be-poisoned"))

    assert [pool.read_picture(b"%d" % number).texts for number in range(4)] == [
        ("0",), ("1",), ("2",), ("3",),
    ]  # fmt: skip


def test_what_libraries_print_does_not_get_between_the_answers(a_pool: MakePool) -> None:
    """Decoders write warnings wherever they like."""
    pool = a_pool(command=command("babble"))

    assert [pool.read_picture(text).texts for text in (b"a", b"b")] == [("a",), ("b",)]


@pytest.mark.parametrize("way", ["answer-much", "lie"])
def test_an_answer_no_child_of_ours_gives_is_not_believed(a_pool: MakePool, way: str) -> None:
    """It looked at a stranger's file: what it says is bounded, and its codes are those we know."""
    pool = a_pool(command=command(way))

    assert pool.read_picture(b"NO_SUCH_CODE").fault == "crash"
    assert pool.read_picture(b"OK").fault == ("" if way == "lie" else "crash")


def test_a_child_that_cannot_start_is_our_fault(a_pool: MakePool) -> None:
    """Nothing is said against the file."""
    for words in ((sys.executable, "-c", "raise SystemExit(1)"), ("/no/such/program",)):
        reading, seconds = timed(a_pool(command=words))
        assert reading.fault == "busy"
        assert seconds < UNDER_S


def test_a_file_over_the_limit_is_not_even_sent(a_pool: MakePool) -> None:
    """The command line has no upload limit before it."""
    pool = a_pool()

    assert pool.read_pdf(bytes(LARGEST + 1), ()).fault == "size"
    assert pool.pids() == ()
    assert pool.read_pdf(bytes(LARGEST), ()).fault == ""


def test_closing_leaves_no_child(a_pool: MakePool) -> None:
    """Neither an idle nor a working one; later files get the honest answer."""
    pool, working = a_pool(), a_pool(command=command("hang"))
    pool.read_pdf(BLANK, ())
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(timed, working)
        while not working.pids():
            time.sleep(0.01)
        pids = (*pool.pids(), *working.pids())
        pool.close()
        working.close()
        assert answer.result()[0].fault in {"crash", "busy"}

    assert not any(alive(pid) for pid in pids)
    assert pool.read_pdf(BLANK, ()).fault == "busy"


_PARENT = """
import os, signal, sys, threading
from certsvc.verification.pool import ReaderPool
pool = ReaderPool(1)
threads = [threading.Thread(target=pool.read_pdf, args=(b"%PDF-", ())) for _ in range(3)]
for thread in threads:
    thread.start()
    thread.join()
print(*pool.pids(), flush=True)
if sys.argv[1] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "left":
    os._exit(0)
"""


@pytest.mark.parametrize("way", ["ended", "killed", "left"])
def test_children_end_with_their_parent_however_it_ends(way: str) -> None:
    """And not with the thread that happened to ask first."""
    run = subprocess.run(
        [sys.executable, "-c", _PARENT, way], capture_output=True, check=False, cwd=ROOT, timeout=60
    )

    (pid,) = map(int, run.stdout.split())
    assert run.stderr == b""
    assert gone(pid)
