"""The sample requests are what their script writes, and their pictures keep the rules."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from certsvc.photo import is_on_white, normalise_photo, normalise_signature

SAMPLES = Path(__file__).parents[2] / "samples"
FILES = sorted((SAMPLES / "requests").glob("*.json"))


def holder_of(file: Path) -> dict[str, str]:
    """Return the holder part of a request, empty when it has none."""
    holder = json.loads(file.read_text(encoding="utf-8")).get("holder", {})
    assert isinstance(holder, dict)
    return holder


def test_the_script_writes_what_is_there(tmp_path: Path) -> None:
    """A sample changed by hand would be lost at the next run; pictures may differ between Pillow builds."""
    subprocess.run(
        [sys.executable, "-B", SAMPLES / "build_requests.py", "--out", tmp_path],
        check=True,
        capture_output=True,
    )

    assert len(FILES) > 30
    assert sorted(path.name for path in tmp_path.iterdir()) == [file.name for file in FILES]
    for file in FILES:
        made, kept = (json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / file.name, file))
        for request in (made, kept):
            for picture in ("photo", "signature"):
                request.get("holder", {}).pop(picture, None)
        assert made == kept, file.name


@pytest.mark.parametrize(
    "file", [file for file in FILES if "photo" in holder_of(file)], ids=lambda file: file.stem
)
def test_the_pictures_of_a_sample_keep_the_rules(file: Path) -> None:
    """A demo that begins with IMAGE_REJECTED is none."""
    holder = holder_of(file)
    photo = normalise_photo(base64.b64decode(holder["photo"], validate=True), pointer="/holder/photo")

    assert is_on_white(photo)
    normalise_signature(base64.b64decode(holder["signature"], validate=True), pointer="/holder/signature")
