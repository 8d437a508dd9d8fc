"""One content has one spelling: everything else that might be read as a code is refused."""

from __future__ import annotations

import cbor2
import pytest

from certsvc.qr.offline import SIGNATURE_BYTES, decode, encode_claims
from tests.offline import CLAIMS, PUBLIC_URL, SampleSigner

TEXT = encode_claims(CLAIMS, SampleSigner(), public_url=PUBLIC_URL)
LINK, _, DIGITS = TEXT.partition("#")


def _spelled(fields: object, *, head: int = 1, tail: bytes = b"") -> str:
    content = bytes([head]) + cbor2.dumps(fields) + tail
    return f"{LINK}#{int.from_bytes(content + bytes(SIGNATURE_BYTES), 'big')}"


FIELDS: list[object] = cbor2.loads(decode(TEXT).signed[len(LINK) + 2 :])


@pytest.mark.parametrize(
    "text",
    [
        _spelled(FIELDS, head=2),
        _spelled(FIELDS, tail=b"\x00"),
        _spelled(FIELDS[:-1]),
        _spelled([*FIELDS, 0]),
        _spelled({"key": FIELDS}),
        _spelled([FIELDS]),
        *(
            _spelled([*FIELDS[:place], value, *FIELDS[place + 1 :]])
            for place, value in (
                (0, ""),
                (0, b"key"),
                (1, -1),
                (1, True),
                (1, 1.0),
                (1, 2**70),
                (2, 0),
                (3, 10**12),
                (7, b"short"),
                (7, None),
                (8, 3),
                (9, 10**9),
                (9, "1985-03-12"),
                (14, "建筑工程"),
                (14, [["建筑工程", 1]]),
                (14, [[1, 1, 1]]),
                (4, cbor2.CBORTag(35, "[")),
            )
        ),
    ],
)
def test_a_content_of_another_form_is_refused(text: str) -> None:
    """One content has one spelling, so that two readers cannot see two things in one code."""
    with pytest.raises(ValueError, match=r"\w"):
        decode(text)


def test_the_same_fields_spelled_longer_are_refused() -> None:
    """Indefinite lengths and long integers would give one statement many signatures to search in."""
    content = decode(TEXT).signed[len(LINK) + 1 :]
    indefinite = content[:1] + b"\x9f" + content[2:] + b"\xff"

    with pytest.raises(ValueError, match="damaged"):
        decode(f"{LINK}#{int.from_bytes(indefinite + bytes(SIGNATURE_BYTES), 'big')}")
    # 0x18 0x02 says 2 in two bytes.
    longer = content.replace(b"\x02\x19\x15\xad", b"\x18\x02\x19\x15\xad", 1)
    assert longer != content
    with pytest.raises(ValueError, match="spelt"):
        decode(f"{LINK}#{int.from_bytes(longer + bytes(SIGNATURE_BYTES), 'big')}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://certs.example.org/c/7K3M9QXT2V5D8HJ4N6PRSWYZ01",
        f"{LINK}#",
        f"{LINK}#0{DIGITS}",
        f"{LINK}#{DIGITS}x",
        f"{LINK}#１２３",
        f"{LINK}#{'1' * 4001}",
        f"{LINK}#{'9' * 4000}",
        TEXT.replace("/c/", "/v/"),
        TEXT.replace("#", "?"),
        TEXT.replace("https:", "javascript:"),
        "https://certs.example.org/c/SHORT#" + DIGITS,
    ],
)
def test_what_is_no_text_of_ours_is_refused(text: str) -> None:
    """A number too long for Python, digits of another script, another path: one error."""
    with pytest.raises(ValueError, match=r"\w"):
        decode(text)
