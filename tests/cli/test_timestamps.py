"""Time stamps on the command line and over HTTP, with a running authority and the machine's clock."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from certsvc.cli.timestamps import fetching
from certsvc.issuing.stamp_queue import StampQueue
from tests.cli.conftest import Run
from tests.factories import FixedClock
from tests.tools import need
from tests.tsa import lists_of
from tests.tsa_server import Desk, running
from tests.web.site import Site
from tests.world import JSON, NUMBER, World, settings_in


@dataclass(frozen=True)
class Stamping:
    """An authority, and the settings that name it."""

    desk: Desk
    settings: Mapping[str, str]

    def under(self, policy: str) -> dict[str, str]:
        """Return the settings of a policy."""
        return {**self.settings, "CERTSVC_TIMESTAMP": policy}


@pytest.fixture
def stamping(tmp_path: Path, cli_keys: Path) -> Iterator[Stamping]:
    """An authority on the machine's clock."""

    def now() -> datetime:
        return datetime.now(UTC)

    with running(now) as desk:
        (tmp_path / "tsa.pem").write_bytes(desk.authority.root_pem)
        (tmp_path / "crls").mkdir()
        for number, one in enumerate(lists_of(cli_keys, desk.authority, now())):
            (tmp_path / "crls" / f"{number}.crl").write_bytes(one)
        yield Stamping(
            desk,
            {
                "CERTSVC_TSA_URL": desk.url,
                "CERTSVC_TSA_TRUST": str(tmp_path / "tsa.pem"),
                "CERTSVC_CRLS_DIR": str(tmp_path / "crls"),
            },
        )


def diagnosis(run: Run, code: int, settings: Mapping[str, str]) -> JSON:
    """Return what doctor says of time stamps."""
    checks: list[JSON] = json.loads(run("doctor", "--json", code=code, settings=settings).stdout)["checks"]
    return next(one for one in checks if one["part"] == "timestamps")


def test_doctor_says_whether_the_authority_answers(ready: Run, stamping: Stamping, tmp_path: Path) -> None:
    """And whether revocation lists are there, where files need them."""
    assert "none are asked for" in diagnosis(ready, 0, {})["fact"]
    well = diagnosis(ready, 0, stamping.under("b-t"))
    assert (well["state"], "answers" in well["fact"], stamping.desk.asked) == ("ok", True, 1)
    assert "4 revocation lists" in diagnosis(ready, 0, stamping.under("b-lta"))["fact"]
    (tmp_path / "crls" / "0.crl").unlink()
    assert diagnosis(ready, 1, stamping.under("b-lta"))["state"] == "fail"
    stamping.desk.manners = "error"
    away = diagnosis(ready, 1, stamping.under("queue"))
    assert away["state"] == "fail" and "TIMESTAMP_UNAVAILABLE" in away["fact"] and away["remedy"]


def test_wanted_time_stamps_are_fetched_by_hand(ready: Run, stamping: Stamping, event_file: Path) -> None:
    """With an exit code that says whether any is still wanted."""
    queue = stamping.under("queue")
    ready("record", event_file, settings=queue)
    ready("issue", NUMBER, "--out", "out", settings=queue)
    stamping.desk.manners = "error"
    assert json.loads(ready("timestamps", "--json", code=3, settings=queue).stdout) == {
        "held": 0,
        "put_off": 1,
    }
    stamping.desk.manners = ""
    assert "1 fetched" in ready("timestamps", settings=queue).stdout
    assert "SETTINGS" in ready("timestamps", code=2).stderr


def test_a_lasting_file_is_valid_by_the_program_when_its_signer_expired(
    ready: Run, stamping: Stamping, event_file: Path, tmp_path: Path, cli_keys: Path
) -> None:
    """The whole program stands years later, and is asked about the day on which the file was used."""
    faketime, lasting = need("faketime"), stamping.under("b-lta")
    ready("record", event_file, settings=lasting)
    ready("issue", NUMBER, "--out", tmp_path / "out", settings=lasting)
    (file,) = (tmp_path / "out").glob("*.pdf")
    used = datetime.now(UTC).isoformat()
    env = {
        **lasting,
        "CERTSVC_DATA_DIR": str(tmp_path / "var"),
        "CERTSVC_KEYS_DIR": str(cli_keys),
        "TZ": "UTC",
        # Else each compiled module looks stale.
        "NO_FAKE_STAT": "1",
    }
    verify = [sys.executable, "-m", "certsvc", "verify", str(file), "--as-of", used, "--json"]
    command = [str(faketime), "+7 years", *verify]

    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    report = report["reports"][0] if "reports" in report else report
    assert (report["verdict"], report["status"]) == ("VALID", "VALID")
    assert datetime.fromisoformat(report["checked_at"]).year >= datetime.now(UTC).year + 7
    (stamp,) = [one for one in report["findings"] if one["check"] == "timestamp"]
    assert (stamp["result"], stamp["code"]) == ("pass", "TIMESTAMP_VALID")


def test_the_server_fetches_by_itself_and_serves_what_it_fetched(
    stamping: Stamping, tmp_path: Path, cli_keys: Path, font_cache: Path
) -> None:
    """404 with a code and a time to come back, then the token, the same for ever."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    named = {name.removeprefix("CERTSVC_").lower(): value for name, value in stamping.under("queue").items()}
    settings = settings_in(tmp_path / "var", cli_keys, **named)
    world = World(settings, FixedClock(datetime.now(UTC)))
    site = Site(world)
    copy = site.issued()
    path = f"/api/v1/endorsements/{copy['endorsement_id']}.tsr"
    early = site.get(path)
    assert (early.status_code, early.get_json()["code"]) == (404, "TIMESTAMP_PENDING")
    assert int(early.headers["Retry-After"]) > 0

    queue = world.services.stamp_queue
    assert isinstance(queue, StampQueue)
    with fetching(queue):
        stamping.desk.wait_for(2)
    # The thread has ended: what it asked for is written.
    answers = [site.get(f"{path}{query}") for query in ("", "?format=pdf", "?format=ofd")]
    assert [one.status_code for one in answers] == [200] * 3
    assert {one.mimetype for one in answers} == {"application/timestamp-reply"}
    assert answers[0].data == answers[1].data != answers[2].data
    assert site.get(path, **{"If-None-Match": answers[0].headers["ETag"]}).status_code == 304
