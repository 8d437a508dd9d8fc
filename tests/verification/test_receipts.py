"""Receipts: they say what was answered, name nobody, and cannot be made by anybody else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from certsvc.domain.report import Kind, Report, Result, Status
from certsvc.domain.texts_receipt import KINDS, OUTCOMES
from certsvc.errors import KeyMaterialError
from certsvc.verification.question import Question
from certsvc.verification.receipt import TYP, Receipts
from certsvc.wiring import make_dev_keys
from tests.drills import record
from tests.factories import FixedClock
from tests.verification.conftest import OTHER_NUMBER, Issued
from tests.verification.receipts import (
    a_receipt,
    answered,
    as_status,
    checked,
    joined,
    keys_of,
    parts_of,
    signed_by,
)
from tests.world import NUMBER, World, settings_in

MEMBERS = {
    *("format", "input", "verdict", "status", "subject", "findings", "specialty"),
    *("as_of", "checked_at", "log_checkpoint", "issuer", "public_url"),
}


@pytest.mark.parametrize("status", Status)
def test_every_answer_can_have_a_receipt_that_says_the_same(issued: Issued, status: Status) -> None:
    """Also "could not be checked": that nothing could be told at a bid opening is evidence too."""
    report, asked = answered(issued, sha256=issued.first["files"]["pdf"]["sha256"])
    report = as_status(report, status)

    found = checked(issued.world, issued.world.services.receipts.give(report, asked))

    assert (found.result, found.code) == (Result.PASS, "RECEIPT_GENUINE")
    assert found.claims is not None and found.checked_at == report.checked_at
    assert (found.claims["verdict"], found.claims["status"]) == (report.verdict, status)
    assert found.claims["findings"] == [
        {"check": one.check, "result": one.result, "code": one.code} for one in report.findings
    ]


@pytest.mark.parametrize("file", ["first_pdf", "first_ofd"])
def test_receipt_of_a_file_names_its_bytes(issued: Issued, file: str) -> None:
    """Whoever has the file can tell that it is the one."""
    content: bytes = getattr(issued, file)
    receipt = a_receipt(issued, file=content)

    header, claims, _ = parts_of(receipt)
    assert header["typ"] == TYP and header["alg"] == "ES256"
    assert set(claims) == MEMBERS | {"licence_id", "token"}
    assert claims["input"] == {"kind": file[-3:], "sha256": hashlib.sha256(content).hexdigest()}
    assert claims["token"] == issued.first["token"]
    assert checked(issued.world, receipt, given=content).input == "same"
    other = checked(issued.world, receipt, given=content + b"\0")
    assert (other.result, other.code, other.input) == (Result.FAIL, "RECEIPT_OTHER_INPUT", "other")


def test_stated_hash_stands_for_its_file(issued: Issued) -> None:
    """The cheapest question gives the same evidence."""
    receipt = a_receipt(issued, sha256=issued.first["files"]["ofd"]["sha256"])

    assert checked(issued.world, receipt, given=issued.first_ofd).input == "same"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("kind", ["qr", "code", "number"])
def test_receipt_of_a_text_names_the_text_as_it_was_sent(issued: Issued, kind: str, end: str) -> None:
    """An editor puts a line end behind it that was never sent; anything else is another text."""
    text = {"qr": issued.first["verify_url"], "code": issued.first["code"], "number": NUMBER}[kind]
    more = {"name": "样本甲"} if kind == "number" else {}
    receipt = a_receipt(issued, **{kind: text}, **more)

    assert checked(issued.world, receipt, given=f"{text}{end}".encode()).input == "same"
    assert checked(issued.world, receipt, given=f"{text} {end}".encode()).input == "other"


def test_no_name_and_no_number_stands_in_a_receipt(issued: Issued) -> None:
    """A receipt is passed on to people who were not told whom it is about."""
    world, canary = issued.world, "金丝雀110101199003070000"
    questions: list[dict[str, Any]] = [
        {"file": issued.first_pdf, "specialty": "公路工程"},
        {"file": issued.first_pdf + canary.encode()},
        {"sha256": issued.first["files"]["pdf"]["sha256"]},
        {"qr": issued.first["verify_url"]},
        {"qr": f"https://evil.example/{canary}"},
        {"code": issued.first["code"], "specialty": "建筑工程"},
        {"code": canary},
        {"number": NUMBER, "name": "样本甲"},
        {"number": NUMBER, "name": canary},
        {"number": canary, "name": "样本甲"},
    ]
    for question in questions:
        receipt = a_receipt(issued, **question)
        header, claims, _ = parts_of(receipt)
        told = json.dumps([header, claims], ensure_ascii=False)
        for personal in ("样本", "金丝雀", "110101199003070000", NUMBER, "示例建设", "1985", "投标"):
            assert personal not in told, question
        for hidden in ("样本甲", f"{NUMBER}样本甲", f"{NUMBER}\n样本甲", canary):
            # A hash of a short name is as good as the name, for who can try them all.
            hashed = hashlib.sha256(hidden.encode()).hexdigest()
            assert hashed not in told or question.get("code") == hidden or question.get("number") == hidden
    record("receipts without a person", receipts=len(questions), found=0)
    assert world.services.receipts.specialty_of(Question(specialty=canary)) is None


def test_receipt_of_an_absent_register_says_that_nothing_could_be_told(issued: Issued) -> None:
    """It is true of one instant, and good to have at a bid opening."""
    report, asked = answered(issued, sha256="0" * 64)
    away = as_status(report, Status.UNAVAILABLE)
    _, claims, _ = parts_of(issued.world.services.receipts.give(away, asked))

    assert claims["verdict"] == "INDETERMINATE"
    assert not {"licence_id", "token"} & set(claims)


def test_every_changed_byte_of_a_receipt_is_noticed(issued: Issued) -> None:
    """One letter, anywhere."""
    receipt = a_receipt(issued, file=issued.first_pdf)
    changed = 0
    for place in range(0, len(receipt), 7):
        for letter in "A-z":
            forged = receipt[:place] + letter + receipt[place + 1 :]
            if forged != receipt:
                assert checked(issued.world, forged).result is not Result.PASS, place
                changed += 1
    record("receipts changed in one letter", receipts=changed, accepted=0)


def test_claims_put_under_another_receipts_signature_are_refused(issued: Issued) -> None:
    """From INVALID to VALID with a signature that is ours but of something else."""
    good = a_receipt(issued, file=issued.first_pdf)
    header, claims, _ = parts_of(a_receipt(issued, file=issued.first_pdf + b"x"))
    assert claims["status"] == "ALTERED"

    forged = joined(header, claims | {"verdict": "VALID", "status": "VALID"}, parts_of(good)[2])

    assert checked(issued.world, forged).code == "RECEIPT_BROKEN"


def test_our_statement_for_another_purpose_is_no_receipt(issued: Issued) -> None:
    """A type of statement is part of what is signed."""
    claims = parts_of(a_receipt(issued, file=issued.first_pdf))[1]

    assert checked(issued.world, signed_by(issued.world, claims, typ="certsvc-trust+jws")).code == (
        "RECEIPT_BROKEN"
    )


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"format": 2, "checked_at": "2026-11-20T02:00:00Z"}, "RECEIPT_FORMAT_UNKNOWN"),
        ({"format": 1}, "RECEIPT_BROKEN"),
        ({"format": 1, "checked_at": "2026-11-20T02:00:00"}, "RECEIPT_BROKEN"),
        ({"format": 1, "checked_at": 7}, "RECEIPT_BROKEN"),
    ],
)
def test_statement_of_ours_that_is_not_understood_is_not_genuine(
    issued: Issued, claims: dict[str, object], code: str
) -> None:
    """A later version may say more; nothing is guessed of it."""
    found = checked(issued.world, signed_by(issued.world, claims))

    assert (found.code, found.claims) == (code, None)


def test_receipt_of_another_issuer_is_not_ours(issued: Issued, tmp_path: Path, font_cache: Path) -> None:
    """Somebody else's instance signs as correctly as we do."""
    place = tmp_path / "other"
    place.mkdir()
    (place / "cache").symlink_to(font_cache)
    make_dev_keys(settings_in(place, place / "keys"), FixedClock())
    other = World(settings_in(tmp_path / "var", place / "keys"), FixedClock())
    report, asked = answered(issued, file=issued.first_pdf)
    foreign = other.services.receipts.give(report, asked)
    ours = keys_of(issued.world)

    assert checked(issued.world, foreign).code == "RECEIPT_KEY_UNKNOWN"
    assert checked(other, foreign).code == "RECEIPT_GENUINE"
    # The same under our key's name.
    header, claims, signature = parts_of(foreign)
    renamed = joined(header | {"kid": ours[0].key_id}, claims, signature)
    assert checked(issued.world, renamed).code == "RECEIPT_BROKEN"


