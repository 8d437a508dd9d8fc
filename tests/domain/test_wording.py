"""Every code has its sentence; the official ones are exact to the byte."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

import certsvc
from certsvc.domain.certificate import Face, changed_fields
from certsvc.domain.events import Employer, Sex
from certsvc.domain.report import Check, Status
from certsvc.domain.texts_errors import ERRORS, OFFICIAL_GLOSS
from certsvc.domain.texts_fields import CHECKS, FIELDS
from certsvc.domain.texts_findings import FINDINGS
from certsvc.domain.wording import (
    OFFICIAL,
    Text,
    check_text,
    day_text,
    error_text,
    field_text,
    finding_text,
    status_advice,
    status_text,
)
from certsvc.errors import CertsvcError
from tests import vectors
from tests.factories import OTHER_NUMBER, a_version

SENTENCES = {
    **{f"error {code}": text for code, text in ERRORS.items()},
    **{f"finding {code}": text for code, text in FINDINGS.items()},
    **{f"advice {status}": status_advice(status) for status in Status},
    "record advice": status_advice(Status.VALID, "record"),
    "altered code advice": status_advice(Status.ALTERED, "record"),
}
LABELS = {
    **{f"field {name}": text for name, text in FIELDS.items()},
    **{f"check {name}": text for name, text in CHECKS.items()},
    **{f"status {status}": status_text(status) for status in Status},
}


def _codes(kind: type[CertsvcError]) -> Iterator[str]:
    yield kind.code
    for child in kind.__subclasses__():
        yield from _codes(child)


def test_official_sentences_are_exact_to_the_byte() -> None:
    """Holders search for these very sentences."""
    assert {code: sentence.encode() for code, sentence in OFFICIAL.items()} == {
        code: sentence.encode() for code, sentence in vectors.mapping("messages").items()
    }


def test_official_sentences_keep_their_own_punctuation() -> None:
    """Editors like to turn these marks into full-width ones."""
    together = "".join(OFFICIAL.values())
    assert not set("，！“”'\"") & set(together)
    assert together.count("\u2018") == together.count("\u2019") == 1


def test_official_sentences_stand_in_one_module() -> None:
    """A second place would be the one that is changed by mistake."""
    package = Path(certsvc.__file__).parent
    holders = [
        (path.name, code)
        for path in package.rglob("*.py")
        for literal in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for code, sentence in OFFICIAL.items()
        if isinstance(literal, ast.Constant) and isinstance(literal.value, str) and sentence in literal.value
    ]
    assert sorted(holders) == sorted(("wording.py", code) for code in OFFICIAL)


@pytest.mark.parametrize("code", sorted(OFFICIAL))
def test_official_code_answers_the_official_sentence_and_a_gloss(code: str) -> None:
    """The sentence stays Chinese in every language; the gloss explains it."""
    assert error_text(code) == Text(OFFICIAL[code], OFFICIAL_GLOSS[code])
    assert OFFICIAL_GLOSS[code].isascii()


@pytest.mark.parametrize("code", sorted(set(_codes(CertsvcError))))
def test_every_error_has_its_sentence(code: str) -> None:
    """An error without words would reach a caller as a bare code."""
    assert error_text(code).zh


def test_ours_and_official_never_overlap() -> None:
    """Two sentences for one code would depend on who asks."""
    assert not set(ERRORS) & set(OFFICIAL)
    assert set(OFFICIAL_GLOSS) == set(OFFICIAL)


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_sentences_are_whole_and_kind(name: str) -> None:
    """Both languages, a full stop each, no shouting and no word that accuses."""
    text = SENTENCES[name]
    assert text.zh.endswith("。")
    assert text.en.endswith(".")
    assert text.en[0].isupper()
    assert "!" not in text.zh + text.en
    assert "！" not in text.zh
    for accusing in ("伪造", "假证", "非法", "造假"):
        assert accusing not in text.zh
    for accusing in ("forge", "fake", "fraud", "illegal", "genuine"):
        assert accusing not in text.en.lower()


@pytest.mark.parametrize("name", sorted(LABELS))
def test_labels_carry_no_full_stop(name: str) -> None:
    """They stand in headings and tables."""
    text = LABELS[name]
    assert text.zh
    assert text.en
    assert not text.zh.endswith("。")
    assert not text.en.endswith(".")


def test_only_a_whole_file_is_called_valid() -> None:
    """A record in force says nothing about the paper in hand."""
    assert status_text(Status.VALID) == Text("有效", "Valid")
    record = status_text(Status.VALID, "record")
    assert record.zh == "登记有效，请与纸面逐项核对"
    assert "valid" not in record.en.lower()
    assert status_advice(Status.VALID, "record") != status_advice(Status.VALID)
    assert "文件" not in status_text(Status.ALTERED, "record").zh
    assert "文件" not in status_advice(Status.ALTERED, "record").zh


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.VALID, Status.ALTERED}))
def test_other_headings_do_not_depend_on_the_subject(status: Status) -> None:
    """VALID means two things, and of an altered code nobody says that a file was changed."""
    assert status_text(status, "record") == status_text(status)
    assert status_advice(status, "record") == status_advice(status)


def test_unknown_is_headed_by_the_official_sentence() -> None:
    """The page of an unknown token must carry it."""
    assert status_text(Status.UNKNOWN).zh == OFFICIAL["NOT_FOUND"]


def test_headings_tell_statuses_apart() -> None:
    """Never by colour alone."""
    assert len({status_text(status).zh for status in Status}) == len(Status)
    assert len({status_text(status).en for status in Status}) == len(Status)


def test_every_field_that_may_change_has_a_name() -> None:
    """A superseded copy is explained by the names of its changed fields."""
    before = a_version().face
    after = Face(
        certificate_type="other",
        registration_number=OTHER_NUMBER,
        name="李示例",
        sex=Sex.FEMALE,
        birth_date=date(1990, 1, 2),
        employer=Employer(name="另一示例企业", uscc="91990000TEXT00017N"),
        specialties=(),
        qualification_number=None,
        photo_sha256=None,
        signature_sha256=None,
    )
    changed = changed_fields(before, after)
    assert len(changed) >= len(fields(Face)) - 1
    for name in changed:
        assert field_text(name).zh


def test_every_finding_written_down_has_its_sentence() -> None:
    """A report must not fail for want of words."""
    package = Path(certsvc.__file__).parent
    calls = [
        call
        for path in package.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Finding"
    ]
    codes = {
        keyword.value.value
        for call in calls
        for keyword in call.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
    }
    assert "COMPARE_FACE" in codes
    assert codes <= set(FINDINGS)


@pytest.mark.parametrize("check", list(Check))
def test_every_check_has_a_name(check: Check) -> None:
    """Reports list the checks one by one."""
    assert check_text(check).en


def test_unknown_codes_are_a_mistake_of_ours() -> None:
    """Falling back to a general sentence would hide a missing one."""
    for lookup in (error_text, finding_text, field_text):
        with pytest.raises(KeyError):
            lookup("NO_SUCH_CODE")


def test_days_are_written_without_the_machines_locale() -> None:
    """Month names come from us, leading zeros from nobody."""
    assert day_text(date(2026, 11, 20)) == Text("2026年11月20日", "20 November 2026")
    assert day_text(date(2027, 1, 2)) == Text("2027年1月2日", "2 January 2027")
    assert day_text(date(2027, 12, 31)).en == "31 December 2027"
