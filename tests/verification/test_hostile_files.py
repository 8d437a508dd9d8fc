"""Bombs and traps, each handed to the one verifier there is: an answer in time, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from certsvc.domain.report import Report, Result, Status, Verdict
from certsvc.verification.pool import COMMAND
from tests.drills import FULL, record
from tests.flows.server import settings_of
from tests.sealing.strangers import a_stranger, signed_by_pyhanko
from tests.tools import need
from tests.verification.conftest import Issued, MakePool
from tests.verification.hostile import HOSTILE, a_page, a_stream, with_script_and_attachment
from tests.verification.packages import ENTRANCE, RESOURCES, an_ofd

UNDER_S: Final = 10.0
SLOW: Final = {
    "PDF, form in a circle",
    "PDF, picture of 64 M pixels, CMYK",
    "PNG, 64 M pixels, 16 bits, see-through",
}
"""Several seconds each; only in the full run."""
UNREADABLE_PDF: Final = {"PDF, encrypted", "PDF, nested 100,000 deep", "PDF, 10 MB of brackets"}
FLAT_KB: Final = 40_000
"""What the parent may grow by for one of them, the file on its way to the child included."""


def in_use(mark: str) -> int:
    """Return a figure of our own memory in KB."""
    (found,) = re.findall(rf"^{mark}:\s+(\d+) kB", Path("/proc/self/status").read_text(), flags=re.MULTILINE)
    return int(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What became of one file."""

    report: Report
    seconds: float
    grown_kb: int
    """How much more memory this process used at any moment in between."""


@pytest.fixture(scope="module")
def answered(issued: Issued) -> dict[str, Answered]:
    """Hand in every hostile file once."""
    found = {}
    for name, make in HOSTILE.items():
        if name in SLOW and not FULL:
            continue
        content = make()
        # Sets the high-water mark back to what is in use now.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before = in_use("VmHWM")
        begun = time.monotonic()
        report = issued.world.verify(file=content)
        seconds = time.monotonic() - begun
        found[name] = Answered(report=report, seconds=seconds, grown_kb=in_use("VmHWM") - before)
    return found


def test_every_hostile_file_gets_its_answer_in_time(answered: dict[str, Answered]) -> None:
    """An answer by the rules, whatever the file does to the child, and no memory of ours spent on it."""
    for name, one in answered.items():
        unsigned = name.startswith("PDF") and name not in UNREADABLE_PDF
        assert one.seconds < UNDER_S, name
        assert one.report.status is (Status.NO_SIGNATURE if unsigned else Status.UNREADABLE), name
        assert one.grown_kb < FLAT_KB, name
    record(
        "hostile files",
        files=len(answered),
        slowest_s=f"{max(one.seconds for one in answered.values()):.1f}",
        parent_grew_kb=max(one.grown_kb for one in answered.values()),
    )


def test_the_next_caller_notices_nothing(issued: Issued, answered: dict[str, Answered]) -> None:
    """The process that answered lives on, and so do its verdicts."""
    assert len(answered) > 10
    assert issued.world.verify(file=issued.first_pdf).status is Status.VALID
    assert issued.world.verify(file=issued.first_pdf + b"x").status is Status.ALTERED


def test_no_file_is_left_in_the_temporary_folder(
    issued: Issued, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's certificate must not lie about after the answer."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for content in (issued.first_pdf + b"x", HOSTILE["JPEG, truncated"](), HOSTILE["PDF, 100 pages"]()):
        issued.world.verify(file=content)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "code", "detail"),
    [
        ("PDF, encrypted", "ENCRYPTED_FILE", ""),
        ("PNG, 64 M pixels and one row", "UNREADABLE_FILE", "pixels"),
        ("PNG, claiming a billion pixels", "UNREADABLE_FILE", "pixels"),
        ("PNG, comment of 2 GB", "UNREADABLE_FILE", "damaged"),
        ("JPEG, truncated", "UNREADABLE_FILE", "damaged"),
        ("JPEG, 100,000 scans", "UNREADABLE_FILE", "time"),
    ],
)
def test_a_report_says_why_a_file_was_not_read(
    answered: dict[str, Answered], name: str, code: str, detail: str
) -> None:
    """Whoever sent it in good faith learns what to change."""
    report = answered[name].report

    assert (report.verdict, report.status) == (Verdict.INDETERMINATE, Status.UNREADABLE)
    assert (code, detail) in {(finding.code, finding.detail) for finding in report.findings}


