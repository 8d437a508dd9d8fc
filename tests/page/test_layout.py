"""Template files: what they may say, and that nothing else passes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from certsvc.errors import TemplateError
from certsvc.page.certificate_type import load_certificate_type
from tests.page.sample import TYPE_FOLDER


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the first certificate type."""
    copy = tmp_path / "constructor-1"
    shutil.copytree(TYPE_FOLDER, copy)
    return copy


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    "file, old, new, named",
    [
        ("layout.toml", "[frame]", "[frame]\nshadow = 1", "frame.shadow"),
        ("layout.toml", "width_mm = 210", "width_mm = 210\nbleed_mm = 3", "bleed_mm"),
        ("layout.toml", "[title]", "[title]\nsize = 3", "title.size"),
        ("layout.toml", "width_mm = 210\n", "", "width_mm"),
        ("layout.toml", "width_mm = 210", "width_mm = -1", "width_mm"),
        ("layout.toml", "width_mm = 210", "width_mm = inf", "width_mm"),
        ("layout.toml", 'rule = "#8E1F24"', 'rule = "red"', "frame.rule"),
        ("layout.toml", 'style = "title"', 'style = "headline"', "headline"),
        ("layout.toml", "min_pt = 16", "min_pt = 60", "min_pt"),
        ("layout.toml", "quiet_modules = 4", "quiet_modules = 3", "symbol.quiet_modules"),
        ("layout.toml", "width_mm = 210", "width_mm = ", "layout.toml"),
        ("wording.toml", 'name = "姓名"', 'name = "姓名"\nnickname = "别名"', "nickname"),
        ("wording.toml", 'name = "姓名"\n', "", "name"),
        ("wording.toml", "{year}年", "{jahr}年", "day"),
    ],
)
def test_a_template_that_says_something_else_is_refused_by_name(
    folder: Path, file: str, old: str, new: str, named: str
) -> None:
    """A misspelt key that is silently ignored prints a wrong certificate."""
    _change(folder / file, old, new)

    with pytest.raises(TemplateError) as caught:
        load_certificate_type(folder)

    assert named in str(caught.value)


@pytest.mark.parametrize("file", ["policy.toml", "layout.toml", "wording.toml"])
def test_a_missing_file_is_refused_by_name(folder: Path, file: str) -> None:
    """An operator must be told which of three files is not there."""
    (folder / file).unlink()

    with pytest.raises(TemplateError) as caught:
        load_certificate_type(folder)

    assert file in str(caught.value)
