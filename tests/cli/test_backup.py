"""``backup`` and ``restore`` as an operator types them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.cli.conftest import Run


def test_a_service_moves_house(run: Run, tmp_path: Path, cli_keys: Path, font_cache: Path) -> None:
    """Register, files and keys come back elsewhere, and the copy issued before is still known."""
    run("demo", "--no-serve")
    told = json.loads(run("backup", "--out", "kept", "--keys", "safe/keys.tar", "--json").stdout)
    assert told["packs"] == told["packs_copied"] > 0
    assert told["key_files"] > 5
    assert (tmp_path / "safe" / "keys.tar").stat().st_mode & 0o077 == 0
    assert json.loads(run("restore", "kept", "--check", "--json").stdout)["whole"] is True
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "cache").symlink_to(font_cache)
    new = {"CERTSVC_DATA_DIR": str(tmp_path / "new"), "CERTSVC_KEYS_DIR": str(tmp_path / "new" / "keys")}
    run("restore", "kept", "--keys", "safe/keys.tar", settings=new)
    files = [one for one in (tmp_path / "var" / "demo").iterdir() if one.suffix in {".pdf", ".ofd"}]
    assert len(files) == 4
    for file in files:
        assert "VALID" in run("verify", file, settings=new).stdout
    assert "PLACE_NOT_EMPTY" in run("restore", "kept", code=3, settings=new).stderr
    assert "PLACE_NOT_EMPTY" in run("restore", "kept", "--keys", "safe/keys.tar", code=3, settings=new).stderr
    # Cut off after the keys had come, it is run again just so; other keys are never written over.
    (tmp_path / "new" / "registry.db").unlink()
    run("restore", "kept", "--keys", "safe/keys.tar", settings=new)
    secret = tmp_path / "new" / "keys" / "registry.secret"
    secret.write_text("00" * 32 + "\n")
    assert "other keys" in run("restore", "kept", "--keys", "safe/keys.tar", code=3, settings=new).stderr
    assert secret.read_text() == "00" * 32 + "\n"


def test_what_would_lose_something_is_refused(run: Run, tmp_path: Path) -> None:
    """Keys beside the backup, no backup at all, an older archive of keys, another secret."""
    run("init")
    assert (
        "together they are everything"
        in run("backup", "--out", "kept", "--keys", "kept/keys.tar", code=2).stderr
    )
    assert "BACKUP_DAMAGED" in run("restore", ".", "--check", code=3).stderr
    run("backup", "--out", "kept", "--keys", "keys.tar", "--forget", "30")
    assert "PLACE_NOT_EMPTY" in run("backup", "--out", "kept", "--keys", "keys.tar", code=3).stderr
    assert "BACKUP_DAMAGED" in run("restore", "kept", "--name", "yesterday", code=3).stderr


def test_another_secret_is_told(run: Run, tmp_path: Path, cli_keys: Path) -> None:
    """Rows that do not open under the secret of the place must not be found out by the first visitor."""
    run("demo", "--no-serve")
    run("backup", "--out", "kept")
    other = tmp_path / "other-keys"
    shutil.copytree(cli_keys, other)
    (other / "registry.secret").write_text("00" * 32 + "\n")
    place = {"CERTSVC_DATA_DIR": str(tmp_path / "new"), "CERTSVC_KEYS_DIR": str(other)}
    assert "RECORD_DAMAGED" in run("restore", "kept", code=3, settings=place).stderr
