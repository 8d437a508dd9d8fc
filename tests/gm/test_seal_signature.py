from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.gm import der
from certsvc.gm.seal_signature import read_seal_signature
from tests.gm import ses
from tests.gm.parties import DIGEST, NOW, PLACE, SEAL, SIGNER, SIGNER_KEY, a_seal_signature

SIGNATURE = a_seal_signature()
EXTENSIONS = der.element(
    0xA0, der.sequence(der.sequence(der.object_identifier("1.2.3"), der.octet_string(b"x")))
)


def parts_of(content: bytes) -> list[bytes]:
    """Split a SEQUENCE into its elements."""
    reader = der.Reader(content).sequence()
    parts = []
    while (tag := reader.peek()) >= 0:
        parts.append(reader.element(tag))
    return parts


def with_part(place: int, part: bytes) -> bytes:
    """Return SIGNATURE with another outer part."""
    parts = parts_of(SIGNATURE)
    parts[place : place + 1] = [part]
    return der.sequence(*parts)


def with_signed_part(place: int, part: bytes) -> bytes:
    """Return SIGNATURE with another part of what is signed."""
    parts = parts_of(parts_of(SIGNATURE)[0])
    parts[place : place + 1] = [part]
    return with_part(0, der.sequence(*parts))


def test_everything_made_is_read_back() -> None:
    """Each of these is compared with something when a file is checked."""
    read = read_seal_signature(SIGNATURE)

    assert read.seal_der == SEAL
    assert read.at == NOW
    assert read.digest == DIGEST
    assert read.property_info == PLACE
    assert read.certificate == SIGNER
    assert not read.has_extensions
    assert SIGNER_KEY.public.verify(read.signed, read.signature)


def test_another_library_reads_it_by_the_standard() -> None:
    """Types written down from the standard, in an encoder that is not ours, give the same bytes."""
    read = ses.Signature.load(SIGNATURE, strict=True)
    signed = read["to_sign"]

    assert signed["version"].native == 4
    assert signed["seal"].dump() == SEAL
    assert signed["time"].native == NOW
    assert signed["digest"].native == DIGEST
    assert signed["property_info"].native == PLACE
    assert signed.dump(force=True) == read_seal_signature(SIGNATURE).signed
    assert read["certificate"].native == SIGNER
    assert read["algorithm"].dotted == "1.2.156.10197.1.501"
    assert read["signature"].native == read_seal_signature(SIGNATURE).signature
    assert read.dump(force=True) == SIGNATURE


def test_instant_is_written_in_utc_and_whole_seconds() -> None:
    """The same instant gives the same bytes whatever zone it comes in."""
    beijing = datetime(2026, 11, 20, 12, 0, 0, 999999, tzinfo=timezone(timedelta(hours=8)))

    assert read_seal_signature(a_seal_signature(at=beijing)).at == NOW
    with pytest.raises(ValueError, match="zone"):
        a_seal_signature(at=NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    "content",
    [
        with_part(3, parts_of(SIGNATURE)[3] + EXTENSIONS),
        with_signed_part(4, parts_of(parts_of(SIGNATURE)[0])[4] + EXTENSIONS),
    ],
    ids=["time stamp", "signed extension"],
)
def test_parts_we_never_write_are_told(content: bytes) -> None:
    """A time stamp is outside the signature, so anybody could add one; others' files do have them."""
    read = read_seal_signature(content)

    assert read.has_extensions
    assert read.seal_der == SEAL


@pytest.mark.parametrize(
    "content",
    [
        b"",
        SIGNATURE + b"\x00",
        b"\x00" + SIGNATURE,
        SIGNATURE[:-1],
        SEAL,
        with_signed_part(0, der.integer(1)),
        with_signed_part(0, der.integer(5)),
        with_signed_part(0, b"\x02\x02\x00\x04"),
        with_signed_part(1, b""),
        with_signed_part(1, der.octet_string(SEAL)),
        with_signed_part(2, der.element(der.UTC_TIME, b"261120040000Z")),
        with_signed_part(3, der.octet_string(DIGEST)),
        with_signed_part(4, der.utf8_string(PLACE)),
        with_signed_part(4, der.element(der.IA5_STRING, "/签章".encode())),
        with_signed_part(4, der.ia5_string(PLACE) + der.integer(1)),
        with_signed_part(4, der.ia5_string(PLACE) + EXTENSIONS + EXTENSIONS),
        with_part(2, der.object_identifier("1.2.840.10045.4.3.2")),
        with_part(2, der.sequence(der.object_identifier("1.2.156.10197.1.501"))),
        with_part(3, der.octet_string(b"signature")),
        with_part(3, parts_of(SIGNATURE)[3] * 2),
    ],
    ids=[
        "nothing",
        "byte after",
        "byte before",
        "cut",
        "a seal",
        "version 1",
        "version 5",
        "long version",
        "no seal",
        "seal in a string",
        "short year",
        "digest in a string",
        "other string",
        "no ASCII",
        "another part",
        "extensions twice",
        "other algorithm",
        "algorithm in a sequence",
        "signature in a string",
        "two signatures",
    ],
)
def test_signatures_of_other_kinds_and_broken_ones_are_refused(content: bytes) -> None:
    """One documented error, and nothing half read."""
    with pytest.raises(ValueError, match=r"."):
        read_seal_signature(content)


@given(st.data())
def test_any_edit_is_refused_or_shows(data: st.DataObject) -> None:
    """Bytes from strangers end in ValueError, in a broken signature, or in another certificate."""
    content = bytearray(SIGNATURE)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))

    try:
        read = read_seal_signature(bytes(content))
    except ValueError:
        return
    whole = read.certificate == SIGNER and SIGNER_KEY.public.verify(read.signed, read.signature)
    assert content == SIGNATURE or read.has_extensions or not whole


@given(st.binary(), st.text(st.characters(max_codepoint=127)), st.datetimes(NOW.replace(tzinfo=None)))
def test_any_values_are_read_back(digest: bytes, place: str, at: datetime) -> None:
    """Lengths on both sides of 128 bytes change the frames around them."""
    at = at.replace(tzinfo=NOW.tzinfo, microsecond=0)

    read = read_seal_signature(a_seal_signature(at=at, digest=digest, property_info=place))

    assert (read.at, read.digest, read.property_info) == (at, digest, place)
    assert SIGNER_KEY.public.verify(read.signed, read.signature)
