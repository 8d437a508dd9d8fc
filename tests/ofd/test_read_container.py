"""Every way two ZIP readers can be made to see different files is refused by its own code."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certsvc.ofd.container import MAX_UNPACKED, check_plain
from certsvc.ofd.parts import BrokenOFDError
from certsvc.ofd.read_container import read_container
from tests import drills
from tests.ofd.forge import Row, forge
from tests.ofd.samples import sealed, sealed_parts

ENTRANCE: Final = Row(name=b"OFD.xml", content=b"<OFD/>" * 20)
PAGE: Final = Row(name=b"Doc_0/Page.xml", content=b"<Page/>" * 20)
LIST: Final = Row(name=b"Doc_0/List.xml")
SYMLINK: Final = 0o120777 << 16
FOLDER: Final = 0o040755 << 16
UNIX: Final = 3 << 8 | 20
LENGTH: Final = len(forge([ENTRANCE]))
SEALED: Final = sealed()


def page(**changed: object) -> Sequence[Row]:
    """List a package whose second entry has a defect."""
    return [ENTRANCE, Row(**{"name": b"Doc_0/Page.xml", "content": b"<Page/>" * 20, **changed}), LIST]  # type: ignore[arg-type]  # the keys are Row's


def code_of(data: bytes) -> str:
    """Return the code *data* is refused with."""
    with pytest.raises(BrokenOFDError) as refused:
        read_container(data)
    return refused.value.code


def test_a_forged_package_without_a_defect_is_read() -> None:
    """Else every refusal below could have another reason than the planted one."""
    assert read_container(forge([ENTRANCE, PAGE, LIST])) == {
        "OFD.xml": b"<OFD/>" * 20,
        "Doc_0/Page.xml": b"<Page/>" * 20,
        "Doc_0/List.xml": b"content",
    }


DEFECTS: Final = {
    "prefix, offsets moved": (forge([ENTRANCE, PAGE], before=b"MZ program"), "LEADING_BYTES"),
    "prefix, offsets kept": (forge([ENTRANCE, PAGE], before=b"MZ program", moved=False), "LEADING_BYTES"),
    "a whole package in front": (forge([ENTRANCE], before=forge([ENTRANCE]), moved=False), "LEADING_BYTES"),
    "suffix": (forge([ENTRANCE, PAGE], after=b"\0"), "TRAILING_BYTES"),
    "comment": (forge([ENTRANCE, PAGE], comment=b"hello"), "TRAILING_BYTES"),
    "comment that is an end": (forge([ENTRANCE], comment=forge([])), "CONTAINER_BROKEN"),
    "comment promised": (forge([ENTRANCE])[:-2] + b"\1\0", "CONTAINER_BROKEN"),
    "gap between entries": (forge([Row(name=b"OFD.xml", gap=b"\0"), PAGE]), "CONTAINER_BROKEN"),
    "gap before the directory": (forge([ENTRANCE, Row(name=b"a", gap=b"\0")]), "CONTAINER_BROKEN"),
    "gap after the directory": (forge([ENTRANCE, PAGE], between=b"\0"), "CONTAINER_BROKEN"),
    "first entry unlisted": (forge([Row(name=b"a", listed=False), ENTRANCE]), "HIDDEN_ENTRY"),
    "middle entry unlisted": (forge(page(listed=False)), "HIDDEN_ENTRY"),
    "last entry unlisted": (forge([ENTRANCE, Row(name=b"a", listed=False)]), "HIDDEN_ENTRY"),
    "unlisted twin": (forge([ENTRANCE, Row(name=b"OFD.xml", listed=False)]), "HIDDEN_ENTRY"),
    "listed, not there": (forge([ENTRANCE, Row(name=b"a", laid=False)]), "HIDDEN_ENTRY"),
    "listed, but no header": (forge([ENTRANCE, PAGE]).replace(b"PK\3\4", b"PK\3\5"), "HIDDEN_ENTRY"),
    "two names, one entry": (
        forge([ENTRANCE, Row(name=b"a", laid=False, central={"offset": 0})]),
        "CONTAINER_BROKEN",
    ),
    "listed in another order": (
        forge([ENTRANCE, Row(name=b"b", listed=False), Row(name=b"a"), Row(name=b"b", laid=False)]),
        "HIDDEN_ENTRY",
    ),
    "same name": (forge([ENTRANCE, PAGE, PAGE]), "DUPLICATE_ENTRY"),
    "same entrance": (forge([ENTRANCE, PAGE, ENTRANCE]), "DUPLICATE_ENTRY"),
    "case twin": (forge([ENTRANCE, PAGE, Row(name=b"doc_0/page.XML")]), "DUPLICATE_ENTRY"),
    "backslash twin": (forge([ENTRANCE, PAGE, Row(name=b"Doc_0\\Page.xml")]), "DUPLICATE_ENTRY"),
    "width twin": (forge([ENTRANCE, PAGE, Row(name="Doc_0/Ｐage.xml".encode())]), "DUPLICATE_ENTRY"),
    "composed twins": (
        forge([ENTRANCE, Row(name="\xe9".encode()), Row(name=b"e\xcc\x81")]),
        "DUPLICATE_ENTRY",
    ),
    "name not ASCII": (forge(page(name="页.xml".encode())), "DUPLICATE_ENTRY"),
    "name not even UTF-8": (forge(page(name="页.xml".encode("gbk"))), "DUPLICATE_ENTRY"),
    "backslash": (forge(page(name=b"Doc_0\\Other.xml")), "CONTAINER_BROKEN"),
    "climbing": (forge(page(name=b"../x")), "CONTAINER_BROKEN"),
    "rooted": (forge(page(name=b"/x")), "CONTAINER_BROKEN"),
    "folder entry": (forge(page(name=b"Doc_0/", content=b"", method=0)), "CONTAINER_BROKEN"),
    "empty name": (forge(page(name=b"")), "CONTAINER_BROKEN"),
    "zero in a name": (forge(page(name=b"Doc_0/Page.xml\0.png")), "CONTAINER_BROKEN"),
    "encrypted": (forge(page(both={"flags": 1})), "ENCRYPTED_FILE"),
    "encrypted strongly": (forge(page(both={"flags": 1 << 6 | 1})), "ENCRYPTED_FILE"),
    "data descriptor": (
        forge(page(both={"flags": 8}, local={"crc": 0, "size": 0, "packed_size": 0})),
        "CONTAINER_BROKEN",
    ),
    "descriptor announced": (forge(page(both={"flags": 8})), "CONTAINER_BROKEN"),
    "masked headers": (forge(page(both={"flags": 1 << 13})), "CONTAINER_BROKEN"),
    "extra field in front": (forge(page(local_extra=b"\x55\x54\1\0\0")), "CONTAINER_BROKEN"),
    "extra field listed": (forge(page(central_extra=b"\x55\x54\1\0\0")), "CONTAINER_BROKEN"),
    "entry's comment": (forge(page(comment=b"hello")), "CONTAINER_BROKEN"),
    "another name in front": (forge(page(local_name=b"Doc_0/page.xml")), "CONTAINER_BROKEN"),
    "longer name in front": (forge(page(local_name=b"Doc_0/Page.xmlx")), "CONTAINER_BROKEN"),
    "another time in front": (forge(page(local={"time": 1})), "CONTAINER_BROKEN"),
    "another method in front": (forge(page(local={"method": 0})), "CONTAINER_BROKEN"),
    "another size in front": (forge(page(local={"size": 3})), "CONTAINER_BROKEN"),
    "another packed size": (forge(page(central={"packed_size": 3})), "CONTAINER_BROKEN"),
    "unknown method": (forge(page(both={"method": 12})), "CONTAINER_BROKEN"),
    "deflate64": (forge(page(both={"method": 9})), "CONTAINER_BROKEN"),
    "version of zip64": (forge(page(both={"version": 45})), "CONTAINER_BROKEN"),
    "wrong CRC": (forge(page(both={"crc": 1})), "CONTAINER_BROKEN"),
    "larger than promised": (forge(page(both={"size": 139})), "CONTAINER_BROKEN"),
    "smaller than promised": (forge(page(both={"size": 141})), "CONTAINER_BROKEN"),
    "stored size differs": (forge(page(method=0, both={"size": 139})), "CONTAINER_BROKEN"),
    "bytes behind the stream": (forge(page(packed=b"\3\0\0", content=b"")), "CONTAINER_BROKEN"),
    "stream without end": (forge(page(packed=b"\2\0", content=b"")), "CONTAINER_BROKEN"),
    "no deflate stream": (forge(page(packed=b"\xff" * 9)), "CONTAINER_BROKEN"),
    "symbolic link": (
        forge(page(central={"made_by": UNIX, "attributes": SYMLINK})),
        "CONTAINER_BROKEN",
    ),
    "folder by its mode": (
        forge(page(central={"made_by": UNIX, "attributes": FOLDER})),
        "CONTAINER_BROKEN",
    ),
    "on another disk": (forge(page(central={"disk": 1})), "CONTAINER_BROKEN"),
    "end on another disk": (forge([ENTRANCE], end={"disk": 1}), "CONTAINER_BROKEN"),
    "directory on another disk": (forge([ENTRANCE], end={"directory_disk": 1}), "CONTAINER_BROKEN"),
    "part of the entries": (forge([ENTRANCE, PAGE], end={"on_disk": 1}), "CONTAINER_BROKEN"),
    "fewer counted": (forge([ENTRANCE, PAGE], end={"count": 1, "on_disk": 1}), "CONTAINER_BROKEN"),
    "more counted": (forge([ENTRANCE, PAGE], end={"count": 3, "on_disk": 3}), "CONTAINER_BROKEN"),
    "directory elsewhere": (forge([ENTRANCE], end={"at": 3}), "CONTAINER_BROKEN"),
    "zip64 values": (forge([ENTRANCE], end={"at": 0xFFFFFFFF, "size": 0xFFFFFFFF}), "CONTAINER_BROKEN"),
    "zip64 locator": (forge([ENTRANCE], between=b"PK\6\7" + bytes(16)), "CONTAINER_BROKEN"),
    "crumbs in the directory": (forge([ENTRANCE], between=bytes(5), end={"size": 58}), "CONTAINER_BROKEN"),
    "no row in the directory": (
        forge([ENTRANCE], between=bytes(46), end={"size": 99, "count": 2, "on_disk": 2}),
        "CONTAINER_BROKEN",
    ),
    "row without its name": (forge([ENTRANCE], end={"size": 52, "at": LENGTH - 74}), "CONTAINER_BROKEN"),
    "entrance not first": (forge([PAGE, ENTRANCE]), "CONTAINER_BROKEN"),
    "too many": (forge([ENTRANCE, *(Row(name=b"%d" % n) for n in range(500))]), "FILE_TOO_LARGE"),
    "bomb": (forge(page(content=bytes(1 << 20))), "FILE_TOO_LARGE"),
    "bomb promised": (forge(page(both={"size": 1 << 31})), "FILE_TOO_LARGE"),
    "bomb that says it is none": (
        forge(page(content=bytes(1 << 20), both={"size": 140})),
        "CONTAINER_BROKEN",
    ),
    "cut off": (SEALED[:-1], "CONTAINER_BROKEN"),
    "cut in half": (SEALED[: len(SEALED) // 2], "CONTAINER_BROKEN"),
    "no OFD.xml": (forge([PAGE]), "NOT_AN_OFD"),
    "ofd.xml in small letters": (forge([Row(name=b"ofd.xml")]), "NOT_AN_OFD"),
    "a stranger's document": (forge([Row(name=b"[Content_Types].xml", both={"flags": 8})]), "NOT_AN_OFD"),
    "empty ZIP": (forge([]), "NOT_AN_OFD"),
    "not a ZIP": (b"%PDF-1.7 " + bytes(99), "NOT_AN_OFD"),
    "nothing": (b"", "NOT_AN_OFD"),
    "a mark only": (b"PK\5\6", "NOT_AN_OFD"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_planted_defect_has_its_code(defect: str) -> None:
    """The finding is what tells a clerk why a file is refused."""
    data, code = DEFECTS[defect]

    assert code_of(data) == code


def test_stored_and_harmless_marks_are_read() -> None:
    """They change no content: how hard the packer tried, day and hour, ordinary rights."""
    rows = [
        ENTRANCE,
        Row(name=b"a", method=0, both={"flags": 1 << 11, "time": 0x6000, "date": 0x5C00}),
        Row(name=b"b", both={"flags": 6}, central={"made_by": UNIX, "attributes": 0o100644 << 16}),
        Row(name=b"c", content=b"", method=0, both={"version": 10}),
    ]

    assert list(read_container(forge(rows))) == ["OFD.xml", "a", "b", "c"]


def test_a_package_rewritten_by_zipfile_is_read() -> None:
    """What is refused are defects, not another writer."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for part in sealed_parts():
            package.writestr(part.name, part.content)

    assert read_container(buffer.getvalue()) == read_container(SEALED)


