"""Values as they stand in a PDF."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.pdf.values import date, date_of, deflate, number, text_string


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_text_is_utf_16_with_its_mark(text: str) -> None:
    """Characters beyond the first plane too: a name in the title must read as itself."""
    assert bytes.fromhex(text_string(text).decode()).decode("utf-16") == text


@given(st.binary(max_size=2000), st.booleans())
def test_what_is_deflated_is_a_whole_zlib_stream(content: bytes, once: bool) -> None:
    """Readers check its end."""
    assert zlib.decompress(deflate(content, once=once)) == content


def test_instants_are_written_in_utc() -> None:
    """One way to write an instant, from text and from a value."""
    moment = datetime(2026, 11, 20, 1, 2, 3, 999_999, tzinfo=timezone(timedelta(hours=8)))

    assert date_of(moment) == b"D:20261119170203Z"
    assert date(moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")) == date_of(moment)


@pytest.mark.parametrize("text", ["", "2026-11-20", "2026-11-20T01:02:03", "2026-11-20T01:02:03+08:00"])
def test_what_is_no_instant_in_utc_is_refused(text: str) -> None:
    """It would be another time in the file."""
    with pytest.raises(ValueError, match="no instant"):
        date(text)


@pytest.mark.parametrize(("value", "shown"), [(0.0, "0"), (1.5, "1.5"), (-2.0, "-2"), (0.12345, "0.123")])
def test_numbers_have_no_exponent_and_no_empty_end(value: float, shown: str) -> None:
    """PDF knows no exponents."""
    assert number(value) == shown
