"""Signed statements: what a stranger, a thief of the public key only, or a broken line makes of them."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from certsvc.errors import DefectError
from certsvc.sealing.jws import JWSError, compact, flattened, read_jws, sign_jws
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.pki import CertificatePlan, make_certificate
from certsvc.sealing.port import PinnedKey
from tests.drills import record
from tests.sealing.samples import AT

TYP = "certsvc-test+jws"
SAID = {"verdict": "有效", "number": 1, "list": [1, None, True]}


def encoded(content: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Undo ``encoded``."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture(scope="module")
def keys(keystore: Keystore) -> tuple[PinnedKey, ...]:
    """The keys for receipts."""
    return keystore.service_keys("receipt")


@pytest.fixture(scope="module")
def statement(keystore: Keystore) -> str:
    """One statement, signed."""
    return sign_jws(SAID, keystore.service_signer("receipt"), typ=TYP)


class Forger:
    """Makes statements that only look like one; with our own key, where the signature has to hold."""

    def __init__(self, keystore: Keystore, statement: str) -> None:
        self.keystore = keystore
        self.protected, self.payload, self.signature = statement.split(".")
        self.header = json.loads(decoded(self.protected))

    def signed(self, header: object, payload: bytes | None = None, use: str = "receipt") -> str:
        """Sign any header and payload with a key of ours, correctly."""
        raw = header if isinstance(header, bytes) else json.dumps(header).encode()
        said = f"{encoded(raw)}.{self.payload if payload is None else encoded(payload)}"
        signer = self.keystore.service_signer("offline" if use == "offline" else "receipt")
        r, s = decode_dss_signature(signer.sign(said.encode()))
        return f"{said}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def public_pem(self) -> bytes:
        """Return the public key, as an attacker finds it published."""
        certificate = x509.load_der_x509_certificate(self.keystore.service_signer("receipt").certificate)
        return certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def by_hmac(self, secret: bytes) -> str:
        """Sign with HS256 and a secret everybody knows."""
        said = f"{encoded(json.dumps({**self.header, 'alg': 'HS256'}).encode())}.{self.payload}"
        return f"{said}.{encoded(hmac.digest(secret, said.encode(), hashlib.sha256))}"


ATTACKS: dict[str, Callable[[Forger], str]] = {
    "alg_none": lambda f: f"{encoded(json.dumps({**f.header, 'alg': 'none'}).encode())}.{f.payload}.",
    "alg_none_with_signature": lambda f: f.signed({**f.header, "alg": "none"}),
    "alg_hs256_with_the_public_key": lambda f: f.by_hmac(f.public_pem()),
    "alg_hs256_with_the_certificate": lambda f: f.by_hmac(f.keystore.service_keys("receipt")[0].certificate),
    "alg_es384": lambda f: f.signed({**f.header, "alg": "ES384"}),
    "alg_in_small_letters": lambda f: f.signed({**f.header, "alg": "es256"}),
    "alg_missing": lambda f: f.signed({"kid": f.header["kid"], "typ": TYP}),
    "crit": lambda f: f.signed({**f.header, "crit": ["exp"], "exp": 1}),
    "crit_empty": lambda f: f.signed({**f.header, "crit": []}),
    "b64_false": lambda f: f.signed({**f.header, "b64": False, "crit": ["b64"]}),
    "b64_false_without_crit": lambda f: f.signed({**f.header, "b64": False}),
    "jwk": lambda f: f.signed({**f.header, "jwk": {"kty": "EC", "crv": "P-256"}}),
    "x5c": lambda f: f.signed({**f.header, "x5c": ["AAAA"]}),
    "jku": lambda f: f.signed({**f.header, "jku": "http://127.0.0.1/keys"}),
    "zip": lambda f: f.signed({**f.header, "zip": "DEF"}),
    "cty": lambda f: f.signed({**f.header, "cty": "JWT"}),
    "member_twice_in_the_header": lambda f: f.signed(
        b'{"alg":"none","alg":"ES256","kid":"%s","typ":"%s"}' % (f.header["kid"].encode(), TYP.encode())
    ),
    "member_twice_in_the_payload": lambda f: f.signed(f.header, b'{"verdict":"VALID","verdict":"INVALID"}'),
    "member_twice_deeper_down": lambda f: f.signed(f.header, b'{"a":[{"b":1,"b":2}]}'),
    "payload_no_object": lambda f: f.signed(f.header, b"[1]"),
    "payload_no_json": lambda f: f.signed(f.header, b"VALID"),
    "payload_with_nan": lambda f: f.signed(f.header, b'{"a":NaN}'),
    "payload_in_utf16": lambda f: f.signed(f.header, '{"a":1}'.encode("utf-16")),
    "payload_too_deep": lambda f: f.signed(f.header, b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "typ_of_another_statement": lambda f: f.signed({**f.header, "typ": "certsvc-trust+jws"}),
    "typ_missing": lambda f: f.signed({"alg": "ES256", "kid": f.header["kid"]}),
    "kid_unknown": lambda f: f.signed({**f.header, "kid": "receipt-000000000000"}),
    "kid_no_text": lambda f: f.signed({**f.header, "kid": [f.header["kid"]]}),
    "key_of_another_use_under_its_own_name": lambda f: f.signed(
        {**f.header, "kid": f.keystore.service_signer("offline").key_id}, use="offline"
    ),
    "key_of_another_use_under_this_name": lambda f: f.signed(f.header, use="offline"),
    "payload_exchanged": lambda f: f"{f.protected}.{encoded(b'{}')}.{f.signature}",
    "header_exchanged": lambda f: f"{encoded(json.dumps(f.header).encode())}.{f.payload}.{f.signature}",
    "signature_empty": lambda f: f"{f.protected}.{f.payload}.",
    "signature_of_zeros": lambda f: f"{f.protected}.{f.payload}.{encoded(bytes(64))}",
    "signature_in_der": lambda f: (
        f"{f.protected}.{f.payload}."
        + encoded(f.keystore.service_signer("receipt").sign(f"{f.protected}.{f.payload}".encode()))
    ),
    "signature_a_byte_longer": lambda f: f"{f.protected}.{f.payload}.{encoded(decoded(f.signature) + b'x')}",
    "cut_in_the_signature": lambda f: f"{f.protected}.{f.payload}.{f.signature[:-4]}",
    "cut_after_the_payload": lambda f: f"{f.protected}.{f.payload}",
    "a_part_more": lambda f: f"{f.protected}.{f.payload}.{f.signature}.AAAA",
    "nothing": lambda _: "",
    "padding": lambda f: f"{f.protected}.{f.payload}.{f.signature}==",
    "blank_at_the_end": lambda f: f"{f.protected}.{f.payload}.{f.signature}\n",
    "other_base64": lambda f: f"{f.protected}.{f.payload}.+{f.signature[1:]}",
    "no_ascii": lambda f: f"{f.protected}.{f.payload}.签名",
    "json_form": lambda f: json.dumps(flattened(f"{f.protected}.{f.payload}.{f.signature}")),
}


def test_what_was_signed_is_read_back(
    keystore: Keystore, statement: str, keys: tuple[PinnedKey, ...]
) -> None:
    """Every later refusal means something only because the real one is taken."""
    assert read_jws(statement, keys, typ=TYP) == (SAID, keystore.service_signer("receipt").key_id)
    assert compact(flattened(statement)) == statement
    assert read_jws(Forger(keystore, statement).signed(Forger(keystore, statement).header), keys, typ=TYP)


def test_another_library_reads_it_too(keystore: Keystore, statement: str) -> None:
    """A platform checks our receipts with what it has: PyJWT says the same of our statements."""
    said = jwt.api_jws.decode_complete(statement, Forger(keystore, statement).public_pem(), ["ES256"])

    assert json.loads(said["payload"]) == SAID
    assert said["header"] == {
        "alg": "ES256",
        "kid": keystore.service_signer("receipt").key_id,
        "typ": TYP,
    }


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused(
    attack: str, keystore: Keystore, statement: str, keys: tuple[PinnedKey, ...]
) -> None:
    """One way to write a statement, one algorithm, one use for each key."""
    with pytest.raises(JWSError):
        read_jws(ATTACKS[attack](Forger(keystore, statement)), keys, typ=TYP)


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1(), ec.SECP521R1()])
def test_a_key_on_another_curve_is_no_key(curve: ec.EllipticCurve, keys: tuple[PinnedKey, ...]) -> None:
    """ES256 is P-256: even a pinned certificate does not change that."""
    key = ec.generate_private_key(curve)
    plan = CertificatePlan(
        file="x", algorithm="p256", subject={"common_name": "TEST ONLY"}, validity=AT - AT, path_length=None
    )
    certificate = make_certificate(plan, key.public_key(), issuer=None, issuer_key=key, not_before=AT)
    pinned = replace(keys[0], certificate=certificate.public_bytes(Encoding.DER))
    header = json.dumps({"alg": "ES256", "kid": pinned.key_id, "typ": TYP}).encode()
    said = f"{encoded(header)}.{encoded(b'{}')}"
    r, s = decode_dss_signature(key.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
    size = (curve.key_size + 7) // 8
    text = f"{said}.{encoded(r.to_bytes(size, 'big') + s.to_bytes(size, 'big'))}"

    with pytest.raises(JWSError, match="no key for ES256"):
        read_jws(text, [pinned], typ=TYP)


def test_a_key_that_is_not_p256_signs_no_statement(keystore: Keystore) -> None:
    """The header would promise what the signature is not."""
    with pytest.raises(DefectError):
        sign_jws(SAID, keystore.signer("rsa2048"), typ=TYP)
    with pytest.raises(JWSError, match="no key for ES256"):
        rsa = next(key for key in keystore.pinned if key.key_id.startswith("rsa2048"))
        receipt = keystore.service_signer("receipt")
        read_jws(sign_jws(SAID, receipt, typ=TYP), [replace(rsa, key_id=receipt.key_id)], typ=TYP)


def test_every_single_changed_character_is_noticed(statement: str, keys: tuple[PinnedKey, ...]) -> None:
    """No position of the text is without meaning, not even the last bits of a part."""
    accepted = 0
    for place, character in enumerate(statement):
        other = "A" if character != "A" else "B"
        try:
            read_jws(statement[:place] + other + statement[place + 1 :], keys, typ=TYP)
            accepted += 1
        except JWSError:
            pass
    record("statements with one character changed", tried=len(statement), accepted=accepted)
    assert accepted == 0


@given(st.one_of(st.text(), st.text("AQZaz09-_.=", max_size=60)))
def test_any_text_is_refused_in_the_same_way(text: str) -> None:
    """Receipts are pasted into forms: nothing else may come out than the one error."""
    with pytest.raises(JWSError):
        read_jws(text, (), typ=TYP)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "a.b.c",
        {},
        {"payload": "a", "protected": "b"},
        {"payload": "a", "protected": "b", "signature": 1},
        {"payload": "a", "protected": "b.c", "signature": "d"},
        {"payload": "a", "protected": "b", "signature": "c", "header": {}},
    ],
)
def test_a_document_of_another_shape_is_none(document: object) -> None:
    """An unprotected header would be a place for things nobody signed."""
    with pytest.raises(JWSError):
        compact(document)
