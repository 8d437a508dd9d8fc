"""XML of strangers is parsed without entities, network, depth or bulk; there is one kind of error."""

from __future__ import annotations

import socket
import tracemalloc
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certsvc.ofd.names import escape
from certsvc.ofd.parts import BrokenOFDError
from certsvc.ofd.xml import MAX_DEPTH, MAX_NODES, MAX_SIZE, parse_xml
from tests import drills

NAMESPACE: Final = 'xmlns="http://www.ofdspec.org/2016"'
LAUGHS: Final = (
    "<!DOCTYPE a [<!ENTITY l0 'ha'>"
    + "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 12))
    + "]><a>&l11;</a>"
)


def code_of(content: bytes) -> str:
    """Return the code *content* is refused with."""
    with pytest.raises(BrokenOFDError) as refused:
        parse_xml(content)
    return refused.value.code


@pytest.mark.parametrize(
    "opening",
    [f"<OFD {NAMESPACE}", '<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"'],
)
def test_the_prefix_does_not_matter_to_us(opening: str) -> None:
    """Other writers use another one or none."""
    prefix = "ofd:" if "ofd:" in opening else ""

    root = parse_xml(
        f'{opening} Version="1.0">a<{prefix}B>b &amp; c</{prefix}B><!-- no --><?no no?><{prefix}B/>d'
        f"<{prefix}C><![CDATA[<x>]]></{prefix}C></{prefix}OFD>".encode()
    )

    assert (root.name, root.attributes, root.text) == ("OFD", {"Version": "1.0"}, "ad")
    assert [child.name for child in root.children] == ["B", "B", "C"]
    assert root.text_of("B") == "b & c"
    assert root.text_of("C") == "<x>"
    assert root.text_of("D") == ""
    assert root.find("D") is None
    assert len(root.all("B")) == 2


@pytest.mark.parametrize(
    "space", ["", 'xmlns="http://www.ofdspec.org/2017"', 'xmlns="http://www.ofdspec.org/"']
)
def test_elements_of_another_namespace_are_none_of_ours(space: str) -> None:
    """A reader that follows the standard does not see them, so neither may we."""
    assert parse_xml(f"<OFD {space}/>".encode()).name != "OFD"


def test_attributes_of_a_namespace_are_not_the_plain_ones() -> None:
    """``x:ID`` must not stand for ``ID``."""
    root = parse_xml(f'<a {NAMESPACE} xmlns:x="http://www.ofdspec.org/2016" x:ID="1"/>'.encode())

    assert "ID" not in root.attributes