def test_64_million_pixels_are_not_too_many(answered: dict[str, Answered]) -> None:
    """The other side of the limit: it is decoded, and on a slow machine the time may run out."""
    (said,) = [one for one in answered["PNG, 64 M pixels"].report.findings if one.result is Result.UNKNOWN]

    assert (said.code, said.detail) in {("NO_QR_FOUND", ""), ("UNREADABLE_FILE", "time")}


def test_a_child_knows_no_secret_and_no_socket(issued: Issued, a_pool: MakePool) -> None:
    """Whatever a file makes it do, there is nothing in it worth having, and no way out."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        os.set_inheritable(listening.fileno(), True)
        os.environ["CERTSVC_CANARY"] = "postgresql://user:secret@host/name"
        try:
            pool = a_pool()
            pool.read_pdf(b"%PDF-", issued.world.services.keystore.pinned)
        finally:
            del os.environ["CERTSVC_CANARY"]
    (pid,) = pool.pids()
    process = Path(f"/proc/{pid}")
    opened = sorted(str(link.readlink()) for link in (process / "fd").iterdir())
    limits = (process / "limits").read_text(encoding="ascii")

    assert [re.sub(r"\d+", "", target) for target in opened] == [
        "/dev/null",
        "/dev/null",
        "pipe:[]",
        "pipe:[]",
    ]
    assert b"CERTSVC" not in (process / "environ").read_bytes()
    assert b"secret" not in (process / "environ").read_bytes()
    assert re.search(r"^Max open files +4 +4 ", limits, flags=re.MULTILINE)
    assert re.search(rf"^Max address space +{1 << 30} +{1 << 30} ", limits, flags=re.MULTILINE)
    assert re.search(r"^Max file size +0 +0 ", limits, flags=re.MULTILINE)


def files_that_call_home(address: str, issued: Issued) -> dict[str, bytes]:
    """Return files that name *address* wherever a reader might follow it."""
    uri = address.encode()
    action = b"/OpenAction << /S /URI /URI (%s) >> /URI << /Base (%s) >>" % (uri, uri)
    outside = b"/F << /FS /URL /F (%s) >> /Filter /FlateDecode" % uri
    form = b"/AcroForm << /XFA (<x href='%s'/>) /Fields [] >>" % uri
    remote = b"/OpenAction << /S /GoToR /F (%s) /D [0 /Fit] >>" % uri
    xml = b"<!DOCTYPE x [<!ENTITY e SYSTEM '%s'>]><x:xmpmeta>&e;</x:xmpmeta>" % uri
    foreign = signed_by_pyhanko(a_page(a_stream(b"")), a_stranger())
    return {
        "action": a_page(a_stream(b""), words=action),
        "stream elsewhere": a_page(a_stream(b"", outside)),
        "form": a_page(a_stream(b""), words=form),
        "remote page": a_page(a_stream(b""), words=remote),
        "metadata": a_page(
            a_stream(b""), words=b"/Metadata 5 0 R", more=(a_stream(xml, b"/Type /Metadata"),)
        ),
        "script": with_script_and_attachment().replace(b"http://127.0.0.1/", uri),
        "foreign seal": foreign.replace(b"%%EOF", b"%%EOF % " + uri),
        "ours, changed": issued.first_pdf + uri,
        "OFD, entity": an_ofd(
            changes={"OFD.xml": f'<!DOCTYPE x SYSTEM "{address}" [<!ENTITY e SYSTEM "{address}">]>{ENTRANCE}'}
        ),
        "OFD, action": an_ofd(
            f'<ofd:Actions><ofd:Action Event="DO"><ofd:URI URI="{address}"/></ofd:Action></ofd:Actions>'
        ),
        "OFD, parts elsewhere": an_ofd(
            changes={"Doc_0/DocumentRes.xml": RESOURCES.replace("scan.jpg", address), "OFD.xml": ENTRANCE}
        ),
        "OFD, ours, changed": issued.first_ofd + uri,
    }


@pytest.mark.parametrize(
    "scheme", ["http://127.0.0.1:{port}/", "gopher://127.0.0.1:{port}/_", "file:///etc/passwd"]
)
def test_no_file_makes_us_connect(issued: Issued, scheme: str) -> None:
    """Addresses in a file are an attacker's way to our inner network."""
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def accept() -> None:
            while True:
                caller, _ = listening.accept()
                seen.append(caller.recv(4))
                caller.close()
                if seen[-1] == b"STOP":
                    return

        waiting = threading.Thread(target=accept)
        waiting.start()
        try:
            for name, content in files_that_call_home(scheme.format(port=port), issued).items():
                assert issued.world.verify(file=content).verdict is not Verdict.VALID, name
            assert issued.world.verify(qr=scheme.format(port=port)).verdict is not Verdict.VALID
        finally:
            with socket.create_connection(("127.0.0.1", port)) as stop:
                stop.send(b"STOP")
            waiting.join()

    assert seen == [b"STOP"]


