"""Whatever a stranger writes, the Python verifier and the JavaScript one say the same of it."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final

import cbor2
import pytest

from certsvc.qr.payload import read_payload
from certsvc.verification.offline_body import offline_body
from certsvc.verification.receipt import instant_text
from certsvc.verification.trust_bundle import read_bundle
from tests import drills
from tests.browser.desk import Desk, ask_both, body_of, check_equal
from tests.browser.node import ask_node
from tests.qr.test_payload import FOREIGN, LOOKALIKE, MALFORMED, OURS

TOKEN: Final = "7K3M9QXT2V5D8HJ4N6PRSWYZ01"
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256."""
PIECES: Final = (
    *"\n\r\t \0\x1c\x85\u2028\u200b\ufeff\u00ad\u0130\u0131\u017f\u212a\u00df\u1e9e\u0345\u03c2\u1f99",
    *'\uff11\u0663\u3002\uff0e\u2044\u13a0\uab70\ufb01\U0001d41a\U0001f600\u0301\u202e/\\\\@:?#.%-_|~^"<>[]',
    *(
        "%2e",
        "xn--",
        "..",
        "//",
        "https:",
        "HTTP:",
        ":443",
        ":80",
        ":0443",
        ":99999",
        ":\u0663",
        "www.",
        "data:",
    ),
)
"""What address bars, parsers and eyes disagree about."""
VALUES: Final[tuple[object, ...]] = (
    *(
        "",
        "a",
        "\0",
        "\u00e9",
        "\U0001f600",
        "1.2.156.3005.2.x",
        None,
        True,
        1.0,
        b"",
        b"x" * 15,
        b"x" * 16,
        b"x" * 17,
    ),
    *(
        -1,
        0,
        23,
        24,
        255,
        256,
        131071,
        131072,
        2**32,
        2**40,
        2**40 + 1,
        2**53,
        2**63,
        2**64 - 1,
        253402300800,
    ),
    *(-719162, -719163, 2932896, 2932897, [], ["a"], [["a", 1, 2]], [["", 1, 2]], [[b"a", 1, 2]], {}),
    *(cbor2.CBORTag(1, 5), cbor2.undefined),
)
"""For a field of a code: both sides of its bounds, and other types."""
SPOILT: Final[Mapping[str, Callable[[int, int], tuple[int, int]]]] = {
    "r is 0": lambda _, s: (0, s),
    "s is 0": lambda r, _: (r, 0),
    "both are 0": lambda *_: (0, 0),
    "r is the order": lambda _, s: (ORDER, s),
    "s is the order": lambda r, _: (r, ORDER),
    "exchanged": lambda r, s: (s, r),
}


def test_any_address_is_read_alike() -> None:
    """Letters of other alphabets, line ends, ports, dots: 3,000 addresses with up to three slips."""
    rng = random.Random("addresses")
    known = [f"{OURS}/c/{TOKEN}#24228979", f"{OURS}/V/{TOKEN}", *FOREIGN, *LOOKALIKE, *MALFORMED]
    always = [
        f"{OURS}/c/{TOKEN}#24\n28",
        "evil.example:\u0663/x",
        "https://xn--vrif\u0345y-zwe.registry.example/",
    ]
    always += [
        f"https://ver{drawn}fy.registry.example/V/{TOKEN}" for drawn in "\u0345\u1fa0\u0131\u0130\u00ec"
    ]
    chosen = drills.some([_slipped(rng, rng.choice(known)) for _ in range(3000)], "addresses")
    texts = always + chosen
    cases = [{"text": text, "url": OURS} for text in texts]

    theirs = ask_node("offline_host.js", "async one => ours.readText(one.text, one.url)", cases)
    for text, one in zip(texts, theirs, strict=True):
        clue = read_payload(text, OURS)
        told = (one.get("fault"), one.get("token"), "digits" in one)
        assert told == (clue.fault, clue.token, clue.offline), ascii(text)
    drills.record("addresses, JavaScript", texts=len(texts), agree=len(theirs))


