"""``verify --offline``: a bundle and a clock, and the four ways a command may end."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from click.testing import CliRunner
from PIL import Image

from certsvc.cli.program import program
from certsvc.rendering.png import preview
from tests.cli.conftest import Run
from tests.offline import PUBLIC_URL, templates_with_codes
from tests.world import JSON, NUMBER

NOWHERE = {"CERTSVC_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "CERTSVC_KEYS_DIR": "/nowhere"}
"""Settings under which everything that asks for the register or a key fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What somebody without a connection was handed."""

    pdf: Path
    bundle: Path
    trust_key: str


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, cli_keys: Path, font_cache: Path, initial_body: JSON
) -> Place:
    """Issue one endorsed copy with both symbols, and write the bundle."""
    folder = tmp_path_factory.mktemp("offline-cli")
    (folder / "var").mkdir()
    (folder / "var" / "cache").symlink_to(font_cache)
    event = folder / "initial.json"
    event.write_text(json.dumps(initial_body, ensure_ascii=False), encoding="utf-8")
    env = {
        "CERTSVC_DATA_DIR": str(folder / "var"),
        "CERTSVC_KEYS_DIR": str(cli_keys),
        "CERTSVC_TEMPLATES_DIR": str(templates_with_codes(folder / "with-codes")),
        "CERTSVC_PUBLIC_URL": PUBLIC_URL,
    }
    bundle = folder / "bundle.json"
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for arguments in (
        ["init", "--dev"],
        ["record", str(event)],
        ["endorse", NUMBER, "--purpose", "投标使用", "--out", str(folder)],
        ["trust", "bundle", "--out", str(bundle)],
    ):
        result = CliRunner().invoke(program, arguments, env=env)
        assert result.exit_code == 0, result.output
    shown = CliRunner().invoke(program, ["trust", "show", str(bundle), "--json"], env=env)
    root.handlers[:] = handlers
    root.setLevel(level)
    (pdf,) = folder.glob("*.pdf")
    return Place(pdf=pdf, bundle=bundle, trust_key=json.loads(shown.stdout)["trust_key"])


def code_of(pdf: Path) -> str:
    """Read the offline code printed on a PDF."""
    found = zxingcpp.read_barcodes(Image.open(BytesIO(preview(pdf.read_bytes(), 200))))
    return next(one.text for one in found if "#" in one.text)


def test_offline_needs_a_bundle_and_nothing_else(run: Run, place: Place, tmp_path: Path) -> None:
    """PDF, OFD, a picture and the text: each is answered with the register and the keys away."""
    pdf, bundle = place.pdf, place.bundle
    text = code_of(pdf)
    picture = tmp_path / "page.png"
    picture.write_bytes(preview(pdf.read_bytes(), 200))
    inputs = (pdf, pdf.with_suffix(".ofd"), picture, "--qr", text)

    answer = json.loads(
        run("verify", "--offline", "--trust", bundle, *inputs, "--json", settings=NOWHERE).stdout
    )

    reports: list[JSON] = answer["reports"]
    assert [one["kind"] for one in reports] == ["pdf", "ofd", "photo", "qr"]
    assert {one["status"] for one in reports} == {"VALID"}
    assert [one["subject"] for one in reports] == ["file", "file", "record", "record"]
    for one in reports:
        assert one["offline"]["list_issued_at"]
        assert one["certificate"]["registration_number"] == NUMBER
        assert one["endorsement"]["purpose"] == "投标使用"


def test_it_says_the_lists_date_and_asks_to_compare(run: Run, place: Place) -> None:
    """People read the first lines: a record is not called valid, and how old the answer is stands there."""
    pdf, bundle = place.pdf, place.bundle

    said = run("verify", "--offline", "--trust", bundle, "--qr", code_of(pdf), settings=NOWHERE).stdout

    assert "登记有效，请与纸面逐项核对" in said.splitlines()[1]
    assert "status list of" in said
    assert "STATUS_AS_OF_LIST" in said
    assert "COMPARE_FACE" in said


def test_the_worst_input_decides_how_it_ends(run: Run, place: Place, tmp_path: Path) -> None:
    """0 valid, 1 refused, 3 cannot tell; 1 wins over 3."""
    pdf, bundle = place.pdf, place.bundle
    altered = tmp_path / "altered.pdf"
    altered.write_bytes(pdf.read_bytes() + b"%")
    offline = ("verify", "--offline", "--trust", bundle)
    other = f"{PUBLIC_URL}/v/{'0' * 26}"

    run(*offline, pdf, code=0)
    run(*offline, "--qr", other, code=3)
    run(*offline, pdf, altered, code=1)
    run(*offline, "--qr", other, altered, code=1)
    run(*offline, pdf, "--specialty", "铁路工程", code=1)
    run(*offline, "--qr", code_of(pdf).replace("example.org", "example.net"), code=1)


def test_the_trust_key_can_be_named(run: Run, place: Place, tmp_path: Path) -> None:
    """Who wrote the fingerprint down needs not trust the way the bundle came."""
    pdf, bundle, named = place.pdf, place.bundle, place.trust_key
    broken = tmp_path / "broken.json"
    broken.write_bytes(bundle.read_bytes()[:-40])

    run("verify", "--offline", "--trust", bundle, "--trust-key", named, pdf, code=0)
    run("verify", "--offline", "--trust", bundle, "--trust-key", "0" * 64, pdf, code=3)
    run("verify", "--offline", "--trust", broken, pdf, code=3)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--offline", "PDF"),
        ("--offline", "--trust", "BUNDLE"),
        ("--trust", "BUNDLE", "PDF"),
        ("--trust-key", "0" * 64, "PDF"),
        ("--offline", "--trust", "BUNDLE", "--code", "0123456789AB"),
        ("--offline", "--trust", "BUNDLE", "--sha256", "0" * 64, "PDF"),
        ("--offline", "--trust", "BUNDLE", "--as-of", "2026-11-20T09:30:00+08:00", "PDF"),
        ("--offline", "--trust", "/nowhere/bundle.json", "PDF"),
    ],
)
def test_what_offline_cannot_do_is_a_usage_error(
    run: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """A look-up silently left out would be taken for an answer."""
    for name in ("PDF", "BUNDLE"):
        (tmp_path / name).write_bytes(b"{}")

    run("verify", *arguments, code=2)
