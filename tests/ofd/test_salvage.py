"""Traces are found in packages no strict reader would open, within bounds whatever they hold."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certsvc.ofd.container import MAX_UNPACKED
from certsvc.ofd.names import SIGNED_VALUE
from certsvc.ofd.read_container import read_container
from certsvc.ofd.salvage import salvage
from tests import drills
from tests.ofd.forge import Row, forge
from tests.ofd.samples import sealed

ENTRANCE: Final = Row(name=b"OFD.xml", content=b"<OFD/>" * 20)
SEALED: Final = sealed()
FILES: Final = {name: (content,) for name, content in read_container(SEALED).items()}


@pytest.mark.parametrize(
    "data",
    [
        SEALED,
        b"MZ program" + SEALED,
        SEALED + b"garbage",
        SEALED[: SEALED.index(b"PK\1\2")],
        SEALED[:-30],
        SEALED.replace(b"PK\5\6", b"XX\5\6"),
    ],
    ids=["whole", "prefix", "suffix", "no directory", "half a directory", "no end"],
)
def test_every_file_is_found_however_the_container_is_broken(data: bytes) -> None:
    """A seal of ours in a damaged file makes it ALTERED; unfound, it would be somebody else's."""
    assert dict(salvage(data)) == FILES


def test_honest_packages_of_others_are_read_with_descriptors_and_extra_fields() -> None:
    """Many programs stream: sizes come after the data, and only the directory knows them."""

    class Unseekable(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

    buffer = Unseekable()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("OFD.xml", b"<OFD/>" * 50, zipfile.ZIP_DEFLATED)
        package.writestr("页.xml", b"<Page/>" * 50, zipfile.ZIP_STORED)
    data = buffer.getvalue()

    assert b"PK\7\x08" in data
    for survived in (data, data[: data.index(b"PK\1\2")]):
        assert dict(salvage(survived)) == {"OFD.xml": (b"<OFD/>" * 50,), "页.xml": (b"<Page/>" * 50,)}


def test_all_copies_of_a_name_are_returned_and_equal_ones_once() -> None:
    """A forged copy may lie before or after the one we sealed."""
    rows = [
        ENTRANCE,
        Row(name=b"a", content=b"first"),
        Row(name=b"a", content=b"second"),
        Row(name=b"a", content=b"first"),
        Row(name=b"a", content=b"hidden", listed=False),
    ]

    assert dict(salvage(forge(rows))) == {"OFD.xml": (b"<OFD/>" * 20,), "a": (b"first", b"second", b"hidden")}


def test_a_package_inside_an_entry_is_that_entry_and_nothing_more() -> None:
    """Whoever attaches a document of ours to his own has not altered ours."""
    inside = forge([Row(name=b"ours", content=b"a seal")])

    assert dict(salvage(forge([ENTRANCE, Row(name=b"attached", content=inside, method=0)]))) == {
        "OFD.xml": (b"<OFD/>" * 20,),
        "attached": (inside,),
    }


def test_a_row_that_points_into_an_entry_opens_nothing_else_in_it() -> None:
    """Contents may overlap in a directory that lies; what lies in the larger one stays one content."""
    inside = forge([Row(name=b"first"), Row(name=b"second")])
    outer = [ENTRANCE, Row(name=b"attached", content=inside, method=0)]
    at = forge(outer).index(inside)
    pointing = Row(name=b"first", laid=False, central={"offset": at})

    assert set(salvage(forge([*outer, pointing]))) == {"OFD.xml", "attached", "first"}


@pytest.mark.parametrize(
    ("name", "read_as"),
    [
        (b"Doc_0\\a", "Doc_0/a"),
        (b"/Doc_0/a", "Doc_0/a"),
        ("签章".encode("gb18030"), "签章"),
        ("页".encode(), "页"),
        (b"\xff\xff", "\xff\xff"),
    ],
)
def test_names_are_read_as_lenient_programs_read_them(name: bytes, read_as: str) -> None:
    """A seal behind an odd name is still our seal."""
    assert read_as in salvage(forge([ENTRANCE, Row(name=name)]))


@pytest.mark.parametrize(
    "row",
    [
        Row(name=b"a", content=b"content", both={"crc": 1}),
        Row(name=b"a", content=b"content", both={"size": 3}),
        Row(name=b"a", content=b"content", local={"size": 0, "packed_size": 0}),
        Row(name=b"a", content=b"content", method=0, central={"packed_size": 7, "size": 9}),
        Row(name=b"a", content=b"content", local_name=b"b"),
    ],
)
def test_wrong_lengths_and_checksums_do_not_hide_a_content(row: Row) -> None:
    """Whoever altered a file need not have mended them."""
    assert b"content" in salvage(forge([ENTRANCE, row]))["a"]


def test_a_broken_stream_yields_what_came_before_the_break() -> None:
    """The beginning of a signature value tells whose it is."""
    packed = zlib.compress(bytes(range(256)) * 9, 0, -15)[:-40]

    (content,) = salvage(forge([ENTRANCE, Row(name=b"a", packed=packed)]))["a"]

    assert content.startswith(bytes(range(256)))


BOMBS: Final[dict[str, Callable[[], bytes]]] = {
    "local marks": lambda: b"PK\3\4" * 2_000_000,
    "directory marks": lambda: b"PK\1\2" * 2_000_000,
    "entries": lambda: forge([Row(name=b"%d" % number) for number in range(4000)]),
    "bomb": lambda: forge([Row(name=b"bomb", content=bytes(100 << 20))]),
    "many bombs": lambda: b"".join(
        forge([Row(name=b"%d" % number, content=bytes(1 << 20))]) for number in range(200)
    ),
    "endless streams": lambda: (
        forge([Row(name=b"a", both={"size": 0, "packed_size": 0})])[:-60] * 3000 + bytes(8 << 20)
    ),
    "overlaps": lambda: (
        forge([Row(name=b"a", packed=b"", local_extra=bytes(60_000), method=0)])[:60_000] * 150
    ),
}
"""Made when they are tested: every process of a run reads this file, and one needs them."""


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_stay_within_the_bounds(bomb: str) -> None:
    """Bytes are counted, not seconds: what was read and what was kept are both limited."""
    data = BOMBS[bomb]()
    tracemalloc.start()
    found = salvage(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert sum(len(copies) for copies in found.values()) <= 2000
    assert sum(len(copy) for copies in found.values() for copy in copies) <= MAX_UNPACKED
    assert peak < 4 * MAX_UNPACKED


@settings(max_examples=5_000 if drills.FULL else 300)
@given(st.data())
def test_nothing_is_ever_raised(data: st.DataObject) -> None:
    """It runs on files that were refused already."""
    broken = bytearray(SEALED)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(broken)))
        broken[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=6))

    assert salvage(bytes(broken)) is not None


def test_a_trace_survives_a_change_elsewhere() -> None:
    """One byte of the page changed, and the signature value is still found whole."""
    broken = bytearray(SEALED)
    broken[200] ^= 0xFF

    assert salvage(bytes(broken))[SIGNED_VALUE] == FILES[SIGNED_VALUE]