def test_our_own_containers_are_plain() -> None:
    """What we issue must pass our own strictest look."""
    check_plain(SEALED)


@pytest.mark.parametrize(
    ("both", "central"),
    [
        ({"flags": 2}, {}),
        ({"flags": 1 << 11}, {}),
        ({"time": 1}, {}),
        ({"date": 0x5C00}, {}),
        ({"version": 10}, {}),
        ({}, {"made_by": UNIX}),
        ({}, {"attributes": 0x20}),
        ({}, {"internal": 1}),
    ],
)
def test_harmless_marks_are_still_not_ours(both: dict[str, int], central: dict[str, int]) -> None:
    """Room for a message that no digest covers: a file of ours has none."""
    data = forge(page(both=both, central=central))

    assert read_container(data)
    with pytest.raises(BrokenOFDError, match="CONTAINER_BROKEN"):
        check_plain(data)


@pytest.mark.parametrize(("size", "read"), [(1 << 16, True), ((1 << 16) + 1, False)])
def test_small_files_may_be_packed_tightly(size: int, read: bool) -> None:
    """The ratio alone would refuse an honest blank table; beyond 64 KB it is a bomb's."""
    data = forge(page(content=bytes(size)))

    assert size > 100 * len(data) / 2
    assert (read_container(data) is not None) if read else (code_of(data) == "FILE_TOO_LARGE")