def test_list_of_keys_older_than_the_receipt_cannot_tell(issued: Issued) -> None:
    """The key may have been made after the list was fetched; older than the receipt, the list is right."""
    receipt = a_receipt(issued, file=issued.first_pdf)
    now = issued.world.clock.now()

    before = checked(issued.world, receipt, keys=(), keys_as_of=now - timedelta(seconds=1))
    after = checked(issued.world, receipt, keys=(), keys_as_of=now)

    assert (before.result, before.code) == (Result.UNKNOWN, "RECEIPT_KEYS_OLDER")
    assert (after.result, after.code) == (Result.FAIL, "RECEIPT_KEY_UNKNOWN")


AT = datetime(2026, 11, 20, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("times", "result", "code"),
    [
        ({"valid_to": AT}, "pass", "RECEIPT_GENUINE"),
        ({"valid_to": AT - SECOND}, "fail", "RECEIPT_SIGNED_OUTSIDE_VALIDITY"),
        ({"valid_from": AT + SECOND}, "fail", "RECEIPT_SIGNED_OUTSIDE_VALIDITY"),
        ({"retired_at": AT + SECOND}, "pass", "RECEIPT_GENUINE"),
        ({"compromised_since": AT - SECOND}, "fail", "RECEIPT_KEY_COMPROMISED"),
        ({"compromised_since": AT}, "fail", "RECEIPT_KEY_COMPROMISED"),
        ({"compromised_since": AT + SECOND}, "unknown", "RECEIPT_KEY_COMPROMISED_LATER"),
    ],
)
def test_key_is_judged_at_the_instant_of_the_receipt(
    issued: Issued, times: dict[str, datetime], result: str, code: str
) -> None:
    """A receipt is kept for years; what matters is what its key was worth then."""
    report, asked = answered(issued, file=issued.first_pdf)
    receipt = issued.world.services.receipts.give(replace(report, checked_at=AT), asked)

    found = checked(issued.world, receipt, keys=keys_of(issued.world, **times))

    assert (found.result, found.code) == (result, code)


