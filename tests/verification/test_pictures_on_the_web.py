"""Photos and scans over HTTP: the API, the public page, and a real server under hostile uploads."""

from __future__ import annotations

import http.client
import io
import json
import os
import random
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import structlog
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from certsvc.domain.texts_status import RECORD_HEADING
from certsvc.web.body import FILE_LIMIT
from tests.drills import record
from tests.flows.server import serving, settings_of
from tests.verification.conftest import Issued, MakePool
from tests.verification.hostile import HOSTILE
from tests.verification.pictures import drawn, jpeg, pdf_of, png
from tests.verification.test_pool import gone
from tests.web.site import AS_JSON, HTML, Site, body_of


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep log lines out of the tests' output."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture(scope="module")
def site(issued: Issued) -> Site:
    """Make the site of the standing instance."""
    return Site(issued.world)


@pytest.mark.parametrize("made", [png, jpeg], ids=["png", "jpeg"])
def test_the_api_takes_a_photo(site: Site, issued: Issued, made: Any) -> None:
    """A platform's clerk has the paper and a phone."""
    body = body_of(site.upload("/api/v1/verifications", made(drawn(issued.first_pdf))))

    assert (body["kind"], body["subject"], body["status"]) == ("photo", "record", "VALID")
    assert body["certificate"]["name"] == "样本甲"
    assert "COMPARE_FACE" in {finding["code"] for finding in body["findings"]}


def test_the_public_page_masks_what_a_photo_or_scan_names(site: Site, issued: Issued) -> None:
    """The page asks to compare, offers to show the name to who knows it, and calls nothing valid."""
    page = drawn(issued.first_pdf)
    for content in (jpeg(page), pdf_of(page)):
        answer = site.upload("/verify", content, HTML)
        assert answer.status_code == 200
        assert "样本甲" not in answer.text
        assert "样**" in answer.text
        assert f'action="/v/{issued.first["token"]}' in answer.text
    assert RECORD_HEADING.zh in site.upload("/verify", jpeg(page), HTML).text
    assert RECORD_HEADING.zh not in site.upload("/verify", pdf_of(page), HTML).text
    assert "样本甲" in site.upload("/verify", issued.first_pdf, HTML).text


@pytest.mark.parametrize("size", [60_000, 65_536, 70_000, 300_000, 2_000_000, FILE_LIMIT])
def test_no_bytes_of_a_file_within_the_limit_make_it_too_large(site: Site, size: int) -> None:
    """The form reader takes pieces; whatever they end with, the file is read."""
    for fill in (random.Random(size).randbytes(size), b"\r\n--" * (size // 4), b"\n" * size, b"\r" * size):
        answer = site.upload("/api/v1/verifications", fill[:size])
        assert (answer.status_code, body_of(answer)["status"]) == (200, "UNREADABLE")


def test_the_form_offers_pictures_and_both_formats(site: Site) -> None:
    """A phone shows its camera for pictures; OFD goes by its ending, few systems know its media type."""
    page = site.client.get("/verify", headers=HTML).text
    accept = max(re.findall(r'accept="([^"]*)"', page), key=len)
    assert {"image/png", "image/jpeg", "application/pdf", ".ofd", "application/ofd"} <= set(accept.split(","))


def test_cannot_check_now_is_neither_valid_nor_false(issued: Issued, a_pool: MakePool) -> None:
    """When no child is free: 503 to the public, a report to platforms."""
    site = Site(issued.world)
    verifier = issued.world.services.verifier
    usual = verifier._readers
    verifier._readers = a_pool(command=("/no/such/program",))
    try:
        public = site.upload("/verify", b"%PDF-", AS_JSON)
        body = body_of(site.upload("/api/v1/verifications", b"%PDF-"))
    finally:
        verifier._readers = usual

    assert public.status_code == 503
    assert "Retry-After" in public.headers
    assert (body["verdict"], body["status"]) == ("INDETERMINATE", "UNAVAILABLE")
    assert "CANNOT_READ_NOW" in {finding["code"] for finding in body["findings"]}


def upload(port: int, content: bytes) -> tuple[int, Any, float]:
    """Upload to the public page of a running server; returns status, report and seconds."""
    file = FileStorage(io.BytesIO(content), "file", content_type="application/octet-stream")
    boundary, data = encode_multipart({"file": file})
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", **AS_JSON}
        connection.request("POST", "/verify", data, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read()), time.monotonic() - begun
    finally:
        connection.close()


def upload_again(port: int, content: bytes) -> str:
    """Upload until somebody answers: what waited at a killed worker's door is lost; returns the status."""
    for _ in range(50):
        try:
            return str(upload(port, content)[1]["status"])
        except (ConnectionError, http.client.HTTPException):
            time.sleep(0.1)
    raise AssertionError("nobody answers")


def processes() -> dict[int, tuple[int, bytes]]:
    """Return what runs on this machine: number -> parent's number, command line."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            found[int(process.name)] = parent, (process / "cmdline").read_bytes()
        except OSError:
            continue
    return found


def reading_children(port: int) -> dict[int, int]:
    """Return the reading children of the server we started on *port*, and of no other: number -> worker's."""
    running = processes()
    ours = {
        pid
        for pid, (parent, words) in running.items()
        if parent == os.getpid() and b"\0--port\0%d\0" % port in words
    }
    assert len(ours) == 1
    while more := {pid for pid, (parent, _) in running.items() if parent in ours} - ours:
        ours |= more
    return {pid: running[pid][0] for pid in ours if b"certsvc.verification.child" in running[pid][1]}


def test_a_server_under_hostile_uploads_answers_and_leaves_nothing(issued: Issued) -> None:
    """Several workers, each with its children: all answer in time, and no child outlives its worker."""
    settings = issued.world.settings
    names = (
        "PDF, page content of 2 GB",
        "PNG, claiming a billion pixels",
        "JPEG, truncated",
        "PDF, encrypted",
    )
    files = [issued.first_pdf, issued.first_pdf + b"x", *(HOSTILE[name]() for name in names)] * 2
    with serving(settings_of(settings.data_dir, settings.keys_dir), workers=2) as server:
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda content: upload(server.port, content), files))
        assert upload_again(server.port, issued.first_pdf + b"x") == "ALTERED"
        ours = reading_children(server.port)
        assert 1 <= len(ours) <= 2
        victim = next(iter(ours))
        os.kill(victim, signal.SIGKILL)
        worker = next(iter(ours.values()))
        assert upload(server.port, issued.first_pdf)[1]["status"] == "VALID"
        os.kill(worker, signal.SIGKILL)
        assert all(gone(pid) for pid, parent in ours.items() if parent == worker)
        assert upload_again(server.port, issued.first_pdf + b"x") == "ALTERED"
        left = list(reading_children(server.port))

    assert all(gone(pid, 15) for pid in left)
    for place, (status, report, seconds) in enumerate(answers):
        assert seconds < 10
        assert status in {200, 503}
        expected = ("VALID", "ALTERED", "NO_SIGNATURE", "UNREADABLE", "UNREADABLE", "UNREADABLE")[place % 6]
        # One worker may get them all; then some are told that they cannot be checked now.
        assert report["status"] in ({expected} if place % 6 == 0 else {expected, "UNAVAILABLE"})
    told = sum(status == 200 for status, _, _ in answers)
    record(
        "hostile uploads", uploads=len(answers), answered=told, slowest_s=f"{max(a[2] for a in answers):.1f}"
    )
