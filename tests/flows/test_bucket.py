"""The whole flow with issued files in a bucket: over HTTP, killed at requests, audited, backed up, erased."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, cast

import pytest

from certsvc.audit.defect import Finding
from certsvc.audit.run import Wish, audit
from certsvc.backup.restore import check_backup, restore_backup
from certsvc.backup.take import take_backup
from certsvc.cli.doctor import examine
from certsvc.errors import PlaceNotEmptyError, UnavailableError
from certsvc.registry.sql import SQLRegistry
from certsvc.wiring import build
from certsvc.wiring.auditing import open_bench
from certsvc.wiring.storage import issued_at
from tests import drills
from tests.audit.store import log
from tests.conftest import ROOT
from tests.factories import FixedClock
from tests.flows.conftest import close
from tests.s3_proxy import Proxy, standing_before
from tests.s3_server import Moto
from tests.web.site import HTML, Site, body_of
from tests.world import JSON, NUMBER, World, settings_in

OTHER: Final = "京1112020202200002"
LEASE_OVER: Final = timedelta(seconds=62)
REQUESTS: Final = 5
"""What a fresh process asks of the store to issue one copy: four to learn what it is like, one to store."""


@dataclass
class Case:
    """One service whose files lie in a bucket behind a proxy."""

    world: World
    server: Moto
    proxy: Proxy
    prefix: str
    changes: dict[str, str]

    def objects(self) -> dict[str, bytes]:
        """Return all that lies in the bucket, asked past the proxy."""
        return self.server.objects(self.prefix)

    def audited(self) -> list[Finding]:
        """Audit everything, an hour later."""
        log(self.world)
        self.world.jump(seconds=3600)
        findings: list[Finding] = []
        audit(
            partial(open_bench, self.world.settings),
            Wish(),
            now=self.world.clock.now(),
            workers=1,
            tell=findings.append,
            step=lambda done, total: None,
        )
        return findings


@pytest.fixture
def case(tmp_path: Path, dev_keys: Path, font_cache: Path, s3_server: Moto) -> Iterator[Case]:
    """Make a fresh instance with keys of its own, since erasures are listed beside them."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    shutil.copytree(dev_keys, tmp_path / "keys", symlinks=True)
    prefix = f"flows/{secrets.token_hex(8)}"
    with standing_before(s3_server.port) as proxy:
        changes = s3_server.settings(prefix, proxy.endpoint) | {"s3_timeout_s": "1"}
        world = World(settings_in(tmp_path / "var", tmp_path / "keys", **changes), FixedClock())
        yield Case(world, s3_server, proxy, prefix, changes)
        close(world)


def test_issued_served_verified_audited_and_erased(case: Case) -> None:
    """What a caller sees is what it sees with a folder, to the byte; nothing is written to the disk."""
    site = Site(case.world)
    case.world.initial()
    original, copy = case.world.original(), body_of(site.endorse())
    case.world.initial(OTHER, order=2)
    case.world.original(OTHER)

    for body in (original, copy):
        for fmt, told in body["files"].items():
            got = site.get(told["url"])
            assert (got.status_code, hashlib.sha256(got.data).hexdigest()) == (200, told["sha256"])
            assert got.headers["ETag"] == f'"{told["sha256"]}"'
            assert case.world.verify(file=got.data).verdict == "VALID", fmt
    assert len(case.objects()) == 3
    assert not case.world.settings.data_dir.joinpath("issued").exists()
    assert site.get("/readyz").get_json()["parts"]["storage"] == "ok"
    assert case.audited() == []

    case.world.record(case.world.event("cancel", reason={"code": "HOLDER_REQUEST", "text": "本人申请"}))
    case.world.jump(seconds=1)
    case.world.services.eraser.erase(NUMBER, "法院", override=True)
    assert len(case.objects()) == 1
    assert site.get(copy["files"]["pdf"]["url"]).status_code == 410
    assert case.audited() == []


def test_a_bucket_that_is_away_makes_nothing_forged(case: Case) -> None:
    """Checking needs no stored file; a download and an endorsement are refused, and come back."""
    site = Site(case.world)
    case.world.initial()
    original = case.world.original()
    pdf = site.get(original["files"]["pdf"]["url"]).data
    case.proxy.rule = lambda method, path: "503 SlowDown"

    assert case.world.verify(file=pdf).verdict == "VALID"
    assert case.world.verify(code=original["code"]).verdict == "VALID"
    for answer in (site.get(original["files"]["pdf"]["url"]), site.endorse()):
        assert (answer.status_code, answer.get_json()["code"]) == (503, "UNAVAILABLE")
    ready = site.get("/readyz")
    assert (ready.status_code, ready.get_json()["parts"]["storage"]) == (503, "UNAVAILABLE")
    (told,) = [one for one in examine(case.world.settings) if one.part == "storage"]
    assert (told.state, "CERTSVC_S3" in told.remedy) == ("fail", True)
    assert [getattr(one, "code", "") for one in case.audited()][-1:] == ["NO_STORE"]

    case.proxy.rule = lambda method, path: "507 InsufficientStorage" if method == "PUT" else "pass"
    full = site.endorse(key="k2")
    assert (full.status_code, full.get_json()["code"]) == (503, "STORAGE_FULL")

    case.proxy.rule = lambda method, path: "pass"
    assert site.endorse(key="k3").status_code == 201
    assert site.get("/v/" + original["token"], **HTML).status_code == 200
    assert case.audited() == []