def test_500_entries_and_64_mb_are_the_most() -> None:
    """Both sides of each limit."""
    many = [ENTRANCE, *(Row(name=b"%d" % number) for number in range(499))]
    assert len(read_container(forge(many))) == 500

    # The directory alone decides: nothing is unpacked to find out.
    stored = {"packed_size": MAX_UNPACKED, "size": MAX_UNPACKED - 120}
    assert code_of(forge([ENTRANCE, Row(name=b"a", both=stored)])) == "CONTAINER_BROKEN"
    stored["size"] += 1
    assert code_of(forge([ENTRANCE, Row(name=b"a", both=stored)])) == "FILE_TOO_LARGE"


@pytest.mark.parametrize("at", drills.some(range(len(SEALED)), "truncated OFD", least=300))
def test_cut_anywhere_is_refused(at: int) -> None:
    """A download that broke off must never look like another document."""
    assert code_of(SEALED[:at]) in ("CONTAINER_BROKEN", "NOT_AN_OFD", "TRAILING_BYTES")


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Change, drop, double or insert a few stretches of a good package."""
    data = bytearray(SEALED)
    for _ in range(draw(st.integers(1, 4))):
        # Headers lie at both ends; half of the changes go where the directory is.
        start = draw(st.integers(0, len(data)) | st.integers(max(len(data) - 1500, 0), len(data)))
        length = draw(st.integers(0, 30))
        new = draw(st.binary(max_size=8) | st.sampled_from([b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\7"]))
        data[start : start + length] = new
    return bytes(data)


@settings(max_examples=10_000 if drills.FULL else 500)
@given(mutated())
def test_mutations_are_refused_by_the_one_error_or_change_no_file(data: bytes) -> None:
    """An error of another kind would be a server error; other files under a passing container a forgery."""
    try:
        files = read_container(data)
    except BrokenOFDError as refused:
        assert refused.code
        return
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert {name: package.read(name) for name in package.namelist()} == files


@settings(max_examples=2_000 if drills.FULL else 200)
@given(
    st.binary(max_size=200)
    | st.binary(max_size=80).map(lambda tail: b"PK\3\4" + tail + b"PK\5\6" + bytes(18))
)
def test_any_bytes_are_refused_by_the_one_error(data: bytes) -> None:
    """Nothing random is an OFD."""
    with pytest.raises(BrokenOFDError):
        read_container(data)
