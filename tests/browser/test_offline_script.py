"""The JavaScript that checks offline codes says, word for word, what the Python one says."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import cbor2

from certsvc.domain.offline_claims import digest_of_text
from certsvc.qr.token import new_token
from certsvc.verification.offline import OfflineVerifier
from certsvc.verification.trust_bundle import BundleError, read_bundle
from tests import drills
from tests.browser.desk import READERS, VERIFY, Desk, ask_both, check_equal
from tests.browser.node import ask_node
from tests.offline import SampleSigner
from tests.verification.test_trust_bundle import said, signed


def test_every_fate_and_every_border_of_time_is_told_alike(desk: Desk) -> None:
    """Both sides of each border: the list's 24 hours, the clock's 5 minutes, days of use, specialties."""
    claims, code = desk.claims["usable"], desk.codes["usable"]
    listed = read_bundle(desk.bundle).lists[0].issued_at
    edge = datetime(claims.use_until.year, claims.use_until.month, claims.use_until.day, 16, tzinfo=UTC)
    second, minute, hour = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
    times = [
        *(listed + step for step in (-5 * minute - second, -5 * minute, 24 * hour, 24 * hour + second)),
        *(edge - second, edge, listed + 1000 * 24 * hour, claims.issued_at - 6 * minute, desk.now),
    ]
    questions = [
        (text, now, wanted)
        for text in desk.codes.values()
        for now in times
        for wanted in (None, "建筑工程", "机电工程")
    ]
    answers = ask_both(desk, questions)

    check_equal(answers)
    assert {theirs["status"] for _, theirs in answers} == {
        *("VALID", "CANCELLED", "SUSPENDED", "SUPERSEDED"),
        *("EXPIRED", "USE_EXPIRED", "UNAVAILABLE"),
    }
    assert str(ask_both(desk, [(code, desk.now, None)])[0][0].report.status) == "VALID"


def test_code_that_says_other_things_is_judged_alike(desk: Desk) -> None:
    """Days that have not come, digests for texts, lists nobody has, keys nobody knows or nobody knows yet."""
    claims = desk.claims["usable"]
    day = timedelta(days=1)
    later = desk.world.clock.now() + timedelta(hours=1)
    short = replace(claims, purpose=digest_of_text("x"), employer=digest_of_text("y"))
    changed = [
        replace(claims, use_from=claims.use_from + 9 * day),
        short,
        replace(short, name=digest_of_text("z")),
        replace(claims, status_index=4),
        replace(claims, status_index=131072),
        replace(claims, status_index=2**40),
        replace(claims, specialties=()),
        replace(claims, issued_at=datetime(2019, 1, 1, tzinfo=UTC)),
        replace(claims, token=new_token()),
        replace(claims, name="陈𠅤·买买提" * 5, birth_date=claims.birth_date.replace(year=1949)),
    ]
    strange = SampleSigner()
    texts = [
        *map(desk.code, changed),
        desk.code(claims, strange),
        desk.code(replace(claims, issued_at=later), strange),
        desk.codes["usable"].partition("#")[0],
        desk.codes["usable"].replace("/c/", "/v/").partition("#")[0],
        desk.codes["usable"].upper(),
        f" {desk.codes['usable'].lower()}\r\n",
    ]
    answers = ask_both(desk, [(text, desk.now, None) for text in texts])

    check_equal(answers)
    codes = {finding.code for ours, _ in answers for finding in ours.report.findings}
    assert codes >= {
        *("USE_NOT_YET", "NOT_IN_CODE", "STATUS_LIST_MISSING", "EXPIRED", "SIGNED_OUTSIDE_VALIDITY"),
        *("SIGNER_NOT_OURS", "KEYS_OLDER", "NO_OFFLINE_CODE", "STATUS_AS_OF_LIST"),
    }


def test_leaked_key_says_nothing_in_both(desk: Desk) -> None:
    """Whatever instant a code claims."""
    bundle = json.loads(desk.bundle)
    keystore = desk.world.services.keystore
    payload = said(bundle["trust"])
    for key in payload["keys"]:
        if key["use"] == "offline":
            key["compromised_since"] = (desk.now + timedelta(days=1)).isoformat()
    bundle["trust"] = signed(payload, keystore.service_signer("trust"), "certsvc-trust+jws")
    text = json.dumps(bundle)
    case = {"bundle": text, "texts": desk.codes["usable"], "now": desk.now.isoformat(), "specialty": None}
    verifier = OfflineVerifier(read_bundle(text.encode()), READERS)

    (theirs,) = ask_node("offline.js", VERIFY, [case])
    check_equal([(verifier.verify_text(desk.codes["usable"], now=desk.now), theirs)])
    assert theirs["status"] == "NOT_OURS"


def test_mutated_digits_are_refused_by_both_with_one_reason(desk: Desk) -> None:
    """Digits changed, dropped, added and swapped; other letters in the token."""
    rng = random.Random("offline script")
    text = desk.codes["usable"]
    start = text.index("#") + 1
    mutated = []
    for place in range(start - 27, len(text)):
        letters = "0123456789" if place >= start else "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        other = rng.choice([letter for letter in letters if letter != text[place]])
        mutated += [text[:place] + other + text[place + 1 :], text[:place] + text[place + 1 :]]
        mutated.append(text[:place] + other + text[place:])
    chosen = drills.some(mutated, "offline script", least=150)
    answers = ask_both(desk, [(one, desk.now, None) for one in chosen])

    check_equal(answers)
    accepted = [theirs for _, theirs in answers if theirs["code"] is not None]
    assert accepted == []
    drills.record("offline code mutated, JavaScript", texts=len(chosen), accepted=len(accepted))


def _contents(desk: Desk) -> Iterator[bytes]:
    """Yield contents that our own key signed and nobody may write: another spelling, another type."""
    good = desk.content_of("usable")
    fields = cbor2.loads(good[1:])
    yield good
    yield good + b"\0"
    yield b"\2" + good[1:]
    yield b"\1"
    yield b"\1" + b"\x9f" + good[2:] + b"\xff"
    yield b"\1" + b"\x98\x0f" + good[2:]
    yield b"\1\xc1" + good[1:]
    yield b"\1\x9b" + b"\xff" * 8 + good[2:]
    for place, value in (
        *((0, ""), (0, 5), (1, -1), (1, 2**41), (1, 1.0), (1, True), (2, 0), (3, -1), (3, 2**40)),
        *((4, b"x"), (6, None), (7, b"123"), (8, 3), (8, "1"), (9, 10**9), (12, "x"), (14, 5), (14, [[1]])),
        *((14, [["a", 1, 2, 3]]), (14, [["a", 1, "b"]]), (14, {"a": 1}), (10, ["x"]), (11, "")),
    ):
        yield b"\1" + cbor2.dumps([*fields[:place], value, *fields[place + 1 :]], canonical=True)
    yield b"\1" + cbor2.dumps(fields[:-1], canonical=True)
    yield b"\1" + cbor2.dumps([*fields, 1], canonical=True)
    name = fields[7].encode()
    yield good.replace(name, b"\xff" * len(name))
    yield good.replace(name, b"\xed\xa0\x80" + name[3:])
    yield good.replace(name, b"\xef\xbb\xbf" + name[3:])


def test_content_in_another_spelling_is_refused_by_both(desk: Desk) -> None:
    """Signed by our own key, so only the strict reader stands between it and a green page."""
    texts = map(desk.text_of, _contents(desk))
    answers = ask_both(desk, [(text, desk.now, None) for text in texts])

    check_equal(answers)
    believed = [theirs["code"]["name"] for _, theirs in answers if theirs["code"] is not None]
    # The good one first; and a name that begins with a byte order mark is a name, told with it by both.
    assert believed == ["样本甲", "\ufeff本甲"]


def test_broken_bundles_are_refused_by_both(desk: Desk) -> None:
    """A letter changed, a part missing, lists of two bundles mixed: neither reads it."""
    rng = random.Random("bundles")
    text = desk.bundle.decode()
    broken = ["", "{}", "[]", "null", text[:-1], text.replace('"format":1', '"format":2', 1)]
    for _ in range(40):
        place = rng.randrange(len(text))
        broken.append(text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :])
    document = json.loads(text)
    broken.append(json.dumps(document | {"status": document["status"] * 2}))
    broken.append(json.dumps(document | {"status": [document["trust"]]}))
    broken.append(json.dumps(document | {"more": 1}))
    answer = "async text => { try { await ours.readBundle(text); return true; } catch (f) { "
    answer += "if (!(f instanceof ours.BundleError)) throw f; return false; } }"

    assert ask_node("offline.js", answer, [text, *broken]) == [True, *map(_python_reads, broken)]
    assert not any(map(_python_reads, broken))


def _python_reads(text: str) -> bool:
    try:
        read_bundle(text.encode())
    except BundleError:
        return False
    return True
