"""Offline codes that somebody wrote by hand: each refused, or read, for exactly one reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cbor2

from certsvc.qr.offline import SIGNATURE_BYTES
from samples.vectors_story import Story
from samples.vectors_texts import Asked

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256."""


def codes_by_hand(story: Story) -> Iterator[Asked]:
    """Yield codes and links that a lenient reader would take, or a hasty one refuse."""
    for name, says, status, code, text in (*_spellings(story), *_links(story)):
        yield Asked(name=f"offline-{name}", says=says, status=status, code=code, input={"qr": text})


def _spellings(story: Story) -> Iterator[tuple[str, str, str, str, str]]:
    """What is signed is spelt otherwise; our own key signed all of it."""
    text = story.code(story.claims("main"))
    link, _, digits = text.partition("#")
    number = int(digits)
    content = number.to_bytes((number.bit_length() + 7) // 8, "big")[:-SIGNATURE_BYTES]
    fields = cbor2.loads(content[1:])

    def array(*changed: object) -> bytes:
        return b"\1" + cbor2.dumps([*changed], canonical=True)

    refused, unread = "UNKNOWN", "MALFORMED_QR"
    for name, says, given in (
        ("code-of-another-format", "its first byte is 2", b"\2" + content[1:]),
        ("code-with-a-byte-behind", "a byte behind the claims", content + b"\0"),
        ("code-with-a-field-more", "a sixteenth field", array(*fields, 1)),
        ("code-with-a-field-less", "the last field is missing", array(*fields[:-1])),
        ("code-with-a-long-number", "the copy number takes more bytes than it needs",
         content.replace(cbor2.dumps(fields[1]) + cbor2.dumps(fields[2]) + b"\x1a",
                         cbor2.dumps(fields[1]) + b"\x18" + bytes([fields[2]]) + b"\x1a", 1)),
        ("code-without-end-of-array", "an array of indefinite length", b"\1\x9f" + content[2:] + b"\xff"),
        ("code-with-a-tag", "a tag in front of the array", b"\1\xc6" + content[1:]),
        ("code-with-a-fraction", "the copy number is 1.0", array(*fields[:2], float(fields[2]), *fields[3:])),
        ("code-with-an-empty-name", "a name without a letter", array(*fields[:7], "", *fields[8:])),
        ("code-with-a-short-digest", "a digest of 15 bytes", array(*fields[:11], bytes(15), *fields[12:])),
        ("code-with-a-third-sex", "a number that stands for nothing", array(*fields[:8], 3, *fields[9:])),
        ("code-with-broken-utf8", "a name that is no UTF-8",
         content.replace(fields[7].encode(), b"\xff" * len(fields[7].encode()), 1)),
    ):  # fmt: skip
        assert given != content, name
        yield name, says, refused, unread, story.signed(given)
    yield "code-with-a-leading-zero", "a zero in front of the digits", refused, unread, f"{link}#0{digits}"
    yield "code-of-4001-digits", "a digit more than is read", refused, unread, f"{link}#{'1' * 4001}"
    yield "code-with-wide-digits", "full-width digits", refused, unread, f"{link}#{_wide(digits)}"
    yield (
        *("code-with-r-of-zero", "the first number of the signature is 0", "ALTERED", "SIGNATURE_BROKEN"),
        story.signed(content, lambda _, s: (0, s)),
    )
    yield (
        *(
            "code-with-s-of-the-order",
            "the second number is the group's order",
            "ALTERED",
            "SIGNATURE_BROKEN",
        ),
        story.signed(content, lambda r, _: (r, ORDER)),
    )
    yield (
        *("code-with-the-other-s", "the other of the two signatures ECDSA has", "VALID", "STATUS_AS_OF_LIST"),
        story.signed(content, lambda r, s: (r, ORDER - s)),
    )
    yield (
        *("code-by-our-receipt-key", "a key of ours for another use", "NOT_OURS", "SIGNER_NOT_OURS"),
        story.code(story.claims("main"), story.services.keystore.service_signer("receipt")),
    )
    yield (
        *("code-beyond-the-list", "a place the list does not speak of", "UNAVAILABLE", "STATUS_LIST_MISSING"),
        story.code(story.claims("main", status_index=100_000)),
    )


def _links(story: Story) -> Iterator[tuple[str, str, str, str, str]]:
    """The digits are those of a good code; the link in front of them is not quite the one that was signed."""
    text = story.code(story.claims("main"))
    host, token = "certs.example.org", story.claims("main").token
    good, listed = "VALID", "STATUS_AS_OF_LIST"
    yield (
        "code-token-in-lower-case",
        "the token in lower case",
        good,
        listed,
        text.replace(token, token.lower()),
    )
    yield (
        "code-with-the-port",
        "the port that https has anyway",
        good,
        listed,
        text.replace(host, f"{host}:443"),
    )
    for name, says, link in (
        ("code-plain-http", "our host without TLS", text.replace("https", "http")),
        ("code-other-port", "our host, another port", text.replace(host, f"{host}:8443")),
        ("code-user-in-front", "our host in front of an @", text.replace(host, f"{host}@example.com")),
        ("code-host-in-the-path", "our host behind another", text.replace(host, f"example.com/{host}")),
        ("code-backslash", "a backslash where a browser sees a slash",
         text.replace(f"{host}/", f"{host}\\@example.com/")),
        ("code-percent-in-token", "one character of the token as %37", text.replace(f"/c/{token}",
         f"/c/%{ord(token[0]):X}{token[1:]}")),
        ("code-with-a-query", "a question mark in front of the #", text.replace("#", "?a=1#")),
    ):  # fmt: skip
        yield name, says, "NOT_OURS", "FOREIGN_DOMAIN", link
    for name, says, link in (
        ("code-full-width-host", "a full-width letter in our host", text.replace("certs", "\uff43erts")),
        ("code-invisible-letter", "an invisible character in our host", text.replace("certs", "cer\u200bts")),
        ("code-punycode-host", "a Cyrillic letter in our host, as punycode",
         text.replace("certs", "xn--erts-" + "\u0441erts".encode("punycode").decode().rpartition("-")[2])),
        ("code-host-with-hyphens", "hyphens where our host has dots",
         text.replace(host, "certs-example-org")),
    ):  # fmt: skip
        yield name, says, "NOT_OURS", "HOMOGLYPH_DOMAIN", link


def _wide(digits: str) -> str:
    return "".join(chr(0xFF10 + int(digit)) for digit in digits)
