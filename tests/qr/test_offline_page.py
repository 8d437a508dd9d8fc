"""The page that describes the format is right to the last digit: others write their verifiers by it."""

from __future__ import annotations

import json
import re

import cbor2
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certsvc.qr.offline import decode, encode_claims
from tests.conftest import ROOT
from tests.offline import CLAIMS, PUBLIC_URL, SampleSigner

PAGE = (ROOT / "docs" / "offline-code.md").read_text("utf-8")


def block(name: str) -> str:
    """Return one example of the page, its line ends taken out."""
    found = re.search(rf"```{name}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None, name
    return found[1].replace("\n", "")


def test_the_example_is_what_we_write() -> None:
    """Text, content, signature and key of the page are those of the code."""
    signer = SampleSigner()
    text = encode_claims(CLAIMS, signer, public_url=PUBLIC_URL)
    code = decode(text)
    link = text.partition("#")[0] + "#"
    point = signer.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    assert block("text text") == text
    assert block("text content") == code.signed.removeprefix(link.encode()).hex()
    assert block("text signature") == code.signature.hex()
    assert block("text public key") == point.hex()


def test_the_claims_of_the_example_are_those_of_its_content() -> None:
    """The table of fields is read beside this list."""
    content = bytes.fromhex(block("text content"))

    assert content[0] == 1
    assert cbor2.loads(content[1:]) == json.loads(block("json"))
