"""The search itself: it must find what is planted, or its silence says nothing."""

from __future__ import annotations

import base64
import hashlib
import io
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pikepdf
import pytest

from tests.privacy.traces import Trace, holds_made_up, unpacked

NUMBER = "99000019790817925X"
OTHER = "990000197908178812"


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "姓名"])
@pytest.mark.parametrize("after", ["", "z", "。"])
def test_number_is_found_in_any_dress(before: str, after: str) -> None:
    """Each encoding, wherever in a text it stands; another number is not mistaken for it."""
    trace = Trace(NUMBER)
    for number, found in ((NUMBER, True), (NUMBER.lower(), True), (OTHER, False)):
        text = before + number + after
        for dressed in (
            text.encode(),
            text.encode("utf-16-le"),
            text.encode("utf-16-be"),
            text.encode().hex().encode(),
            text.encode().hex().upper().encode(),
            base64.b64encode(text.encode()),
            base64.urlsafe_b64encode(text.encode()),
            text[::-1].encode(),
        ):
            assert bool(trace.find(dressed)) is found, (number, dressed)


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256"])
def test_plain_hash_of_the_number_counts_as_the_number(name: str) -> None:
    """There are too few numbers for a hash to hide one."""
    digest = hashlib.new(name, NUMBER.encode())

    assert Trace(NUMBER).find(b"x" + digest.digest()) and Trace(NUMBER).find(digest.hexdigest().encode())


def test_files_are_looked_into(tmp_path: Path) -> None:
    """A deflated stream of a PDF, its metadata, a part of an OFD, and rows still in a write-ahead log."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.pages[0].Contents = pdf.make_stream(b"% " + NUMBER.encode() + b"\n" * 500)
    buffer = io.BytesIO()
    pdf.save(buffer, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    (tmp_path / "stream.pdf").write_bytes(buffer.getvalue())
    told = pikepdf.new()
    told.add_blank_page()
    told.docinfo["/Subject"] = NUMBER
    told.save(tmp_path / "info.pdf", object_stream_mode=pikepdf.ObjectStreamMode.generate)
    with zipfile.ZipFile(tmp_path / "a.ofd", "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("OFD.xml", f"<a>{NUMBER}</a>" + " " * 500)
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", [NUMBER])
        for name in ("stream.pdf", "info.pdf", "a.ofd", "a.db"):
            seen = list(unpacked(tmp_path / name))
            assert any(Trace(NUMBER).find(content) for content in seen), name
            assert not any(Trace(OTHER).find(content) for content in seen), name
    assert not any(Trace(NUMBER).find((tmp_path / name).read_bytes()) for name in ("stream.pdf", "a.ofd"))
    for path in tmp_path.iterdir():
        path.unlink()  # or the watch over this very run would find them


def test_any_made_up_number_is_met_and_nothing_near() -> None:
    """It looks over the whole suite, where figures of every kind stand."""
    hits = [NUMBER, NUMBER.lower(), f'"{OTHER}"', "830000200012319993", f"1{OTHER}9"]
    misses = [NUMBER[:-1], f"{OTHER[:-1]}3", "990000197913178812", "110105194912310020"]

    assert [text for text in hits if not holds_made_up(text.encode())] == []
    assert [text for text in misses if holds_made_up(text.encode())] == []
