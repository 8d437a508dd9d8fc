"""The font chain: every character real, every file the pinned one."""

from __future__ import annotations

import io
import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from certsvc.errors import GlyphMissingError, TemplateError
from certsvc.page.fonts import FontChain
from tests.page.sample import FONT_FOLDER, ROOT, sample_fonts

RARE: str = json.loads((ROOT / "tests" / "vectors.json").read_text("utf-8"))["rare_chars"]
LEVEL_3 = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6D6),
    (0x2A700, 0x2B734),
    (0x2B740, 0x2B81D),
    (0x2B820, 0x2CEA1),
    (0x2CEB0, 0x2EBE0),
)
"""The ranges of GB 18030-2022 level 3, 87,875 characters, without the twelve among the compatibility ones."""


@pytest.mark.parametrize("first, last", LEVEL_3)
def test_every_hanzi_of_level_3_has_a_drawn_glyph(first: int, last: int) -> None:
    """A holder must never be told that a name the national standard knows cannot be printed."""
    sample_fonts().check("".join(map(chr, range(first, last + 1))), pointer="/holder/name")


def test_rare_names_are_set_from_both_fonts() -> None:
    """The split must follow coverage, character by character, and lose none."""
    text = f"买买提·艾力{RARE}𠀀𪜀A"

    runs = list(sample_fonts().split(text))

    assert "".join(run for _, run, _ in runs) == text
    assert {name for name, _, _ in runs} == {"serif", "rare"}
    assert all(left[0] != right[0] for left, right in pairwise(runs))


@pytest.mark.parametrize(
    "text, named",
    [
        ("张\U00030edd", "「\U00030edd」U+30EDD"),
        ("张\u200b三", "U+200B"),
        ("张\xa0三", "U+00A0"),
        ("张\ue000", "U+E000"),
        ("\n", "U+000A"),
        ("\ufffd", "U+FFFD"),
        ("😀", "「😀」U+1F600"),
    ],
)
def test_a_character_without_ink_is_refused_by_name(text: str, named: str) -> None:
    """Boxes, blanks and private glyphs would make two different names look alike."""
    with pytest.raises(GlyphMissingError) as caught:
        sample_fonts().check(text, pointer="/holder/name")

    (fault,) = caught.value.faults
    assert fault.pointer == "/holder/name"
    assert named in fault.zh
    assert named in fault.en


def test_the_bold_falls_back_to_the_regular_weight() -> None:
    """An issuer's name may hold a character the reduced bold lacks."""
    assert [name for name, _, _ in sample_fonts().split("厅䶮", "bold")] == ["serif-bold", "serif"]


def test_woff_faces_hold_exactly_what_was_asked() -> None:
    """A verification page must show 𬭎 and 𪜀 on a phone that has neither."""
    faces = sample_fonts().woff_faces("王𬭎𪜀😀")

    codes = [set(TTFont(io.BytesIO(face)).getBestCmap()) for face in faces]
    assert codes == [{ord("王"), ord("𬭎")}, {ord("𪜀")}]
    assert all(face.startswith(b"wOFF") for face in faces)
    assert faces == sample_fonts().woff_faces("王𬭎𪜀😀")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Make a folder whose only font is the small bold one."""
    folder = tmp_path / "fonts"
    folder.mkdir()
    shutil.copy(FONT_FOLDER / "serif-bold.ttf.xz", folder)
    table = (FONT_FOLDER / "fonts.toml").read_text("utf-8").split("[font.serif-bold]")[1].split("[font.")[0]
    chain = '[chain]\nregular = ["serif-bold"]\nbold = ["serif-bold"]\n'
    (folder / "fonts.toml").write_text(f"{chain}[font.serif-bold]{table}", "utf-8")
    return folder


def test_a_cut_cache_file_is_healed(small: Path, tmp_path: Path) -> None:
    """A crash while the cache was written must not keep the service down."""
    cache = tmp_path / "cache" / "fonts"
    content = FontChain.load(small, cache).fonts["serif-bold"].content
    (cached,) = cache.iterdir()
    assert cached.read_bytes() == content
    cached.write_bytes(content[:1000])

    again = FontChain.load(small, cache).fonts["serif-bold"].content

    assert again == content
    assert cached.read_bytes() == content
    assert [path.name for path in cache.iterdir()] == [cached.name]


def test_a_cache_that_cannot_be_written_does_no_harm(small: Path, tmp_path: Path) -> None:
    """The cache only saves time."""
    (tmp_path / "file").write_bytes(b"")

    assert FontChain.load(small, tmp_path / "file" / "cache").fonts


def test_the_cache_is_used(small: Path, tmp_path: Path) -> None:
    """Unpacking takes a second, reading the cache milliseconds, so no packed file must be needed."""
    FontChain.load(small, tmp_path)
    (small / "serif-bold.ttf.xz").unlink()

    assert FontChain.load(small, tmp_path).fonts


@pytest.mark.parametrize("damage", ["sha256", "cut", "missing", "unknown key", "unknown font", "no table"])
def test_a_wrong_font_is_refused(small: Path, damage: str) -> None:
    """A swapped font could print one name and look like another."""
    table, packed = small / "fonts.toml", small / "serif-bold.ttf.xz"
    text = table.read_text("utf-8")
    if damage == "sha256":
        table.write_text(text.replace('sha256 = "e', 'sha256 = "f'), "utf-8")
        assert table.read_text("utf-8") != text
    elif damage == "cut":
        packed.write_bytes(packed.read_bytes()[:-1000])
    elif damage == "missing":
        packed.unlink()
    elif damage == "unknown key":
        table.write_text(text + "\nhinting = true\n", "utf-8")
    elif damage == "unknown font":
        table.write_text(text.replace('bold = ["serif-bold"]', 'bold = ["sans"]'), "utf-8")
    else:
        table.unlink()

    with pytest.raises(TemplateError):
        FontChain.load(small, None)
