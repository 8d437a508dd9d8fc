"""Naughty strings through every field of a question: a report or a coded refusal, nothing else."""

from __future__ import annotations

import itertools
import unicodedata
from typing import Final

import pytest

from certsvc.domain.report import Verdict
from certsvc.errors import InvalidFieldError
from certsvc.verification.answers import may_show_full, report_body
from certsvc.verification.question import Question, parse_question
from tests.drills import record
from tests.verification.conftest import Issued
from tests.web.test_hostile import NAUGHTY
from tests.world import NUMBER

MORE: Final = [
    "\x7f",
    "\u0000",
    "\u2028\u2029",
    "\ufeff京1112020202200001",
    "京１１１２０２０２０２２００００１",
    "京1112020202200001\n",
    "０" * 26,
    "İ" * 26,
    "ſ" * 12,
    "K" * 12,
    "O0Il" * 3,
    "\U0001d7d8" * 12,
    "http://127.0.0.1:8000/v/" + "\u200b" * 26,
    "HTTP://127.0.0.1:8000/V/" + "0" * 4000,
    "http://127.0.0.1:8000\\@evil.example/v/x",
    "javascript:alert(1)",
    "data:text/html,<script>",
    "//127.0.0.1:8000/v/x",
    "http://[::1]/",
    "http://[",
    "http://%00/",
    "https://xn--/v/",
    "NaN",
    "-1",
    "null",
    "١٢٣",
    "e\u0301" * 40,
    "\u202e\u2066x\u2069",
    "样本甲\u3000",
    "样本甲' --",
]
NAME: Final = "样本甲"
FIELDS: Final = ("qr", "code", "sha256", "token", "number", "name", "specialty")


def test_no_text_in_any_field_raises_or_is_valid(issued: Issued) -> None:
    """Whatever is typed or scanned is answered; nothing naughty is a way to a record."""
    asked = 0
    for field, text in itertools.product(FIELDS, NAUGHTY + MORE):
        if field == "specialty":
            # The one text that may be refused: as a slip it says nothing about the certificate.
            with pytest.raises(InvalidFieldError):
                issued.world.verify(token=issued.first["token"], specialty=text)
            asked += 1
            continue
        if field == "number":
            question = Question(number=text, name=NAME)
        elif field == "name":
            question = Question(number=NUMBER, name=text)
        else:
            question = Question(**{field: text})  # type: ignore[arg-type]  # each of these fields is a text
        report = issued.world.verify(**{name: getattr(question, name) for name in question.__slots__})
        asked += 1
        # What an input method or the clipboard adds may be forgiven: full width, blanks, a line end, a mark.
        forgiven = unicodedata.normalize("NFKC", text).strip(" \n\ufeff") in {NUMBER, NAME}
        assert forgiven or report.verdict is not Verdict.VALID, (field, text)
        body = report_body(report, issuer_name="", lang="zh", full=may_show_full(report, text))
        assert text in {"", " "} or len(text) < 3 or text not in str(body["certificate"])
    record("naughty texts", questions=asked, errors=0)


@pytest.mark.parametrize(
    "field", ["qr", "code", "sha256", "registration_number", "name", "specialty", "as_of"]
)
def test_the_json_forms_refuse_with_a_code_or_take(field: str) -> None:
    """Only InvalidFieldError, never anything unforeseen."""
    refused = 0
    for text in NAUGHTY + MORE:
        body = {"code": "0"} if field in {"specialty", "as_of"} else {}
        if field == "name":
            body["registration_number"] = "x"
        try:
            parse_question(body | {field: text})
        except InvalidFieldError:
            refused += 1

    assert refused >= 1