@pytest.mark.parametrize(
    "content",
    [
        LAUGHS.encode(),
        b"<!DOCTYPE a [" + b"<!ENTITY b '" + b"x" * 99_999 + b"'>]><a>" + b"&b;" * 9_999 + b"</a>",
        b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a/>",
        b"<!DOCTYPE a PUBLIC '-//x' 'file:///etc/passwd'><a/>",
        b"<!DOCTYPE a [<!ENTITY % p SYSTEM 'gopher://127.0.0.1/'> %p;]><a/>",
        b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- -->\n<!DOCTYPE a><a/>",
        b"<!DOCTYPE a [" + b"<!ATTLIST a b CDATA 'c'>" * 9_999,
    ],
)
def test_doctype_is_refused_before_anything_in_it_is_read(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entities are how XML reads other files, calls other machines and fills the memory."""

    def no_socket(*_: object, **__: object) -> None:
        pytest.fail("a socket was opened")

    monkeypatch.setattr(socket, "socket", no_socket)

    assert code_of(content) == "XML_REFUSED"


@pytest.mark.parametrize(("depth", "refused"), [(MAX_DEPTH, False), (MAX_DEPTH + 1, True)])
def test_depth_has_a_limit(depth: int, refused: bool) -> None:
    """Both sides of it."""
    content = b"<a>" * depth + b"</a>" * depth

    assert (code_of(content) == "XML_TOO_COMPLEX") if refused else parse_xml(content).children


@pytest.mark.parametrize(("nodes", "refused"), [(MAX_NODES, False), (MAX_NODES + 1, True)])
def test_nodes_have_a_limit(nodes: int, refused: bool) -> None:
    """Elements and attributes count alike."""
    content = b"<a>" + b"<b c='d'/>" * (nodes // 2 - 1) + b"<b/>" * (1 + nodes % 2) + b"</a>"

    assert (code_of(content) == "XML_TOO_COMPLEX") if refused else parse_xml(content).children


@pytest.mark.parametrize(
    "content",
    [
        b"<a " + b" ".join(b"b%d='c'" % number for number in range(MAX_NODES + 1)) + b"/>",
        b"<a>" * 1_000_000,
        b"<a>" + b"x" * MAX_SIZE + b"</a>",
        b"<a b='" + b"x" * MAX_SIZE + b"'/>",
        b"<" + b"a" * MAX_SIZE + b"/>",
    ],
    ids=["attributes", "depth", "text", "attribute", "name"],
)
def test_bulk_is_refused(content: bytes) -> None:
    """Wide bombs need neither entities nor depth."""
    assert code_of(content) == "XML_TOO_COMPLEX"


def test_attributes_are_counted_before_they_are_kept() -> None:
    """Expat would hold millions of one element's before it reports the first."""
    content = b"<a " + b" ".join(b"b%d='c'" % number for number in range(MAX_NODES + 1)) + b"/>"

    tracemalloc.start()
    assert code_of(content) == "XML_TOO_COMPLEX"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1 << 20


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"<a>",
        b"<a/><b/>",
        b"<a></b>",
        b"<a>&b;</a>",
        b"<a b='1' b='2'/>",
        b"<a x:b='1'/>",
        b"<a>\0</a>",
        b"<a>\xff</a>",
        b"<a>\xed\xa0\x80</a>",
        b"<a>&#0;</a>",
        "<a>签章</a>".encode("gbk"),
        b'<a xmlns="http://www.ofdspec.org/2016}OFD"/>',
        "<a/>".encode("utf-16"),
        "<a/>".encode("utf-16-le"),
        "<a/>".encode("utf-32"),
        b"<?xml version='1.0' encoding='GBK'?><a/>",
        b"<?xml version='1.0' encoding='UTF-16'?><a/>",
        b"%PDF-1.7",
    ],
)
def test_what_is_not_well_formed_utf_8_is_unreadable(content: bytes) -> None:
    """Programs guess in different ways what it should have been."""
    assert code_of(content) == "UNREADABLE_FILE"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("declaration", [b"", b"<?xml version='1.0' encoding='utf-8' standalone='yes'?>"])
def test_utf_8_is_taken_with_mark_and_declaration_or_without(mark: bytes, declaration: bytes) -> None:
    """Honest writers do either."""
    assert parse_xml(mark + declaration + "<a>𬭎</a>".encode()).text == "𬭎"


characters = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")


@given(st.text(characters | st.sampled_from("&<>\"'\t\n\r"), max_size=40))
def test_escaped_text_comes_back_from_content_and_attribute(text: str) -> None:
    """What was recorded, character by character, is what the file says."""
    root = parse_xml(f'<a b="{escape(text)}">{escape(text)}</a>'.encode())

    assert (root.attributes["b"], root.text) == (text, text)


@settings(max_examples=5_000 if drills.FULL else 300)
@given(
    st.binary(max_size=60)
    | st.lists(
        st.sampled_from(
            [b"<", b">", b"/", b"a", b" b='c'", b"<a>", b"</a>", b"&", b";", b"<![CDATA[", b"]]>"]
        ),
        max_size=30,
    ).map(b"".join)
)
def test_any_bytes_parse_or_raise_the_one_error(content: bytes) -> None:
    """An error of another kind would be a server error."""
    try:
        assert parse_xml(content).name
    except BrokenOFDError as refused:
        assert refused.code in ("UNREADABLE_FILE", "XML_REFUSED", "XML_TOO_COMPLEX")
