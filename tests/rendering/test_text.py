"""What a reader extracts is what was written: names are compared by machines."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pypdfium2
import pytest

from certsvc.page.compose import Subject, expected_texts
from tests.page.sample import ROOT, TEN, a_page, a_subject
from tests.rendering.test_pdf import rendered

RARE: str = json.loads((ROOT / "tests" / "vectors.json").read_text("utf-8"))["rare_chars"]
SUBJECTS = {
    "every rare character": a_subject(name=RARE, employer=f"{RARE[::-1]}有限公司"),
    "beyond the first plane in the other font": a_subject(name="𠀀𪜀𫝀𬺰", purpose="𠀁𠀂𠀃A𠀄"),
    "minority name": a_subject(name="买买提·艾力"),
    "mark-up": a_subject(purpose="</para><b>&amp;'\";--%00 ${7*7} \\x41 (a) [b] <<c>> %PDF"),
    "hyphens where lines end": a_subject(purpose="SD-2026-" * 25),
    "an address": a_subject(purpose=("https://example.org/a-b/c_d?e=f&g=" * 6)[:200]),
    "words": a_subject(purpose="The quick brown fox jumps over the lazy dog " * 4),
    "everything long": a_subject(
        name="买买提·艾力𬭎𫖯䶮𠅤" * 4,
        employer="示例建设工程" * 16,
        specialties=TEN,
        purpose="用于投标，" * 40,
    ),
    "many different characters": a_subject(
        employer="".join(map(chr, range(0x5E00, 0x5E00 + 100))),
        purpose="".join(map(chr, range(0x5200, 0x5200 + 200))),
    ),
}


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _pdfium(content: bytes, _: Path) -> str:
    with pypdfium2.PdfDocument(content) as document:
        return str(document[0].get_textpage().get_text_range())


def _pdftotext(content: bytes, folder: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed here")
    (folder / "page.pdf").write_bytes(content)
    done = subprocess.run(["pdftotext", str(folder / "page.pdf"), "-"], capture_output=True, check=True)
    return done.stdout.decode("utf-8")


@pytest.mark.parametrize("extract", [_pdfium, _pdftotext])
@pytest.mark.parametrize("case", SUBJECTS)
def test_every_field_extracts_exactly(case: str, extract: object, tmp_path: Path) -> None:
    """A wrong ToUnicode looks right on paper and makes another person of the holder."""
    assert callable(extract)
    subject: Subject = SUBJECTS[case]

    text = str(extract(rendered(subject), tmp_path))

    for field, expected in expected_texts(a_page(subject)).items():
        assert _squeezed(expected) in _squeezed(text), field


@pytest.mark.parametrize("extract", [_pdfium, _pdftotext])
def test_one_line_values_extract_without_a_space_inside(extract: object, tmp_path: Path) -> None:
    """A space inside a number or a date breaks every program that reads it."""
    assert callable(extract)
    subject = a_subject(name="买买提·艾力𪜀𬭎", specialties=TEN)

    text = str(extract(rendered(subject), tmp_path))

    for field, expected in expected_texts(a_page(subject)).items():
        assert expected in text, field
    assert "一级建造师电子注册证书" in text


def test_watermarks_add_nothing_to_the_text(tmp_path: Path) -> None:
    """They are outlines: a specimen extracts as the same text as the real thing."""
    specimen, real = (_pdfium(rendered(a_subject(specimen=flag)), tmp_path) for flag in (True, False))

    assert specimen == real
    assert "SPECIMEN" not in specimen
