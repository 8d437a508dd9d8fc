"""Every fault planted in a certificate type is found, by file, key and mm; the shipped types have none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from certsvc.page.certificate_type import load_certificate_type
from certsvc.page.flaws import Flaw, read_folder
from certsvc.page.proof import Symbols, find_flaws
from certsvc.page.proof_texts import contrast
from certsvc.page.states import all_states, long_text
from certsvc.qr.encode import encode, encode_link
from certsvc.qr.payload import offline_link, verify_url
from tests.page.sample import ROOT, sample_fonts

HOST = "https://verify.constructors.example.cn"
TOKEN = "0123456789ABCDEFGHJKMNPQRS"
SYMBOLS = Symbols(
    usual=encode(verify_url(HOST, TOKEN)), offline=encode_link(offline_link(HOST, TOKEN), "1234567890" * 90)
)
SHIPPED = ("constructor-1", "constructor-2")
BOTH = pytest.mark.parametrize("name", SHIPPED)


def flaws_of(folder: Path) -> list[Flaw]:
    """Look at a folder as the command does."""
    kind, flaws = read_folder(folder)
    return [*flaws, *(find_flaws(kind, sample_fonts(), SYMBOLS) if kind is not None else ())]


@pytest.fixture(params=SHIPPED)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Copy one of the shipped types."""
    copy = tmp_path / request.param
    shutil.copytree(ROOT / "templates" / request.param, copy)
    yield copy


def change(path: Path, table: str, key: str, value: str | None) -> None:
    """Set *key* under the line *table* of a TOML file, or take it away; the key must be there."""
    lines = path.read_text("utf-8").splitlines()
    start = lines.index(table) if table else -1
    found = next(place for place in range(start + 1, len(lines)) if lines[place].startswith(f"{key} = "))
    assert not table or not any(line.startswith("[") for line in lines[start + 1 : found])
    lines[found : found + 1] = [] if value is None else [f"{key} = {value}"]
    path.write_text("\n".join(lines), "utf-8")


@BOTH
def test_what_is_shipped_has_no_flaw(name: str) -> None:
    """Neither with nor without the second symbol, with the longest values a request may bring."""
    assert flaws_of(ROOT / "templates" / name) == []


