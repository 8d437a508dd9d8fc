"""The text of the offline symbol: what goes in comes out, and nothing that was touched ever verifies."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from certsvc.domain.events import Sex
from certsvc.domain.offline_claims import Claims, digest_of_text, same_text
from certsvc.domain.registration import Specialty
from certsvc.errors import SettingsError
from certsvc.qr.decode import read_modules
from certsvc.qr.encode import encode_link, side_of
from certsvc.qr.offline import SIGNATURE_BYTES, OfflineCode, decode, encode_claims, fitted, signature_holds
from certsvc.qr.token import ALPHABET
from tests import drills
from tests.offline import CLAIMS, PUBLIC_URL, SampleSigner, claims

SIGNER = SampleSigner()
RARE = "𬭎䶮𠅤𠀀·买买提"
MOST_MODULES = 93
"""What the place in templates/constructor-1/layout.toml holds."""


@cache
def certificate(signer: SampleSigner = SIGNER) -> bytes:
    """Certify a sample key to itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEST ONLY")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(signer.private_key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .sign(signer.private_key, hashes.SHA256())
    )
    return built.public_bytes(Encoding.DER)


TEXT = encode_claims(CLAIMS, SIGNER, public_url=PUBLIC_URL)
LINK, _, DIGITS = TEXT.partition("#")

days = st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 12, 31))
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")) | st.sampled_from(RARE),
    min_size=1,
    max_size=60,
)
told = texts | texts.map(digest_of_text)
any_claims = st.builds(
    Claims,
    token=st.text(ALPHABET, min_size=26, max_size=26),
    status_index=st.integers(0, 2**40),
    copy_number=st.integers(1, 2**31),
    issued_at=st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
    licence_id=st.just(CLAIMS.licence_id),
    profession=texts,
    registration_number=texts,
    name=told,
    sex=st.sampled_from(Sex),
    birth_date=days,
    employer=told,
    purpose=told,
    use_from=days,
    use_until=days,
    specialties=st.lists(st.builds(Specialty, name=texts, valid_from=days, valid_to=days), max_size=10).map(
        tuple
    ),
)


@settings(max_examples=60)
@given(any_claims, st.sampled_from(["https://a.cn", "http://127.0.0.1:8000", "https://V.Example.org:443"]))
def test_what_is_signed_comes_back_and_its_signature_holds(signed: Claims, public_url: str) -> None:
    """Names of every kind, dates before 1970, ten specialties: nothing is lost on the way."""
    text = encode_claims(signed, SIGNER, public_url=public_url)

    code = decode(text)

    assert code.claims == signed
    assert code.key_id == SIGNER.key_id
    assert signature_holds(code, certificate())
    assert text.isascii()


@settings(max_examples=200)
@given(st.text(max_size=300) | st.integers(1, 10**1500).map(lambda number: f"{LINK}#{number}"))
def test_any_other_text_ends_in_one_documented_error(text: str) -> None:
    """A reader in the field meets every code there is."""
    try:
        code = decode(text)
    except ValueError:
        return
    assert not signature_holds(code, certificate())


def test_a_mutated_text_never_verifies() -> None:
    """Digits swapped, changed, dropped or added, another token, another host: not one is taken for ours."""
    rng = random.Random("offline codes")
    mutations = drills.some([*_mutations(rng)], "offline codes", least=400)
    accepted = [text for text in mutations if text != TEXT and _verifies(text)]

    drills.record("offline code mutated", texts=len(mutations), accepted=len(accepted))
    assert accepted == []
    assert _verifies(TEXT), "or the test above could not fail"


def _mutations(rng: random.Random) -> list[str]:
    found = []
    for place in range(len(DIGITS)):
        other = rng.choice([digit for digit in "0123456789" if digit != DIGITS[place]])
        found.append(f"{LINK}#{DIGITS[:place]}{other}{DIGITS[place + 1 :]}")
        found.append(f"{LINK}#{DIGITS[:place]}{DIGITS[place + 1 :]}")
        found.append(f"{LINK}#{DIGITS[:place]}{rng.choice('0123456789')}{DIGITS[place:]}")
        if place and DIGITS[place] != DIGITS[place - 1]:
            swapped = DIGITS[: place - 1] + DIGITS[place] + DIGITS[place - 1] + DIGITS[place + 1 :]
            found.append(f"{LINK}#{swapped}")
    for place in range(len(LINK) - 26, len(LINK)):
        other = rng.choice([letter for letter in ALPHABET if letter != LINK[place]])
        found.append(f"{LINK[:place]}{other}{LINK[place + 1 :]}#{DIGITS}")
    found += [f"{LINK}x#{DIGITS}", TEXT.replace("certs.example", "cents.example")]
    found += [TEXT.replace("https://", "http://"), TEXT.replace(".org", ".org:8443")]
    return found


