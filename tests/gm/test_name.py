from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from certsvc.gm import der
from certsvc.gm.name import COMMON_NAME, first_of, read_name, text_of

KINDS = [
    NameOID.COMMON_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.ORGANIZATIONAL_UNIT_NAME,
    NameOID.LOCALITY_NAME,
    NameOID.STATE_OR_PROVINCE_NAME,
    NameOID.TITLE,
]
printable = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=16)
attributes = st.builds(x509.NameAttribute, st.sampled_from(KINDS), printable)
names = st.lists(attributes, max_size=4).map(x509.Name)


def encoded(tag: int, value: bytes, kind: str = COMMON_NAME) -> bytes:
    """Write a name of one attribute."""
    attribute = der.sequence(der.object_identifier(kind), der.element(tag, value))
    return der.sequence(der.element(0x31, attribute))


@given(names)
def test_text_is_what_another_library_writes(name: x509.Name) -> None:
    """Escapes and order are where two authorities could come to look like one."""
    assert text_of(read_name(name.public_bytes())) == name.rfc4514_string()


def test_attributes_of_one_part_are_joined() -> None:
    """A name of one part with two attributes is another than a name of two parts."""
    one, other = (
        der.Reader(der.Reader(encoded(0x0C, text)).content(0x30)).content(0x31) for text in (b"a", b"b")
    )

    assert text_of(read_name(der.sequence(der.element(0x31, one + other)))) == "CN=a+CN=b"
    assert text_of(read_name(der.sequence(der.element(0x31, one), der.element(0x31, other)))) == "CN=b,CN=a"


def test_names_longer_than_x520_allows_are_read() -> None:
    """A Chinese authority's full name easily takes more than 64 bytes."""
    name = "某某省某某市某某区住房和城乡建设局行政审批服务中心（测试）" * 3

    assert text_of(read_name(encoded(0x0C, name.encode(), "2.5.4.10"))) == f"O={name}"


@pytest.mark.parametrize(
    ("tag", "value"),
    [(0x0C, "签章".encode()), (0x1E, "签章".encode("utf-16-be")), (0x13, b"ES"), (0x14, b"\xc4")],
)
def test_every_usual_kind_of_string_is_read(tag: int, value: bytes) -> None:
    """Older Chinese authorities write BMPString, others PrintableString."""
    assert first_of(read_name(encoded(tag, value)), COMMON_NAME) in ("签章", "ES", "Ä")


def test_control_characters_become_visible() -> None:
    """A line feed in a name would write a line of its own into a log."""
    assert text_of(read_name(encoded(0x0C, b"a\nb\x00c\xe2\x80\xaed"))) == "CN=a\\0Ab\\00c\\E2\\80\\AEd"


def test_missing_kind_is_empty() -> None:
    """Not every subject has a common name."""
    assert first_of(read_name(der.sequence()), COMMON_NAME) == ""


@pytest.mark.parametrize(
    "name",
    [
        b"",
        der.sequence() + b"\x00",
        der.sequence(der.element(0x31, b"")),
        der.sequence(der.sequence()),
        encoded(0x0C, b"\xff"),
        encoded(0x13, b"\xc4"),
        encoded(0x1E, b"a"),
        encoded(0x1E, b"\xd8\x00"),
        encoded(0x03, b"\x00a"),
        der.sequence(der.element(0x31, der.sequence(der.object_identifier(COMMON_NAME)))),
    ],
)
def test_what_is_no_name_is_refused(name: bytes) -> None:
    """Guessed text is worse than none."""
    with pytest.raises(ValueError, match=r"."):
        read_name(name)
