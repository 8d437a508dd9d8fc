"""OFDs of strangers, broken ones and traps, uploaded as anybody may: an answer that says why."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path
from typing import Final

import pytest

from certsvc.domain.report import Status
from tests.drills import record
from tests.sealing.ofd_strangers import VALUES, honest_files, zipped
from tests.verification.packages import BAD, by_others
from tests.web.site import HTML, Site, body_of

UNDER_S: Final = 10.0
MEMORY_KB: Final = 1 << 20


def memory_kb(process: int | str) -> int:
    """Return the most memory a process ever had."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    (found,) = re.findall(r"^VmHWM:\s+(\d+) kB", status, flags=re.MULTILINE)
    return int(found)


def check_upload(site: Site, name: str, content: bytes, status: Status, code: str) -> float:
    """Upload one file to the API and to the page; returns how long the slower answer took."""
    slowest = 0.0
    begun = time.monotonic()
    answer = site.upload("/api/v1/verifications", content)
    slowest = max(slowest, time.monotonic() - begun)
    assert answer.status_code == 200, name
    report = body_of(answer)
    assert report["status"] == status, (name, report["findings"])
    assert code in {finding["code"] for finding in report["findings"]}, (name, report["findings"])
    assert report["verdict"] != "VALID" and report["certificate"] is None, name

    begun = time.monotonic()
    page = site.upload("/verify", content, HTML)
    slowest = max(slowest, time.monotonic() - begun)
    assert page.status_code == 200 and page.mimetype == "text/html", name
    return slowest


def test_every_bad_ofd_is_answered_in_time_and_leaves_nothing(
    standing_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never a 5xx, never a file in the temporary folder, never over 10 s or 1 GB."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    took = {}
    for name, (make, status, code) in BAD.items():
        took[name] = check_upload(standing_site, name, make(), status, code)
        assert list(tmp_path.iterdir()) == [], name
        assert took[name] < UNDER_S, name
    children = standing_site.world.services.verifier._readers.pids()
    assert children and all(memory_kb(child) < MEMORY_KB for child in children)
    record("bad OFDs uploaded", files=len(took), server_errors=0, slowest_s=f"{max(took.values()):.1f}")


def test_an_ofd_under_a_strangers_seal_is_not_ours(standing_site: Site) -> None:
    """It may be a good document of somebody; it says nothing of ours."""
    world = standing_site.world
    world.initial("京1112020202299901", order=9)
    genuine = world.file(world.endorse("京1112020202299901"), "ofd")

    check_upload(standing_site, "by others", by_others(sealed=genuine), Status.NOT_OURS, "SEAL_NOT_OURS")


@pytest.mark.parametrize("value", VALUES)
def test_an_ofd_of_another_vendor_is_not_ours(standing_site: Site, value: str) -> None:
    """Other versions of the seal, raw signatures, another packing: honest, and not issued by us."""
    content = zipped(honest_files(value=VALUES[value]()))

    check_upload(standing_site, value, content, Status.NOT_OURS, "SIGNER_NOT_OURS")


def test_the_same_name_with_another_content_is_judged_by_its_bytes(site: Site) -> None:
    """A PDF named .ofd is a PDF, and the other way round: names prove nothing."""
    copy = site.issued()
    for fmt in ("pdf", "ofd"):
        report = body_of(site.upload("/api/v1/verifications", site.world.file(copy, fmt)))
        assert (report["kind"], report["status"], report["subject"]) == (fmt, "VALID", "file")