PLANTED = [
    # file, table, key, value, key that must be named, least and most millimetres
    ("policy.toml", "", "usage_days", "0", "usage_days", None),
    ("policy.toml", "", "title", None, "title", None),
    ("policy.toml", "", "warn_below_days", "90", "warn_below_days", None),
    ("policy.toml", "", "registration_number_pattern", "'^A$'", "sample.registration_number", None),
    ("policy.toml", "", "registration_number_pattern", "'('", "registration_number_pattern", None),
    ("policy.toml", "[[specialties]]", "name", '"隧道工程"', "sample.specialties", None),
    ("policy.toml", "", "title", '"建造师电子注册证书\U00020000\U0003ffff"', "title", None),
    (
        "policy.toml",
        "",
        "title",
        '"一级注册建造师电子注册证书与资格证书合订本以及各项附页与说明文件"',
        "title",
        (1, 60),
    ),
    ("wording.toml", "", "name", None, "name", None),
    ("wording.toml", "", "name", "3", "name", None),
    ("wording.toml", "", "caption", '"扫码\ue000核验"', "caption", None),
    (
        "wording.toml",
        "",
        "caption",
        '"请用手机扫描左侧的二维码即可核验本证书，一切内容均以登记信息为准"',
        "caption",
        (0.1, 60),
    ),
    ("wording.toml", "", "day", '"{jahr}"', "", None),
    ("wording.toml", "", "hand_signature", '"持证人本人手写签名处"', "hand_label", (1, 12)),
    ("layout.toml", "", "width_mm", "200", "width_mm", (10, 10)),
    ("layout.toml", "", "height_mm", None, "height_mm", None),
    ("layout.toml", "[title]", "x_mm", "8", "title", (5, 9)),
    ("layout.toml", "[title]", "width_mm", "40", "title", (2, 60)),
    ("layout.toml", "[title]", "y_mm", "66", "title", (0.1, 11)),
    ("layout.toml", "[use_window]", "y_mm", "12", "use_window", (1, 9)),
    ("layout.toml", "[use_window]", "width_mm", "20", "use_window", (1, 60)),
    ("layout.toml", "[issuer]", "width_mm", "30", "issuer", (1, 60)),
    ("layout.toml", "[issued_on]", "x_mm", "150", "issued_on", (10, 20)),
    ("layout.toml", "[licence_id]", "y_mm", "290", "licence_id", (5, 12)),
    ("layout.toml", "[symbol]", "size_mm", "18", "symbol.size_mm", (2.5, 2.5)),
    ("layout.toml", "[symbol]", "module_mm", "0.4", "symbol.module_mm", (0.1, 0.1)),
    ("layout.toml", "[symbol]", "least_module_mm", "0.25", "symbol.least_module_mm", (0.25, 0.25)),
    ("layout.toml", "[symbol]", "quiet_modules", "2", "symbol.quiet_modules", None),
    ("layout.toml", "[symbol]", "x_mm", "45", "symbol", (1, 20)),
    ("layout.toml", "[symbol]", "y_mm", "262", "symbol", (5, 15)),
    ("layout.toml", "[offline.symbol]", "size_mm", "40", "offline.symbol.size_mm", (4.5, 4.5)),
    ("layout.toml", "[offline.symbol]", "x_mm", "50", "offline.symbol", (5, 14)),
    ("layout.toml", "[offline.caption]", "y_mm", "230", "offline.caption", (2, 4)),
    ("layout.toml", "[stamp]", "diameter_mm", "80", "stamp", (1, 40)),
    ("layout.toml", "[stamp]", "x_mm", "60", "stamp", (1, 20)),
    ("layout.toml", "[signature]", "width_mm", "60", "signature", (1, 12)),
    ("layout.toml", "[flow]", "bottom_mm", "150", "flow.bottom_mm", (5, 90)),
    ("layout.toml", "[flow]", "top_mm", "52", "flow.name", (0.1, 6)),
    ("layout.toml", "[flow.photo]", "x_mm", "90", "flow.photo", (1, 20)),
    ("layout.toml", "[flow.row]", "most_mm", "2", "flow.row", None),
    ("layout.toml", "[flow.name]", "width_mm", "30", "flow.name", (10, 40)),
    ("layout.toml", "[flow.value]", "width_mm", "10", "flow.value", (1, 40)),
    ("layout.toml", "[flow.specialty]", "width_mm", "5", "flow.specialty", (1, 40)),
    ("layout.toml", "[flow.period]", "width_mm", "20", "flow.period", (1, 40)),
    ("layout.toml", "[flow.period_label]", "x_mm", "70", "flow.specialty", (0.1, 10)),
    ("layout.toml", "[styles.value]", "colour", '"#B0B0B0"', "styles.value.colour", None),
    ("layout.toml", "[styles.value]", "colour", '"grey"', "styles.value.colour", None),
    ("layout.toml", "[specimen]", "colour", '"#806060"', "specimen.colour", None),
    ("layout.toml", "[styles.small]", "min_pt", "9.5", "styles.small", None),
]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: f"{one[1]}{one[2]}={one[3]}")
def test_planted_flaw_is_found(
    folder: Path, planted: tuple[str, str, str, str | None, str, tuple[float, float] | None]
) -> None:
    """Whoever edits one key is told which, and by how much."""
    file, table, key, value, named, within = planted
    change(folder / file, table, key, value)

    flaws = flaws_of(folder)

    told = [flaw for flaw in flaws if named in {flaw.key, flaw.key.removeprefix("offline.instead.")}]
    told += [flaw for flaw in flaws if f"overlaps {named}:" in flaw.says or flaw.says == f"covers {named}"]
    assert told, [str(flaw) for flaw in flaws]
    if within is not None:
        lengths = [flaw.mm for flaw in told if flaw.mm is not None]
        assert any(within[0] - 0.02 <= one <= within[1] + 0.02 for one in lengths), lengths


@pytest.mark.parametrize(("side", "wrong"), [("width_mm", 20), ("height_mm", 296)])
def test_a_page_that_is_not_a4_is_told_in_millimetres(folder: Path, side: str, wrong: int) -> None:
    """A page smaller than its own border cannot even be drawn."""
    layout = folder / "layout.toml"
    text = layout.read_text("utf-8")
    whole = {"width_mm": 210, "height_mm": 297}[side]
    layout.write_text(text.replace(f"{side} = {whole}", f"{side} = {wrong}", 1), "utf-8")

    flaws = flaws_of(folder)

    assert [(flaw.file, flaw.key, flaw.mm) for flaw in flaws] == [("layout.toml", side, whole - wrong)]