def _verifies(text: str) -> bool:
    try:
        return signature_holds(decode(text), certificate())
    except ValueError:
        return False


def test_case_blanks_and_a_named_default_port_are_the_same_text() -> None:
    """What a scanner or a pasting hand does to a link is no forgery."""
    shouted = f"{LINK.upper()}#{DIGITS}"

    for text in (shouted, f" {TEXT}\r\n", TEXT.replace(".org/", ".org:443/"), TEXT.replace("/c/", "/C/")):
        assert decode(text).signed == decode(TEXT).signed


def test_another_key_does_not_verify() -> None:
    """The key counts, not the name the code gives it."""
    stranger = SampleSigner(private_key=ec.generate_private_key(ec.SECP256R1()))

    code = decode(encode_claims(CLAIMS, stranger, public_url=PUBLIC_URL))

    assert code.key_id == SIGNER.key_id
    assert not signature_holds(code, certificate())


def test_a_public_url_with_a_path_is_refused() -> None:
    """The link is signed, so it must be what a browser asks for."""
    with pytest.raises(SettingsError):
        encode_claims(CLAIMS, SIGNER, public_url="https://certs.example.org/app")


LONG = claims(name=RARE * 5, employer="建" * 100, purpose="用" * 200)


@pytest.mark.parametrize(
    ("whole", "left_out"),
    [
        (CLAIMS, ()),
        (claims(purpose="用" * 200), ("purpose",)),
        (claims(purpose="用" * 200, employer="建" * 100), ("employer", "purpose")),
        (LONG, ("employer", "purpose")),
        (
            claims(name="𬭎" * 50, employer="建" * 100, purpose="用" * 200, specialties=LONG.specialties * 5),
            ("name", "employer", "purpose"),
        ),
    ],
    ids=["plain", "long purpose", "long employer", "rare name", "everything"],
)
def test_what_does_not_fit_is_replaced_by_its_digest_purpose_first(
    whole: Claims, left_out: tuple[str, ...]
) -> None:
    """A copy is never refused for its symbol; a text is whole, or said to be missing."""
    kept = fitted(whole, SIGNER.key_id, public_url=PUBLIC_URL, most_modules=MOST_MODULES)

    text = encode_claims(kept, SIGNER, public_url=PUBLIC_URL)
    link, mark, digits = text.partition("#")
    assert kept.left_out == left_out
    assert len(encode_link(link + mark, digits)) == side_of(link + mark, digits) <= MOST_MODULES
    for field in ("name", "employer", "purpose"):
        assert same_text(getattr(kept, field), getattr(whole, field))
        assert not same_text(getattr(kept, field), getattr(whole, field) + "甲")


def test_a_place_too_small_for_the_digests_is_an_error() -> None:
    """Better no symbol than one whose modules no camera resolves."""
    with pytest.raises(ValueError, match="no offline code"):
        fitted(CLAIMS, SIGNER.key_id, public_url=PUBLIC_URL, most_modules=45)


@settings(max_examples=10)
@given(any_claims)
def test_the_symbol_reads_back_as_the_text(signed: Claims) -> None:
    """Bytes and digits in one symbol: the reader must give both back as they went in."""
    kept = fitted(signed, SIGNER.key_id, public_url=PUBLIC_URL, most_modules=177)
    link, mark, digits = encode_claims(kept, SIGNER, public_url=PUBLIC_URL).partition("#")

    assert read_modules(encode_link(link + mark, digits)) == link + mark + digits


def test_a_code_says_nothing_before_its_signature_is_asked() -> None:
    """Reading is no checking: a code with zeros for a signature reads, and does not hold."""
    body = decode(TEXT)
    content = body.signed[len(LINK) + 1 :]

    code = decode(f"{LINK}#{int.from_bytes(content + bytes(SIGNATURE_BYTES), 'big')}")

    assert isinstance(code, OfflineCode)
    assert code.claims == CLAIMS
    assert not signature_holds(code, certificate())
