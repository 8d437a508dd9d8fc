"""docs/certificate-types.md, followed to the letter; and what the two commands say of broken folders."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.page.sample import ROOT
from tests.page.test_flaws import flaws_of

PAGE = (ROOT / "docs" / "certificate-types.md").read_text("utf-8")
STATES = [
    *("original", "endorsement", "offline", "unmarked", "one-specialty", "all-specialties"),
    *("rare-name", "dotted-name", "longest", "longest-original", "longest-offline"),
]


def _edit(folder: Path, block: str) -> None:
    """Do what a TOML block of the page asks: each line replaces the one of its key, in its table."""
    first, *lines = block.splitlines()
    path = folder / first.removeprefix("# ")
    kept = path.read_text("utf-8").splitlines()
    if "[[specialties]]" in lines:
        kept = [*kept[: kept.index("[[specialties]]")], *lines[lines.index("[[specialties]]") :]]
        lines = lines[: lines.index("[[specialties]]")]
    table = 0
    for line in filter(None, lines):
        if line.startswith("["):
            table = kept.index(line)
            continue
        key = line.split(" = ")[0]
        place = next(at for at in range(table, len(kept)) if kept[at].startswith(f"{key} = "))
        kept[place] = line
    path.write_text("\n".join(kept) + "\n", "utf-8")


def _carried_out(command: str, run: Run, places: dict[str, str]) -> str:
    """Do what a line of the page asks; our own commands in this process, which is quicker."""
    if not command.startswith("certsvc "):
        subprocess.run(["bash", "-euc", command], check=True, timeout=30)
        return ""
    words = [sorted(map(str, Path().glob(word))) if "*" in word else [word] for word in shlex.split(command)]
    return run(*[word for some in words for word in some][1:], settings=places).stdout


def test_a_type_is_added_as_the_page_says(
    run: Run, tmp_path: Path, font_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folder, words, check, drafts, a certificate: no line of Python."""
    tree = tmp_path / "tree"
    for name in ("constructor-1", "constructor-2"):
        shutil.copytree(ROOT / "templates" / name, tree / "templates" / name)
    for name in ("fonts", "web"):
        (tree / "templates" / name).symlink_to(ROOT / "templates" / name)
    for name in ("samples", "keys"):
        (tree / name).symlink_to(ROOT / name)
    (tree / "var").mkdir()
    (tree / "var" / "cache").symlink_to(font_cache)
    monkeypatch.chdir(tree)
    places = {"CERTSVC_TEMPLATES_DIR": str(tree / "templates"), "CERTSVC_DATA_DIR": str(tree / "var")}
    said = ""

    for language, block in re.findall(r"^```(sh|toml)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL):
        if language == "toml":
            _edit(tree / "templates" / "cost-engineer-1", block)
            continue
        for command in block.replace("\\\n", "").splitlines():
            said += _carried_out(command, run, places)

    assert "一级造价工程师电子注册证书" in said
    assert said.count("VALID") >= 2 and "INVALID" not in said
    layout = tree / "templates" / "cost-engineer-1" / "layout.toml"
    layout.write_text(
        layout.read_text("utf-8").replace("y_mm = 46\nwidth_mm = 162", "y_mm = 46\nwidth_mm = 60")
    )
    (line,) = re.findall(r"^```text\n(.*?)\n```", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert [str(flaw) for flaw in flaws_of(layout.parent)] == [line]
    drafts = {path.name for path in (tree / "drafts").iterdir()}
    faces = {f"cost-engineer-1-{state}.{form}" for state in STATES for form in ("pdf", "png")}
    assert drafts == faces | {"index.html"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the second certificate type."""
    copy = tmp_path / "constructor-2"
    shutil.copytree(ROOT / "templates" / "constructor-2", copy)
    return copy


def _change(folder: Path, old: str, new: str) -> None:
    layout = folder / "layout.toml"
    text = layout.read_text("utf-8")
    assert old in text
    layout.write_text(text.replace(old, new, 1), "utf-8")


def test_check_names_file_key_and_millimetres(run: Run, folder: Path) -> None:
    """And ends with 1, so that a script stops."""
    _change(folder, "y_mm = 46\nwidth_mm = 162", "y_mm = 46\nwidth_mm = 60")

    said = run("template", "check", folder, code=1)
    told = json.loads(run("template", "check", folder, "--json", code=1).stdout)

    assert re.search(
        r"^layout\.toml title: too narrow .* \[[0-9]+\.[0-9]{2} mm\]$", said.stderr, re.MULTILINE
    )
    assert said.stderr.endswith("\n1 flaw\n")
    assert told["certificate_type"] == "constructor-2"
    assert [(flaw["file"], flaw["key"]) for flaw in told["flaws"]] == [("layout.toml", "title")]
    assert told["flaws"][0]["mm"] > 5


def test_check_of_a_folder_that_cannot_be_read(run: Run, folder: Path) -> None:
    """What can be told of it is told, without facts."""
    _change(folder, "width_mm = 210", "width_mm = wide")

    told = json.loads(run("template", "check", folder, "--json", code=1).stdout)

    assert told.keys() == {"flaws"}
    assert told["flaws"][0]["file"] == "layout.toml"
    assert "layout.toml" in run("template", "preview", folder, code=1).stderr
    assert "TEMPLATE" in run("template", "check", folder.parent, code=3).stderr


def test_preview_draws_every_state_and_a_page_of_them(run: Run, tmp_path: Path) -> None:
    """By default under the data folder; the drafts say what they are."""
    told = json.loads(
        run("template", "preview", ROOT / "templates" / "constructor-2", "--json").stdout,
    )

    out = Path(told["folder"])
    assert out == tmp_path / "var" / "previews" / "constructor-2"
    assert [face["state"] for face in told["faces"]] == STATES
    for face in told["faces"]:
        assert (out / face["pdf"]).read_bytes().startswith(b"%PDF-")
        assert (out / face["png"]).stat().st_size > 10_000
    page = (out / "index.html").read_text("utf-8")
    assert all(face["png"] in page for face in told["faces"])
    assert "二级建造师电子注册证书" in page and "样本" in page and "font/woff" in page


def test_preview_of_a_flawed_type_shows_what_can_be_shown(run: Run, folder: Path) -> None:
    """Somebody who moves things about looks at them while they are still wrong."""
    _change(folder, "y_mm = 46\nwidth_mm = 162", "y_mm = 66\nwidth_mm = 162")

    done = run("template", "preview", folder, "--out", folder.parent / "drafts", code=1)

    assert "overlaps" in done.stderr
    page = (folder.parent / "drafts" / "index.html").read_text("utf-8")
    assert "overlaps" in page and "constructor-2-original.png" in page
