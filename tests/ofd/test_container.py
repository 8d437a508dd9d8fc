"""Writing packages, judged by other ZIP readers."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.errors import DefectError
from certsvc.ofd.container import MAX_ENTRIES, MAX_UNPACKED, plain_name, write_container
from certsvc.ofd.names import OFD
from certsvc.ofd.parts import DEFLATE, STORED, make_part
from certsvc.ofd.read_container import read_container
from tests.ofd.samples import PNG, a_draft, sealed

steps = st.text("abcXYZ019_-.", min_size=1, max_size=8).filter(lambda step: step not in (".", ".."))
names = st.lists(steps, min_size=1, max_size=4).map("/".join)
contents = st.binary(max_size=300) | st.binary(min_size=1, max_size=9).map(lambda piece: piece * 1000)
packages = st.lists(
    st.tuples(names, contents, st.booleans()),
    max_size=12,
    unique_by=lambda entry: entry[0].casefold(),
).filter(lambda entries: all(name.casefold() != OFD.casefold() for name, _, _ in entries))


@given(packages, contents)
def test_what_is_written_is_read_back_by_us_and_by_zipfile(
    entries: list[tuple[str, bytes, bool]], entrance: bytes
) -> None:
    """Two readers that share no code must see the same files in the same order."""
    parts = [
        make_part(name, content, once=once) for name, content, once in [(OFD, entrance, False), *entries]
    ]
    expected = [(part.name, part.content) for part in parts]

    data = write_container(parts)

    assert list(read_container(data).items()) == expected
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None
        assert [(name, package.read(name)) for name in package.namelist()] == expected


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_finds_nothing_to_complain_about(tmp_path: Path) -> None:
    """A third reader, in another language."""
    (tmp_path / "x.ofd").write_bytes(sealed())

    done = subprocess.run(["unzip", "-tqq", tmp_path / "x.ofd"], capture_output=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_equal_drafts_make_equal_bytes() -> None:
    """Nothing of clock, chance or machine may enter a document before its seal."""
    assert a_draft().unsealed() == a_draft().unsealed()


def test_entries_tell_nothing_of_the_machine() -> None:
    """Time, system, rights and extra fields are all constants."""
    with zipfile.ZipFile(io.BytesIO(sealed())) as package:
        told = {
            (
                entry.date_time,
                entry.create_system,
                entry.create_version,
                entry.extract_version,
                entry.flag_bits,
                entry.external_attr,
                entry.extra,
                entry.comment,
            )
            for entry in package.infolist()
        }

    assert told == {((1980, 1, 1, 0, 0, 0), 0, 20, 20, 0, 0, b"", b"")}


@pytest.mark.parametrize(
    ("content", "method"),
    [
        (b"<a/>" * 99, DEFLATE),
        (PNG, STORED),
        (b"\xff\xd8\xff" + bytes(999), STORED),
        (b"", STORED),
        (b"\x00\xff\x17", STORED),
    ],
)
def test_parts_are_packed_when_it_pays(content: bytes, method: int) -> None:
    """Pictures are packed already; what deflate makes longer is stored."""
    assert make_part("x", content).method == method
    assert make_part("x", content, once=True).method == method


def test_check_value_is_the_sm3_of_the_content() -> None:
    """GB/T 32905 gives this digest for ``abc``."""
    part = make_part("x", b"abc")

    assert part.check_value.hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert part.check_value is part.check_value


@pytest.mark.parametrize(
    "listed",
    [
        (),
        ("Doc_0/Document.xml", OFD),
        (OFD, "a", "A"),
        (OFD, "a", "a"),
        (OFD, "a\\b"),
        (OFD, "../a"),
        (OFD, "/a"),
        (OFD, "a//b"),
        (OFD, "a/"),
        (OFD, "名"),
        (OFD, "a\n"),
        (OFD, *(f"{number}" for number in range(MAX_ENTRIES))),
    ],
)
def test_what_our_reader_would_refuse_is_never_written(listed: tuple[str, ...]) -> None:
    """A document that comes out unreadable is our defect, and must not be sealed."""
    with pytest.raises(DefectError):
        write_container([make_part(name, b"") for name in listed])


@pytest.mark.parametrize("name", ["", ".", "a/./b", "a:b", "a*", "C:/a", 'a"', "a|b", "a\x7f", "é"])
def test_names_that_some_system_reads_otherwise_are_not_plain(name: str) -> None:
    """They would be other files elsewhere."""
    assert not plain_name(name)


def test_names_we_use_are_plain() -> None:
    """Dots and dashes inside a step are ordinary."""
    assert plain_name("Doc_0/Res/font-5.a.ttf")


def test_more_than_our_reader_takes_is_never_written() -> None:
    """The limit against bombs holds for us as well."""
    with pytest.raises(DefectError):
        write_container([make_part(OFD, bytes(MAX_UNPACKED + 1))])