def _slipped(rng: random.Random, text: str) -> str:
    """Insert, exchange and drop characters."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        place = rng.randrange(min(len(text), rng.choice((40, 4000))) + 1)
        piece = rng.choice(PIECES) if rng.random() < 0.7 else _any_character(rng)
        dropped = rng.choice((0, 0, 1))
        text = text[:place] + (piece if rng.random() < 0.9 else "") + text[place + dropped :]
    return text


def _any_character(rng: random.Random) -> str:
    """Return one that our Python knows; Unicode of a later year may hold more."""
    while True:
        drawn = chr(rng.randrange(0x21, rng.choice((0x7F, 0x3000, 0x20000))))
        if unicodedata.category(drawn) not in ("Cn", "Cs"):
            return drawn


def test_any_content_by_our_own_key_is_read_alike(desk: Desk) -> None:
    """Fields of other types and bounds, bits turned, bytes put in and left out: 2,000 contents."""
    rng = random.Random("contents")
    good = desk.content_of("usable")
    chosen = drills.some([_other_content(rng, good) for _ in range(2000)], "contents")
    answers = ask_both(desk, [(desk.text_of(content), desk.now, None) for content in chosen])

    check_equal(answers)
    statuses = {theirs["status"] for _, theirs in answers}
    assert statuses >= {"VALID", "UNKNOWN", "NOT_OURS"}
    drills.record("contents by our own key, JavaScript", contents=len(chosen), agree=len(answers))


def _other_content(rng: random.Random, good: bytes) -> bytes:
    if rng.random() < 0.6:
        fields = cbor2.loads(good[1:])
        for _ in range(rng.choice((1, 1, 2))):
            fields[rng.randrange(len(fields))] = rng.choice(VALUES)
        if rng.random() < 0.1:
            fields.insert(rng.randrange(len(fields)), rng.choice(VALUES))
        return b"\1" + cbor2.dumps(fields, canonical=rng.random() < 0.9)
    content = bytearray(good)
    for _ in range(rng.choice((1, 1, 2, 3))):
        place = rng.randrange(1, len(content))
        size = rng.choice((0, 1, 1, 1))
        content[place : place + size] = rng.choice(
            (b"", bytes([rng.randrange(256)]), b"\xff", b"\x9f", b"\xc0")
        )
    return bytes(content)


@pytest.mark.parametrize("fault", SPOILT)
def test_numbers_that_are_no_signature_are_refused_by_both(desk: Desk, fault: str) -> None:
    """Libraries have taken r = 0 for a signature of everything."""
    text = desk.text_of(desk.content_of("usable"), SPOILT[fault])
    answers = ask_both(desk, [(text, desk.now, None)])

    check_equal(answers)
    ((ours, theirs),) = answers
    assert theirs["status"] == "ALTERED"
    # No answer without the date of a list, even where nothing of the code is believed.
    bundle = read_bundle(desk.bundle)
    body: Any = offline_body(ours, bundle, lang="zh")
    assert bundle.status_issued_at is not None
    assert (
        body["offline"]["list_issued_at"] == theirs["list_issued_at"] == instant_text(bundle.status_issued_at)
    )


def test_the_other_s_is_the_same_statement_to_both(desk: Desk) -> None:
    """ECDSA has two signatures for one: two texts that say the same, and nothing else."""
    content = desk.content_of("usable")
    first, second = (desk.text_of(content, spoil) for spoil in (None, lambda r, s: (r, ORDER - s)))
    answers = ask_both(desk, [(first, desk.now, None), (second, desk.now, None)])

    check_equal(answers)
    assert [theirs["status"] for _, theirs in answers] == ["VALID", "VALID"]
    assert body_of(first)[: len(content)] == body_of(second)[: len(content)]
