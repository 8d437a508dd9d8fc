"""``photo check`` and ``photo fix``: exits, tables and files as somebody at a terminal meets them."""

from __future__ import annotations

import json
from pathlib import Path

from certsvc.photo import normalise_photo, normalise_signature
from tests.cli.conftest import Run
from tests.images import a_photo, a_signature, drawn_signature, file_of
from tests.portraits import Taken, as_file, portrait


def written(folder: Path, name: str, content: bytes) -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(content)
    return path


def test_check_ends_as_the_contract_says(run: Run, tmp_path: Path) -> None:
    """0 passes or advice alone, 1 refused, 3 cannot tell; several files: 1 wins over 3, and 3 over 0."""
    good = written(tmp_path, "good.jpg", as_file(portrait(Taken())))
    advice = written(tmp_path, "advice.jpg", as_file(portrait(Taken(ground=(60, 110, 200)))))
    refused = written(tmp_path, "refused.jpg", as_file(portrait(Taken(size=(200, 280)))))
    untold = written(tmp_path, "untold.jpg", as_file(portrait(Taken(busy=True))))

    assert json.loads(run("photo", "check", good, "--json").stdout)["conclusion"] == "passed"
    assert json.loads(run("photo", "check", advice, "--json").stdout)["conclusion"] == "advice"
    run("photo", "check", refused, code=1)
    run("photo", "check", untold, code=3)
    run("photo", "check", good, untold, code=3)
    answer = run("photo", "check", good, untold, refused, "--json", code=1)
    assert [one["accepted"] for one in json.loads(answer.stdout)["reports"]] == [True, True, False]


def test_check_tells_people_in_both_languages(run: Run, tmp_path: Path) -> None:
    """Each rule with what was measured, then what to do."""
    bad = written(tmp_path, "bad.jpg", as_file(portrait(Taken(size=(200, 280)))))
    shown = run("photo", "check", bad, code=1).stdout

    assert "不符合要求" in shown and "It would be refused" in shown
    assert "像素 Pixels" in shown and "200×280 px" in shown
    assert "nothing is enlarged" in shown


def test_fix_writes_what_the_register_takes(run: Run, tmp_path: Path) -> None:
    """A phone's picture; what was done is told."""
    phone = written(tmp_path, "phone.jpg", as_file(portrait(Taken(size=(1500, 2000)))))
    out = tmp_path / "out" / "fixed.jpg"
    shown = run("photo", "fix", phone, "--out", out).stdout

    assert "裁剪 cropped" in shown
    normalise_photo(out.read_bytes(), pointer="")
    run("photo", "check", out)
    assert "nothing had to be changed" in run("photo", "fix", out, "--out", tmp_path / "again.jpg").stdout
    assert (tmp_path / "again.jpg").read_bytes() == out.read_bytes()


def test_fix_writes_nothing_that_would_be_refused(run: Run, tmp_path: Path) -> None:
    """No file is better than one that comes back."""
    small = written(tmp_path, "small.jpg", as_file(portrait(Taken(size=(200, 280)))))
    out = tmp_path / "fixed.jpg"
    facts = json.loads(run("photo", "fix", small, "--out", out, "--json", code=1).stdout)

    assert (facts["fixed"], facts["changes"]) == (False, [])
    assert not out.exists()


def test_signature(run: Run, tmp_path: Path) -> None:
    """The other kind of picture."""
    png = written(tmp_path, "s.png", a_signature())
    jpeg = written(tmp_path, "s.jpg", file_of(drawn_signature(), "JPEG"))
    out = tmp_path / "fixed.png"

    run("photo", "check", png, "--signature")
    run("photo", "check", jpeg, "--signature", code=1)
    run("photo", "fix", jpeg, "--signature", "--out", out)
    normalise_signature(out.read_bytes(), pointer="")
    assert run("photo", "check", written(tmp_path, "p.jpg", a_photo()), "--signature", code=1).stdout
