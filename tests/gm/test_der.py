from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from certsvc.gm import der
from certsvc.gm.der import Reader

instants = st.integers(-(10**10), 10**11).map(
    lambda second: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
)


@given(st.integers(0, 1 << 600))
def test_integers_are_written_as_another_library_does_and_read_back(value: int) -> None:
    """The sign bit is where hand-made encoders go wrong."""
    encoded = der.integer(value)

    assert encoded == core.Integer(value).dump()
    assert Reader(encoded).integer() == value


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536])
def test_lengths_are_the_shortest_and_read_back(size: int) -> None:
    """Each side of every border between one form of length and the next."""
    encoded = der.octet_string(bytes(size))

    assert encoded == core.OctetString(bytes(size)).dump()
    assert Reader(encoded).octet_string() == bytes(size)


@given(st.text(), instants, st.binary())
def test_other_kinds_are_written_as_another_library_does_and_read_back(
    text: str, at: datetime, content: bytes
) -> None:
    """What we read and write ourselves must be what everybody else reads."""
    whole = der.sequence(der.utf8_string(text), der.generalized_time(at), der.bit_string(content))
    parts = core.SequenceOf.load(whole, spec=core.Any, strict=True)
    reader = Reader(whole).sequence()

    assert parts[0].parse(core.UTF8String).native == text
    assert parts[1].parse(core.GeneralizedTime).native == at
    assert parts[2].parse(core.OctetBitString).native == content
    assert (reader.utf8_string(), reader.generalized_time(), reader.bit_string()) == (text, at, content)
    reader.finish()


@pytest.mark.parametrize(
    "dotted", ["1.2.156.10197.1.501", "2.5.29.14", "1.2.840.10045.2.1", "2.999.3", "0.0.128"]
)
def test_object_identifiers_are_written_as_another_library_does_and_read_back(dotted: str) -> None:
    """A wrong group of seven bits names another algorithm."""
    encoded = der.object_identifier(dotted)

    assert encoded == core.ObjectIdentifier(dotted).dump()
    assert Reader(encoded).object_identifier() == dotted


def test_instants_are_written_in_utc_without_parts_of_a_second() -> None:
    """A seal has no other form; the zone of the machine must not matter."""
    beijing = datetime(2026, 11, 21, 7, 59, 59, 999999, tzinfo=timezone(timedelta(hours=8)))

    assert der.generalized_time(beijing) == b"\x18\x0f20261120235959Z"


@pytest.mark.parametrize(("text", "year"), [(b"491231235959Z", 2049), (b"500101000000Z", 1950)])
def test_two_digits_of_a_year_mean_the_years_around_2000(text: bytes, year: int) -> None:
    """RFC 5280, 4.1.2.5.1: certificates of roots reach beyond 2050."""
    assert Reader(der.element(der.UTC_TIME, text)).utc_time().year == year


@pytest.mark.parametrize(
    "at", [datetime(2026, 11, 20, tzinfo=UTC).replace(tzinfo=None), datetime(999, 1, 1, tzinfo=UTC)]
)
def test_instants_without_zone_or_with_a_short_year_are_refused(at: datetime) -> None:
    """Guessing a zone would move the instant of sealing."""
    with pytest.raises(ValueError, match="instant"):
        der.generalized_time(at)


@pytest.mark.parametrize(
    ("encoded", "read"),
    [
        (b"", Reader.integer),
        (b"\x02", Reader.integer),
        (b"\x02\x00", Reader.integer),
        (b"\x02\x01", Reader.integer),
        (b"\x02\x02\x01", Reader.integer),
        (b"\x02\x01\x80", Reader.integer),
        (b"\x02\x02\x00\x7f", Reader.integer),
        (b"\x04\x01\x01", Reader.integer),
        (b"\x04\x80\x01\x00\x00", Reader.octet_string),
        (b"\x04\x81\x01\x01", Reader.octet_string),
        (b"\x04\x81\x7f" + bytes(127), Reader.octet_string),
        (b"\x04\x82\x00\x80" + bytes(128), Reader.octet_string),
        (b"\x04\x85\x00\x00\x00\x00\x01\x01", Reader.octet_string),
        (b"\x04\x85\x01\x00\x00\x00\x00\x01", Reader.octet_string),
        (b"\x04\x84\xff\xff\xff\xff", Reader.octet_string),
        (b"\x04\xff" + bytes(200), Reader.octet_string),
        (b"\x04\x82\x01", Reader.octet_string),
        (b"\x24\x03\x04\x01\x01", Reader.octet_string),
        (b"\x03\x00", Reader.bit_string),
        (b"\x03\x02\x01\x02", Reader.bit_string),
        (b"\x16\x01\x80", Reader.ia5_string),
        (b"\x0c\x01\xff", Reader.utf8_string),
        (b"\x0c\x03\xed\xa0\x80", Reader.utf8_string),
        (b"\x06\x00", Reader.object_identifier),
        (b"\x06\x02\x2a\x80", Reader.object_identifier),
        (b"\x06\x03\x2a\x80\x01", Reader.object_identifier),
        (b"\x06\x81\x80" + b"\xff" * 127 + b"\x01", Reader.object_identifier),
        (b"\x18\x0f20261320000000Z", Reader.generalized_time),
        (b"\x18\x0f20260230000000Z", Reader.generalized_time),
        (b"\x18\x0f20261120000060Z", Reader.generalized_time),
        (b"\x18\x0f00001120000000Z", Reader.generalized_time),
        (b"\x18\x0e20261120000000", Reader.generalized_time),
        (b"\x18\x0f20261120000000z", Reader.generalized_time),
        (b"\x18\x0f2026112000000 Z", Reader.generalized_time),
        (b"\x18\x1120261120000000.0Z", Reader.generalized_time),
        (b"\x18\x1320261120000000+0800", Reader.generalized_time),
        (b"\x17\x0d261120000000Z", Reader.generalized_time),
        (b"\x17\x0b2611200000Z", Reader.utc_time),
        (b"\x17\x11261120000000+0800", Reader.utc_time),
        (b"\x17\x00", Reader.utc_time),
    ],
)
def test_anything_but_der_is_refused(encoded: bytes, read: Callable[[Reader], object]) -> None:
    """Two encodings of one value are two files that both verify."""
    with pytest.raises(ValueError, match=r"."):
        read(Reader(encoded))


def test_what_is_left_or_different_is_refused() -> None:
    """Bytes that nobody reads are where things are hidden."""
    reader = Reader(b"\x02\x01\x01\x02\x01\x02")
    assert reader.integer() == 1

    with pytest.raises(ValueError, match="too many"):
        reader.finish()
    with pytest.raises(ValueError, match="another value"):
        reader.expect(b"\x02\x01\x01")
    reader.expect(b"\x02\x01\x02")
    reader.finish()
    with pytest.raises(ValueError, match="another value"):
        reader.expect(b"\x02\x01\x02")


def test_elements_are_returned_exactly_as_they_stand() -> None:
    """Signatures are checked over these bytes."""
    inner = der.sequence(der.integer(5), der.octet_string(bytes(200)))
    reader = Reader(der.sequence(inner, der.integer(7))).sequence()

    assert reader.peek() == der.SEQUENCE
    assert reader.element(der.SEQUENCE) == inner
    assert reader.integer() == 7
    assert reader.peek() == -1
