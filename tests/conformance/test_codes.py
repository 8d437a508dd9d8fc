"""Every error code can be met, means what the table says, and is told in both languages."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from certsvc import errors
from certsvc.domain.wording import OFFICIAL
from certsvc.errors import CertsvcError
from certsvc.web.errors import INTERNAL, PROTOCOL
from tests.conformance import (
    ways_erasing,
    ways_events,
    ways_holders,
    ways_issuing,
    ways_server,
    ways_timestamps,
)
from tests.conformance.way import WAYS
from tests.drills import record
from tests.factories import FixedClock
from tests.web.site import Site, body_of
from tests.world import World, settings_in

ROOTS: Final = {
    errors.CertsvcError,
    errors.RuleError,
    errors.InputError,
    errors.AccessError,
    errors.OperatorError,
}
ELSEWHERE: Final = {
    "STORAGE_FULL": "wants a full disk: test_full_disk_is_storage_full below",
    "KEY_CAP_REACHED": "wants a cap; tests/web/test_key_cap.py",
    "KEY_WITHDRAWN": "keys would have to change thrice while a page is drawn; tests/web/test_key_cap.py",
    "HSM_UNAVAILABLE": "wants a token that was pulled out; tests/flows/test_hsm.py",
    "INTERNAL": "nobody foresees a way; tests/web/test_errors.py plants a defect",
    "DEFECT": "our own output would have to be wrong; tests/web/test_errors.py",
    "TEMPLATE": "stops the start, before any request; tests/web/test_errors.py",
    "BACKUP_DAMAGED": "ends a command, never a request; tests/backup, tests/cli/test_backup.py",
    "PLACE_NOT_EMPTY": "ends a command, never a request; tests/backup, tests/cli/test_backup.py",
    "RETENTION_NOT_OVER": "ends a command, never a request; tests/privacy/test_erasing.py",
    "REGISTRATION_IN_FORCE": "ends a command, never a request; tests/privacy/test_erasing.py",
    "ASSERTION_REFUSED": "wants a portal; tests/web/my/test_assertions.py",
    "SETTINGS": "stops the start, before any request; tests/cli",
}
"""Codes without a way through a sound instance, and where they are looked at."""

SENTENCES: Final = {
    "ENDORSED_TODAY": "今日已申请过加注件,请勿重复加注",
    "PHOTO_OR_SIGNATURE_MISSING": (
        "请进入一级建造师任意事项在线办理后\u2018资料补充及信息修改\u2019功能中补充个人照片信息"
    ),
    "NOT_FOUND": "查询不到相关证照",
    "NO_REGISTRATION_FOR_RENEWAL": "您还未取得注册证书,不能进行延续注册!",
    "NO_QUALIFICATION": "未通过考核认定或考试合格取得中华人民共和国一级建造师执业资格证书,无法申请注册!",
}
"""The official sentences that refuse; the sixth warns."""
WARNING: Final = "部分专业有效期不足180天,请及时办理延续"
LATER: Final = {
    "ENDORSEMENT_PENDING", "RATE_LIMITED", "RECORD_DAMAGED", "TIMESTAMP_PENDING", "TIMESTAMP_UNAVAILABLE",
    "TIME_UNCERTAIN", "UNAVAILABLE",
}  # fmt: skip
"""Codes that come with Retry-After."""
MODULES: Final = (ways_erasing, ways_events, ways_holders, ways_issuing, ways_server, ways_timestamps)
MEMBERS: Final = {"type", "title", "status", "detail", "instance", "code", "errors"}


@pytest.fixture
def fresh(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Site:
    """Make a site with keys of its own, which a way may spoil."""
    keys = shutil.copytree(dev_keys, tmp_path / "keys")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    return Site(World(settings_in(tmp_path / "var", keys), FixedClock()))


def codes() -> set[str]:
    """Return every code the API may answer with."""
    kinds = (kind for _, kind in inspect.getmembers(errors, inspect.isclass))
    raised = {kind.code for kind in kinds if issubclass(kind, CertsvcError) and kind not in ROOTS}
    return raised | set(PROTOCOL.values()) | {INTERNAL}


def test_every_code_has_a_way_or_a_reason() -> None:
    """A code nobody can meet is one nobody has seen work."""
    assert {call.call.__module__ for call in WAYS.values()} == {module.__name__ for module in MODULES}
    reached = {way.code for way in WAYS.values()}
    record("error codes over HTTP", ways=len(WAYS), codes=len(reached), elsewhere=len(ELSEWHERE))

    assert reached & ELSEWHERE.keys() == set()
    assert reached | ELSEWHERE.keys() == codes()


@pytest.mark.parametrize("tag", ["zh-CN", "en"])
@pytest.mark.parametrize("name", WAYS)
def test_way_ends_in_its_code(fresh: Site, name: str, tag: str) -> None:
    """Status, type, code, pointer and sentence, as a client meets them in its language."""
    way = WAYS[name]
    fresh.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = tag

    answer = way.call(fresh)
    problem = body_of(answer)

    assert answer.status_code == problem["status"] == way.status
    assert answer.mimetype == "application/problem+json"
    assert problem["code"] == way.code
    assert set(problem) - {"existing"} == MEMBERS
    assert ("existing" in problem) == (way.code == "ENDORSED_TODAY")
    assert problem["instance"] == f"urn:uuid:{answer.headers['X-Request-Id']}"
    assert [fault["pointer"] for fault in problem["errors"]] == ([] if way.pointer is None else [way.pointer])
    assert ("Retry-After" in answer.headers) == (way.code in LATER)
    if way.code in SENTENCES:
        assert problem["detail"].encode() == SENTENCES[way.code].encode()
        assert problem["title"].isascii() and len(problem["title"]) > 10
    else:
        assert len(problem["detail"]) > 10
        assert problem["detail"].isascii() == problem["title"].isascii() == (tag == "en")
    for fault in problem["errors"]:
        assert len(fault["detail"]) > 5


def test_sixth_sentence_warns_and_does_not_refuse(fresh: Site) -> None:
    """The copy is granted with it, byte for byte."""
    fresh.world.initial()
    fresh.world.jump(days=3 * 365 - 100)

    answer = fresh.endorse()

    assert answer.status_code == 201
    assert [one["message"].encode() for one in body_of(answer)["warnings"]] == [WARNING.encode()]
    assert {*SENTENCES, "SPECIALTY_LT_180D"} == set(OFFICIAL)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system with room for less than one issued file."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system wants root")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "certsvc-test", folder], check=False)
    if mounted.returncode != 0:
        pytest.skip("this machine does not let root mount a tmpfs")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_full_disk_is_storage_full(
    small_disk: Path, tmp_path: Path, dev_keys: Path, font_cache: Path
) -> None:
    """Nothing is handed out, the day stays free, and the caller is told that waiting may help."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    settings = settings_in(tmp_path / "var", dev_keys, storage_url=str(small_disk))
    site = Site(World(settings, FixedClock()))
    site.world.initial()

    answer = site.endorse("k1")
    problem = body_of(answer)
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    again = site.endorse("k1")

    assert (answer.status_code, problem["code"]) == (503, "STORAGE_FULL")
    assert answer.headers["Retry-After"] == "30"
    assert not problem["detail"].isascii()
    assert again.status_code == 201
