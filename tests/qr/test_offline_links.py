"""Our own link with digits behind it: read as ours, told apart, and never forgiven a letter."""

from __future__ import annotations

import pytest

from certsvc.qr.offline import encode_claims
from certsvc.qr.payload import QRClue, offline_link, read_payload
from tests.offline import CLAIMS, PUBLIC_URL, SampleSigner

TEXT = encode_claims(CLAIMS, SampleSigner(), public_url=PUBLIC_URL)
LINK, _, DIGITS = TEXT.partition("#")
CODE = QRClue(token=CLAIMS.token, offline=True)


@pytest.mark.parametrize(
    "text",
    [TEXT, f"{LINK.upper()}#{DIGITS}", f" {TEXT}\r\n", TEXT.replace(".org/", ".org:443/"), f"{LINK}#1"],
)
def test_our_link_with_digits_is_a_code_of_its_token(text: str) -> None:
    """Whether the digits are signed is another question; the record is found either way."""
    assert read_payload(text, PUBLIC_URL) == CODE


@pytest.mark.parametrize("text", [LINK, LINK.replace("/c/", "/v/"), LINK.upper()])
def test_the_link_alone_is_no_code(text: str) -> None:
    """The symbol for checking online says nothing without us."""
    assert read_payload(text, PUBLIC_URL) == QRClue(token=CLAIMS.token)


@pytest.mark.parametrize(
    "behind", ["#", "#0", f"#0{DIGITS}", f"#{DIGITS}x", "#１２", "#" + "1" * 4001, f"#{DIGITS}#"]
)
def test_what_is_no_number_behind_our_link_is_malformed(behind: str) -> None:
    """A damaged code is scanned again, not shown as somebody else's."""
    assert read_payload(LINK + behind, PUBLIC_URL).fault == "MALFORMED_QR"


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("/c/", "/v/"),
        TEXT.replace("#", "?"),
        TEXT.replace("#", "/#"),
        TEXT.replace("https:", "http:"),
        TEXT.replace("https://", "https://user@"),
    ],
)
def test_digits_anywhere_else_are_not_read(text: str) -> None:
    """There is one form, and a browser's leniency is no reason to take another."""
    assert read_payload(text, PUBLIC_URL).fault is not None
    assert read_payload(text, PUBLIC_URL).token is None


@pytest.mark.parametrize(
    ("public_url", "link"),
    [
        ("https://Certs.Example.org/", "https://certs.example.org/c/T#"),
        ("https://certs.example.org:443", "https://certs.example.org/c/T#"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/c/T#"),
        ("http://127.0.0.1:80", "http://127.0.0.1/c/T#"),
    ],
)
def test_the_signed_link_has_one_spelling(public_url: str, link: str) -> None:
    """Signer and reader must come to the same bytes from whatever the settings say."""
    assert offline_link(public_url, "T") == link
