"""Policy ``queue``: files are handed out at once and their time stamps fetched later."""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from certsvc.domain.report import Result, Status
from certsvc.domain.timestamps import TimestampLevel
from certsvc.errors import (
    NotFoundError,
    NoTimestampError,
    OriginalNotIssuedError,
    SettingsError,
    TimestampPendingError,
)
from tests.flows.stamped_world import Make, stamp_of
from tests.world import JSON, NUMBER, World, settings_in

INSIDE = {"b-t": TimestampLevel.B_T, "b-lta": TimestampLevel.B_LTA}


def ask(world: World, copy: JSON, fmt: str) -> bytes:
    """Download a time stamp."""
    return world.services.enquiry.endorsement_timestamp(str(copy["endorsement_id"]), fmt).content


def judged_by_openssl(folder: Path, content: bytes, answer: bytes, root: bytes) -> None:
    """Let openssl say that *answer* is about *content*; tests without it say less."""
    if shutil.which("openssl") is None:
        return
    for name, written in (("data", content), ("tsr", answer), ("root.pem", root)):
        (folder / name).write_bytes(written)
    command = ["openssl", "ts", "-verify", "-in", "tsr", "-data", "data", "-CAfile", "root.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def test_queue_hands_out_at_once_and_stamps_later(make: Make, tmp_path: Path, database_url: str) -> None:
    """On both databases: the file never changes, openssl believes the token, until then it is not stamped."""
    with make("queue", database_url=database_url) as stamped:
        world, queue = stamped.world, stamped.world.services.stamp_queue
        assert queue is not None
        copy = world.endorse()
        before = {fmt: world.file(copy, fmt) for fmt in ("pdf", "ofd")}
        assert stamped.desk.asked == 0
        report = world.verify(file=before["pdf"])
        assert (report.status, stamp_of(report).code) == (Status.VALID, "TIMESTAMP_PENDING")
        assert stamp_of(report).result is Result.SKIP
        with pytest.raises(TimestampPendingError):
            ask(world, copy, "pdf")

        assert queue.run() == {"held": 2, "put_off": 0}
        assert queue.run() == {"held": 0, "put_off": 0}
        for fmt, content in before.items():
            assert world.file(copy, fmt) == content
            assert stamp_of(world.verify(file=content)).code == "TIMESTAMP_VALID"
            assert ask(world, copy, fmt) == ask(world, copy, fmt)
            judged_by_openssl(tmp_path, content, ask(world, copy, fmt), stamped.desk.authority.root_pem)


def test_queue_backs_off_while_the_authority_is_away(make: Make) -> None:
    """One question a run; the pause doubles up to an hour; then everything is fetched."""
    with make("queue") as stamped:
        world, queue = stamped.world, stamped.world.services.stamp_queue
        assert queue is not None
        copy = world.endorse()
        stamped.desk.manners = "error"
        assert queue.run() == {"held": 0, "put_off": 1}
        assert queue.run() == {"held": 0, "put_off": 1}
        assert queue.run() == {"held": 0, "put_off": 0}, "both of them wait now"
        assert stamped.desk.asked == 2
        for wait_s in (5, 10, 20):
            world.jump(seconds=wait_s - 1)
            assert queue.run()["put_off"] == 0
            world.jump(seconds=1)
            assert [queue.run()["put_off"] for _ in range(2)] == [1, 1]
        stamped.desk.manners = ""
        world.jump(seconds=3600)
        assert queue.run() == {"held": 2, "put_off": 0}
        assert ask(world, copy, "ofd")


def test_two_queues_never_write_one_token_over_another(make: Make) -> None:
    """Who claimed first writes; a claim that ran out writes nothing any more."""
    with make("queue") as stamped:
        world, queue = stamped.world, stamped.world.services.stamp_queue
        assert queue is not None
        copy = world.endorse()
        genuine = stamped.desk.now

        def meanwhile() -> datetime:
            # The second queue comes while the first one waits, after its claim has run out.
            stamped.desk.now = genuine
            world.jump(seconds=59)
            assert queue.run() == {"held": 1, "put_off": 0}, "the first one's claim holds, the other is free"
            world.jump(seconds=2)
            assert queue.run() == {"held": 1, "put_off": 0}
            return genuine()

        stamped.desk.now = meanwhile
        assert queue.run() == {"held": 0, "put_off": 0}
        held = [ask(world, copy, fmt) for fmt in ("pdf", "ofd")]
        world.jump(days=1)
        assert queue.run() == {"held": 0, "put_off": 0}
        assert [ask(world, copy, fmt) for fmt in ("pdf", "ofd")] == held


def test_asking_for_a_time_stamp_there_is_none_of(make: Make) -> None:
    """Each way of not having one has its own code."""
    with make("none") as stamped:
        world = stamped.world
        enquiry = world.services.enquiry
        with pytest.raises(OriginalNotIssuedError):
            enquiry.original_timestamp(NUMBER, "pdf")
        with pytest.raises(NotFoundError):
            enquiry.endorsement_timestamp("nobody", "pdf")
        copy = world.endorse()
        with pytest.raises(NoTimestampError):
            ask(world, copy, "pdf")
        assert stamp_of(world.verify(file=world.file(copy))).code == "NOT_APPLICABLE"
        assert stamped.desk.asked == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": "b-t"},
        {"timestamp": "b-t", "tsa_url": "http://tsa.example/"},
        {"timestamp": "b-t", "tsa_trust": "root.pem"},
        {"tsa_url": "ftp://tsa.example/", "tsa_trust": "root.pem"},
        {"tsa_url": "http://user:secret@tsa.example/", "tsa_trust": "root.pem"},
        {"tsa_url": "http://[tsa/", "tsa_trust": "root.pem"},
        {"tsa_url": "http://tsa.example/", "tsa_trust": "root.pem", "tsa_policy": "any"},
        {"timestamp": "b-lt"},
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, changes: dict[str, str]) -> None:
    """With a sentence that names the setting, and never a secret."""
    with pytest.raises(SettingsError) as refused:
        settings_in(tmp_path, tmp_path, **changes)
    assert "CERTSVC_T" in refused.value.note and "secret" not in refused.value.note