def test_all_flaws_are_told_at_once(folder: Path) -> None:
    """Three files, five mistakes, one look."""
    change(folder / "policy.toml", "", "usage_days", "0")
    change(folder / "policy.toml", "", "age_limit", None)
    change(folder / "layout.toml", "[title]", "x_mm", '"left"')
    change(folder / "wording.toml", "", "caption", None)
    (folder / "art.toml").write_text("outlines = []\n", "utf-8")

    assert [(flaw.file, flaw.key) for flaw in flaws_of(folder)] == [
        ("policy.toml", "usage_days"),
        ("policy.toml", "age_limit"),
        ("layout.toml", "title.x_mm"),
        ("wording.toml", "caption"),
        ("art.toml", "outlines"),
    ]


@pytest.mark.parametrize("file", ["policy.toml", "layout.toml", "wording.toml"])
def test_a_file_that_is_missing_or_no_toml_is_named(folder: Path, file: str) -> None:
    """The others are read all the same."""
    (folder / file).write_text("= 3", "utf-8")
    assert [(flaw.file, flaw.key) for flaw in flaws_of(folder)] == [(file, "")]
    (folder / file).unlink()
    assert [(flaw.file, flaw.key) for flaw in flaws_of(folder)] == [(file, "")]


@pytest.mark.parametrize(
    ("d", "says"),
    [
        ("", "draws nothing"),
        ("L 1 1", "M comes first"),
        ("M 1", "without its 2 numbers"),
        ("M 1 1 L 2 z", "without its 2 numbers"),
        ("M 1 1 H 3", "step 2 is H"),
        ("M 1 1 C 1 2 3 4 5", "without its 6 numbers"),
        ("M 1 1 &", "step 2 is &"),
    ],
)
def test_art_that_cannot_be_read_is_named(folder: Path, d: str, says: str) -> None:
    """Only plain steps in millimetres: anything else would be drawn otherwise than it was meant."""
    (folder / "art.toml").write_text(f'[[outlines]]\nd = "{d}"\nstroke = "#112233"\n', "utf-8")

    (flaw,) = flaws_of(folder)

    assert (flaw.file, flaw.key) == ("art.toml", "outlines.0")
    assert says in flaw.says


def test_art_that_nobody_would_see_is_refused(folder: Path) -> None:
    """It is a colour that was forgotten."""
    (folder / "art.toml").write_text('[[outlines]]\nd = "M 1 1 L 2 2"\n', "utf-8")

    assert "neither stroke nor fill" in flaws_of(folder)[0].says


def test_a_wrong_key_of_the_page_with_the_second_symbol_is_named(folder: Path) -> None:
    """Its keys are those of the other page, under another name."""
    layout = folder / "layout.toml"
    text = layout.read_text("utf-8")
    layout.write_text(
        text.replace("flow = { bottom_mm = 187 }", "flow = { bottom_mm = 187, foo = 1 }"), "utf-8"
    )
    assert [flaw.key for flaw in flaws_of(folder)] == ["offline.instead.flow.foo"]

    layout.write_text(text.replace("issuer = { y_mm = 220.5 }", "issuer = { y_mm = 206 }"), "utf-8")
    told = flaws_of(folder)
    assert told and all(flaw.key.startswith("offline.instead.") for flaw in told)
    assert any("issuer" in str(flaw) and flaw.mm for flaw in told)


def test_states_show_every_kind_of_copy() -> None:
    """What was never drawn was never looked at."""
    kind = load_certificate_type(ROOT / "templates" / "constructor-2")

    states = {state.name: state.subject for state in all_states(kind, SYMBOLS.usual, SYMBOLS.offline)}

    assert len(states) == 11
    assert not states["unmarked"].specimen and states["original"].copy.grant is None
    assert len(states["one-specialty"].specialties) == 1
    assert [one.name for one in states["all-specialties"].specialties] == list(kind.policy.specialty_names)
    face = states["longest"].version.face
    assert (len(face.name), len(face.employer.name), len(states["longest"].copy.purpose or "")) == (
        50,
        100,
        120,
    )
    assert "·" in states["dotted-name"].version.face.name
    assert states["longest-offline"].offline is not None and len(long_text(7)) == 7


def test_contrast_is_the_one_of_the_standard() -> None:
    """Black on white is 21, and grey 767676 the lightest that passes. Source: WCAG 2.2."""
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)
    assert contrast("#FFFFFF", "#777777") == pytest.approx(4.48, abs=0.01)