def test_killed_at_a_request_leaves_one_copy_or_none(case: Case, tmp_path: Path) -> None:
    """SIGKILL before and behind requests to the store, then recovery, then the caller asks again."""
    case.world.initial()
    close(case.world)
    kept = tmp_path / "kept"
    shutil.copytree(tmp_path / "var", kept, symlinks=True)
    points = [Point(nth, done=done) for nth in range(REQUESTS) for done in (False, True)]
    # The last request stores the pack; those before ask what the store is like.
    tried = [*drills.some(points[:-2], "bucket"), *points[-2:]]
    finished = 0
    for point in tried:
        shutil.rmtree(tmp_path / "var")
        shutil.copytree(kept, tmp_path / "var", symlinks=True)
        bucket = case.server.store(case.prefix).bucket
        for place in case.objects():
            bucket.delete(place)
        _kill_at(case, point)
        finished += _settled(case, point)["finished"]
    assert finished == 1, "only the copy whose pack was stored is finished by recovery"
    drills.sweep("kill: requests to a bucket", tried=len(tried), of=len(points), harm={}, finished=finished)


@dataclass(frozen=True, slots=True)
class Point:
    """A request to the store at which its sender dies, before or after it was carried out."""

    nth: int
    done: bool


def _kill_at(case: Case, point: Point) -> None:
    """Endorse in a process that is killed at a request."""
    order = {
        "data": str(case.world.settings.data_dir),
        "keys": str(case.world.settings.keys_dir),
        "now": case.world.clock.now().isoformat(),
        "settings": case.changes,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.flows.bucket_victim", json.dumps(order)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    asked: list[str] = []

    def rule(method: str, path: str) -> str:
        asked.append(path)
        if len(asked) != point.nth + 1:
            return "pass"
        if point.done:
            return "lost"
        process.kill()
        return "cut"

    def done() -> None:
        if len(asked) == point.nth + 1:
            process.kill()

    case.proxy.rule, case.proxy.done = rule, done
    said, _ = process.communicate(timeout=60)
    case.proxy.rule, case.proxy.done = (lambda method, path: "pass"), (lambda: None)
    assert (process.returncode, said) == (-signal.SIGKILL, b""), point
    assert len(asked) == point.nth + 1 and (".pack" in asked[-1]) is (point.nth + 1 == REQUESTS)


def _settled(case: Case, point: Point) -> Mapping[str, int]:
    """Recover, ask again under the same key, and hold the bucket against the answer; counts of recovery."""
    clock = FixedClock(case.world.clock.now() + LEASE_OVER)
    services = build(case.world.settings, clock)
    counts = services.desk.recover()
    body = services.desk.endorse(NUMBER, {"purpose": "投标使用"}, client_id="tests", key="k1").body
    services.desk.recover()
    copy_id = str(body["endorsement_id"])
    (pack,) = [place for place in case.objects() if place.endswith(".pack")]
    assert pack.endswith(f"/{copy_id[:16]}.pack"), point
    files = dict(cast(Mapping[str, JSON], body["files"]))
    for fmt, file in files.items():
        content = services.storage.get(f"{copy_id}.{fmt}")
        assert hashlib.sha256(content).hexdigest() == file["sha256"], point
    assert isinstance(services.registry, SQLRegistry)
    services.registry.close()
    # What the process left that died while it asked what the store is like.
    services.storage.sweep_temporary(datetime.now(UTC) + timedelta(days=1))
    assert list(case.objects()) == [pack], point
    return counts


def test_backed_up_and_restored_from_bucket_to_bucket(case: Case, tmp_path: Path) -> None:
    """Packs are copied and put back as they were; a second backup copies nothing again."""
    case.world.initial()
    copy = case.world.endorse()
    out, url = tmp_path / "backups", case.world.settings.database_url
    first = take_backup(
        database_url=url, storage=issued_at(case.world.settings), into=out, now=case.world.clock.now()
    )
    case.world.jump(seconds=5)
    second = take_backup(
        database_url=url, storage=issued_at(case.world.settings), into=out, now=case.world.clock.now()
    )
    assert (first.copied, second.copied, second.manifest.pack_count) == (1, 0, 1)
    check_backup(out)

    elsewhere = case.changes | {"storage_url": f"{case.changes['storage_url']}-again"}
    place = settings_in(tmp_path / "again", case.world.settings.keys_dir, **elsewhere)
    place.data_dir.mkdir()
    case.server.write(f"{case.prefix}-again/00/0/0123456789abcdef.pack", b"somebody else's")
    with pytest.raises(PlaceNotEmptyError):
        restore_backup(out, database_url=place.database_url, storage=issued_at(place))
    case.server.store(f"{case.prefix}-again").bucket.delete("00/0/0123456789abcdef.pack")
    restore_backup(out, database_url=place.database_url, storage=issued_at(place))

    assert case.server.objects(f"{case.prefix}-again") == case.objects()
    services = build(place, case.world.clock)
    assert services.enquiry.endorsement_file(copy["endorsement_id"], "pdf").content == case.world.file(copy)
    assert isinstance(services.registry, SQLRegistry)
    services.registry.close()


def test_a_backup_without_its_bucket_is_refused(case: Case, tmp_path: Path) -> None:
    """An empty place where there were files must not push out the backups that have them."""
    case.world.initial()
    case.world.endorse()
    now, url = case.world.clock.now(), case.world.settings.database_url
    take_backup(database_url=url, storage=issued_at(case.world.settings), into=tmp_path / "out", now=now)
    settings = case.world.settings
    for other in (f"{settings.storage_url}-empty", "s3://never-made/x"):
        away = settings.model_copy(update={"storage_url": other})
        with pytest.raises(UnavailableError, match="CERTSVC_STORAGE_URL"):
            take_backup(
                database_url=url, storage=issued_at(away), into=tmp_path / "out", now=now + LEASE_OVER
            )
