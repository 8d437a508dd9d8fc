"""Bodies: what is not plainly what it says it is, is refused with a code."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from certsvc.domain.json_text import DEPTH_LIMIT, parse_json
from certsvc.errors import MalformedError
from certsvc.web.body import FILE_LIMIT, JSON_LIMIT
from tests.web.site import Site, body_of

JSON_TYPE = "application/json"


def send(site: Site, data: bytes, content_type: str = JSON_TYPE, **headers: str) -> TestResponse:
    """Send raw bytes as an event."""
    return site.client.post(
        "/api/v1/events", data=data, content_type=content_type, headers={"X-API-Key": site.key, **headers}
    )


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"null",
        b"1",
        b'"text"',
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"a": "\\u0000"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": 1}{"b": 2}',
        b"{'a': 1}",
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
    ],
    ids=lambda data: repr(data[:24]),
)
def test_json_that_parsers_disagree_about_is_malformed(standing_site: Site, data: bytes) -> None:
    """What two parsers read differently is a way round every check."""
    answer = send(standing_site, data)

    assert (answer.status_code, body_of(answer)["code"]) == (400, "MALFORMED")
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(("depth", "taken"), [(DEPTH_LIMIT, True), (DEPTH_LIMIT + 1, False)])
def test_nesting_is_limited(depth: int, taken: bool) -> None:
    """Both sides of the border."""
    data = b"[" * depth + b"]" * depth

    if taken:
        assert isinstance(parse_json(data), list)
    else:
        with pytest.raises(MalformedError):
            parse_json(data)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
        max_leaves=20,
    ).filter(lambda value: isinstance(value, dict | list))
)
def test_plain_json_is_read_as_it_was_written(value: object) -> None:
    """Strictness must not lose a name; only NUL is refused."""
    data = json.dumps(value, ensure_ascii=False).encode()

    if "\\u0000" in json.dumps(value):
        with pytest.raises(MalformedError):
            parse_json(data)
    else:
        assert parse_json(data) == value


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/xml"]
)
def test_other_content_types_are_415(standing_site: Site, content_type: str) -> None:
    """A cross-site form can send text/plain; it must not be taken for JSON."""
    answer = send(standing_site, b"{}", content_type)

    assert (answer.status_code, body_of(answer)["code"]) == (415, "UNSUPPORTED_TYPE")


def test_charset_parameter_is_fine(standing_site: Site) -> None:
    """Many clients send it."""
    assert send(standing_site, b"{}", "application/json; charset=utf-8").status_code == 422


@pytest.mark.parametrize(("size", "status"), [(JSON_LIMIT, 400), (JSON_LIMIT + 1, 413)])
def test_json_is_limited_in_size(standing_site: Site, size: int, status: int) -> None:
    """Refused by its stated length, before it is read."""
    assert send(standing_site, b" " * size).status_code == status


@pytest.mark.parametrize(
    ("size", "status"), [(FILE_LIMIT, 200), (FILE_LIMIT + 1, 413), (FILE_LIMIT + 200_000, 413)]
)
def test_file_is_limited_in_size(standing_site: Site, size: int, status: int) -> None:
    """Ten megabytes exactly is a file that gets its report."""
    answer = standing_site.upload("/api/v1/verifications", b"\0" * size)

    assert answer.status_code == status
    if status == 413:
        assert body_of(answer)["code"] == "TOO_LARGE"


def test_chunked_body_without_length_is_411(standing_site: Site) -> None:
    """The server would hand over a stump as if it were whole."""
    answer = standing_site.client.post(
        "/api/v1/events",
        input_stream=io.BytesIO(b"{}"),
        content_type=JSON_TYPE,
        headers={"X-API-Key": standing_site.key, "Transfer-Encoding": "chunked"},
    )

    assert (answer.status_code, body_of(answer)["code"]) == (411, "LENGTH_REQUIRED")


def test_multipart_without_a_file_is_422(standing_site: Site) -> None:
    """The contract names this case."""
    answer = standing_site.client.post(
        "/api/v1/verifications",
        data={"as_of": "2026-01-01T00:00:00Z"},
        content_type="multipart/form-data",
        headers={"X-API-Key": standing_site.key},
    )

    assert answer.status_code == 422
    assert body_of(answer)["errors"][0]["pointer"] == "/file"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"receipt": "yes"}, "/receipt"),
        ({"receipt": "True"}, "/receipt"),
        ({"as_of": "yesterday"}, "/as_of"),
        ({"as_of": "2026-11-20"}, "/as_of"),
        ({"specialty": ""}, "/specialty"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_fields_beside_a_file_are_checked(standing_site: Site, fields: dict[str, str], pointer: str) -> None:
    """A field passed over would answer another question than the one asked."""
    answer = standing_site.upload("/api/v1/verifications", b"%PDF", **fields)

    assert answer.status_code == 422
    assert body_of(answer)["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("receipt", ["true", 1, None, []])
def test_receipt_is_true_or_false(standing_site: Site, receipt: object) -> None:
    """Who asks for proof in a way we do not read must not believe to have got none on purpose."""
    answer = standing_site.post("/api/v1/verifications", {"code": "0000-0000-0000", "receipt": receipt})

    assert answer.status_code == 422
    assert body_of(answer)["errors"][0]["pointer"] == "/receipt"


@pytest.mark.parametrize(
    "query",
    [
        "asof=2026-01-01T00:00:00Z",
        "as_of=x",
        "as_of=",
        "as_of=2026-01-01T00:00:00Z&as_of=2026-01-02T00:00:00Z",
    ],
)
def test_query_is_as_strict_as_a_body(standing_site: Site, query: str) -> None:
    """A misspelt as_of that is passed over answers for another day."""
    answer = standing_site.get(f"/api/v1/registrations/x?{query}")

    assert (answer.status_code, body_of(answer)["code"]) == (422, "INVALID_FIELD")


@pytest.mark.parametrize("key", [None, "", " " * 201, "k" * 201, "schlüssel"])
def test_idempotency_key_is_required_and_plain(standing_site: Site, key: str | None) -> None:
    """Without a key a lost reply costs the holder the day."""
    headers = {} if key is None else {"Idempotency-Key": key}

    answer = standing_site.post("/api/v1/registrations/x/endorsements", {"purpose": "投标"}, **headers)

    assert (answer.status_code, body_of(answer)["code"]) == (422, "INVALID_FIELD")


@pytest.mark.parametrize("filler", [b"\n", b"\r", b"\r\n", b"\r\n--"])
@pytest.mark.parametrize("path", ["/verify", "/api/v1/verifications"])
def test_file_is_read_wherever_its_line_breaks_lie(standing_site: Site, path: str, filler: bytes) -> None:
    """A line break may begin a boundary, so the parser holds it back; files were refused for it."""
    content = b"%PDF-1.7" + filler * (300_000 // len(filler))

    answer = standing_site.upload(path, content, {"Accept": "application/json"})

    assert (answer.status_code, body_of(answer)["status"]) == (200, "UNREADABLE")
