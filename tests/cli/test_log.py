"""``certsvc log`` and ``certsvc witness``: what an operator, a holder and a platform run."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from werkzeug.serving import make_server

from certsvc.registry.sql import SQLRegistry
from certsvc.translog.note import COSIGNATURE, NoteKey, read_note
from certsvc.web.app import create_app
from tests.cli.conftest import Run
from tests.factories import FixedClock
from tests.world import JSON, NUMBER, World, settings_in

NOWHERE = {"CERTSVC_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "CERTSVC_KEYS_DIR": "/nowhere"}
"""Settings under which everything that asks for the register or a key fails."""


@contextmanager
def served(world: World) -> Iterator[str]:
    """Serve a world's application on a free port."""
    server = make_server("127.0.0.1", 0, create_app(world.services), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        # What the server logs would come between what the command prints: both are this process.
        with structlog.testing.capture_logs():
            yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Place:
    """A world with one copy in its log, and what was handed out of it."""

    world: World
    endorsement: JSON
    bundle: Path


@pytest.fixture
def place(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Place:
    """Issue one copy and advance the log."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "cache").symlink_to(font_cache)
    world = World(settings_in(tmp_path / "theirs", dev_keys), FixedClock())
    world.initial()
    endorsement = world.endorse()
    world.services.sequencer.advance()
    bundle = tmp_path / "bundle.json"
    bundle.write_bytes(world.services.trust_material.bundle().body)
    return Place(world, endorsement, bundle)


def test_log_of_a_place_is_advanced_checked_and_proved(ready: Run, event_file: Path, tmp_path: Path) -> None:
    """All by commands, on a place without a server."""
    ready("record", event_file)
    ready("log", "checkpoint", code=1)
    # One event, and each key.
    begun = 1 + len(json.loads(ready("keys", "list", "--json").stdout)["keys"])
    assert json.loads(ready("log", "advance", "--json").stdout) == {"placed": begun, "size": begun}
    out = ready("endorse", NUMBER, "--purpose", "投标使用", "--out", tmp_path, "--json").stdout
    endorsement = json.loads(out)
    assert json.loads(ready("log", "advance", "--json").stdout) == {"placed": 1, "size": begun + 1}
    told = json.loads(ready("log", "verify", "--json").stdout)
    assert told == {
        "holds": True,
        "size": begun + 1,
        "checkpoints": 2,
        "opened": begun + 1,
        "erased": 0,
        "waiting": 0,
        "faults": [],
    }
    shown = json.loads(ready("log", "checkpoint", "--json").stdout)
    assert (shown["size"], ready("log", "checkpoint").stdout) == (begun + 1, shown["note"])
    ready("log", "adopt", code=3)

    proof, bundle = tmp_path / "a.tlog-proof", tmp_path / "bundle.json"
    ready("log", "proof", endorsement["token"], "--out", proof)
    assert ready("log", "proof", endorsement["endorsement_id"]).stdout == proof.read_text(encoding="utf-8")
    ready("trust", "bundle", "--out", bundle)
    given = ("log", "verify", "--proof", proof, "--trust", bundle, "--json")
    assert json.loads(ready(*given, settings=NOWHERE).stdout)["facts"]["kind"] == "endorse"
    ready("log", "proof", "nobody", code=1)


def test_proof_is_checked_against_a_bundle_and_a_file(run: Run, place: Place, tmp_path: Path) -> None:
    """Without service, settings or network: the proof, the bundle and the certificate in hand."""
    book = place.world.services.log_book
    proof, pdf, other = tmp_path / "a.tlog-proof", tmp_path / "a.pdf", tmp_path / "b.pdf"
    proof.write_text(str(book.proof_of_token(place.endorsement["token"])), encoding="utf-8")
    pdf.write_bytes(place.world.file(place.endorsement))
    other.write_bytes(pdf.read_bytes() + b"\n")
    given = ("log", "verify", "--proof", proof, "--trust", place.bundle)

    assert "licence_id" in run(*given, "--file", pdf, settings=NOWHERE).stdout
    assert "another file" in run(*given, "--file", other, code=1, settings=NOWHERE).stdout
    proof.write_text(proof.read_text(encoding="utf-8").replace("index 1", "index 0"), encoding="utf-8")
    assert "root" in run(*given, code=1, settings=NOWHERE).stdout
    run("log", "verify", "--proof", proof, code=2)
    run("log", "verify", "--file", pdf, code=2)
    place.bundle.write_bytes(b"{}")
    run(*given, code=3, settings=NOWHERE)


def test_witness_follows_a_log_and_signs_what_it_saw(run: Run, place: Place, tmp_path: Path) -> None:
    """First look, growth, nothing new; the cosignature names the instant and the tree."""
    state, key_file, out = tmp_path / "state.json", tmp_path / "witness.pem", tmp_path / "cosigned"
    key = Ed25519PrivateKey.generate()
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    sign = ("--cosign-key", key_file, "--name", "witness.example/w1", "--out", out)
    with served(place.world) as url:
        given = ("witness", "--url", url, "--state", state, "--once")
        first = run(*given, "--trust", place.bundle, *sign, settings=NOWHERE)
        assert first.stdout == "GOOD: 2 leaves, 2 new, every leaf recomputed\n"
        place.world.jump(days=1)
        place.world.endorse()
        place.world.services.sequencer.advance()
        assert "3 leaves, 1 new" in run(*given, settings=NOWHERE).stdout
        assert json.loads(run(*given, "--json").stdout)["result"] == "GOOD"
        run(*given, "--cosign-key", key_file, code=2)
        run("witness", "--url", f"{url}/x", "--state", state, code=2)

    note = read_note(out.read_bytes())
    mine = NoteKey(name="witness.example/w1", public=key.public_key().public_bytes_raw(), kind=COSIGNATURE)
    assert note.text.split("\n")[1] == "2"
    assert (note.check(mine) or 0) > 1_700_000_000
    assert note.check(place.world.services.log_book.keys[0]) is None


def test_witness_catches_a_log_that_was_put_back(run: Run, place: Place, tmp_path: Path) -> None:
    """Yesterday's copy behind the same address: refused in words, both promises kept as evidence."""
    world, state = place.world, tmp_path / "state.json"
    database = world.settings.data_dir / "registry.db"
    registry = world.services.registry
    assert isinstance(registry, SQLRegistry)
    registry.close()
    shutil.copy(database, tmp_path / "yesterday.db")
    world.jump(days=1)
    world.endorse()
    world.services.sequencer.advance()
    with served(world) as url:
        given = ("witness", "--url", url, "--state", state, "--once")
        run(*given)
        registry.close()
        for left in world.settings.data_dir.glob("registry.db*"):
            left.unlink()
        shutil.copy(tmp_path / "yesterday.db", database)
        remembered = state.read_bytes()
        told = run(*given, code=1).stdout
        # Gone on with from there, by somebody who has the key: as long as before, with another last leaf.
        (world.settings.data_dir / "log" / "checkpoint").unlink()
        world.jump(days=2)
        world.endorse()
        world.services.sequencer.advance()
        forked = run(*given, code=1).stdout
        registry.close()

    assert told.startswith("BROKEN: rolled back: the log had 3 leaves and now shows 2")
    assert forked.startswith("BROKEN: forked: two different trees of 3 leaves")
    assert state.read_bytes() == remembered
    evidence = (tmp_path / "state.json.evidence").read_text(encoding="utf-8")
    assert evidence.count("\n3\n") == 2


def test_witness_that_cannot_tell_says_so(run: Run, place: Place, tmp_path: Path) -> None:
    """A server that is away, a memory that is damaged and a stranger's key accuse nobody."""
    state = tmp_path / "state.json"
    run("witness", "--url", "http://127.0.0.1:1", "--state", state, "--once", code=3)
    with served(place.world) as url:
        given = ("witness", "--url", url, "--state", state, "--once")
        run(*given, "--trust-key", "0" * 64, code=3)
        assert not state.exists()
        run(*given)
        state.write_text("{}", encoding="utf-8")
        assert "state file" in run(*given, code=3).stdout
    place.bundle.write_bytes(b"{}")
    run("witness", "--url", url, "--state", state, "--once", "--trust", place.bundle, code=3)