def test_a_child_never_asks_the_kernel_for_a_socket(issued: Issued, a_pool: MakePool, tmp_path: Path) -> None:
    """Seen from outside, over its whole life, imports included."""
    trace = tmp_path / "trace"
    strace = (str(need("strace")), "-D", "-f", "-qq", "-e", "trace=network,execve", "-o", str(trace))
    pool = a_pool(command=(*strace, *COMMAND))
    keystore = issued.world.services.keystore
    keys, seals = keystore.pinned, keystore.pinned_seals
    # The second is where machines in a cloud are told their secrets.
    homes = [files_that_call_home(one, issued) for one in ("http://127.0.0.1:9/", "http://169.254.169.254/")]
    for content in (content for files in homes for content in files.values()):
        reading = pool.read_ofd(content, seals) if b"PK" in content[:4] else pool.read_pdf(content, keys)
        assert reading.fault == ""
    pool.close()

    called = trace.read_text(encoding="utf-8")
    assert "execve(" in called
    assert re.findall(r"\b(?:socket|connect|sendto|sendmsg)\(.*AF_INET.*", called) == []


_COMMAND: Final = """
import sys
from certsvc.__main__ import main
sys.argv = ["certsvc", "verify", "--json", *sys.argv[1:]]
main()
"""


def test_the_command_line_reads_in_a_child_too_and_leaves_none(issued: Issued, tmp_path: Path) -> None:
    """A bidding platform's script verifies thousands of files; nothing of them stays."""
    file = tmp_path / "changed.pdf"
    file.write_bytes(issued.first_pdf + b"x")
    settings = issued.world.settings
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CERTSVC_")}
    strace = (str(need("strace")), "-f", "--seccomp-bpf", "-qq", "-e", "trace=execve", "-o")
    run = subprocess.run(
        [*strace, str(tmp_path / "trace"), sys.executable, "-c", _COMMAND, str(file)],
        capture_output=True,
        check=False,
        env=environ | settings_of(settings.data_dir, settings.keys_dir),
        timeout=60,
    )

    assert json.loads(run.stdout)["status"] == "ALTERED"
    assert run.returncode == 1
    trace = (tmp_path / "trace").read_text(encoding="utf-8")
    (child,) = re.findall(r"^(\d+) +execve\(.*certsvc\.verification\.child", trace, flags=re.MULTILINE)
    assert not Path(f"/proc/{child}").exists()
