"""``verify-receipt``: years later, without the service, by somebody who trusts neither side."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from certsvc.cli.program import program
from certsvc.sealing.trust import mark_compromised, retire_key
from certsvc.verification.question import Question
from tests.factories import FixedClock
from tests.verification.receipts import parts_of
from tests.world import World, settings_in


class Kept:
    """What a platform kept of one verification: receipt, page, file, and a way to fetch trust bundles."""

    def __init__(self, folder: Path, keys: Path) -> None:
        """Issue a copy, verify it, keep everything."""
        self.keys = keys
        self.folder = folder
        self.world = World(settings_in(folder / "var", keys), FixedClock())
        self.world.initial()
        copy = self.world.endorse()
        self.file = self._written("copy.pdf", self.world.file(copy))
        asked = Question(file=self.file.read_bytes(), receipt=True)
        services = self.world.services
        report = services.verifier.verify(asked)
        self.jws = services.receipts.give(report, asked)
        self.receipt = self._written("receipt.jws", self.jws.encode())
        self.page = self._written("report.pdf", services.report_press.make(report, asked, lang="zh"))
        self.bundle = self.fetch("bundle.json")

    def fetch(self, name: str) -> Path:
        """Fetch the trust bundle of now."""
        return self._written(name, self.world.services.trust_material.bundle().body)

    def _written(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path


@pytest.fixture
def kept(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Iterator[Kept]:
    """Make one with keys of its own."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    yield Kept(tmp_path, Path(shutil.copytree(dev_keys, tmp_path / "keys")))


def run(*arguments: str | Path) -> Result:
    """Run the command in a place without settings, keys or database."""
    result = CliRunner().invoke(program, ["verify-receipt", *map(str, arguments)], env={})
    assert "Traceback" not in result.output
    return result


def told(*arguments: str | Path, code: int) -> dict[str, Any]:
    """Return what it prints for programs."""
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_receipt_is_genuine_in_each_of_its_forms(kept: Kept) -> None:
    """As a file, as text, in an answer, and in the page for people."""
    answer = kept.folder / "answer.json"
    answer.write_text(json.dumps({"verdict": "VALID", "receipt": kept.jws}), encoding="utf-8")

    for receipt in (kept.receipt, kept.jws, answer, kept.page):
        found = told(receipt, "--trust", kept.bundle, "--input", kept.file, code=0)
        assert (found["result"], found["code"], found["input"]) == ("pass", "RECEIPT_GENUINE", "same")
        assert found["checked_at"] == found["receipt"]["checked_at"] == "2026-11-20T02:00:00Z"
        assert found["key"]["key_id"].startswith("receipt-") and found["key"]["development"] is True
        assert found["receipt"]["status"] == "VALID"
        assert found["bundle"]["public_url"] == kept.world.settings.public_url


def test_people_are_told_what_when_and_by_which_key(kept: Kept) -> None:
    """The outcome first, then what it says, then what is known of the key."""
    result = run(kept.page, "--trust", kept.bundle)

    assert result.exit_code == 0
    assert result.stdout.startswith("✔ 回执由本服务签发")
    for word in ("RECEIPT_GENUINE", "2026-11-20T02:00:00Z", "VALID", "receipt-", "key valid_to"):
        assert word in result.stdout


def test_another_file_or_a_changed_receipt_ends_with_1(kept: Kept) -> None:
    """Each says why."""
    header, claims, _ = kept.jws.split(".")
    changed = f"{header}.{claims}.{'A' * 86}"
    altered = kept.folder / "altered.pdf"
    altered.write_bytes(kept.page.read_bytes().replace(b"/Title", b"/Titel", 1))

    assert told(kept.jws, "--trust", kept.bundle, "--input", kept.page, code=1)["code"] == (
        "RECEIPT_OTHER_INPUT"
    )
    assert told(changed, "--trust", kept.bundle, code=1)["code"] == "RECEIPT_BROKEN"
    assert told(altered, "--trust", kept.bundle, code=1)["code"] == "RECEIPT_PDF_ALTERED"
    assert told(kept.file, "--trust", kept.bundle, code=1)["code"] == "RECEIPT_NOT_FOUND"
    assert parts_of(kept.jws)[1]["status"] == "VALID"


def test_retirement_and_compromise_act_by_time(kept: Kept) -> None:
    """Retired changes nothing; leaked before counts for nothing; leaked since leaves it open."""
    (key,) = kept.world.services.keystore.service_keys("receipt")
    then = kept.world.clock.now()
    kept.world.jump(days=30)

    retire_key(kept.keys, key.key_id, then + timedelta(days=20))
    retired = told(kept.jws, "--trust", kept.fetch("retired.json"), code=0)
    mark_compromised(kept.keys, key.key_id, then + timedelta(days=10))
    later = told(kept.jws, "--trust", kept.fetch("later.json"), code=3)
    mark_compromised(kept.keys, key.key_id, then)
    before = told(kept.jws, "--trust", kept.fetch("before.json"), code=1)

    assert (retired["code"], retired["key"]["retired_at"]) == ("RECEIPT_GENUINE", "2026-12-10T02:00:00Z")
    assert (later["code"], later["result"]) == ("RECEIPT_KEY_COMPROMISED_LATER", "unknown")
    assert later["key"]["compromised_since"] == "2026-11-30T02:00:00Z"
    assert before["code"] == "RECEIPT_KEY_COMPROMISED"


def test_six_years_later_the_ended_certificate_changes_nothing(kept: Kept) -> None:
    """What counts is what the key was worth when it signed."""
    kept.world.jump(days=6 * 365)

    found = told(kept.page, "--trust", kept.fetch("later.json"), "--input", kept.file, code=0)

    assert found["key"]["valid_to"] < found["bundle"]["issued_at"]
    assert found["code"] == "RECEIPT_GENUINE"


def test_bundle_that_cannot_be_relied_on_ends_with_3(kept: Kept) -> None:
    """Nothing is said of the receipt then."""
    damaged = kept.folder / "damaged.json"
    damaged.write_bytes(kept.bundle.read_bytes().replace(b'"signature"', b'"Signature"', 1))

    assert run(kept.jws, "--trust", damaged).exit_code == 3
    assert run(kept.jws, "--trust", kept.bundle, "--trust-key", "0" * 64).exit_code == 3
    fingerprint = told(kept.jws, "--trust", kept.bundle, code=0)["bundle"]["trust_key"]
    assert run(kept.jws, "--trust", kept.bundle, "--trust-key", fingerprint).exit_code == 0


@pytest.mark.parametrize("arguments", [("nowhere.jws",), ("a.b.c",), ("",), ()])
def test_what_is_no_call_ends_with_2(kept: Kept, arguments: tuple[str, ...]) -> None:
    """A slip in a script is never read as "not genuine"."""
    assert run(*arguments, "--trust", kept.bundle).exit_code == 2
    assert run(*arguments, "--trust", kept.folder / "missing.json").exit_code == 2
    assert run(kept.jws).exit_code == 2
