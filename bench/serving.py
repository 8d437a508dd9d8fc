"""A real server under load: ``certsvc serve`` with two workers, asked by wrk, each address another record."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from bench.row import Turn

WORKERS: Final = 2
CONNECTIONS: Final = 16
"""Kept open by the client all the time."""
_START_S: Final = 60
_READ_S: Final = 400
"""The status lists of a grown register are read for the first time by each worker; longer is a fault."""
_IDLE_SHARE: Final = 0.1
"""Of one processor: a server that uses less has nothing left to do but wait."""
_LUA: Final = """
local tokens = {}
for line in io.lines("%s") do tokens[#tokens + 1] = line end
local place, step = math.random(#tokens), 7919
request = function()
  place = (place + step) %% #tokens
  return wrk.format("GET", "/v/" .. tokens[place + 1])
end
%sdone = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("told %%d %%d %%d", summary.requests, summary.duration,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
  for percent = 1, 100 do io.write(string.format(" %%d", latency:percentile(math.min(percent, 99.9)))) end
  io.write("\\n")
end
"""


_REST: Final = "delay = function() return math.random() * %f end\n"
"""Milliseconds before the next request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One that runs."""

    port: int
    pids: Sequence[int]
    """Of the workers."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_s(self) -> float:
        """Return the processor time its workers have used so far."""
        return sum(_cpu_s(pid) for pid in self.pids)

    def peak_bytes(self) -> int:
        """Return the most memory one worker has held."""
        return max(peak_bytes(pid) for pid in self.pids)


@contextmanager
def serving(environ: dict[str, str]) -> Iterator[Server]:
    """Run ``certsvc serve`` until the block ends; *environ* names a place that is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with on_every_core():
        process = subprocess.Popen(
            [sys.executable, "-m", "certsvc", "serve", f"--port={port}", f"--workers={WORKERS}"],
            env={**os.environ, **environ},
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    try:
        _wait(process, port)
        server = Server(port=port, pids=_children(process.pid))
        _settle(server)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_START_S)


def _settle(server: Server) -> None:
    """Wait until the workers have read what they read at their start, which is no part of any row."""
    deadline = time.monotonic() + _READ_S
    # Who asks for a list hurries them; each connection may go to another worker.
    for _ in range(8 * WORKERS):
        with suppress(HTTPError), urlopen(f"{server.url}/.well-known/certsvc/status/0", timeout=_READ_S):
            pass
    while True:
        before, begun = server.cpu_s(), time.monotonic()
        time.sleep(1)
        if server.cpu_s() - before < _IDLE_SHARE * (time.monotonic() - begun):
            return
        if time.monotonic() > deadline:
            raise TimeoutError("the server does not come to rest")


def ask(
    server: Server,
    tokens: Path,
    accept: str,
    seconds: float,
    script: Path,
    *,
    per_second: int | None = None,
) -> Turn:
    """Ask for records for whole *seconds*; each answer counts, and one that is no 200 ends the run.

    Args:
        server: whom.
        tokens: a file with one token a line.
        accept: the Accept header.
        seconds: how long.
        script: where the Lua script may be written.
        per_second: how many at most, at uneven intervals; None asks again as soon as an answer is there.
    """
    # Each connection rests between nothing and twice the mean, so that they do not come in step.
    rest = "" if per_second is None else _REST % (2000 * CONNECTIONS / per_second)
    script.write_text(_LUA % (tokens, rest), encoding="utf-8")
    before = server.cpu_s()
    with on_every_core():
        ended = subprocess.run(
            [
                *("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(round(seconds), 1)}s", "-s", script),
                *("-H", f"Accept: {accept}", "-H", "Accept-Language: zh-CN,zh;q=0.9", server.url),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
    turn = read_wrk(ended.stdout, server.cpu_s() - before)
    return replace(turn, peak_bytes=server.peak_bytes())


def read_wrk(text: str, cpu_s: float) -> Turn:
    """Read what the script prints at the end.

    Raises:
        ValueError: it is not there, or an answer was no 200.
    """
    found = re.search(r"^told (\d+) (\d+) (\d+)((?: \d+)+)$", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"wrk told nothing: {text!r}")
    requests, micros, errors = map(int, found.groups()[:3])
    if errors or not requests:
        raise ValueError(f"{errors} of {requests} requests failed")
    walls = tuple(int(one) / 1e6 for one in found[4].split())
    return Turn(calls=requests, cpu_s=cpu_s, walls_s=walls, wall_s=micros / 1e6)


@contextmanager
def on_every_core() -> Iterator[None]:
    """Let what is started inside use every core; the benchmark itself keeps to one of them."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, every_core())
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def every_core() -> set[int]:
    """Return every core of the machine."""
    return set(range(os.cpu_count() or 1))


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    ended = time.monotonic() + _START_S
    while time.monotonic() < ended:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                # Both workers share the port: this one is up, the other is seconds behind at most.
                if answer.status == 200 and len(_children(process.pid)) >= WORKERS:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("the server does not become ready")


def _children(pid: int) -> list[int]:
    """Return the worker processes: children which hold the application, not the resource tracker."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in found if "tracker" not in Path(f"/proc/{child}/cmdline").read_text()]


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_bytes(pid: int) -> int:
    """Return the most memory a process has held, from VmHWM."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