def test_no_receipt_is_signed_with_a_key_that_may_not(issued: Issued) -> None:
    """A receipt nobody could rely on later is refused now."""
    report, asked = answered(issued, file=issued.first_pdf)
    services = issued.world.services
    for keys in (keys_of(issued.world, valid_to=report.checked_at - SECOND), ()):
        receipts = Receipts(
            signer=lambda: services.keystore.service_signer("receipt"),
            keys=lambda keys=keys: keys,  # type: ignore[misc]
            specialties=(),
            issuer_name="",
            public_url="",
        )
        with pytest.raises(KeyMaterialError):
            receipts.give(report, asked)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"{}",
        b'{"receipt": null}',
        b'{"receipt": 7}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"%PDF-1.7\n%%EOF\n",
        b"%PDF-1.7 <receipt:jws>a.b.c</receipt:jws> <receipt:jws>d.e.f</receipt:jws>",
        b"x" * 1_000_001,
        "收据".encode(),
    ],
    ids=lambda content: repr(content[:20]),
)
def test_anything_else_holds_no_receipt(issued: Issued, content: bytes) -> None:
    """Never an error, whatever the bytes."""
    assert checked(issued.world, content).code == "RECEIPT_NOT_FOUND"


def test_answer_that_holds_the_receipt_is_as_good_as_the_receipt(issued: Issued) -> None:
    """Platforms keep whole answers."""
    answer = json.dumps({"status": "VALID", "receipt": a_receipt(issued, file=issued.first_pdf)}, indent=1)

    assert checked(issued.world, answer).code == "RECEIPT_GENUINE"


def test_every_outcome_and_kind_has_its_words() -> None:
    """An answer without a sentence is none to a person."""
    assert set(KINDS) == set(Kind)
    assert all(text.zh and text.en.isascii() for text in (*OUTCOMES.values(), *KINDS.values()))


def test_number_that_has_another_holder_binds_nothing(issued: Issued) -> None:
    """Found means that the pair belongs together; not found is said of no number alone."""
    found: Report = answered(issued, number=NUMBER, name="样本甲")[0]
    missed: Report = answered(issued, number=OTHER_NUMBER, name="样本甲")[0]

    assert (found.status, missed.status) == (Status.VALID, Status.UNKNOWN)
