"""``certsvc witness`` when the log's key changes, and when whoever answers never comes to an end."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from certsvc.cli import witness
from certsvc.wiring.keys import compromise, rotate_key
from tests.cli.conftest import Run
from tests.cli.test_log import served
from tests.dripping import dripping
from tests.factories import FixedClock
from tests.world import World, settings_in


@pytest.fixture
def theirs(tmp_path: Path, dev_keys: Path, font_cache: Path) -> World:
    """Make a service with a log and keys of its own."""
    place = tmp_path / "theirs"
    place.mkdir()
    (place / "cache").symlink_to(font_cache)
    shutil.copytree(dev_keys, tmp_path / "keys")
    world = World(settings_in(place, tmp_path / "keys"), FixedClock())
    world.initial()
    world.services.sequencer.advance()
    return world


@pytest.mark.parametrize("stolen", [False, True])
def test_after_a_rotation_it_says_what_to_bring_and_goes_on_with_it(
    run: Run, theirs: World, tmp_path: Path, stolen: bool
) -> None:
    """It follows no key by itself: a thief of the old one could name the next. The memory stays, too."""
    state, bundle = tmp_path / "state.json", tmp_path / "bundle.json"
    with served(theirs) as url:
        given = ("witness", "--url", url, "--state", state, "--once")
        run(*given)
        remembered = state.read_bytes()
        old = theirs.services.keystore.service_signer("log", theirs.clock.now()).key_id
        theirs.jump(days=1)
        rotate_key(theirs.settings, "log", theirs.clock)
        if stolen:
            compromise(theirs.settings, old, theirs.clock.now() - timedelta(hours=1), theirs.clock)
        theirs.jump(seconds=60)
        theirs.endorse()
        theirs.services.sequencer.advance()
        strange = json.loads(run(*given, "--json", code=3).stdout)
        kept = state.read_bytes()
        bundle.write_bytes(theirs.services.trust_material.bundle().body)
        told = run(*given, "--trust", bundle).stdout
        again = run(*given).stdout

    signer = theirs.services.log_book.keys[-1]
    assert strange["result"] == "CANNOT_TELL" and kept == remembered
    for word in (f"{signer.name}+{signer.key_id.hex()}", "--trust bundle.json", "--state", "by another way"):
        assert word in strange["text"]
    assert told.startswith("GOOD: 2 leaves, 1 new") and again.startswith("GOOD: 2 leaves, 0 new")


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_an_answer_that_drips_is_not_waited_for(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    """A byte comes in time for each read, in head and body: a witness that waits raises no alarm."""
    monkeypatch.setattr(witness, "_DOCUMENT_S", 0.4)
    with dripping(head) as port:
        told = run(
            "witness",
            "--url",
            f"http://127.0.0.1:{port}",
            "--state",
            tmp_path / "state.json",
            "--once",
            code=3,
        ).stdout

    assert "in time" in told
