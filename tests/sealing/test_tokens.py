"""Time-stamp tokens: what is believed, and every way in which one is not; openssl as the judge."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from certsvc.sealing.tokens import LARGEST_TOKEN, TokenError, read_token
from certsvc.sealing.tsa_messages import is_policy, request_of, response_of, token_of
from tests.factories import NOW
from tests.tsa import POLICY, Authority, an_authority, with_same_names

DATA = b"what was issued"
DIGEST = hashlib.sha256(DATA).digest()
NONCE = b"\x02\x02\x12\x34"
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl on this machine")


def read(der: bytes, authority: Authority | None = None, **other: object) -> object:
    """Read with the roots of *authority*, by default those of the usual one."""
    roots = [(authority or an_authority()).root_der]
    return read_token(der, digest=DIGEST, roots=roots, **other)  # type: ignore[arg-type]


def test_a_token_says_when_and_under_which_policy() -> None:
    """The chain is what a later reader needs: the unit and its CA, not the root."""
    authority = an_authority()
    token = read_token(
        authority.token(DIGEST, NOW, nonce=NONCE), digest=DIGEST, roots=[authority.root_der], nonce=0x1234
    )

    assert (token.gen_time, token.policy, token.pinned) == (NOW.replace(microsecond=0), POLICY, True)
    assert token.chain == tuple(
        one.public_bytes(Encoding.DER) for one in (authority.certificate, authority.issuing)
    )


@pytest.mark.parametrize(
    "twist",
    [
        "wrong imprint", "wrong nonce", "other policy", "extensions", "names another", "names none",
        "bad signature", "changed content", "no certificates", "large", "two signers", "tail",
    ],
)  # fmt: skip
def test_a_token_that_is_off_in_one_point_is_not_believed(twist: str) -> None:
    """Each alone is enough."""
    der = an_authority().token(DIGEST, NOW, nonce=NONCE, twist=twist)

    with pytest.raises(TokenError):
        read(der, nonce=0x1234, policy=POLICY)


@pytest.mark.parametrize(
    "authority",
    [
        an_authority("U", purpose="uncritical"),
        an_authority("M", purpose="more"),
        an_authority("O", purpose="other"),
        an_authority("N", purpose="none"),
        an_authority("E", until=NOW - timedelta(days=1)),
        an_authority("I", issuing_until=NOW - timedelta(days=1)),
        an_authority("C", is_ca=False),
    ],
    ids=["uncritical", "two uses", "another use", "no use", "expired", "CA expired", "no CA"],
)
def test_a_certificate_that_may_not_stamp_is_not_believed(authority: Authority) -> None:
    """For time stamping, critically, alone; valid at the instant it states, under a valid CA."""
    with pytest.raises(TokenError):
        read(authority.token(DIGEST, NOW), authority)


def test_another_authority_of_the_same_names_is_not_believed() -> None:
    """A root is pinned by its bytes."""
    with pytest.raises(TokenError, match="no pinned root"):
        read(with_same_names(an_authority()).token(DIGEST, NOW))


def test_without_a_root_all_else_is_checked_and_nothing_is_pinned() -> None:
    """So a token that is broken is told from one that cannot be judged here."""
    whole = an_authority().token(DIGEST, NOW)

    assert not read_token(whole, digest=DIGEST, roots=()).pinned
    with pytest.raises(TokenError):
        read_token(an_authority().token(DIGEST, NOW, twist="bad signature"), digest=DIGEST, roots=())


def test_no_flipped_byte_and_no_cut_is_believed_as_more_than_it_was() -> None:
    """What is unsigned in a token (the copy of a CA) may differ; time, digest and key may not."""
    whole = an_authority().token(DIGEST, NOW)
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 0x01
        try:
            token = read_token(bytes(changed), digest=DIGEST, roots=[an_authority().root_der])
        except TokenError:
            continue
        assert (token.gen_time, token.policy) == (NOW.replace(microsecond=0), POLICY), at
        assert token.chain[0] == an_authority().certificate.public_bytes(Encoding.DER), at
    for size in range(0, len(whole), 7):
        with pytest.raises(TokenError):
            read(whole[:size])


def test_an_answer_that_is_none_is_told() -> None:
    """Refusals, rests, other bytes."""
    granted = response_of(an_authority().token(DIGEST, NOW))

    assert read(token_of(granted))
    for answer in (
        b"",
        b"\x30\x00",
        granted + b"\0",
        granted[:-1],
        bytes.fromhex("30053003020102"),
        b"<html>",
    ):
        with pytest.raises(TokenError):
            token_of(answer)
    assert len(an_authority().token(DIGEST, NOW)) < LARGEST_TOKEN


def test_a_policy_is_a_dotted_identifier() -> None:
    """Anything else would make a request no authority reads."""
    assert all(map(is_policy, ("1.2.3", "2.999.1", "1.3.6.1.4.1.4146.2.2")))
    assert not any(map(is_policy, ("", "1", "1.2", "3.1.1", "1.40.1", "a.b.c", "1.2.-3", "1..2")))


@needs_openssl
def test_openssl_believes_what_we_hand_out_and_only_about_these_bytes(tmp_path: Path) -> None:
    """The file a caller downloads beside a certificate, judged with openssl ts."""
    authority = an_authority()
    (tmp_path / "root.pem").write_bytes(authority.root_pem)
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "other").write_bytes(DATA + b".")
    (tmp_path / "data.tsr").write_bytes(response_of(authority.token(DIGEST, NOW)))
    verify = ["openssl", "ts", "-verify", "-in", "data.tsr", "-CAfile", "root.pem", "-data"]

    good, bad = (
        subprocess.run([*verify, data], cwd=tmp_path, capture_output=True, text=True, check=False)
        for data in ("data", "other")
    )

    assert (good.returncode, bad.returncode) == (0, 1), good.stderr
    assert "OK" in good.stdout + good.stderr


@needs_openssl
def test_we_believe_what_openssl_answers_to_our_request(tmp_path: Path) -> None:
    """Another program reads our request and makes the token, nonce, policy and certificates included."""
    authority = an_authority()
    key = authority.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "unit.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "chain.pem").write_bytes(authority.issuing.public_bytes(Encoding.PEM))
    (tmp_path / "serial").write_text("01\n")
    (tmp_path / "tsa.cnf").write_text(
        "[tsa]\nserial=serial\nsigner_cert=unit.pem\nsigner_key=key.pem\ncerts=chain.pem\n"
        f"default_policy={POLICY}\nother_policies={POLICY}.9\ndigests=sha256\nsigner_digest=sha384\n"
        "accuracy=secs:1\nordering=yes\ntsa_name=yes\ness_cert_id_chain=yes\ness_cert_id_alg=sha256\n"
    )
    (tmp_path / "q").write_bytes(request_of(DIGEST, 0x8000000000000001, f"{POLICY}.9"))
    reply = [
        "openssl",
        "ts",
        "-reply",
        "-config",
        "tsa.cnf",
        "-section",
        "tsa",
        "-queryfile",
        "q",
        "-out",
        "r",
    ]

    subprocess.run(reply, cwd=tmp_path, check=True, capture_output=True)
    token = token_of((tmp_path / "r").read_bytes())

    found = read_token(
        token, digest=DIGEST, roots=[authority.root_der], nonce=0x8000000000000001, policy=f"{POLICY}.9"
    )
    assert found.pinned
    assert replace(found, der=b"").chain[1] == authority.issuing.public_bytes(Encoding.DER)
