"""The look for undescribed members must see them."""

from __future__ import annotations

import pytest

from tests.conformance.answers import undescribed
from tests.world import JSON

SPEC: JSON = {
    "components": {
        "schemas": {"File": {"properties": {"url": {"type": "string"}}, "additionalProperties": True}}
    }
}
FILE: JSON = {"$ref": "#/components/schemas/File"}


@pytest.mark.parametrize(
    ("value", "schema", "places"),
    [
        ({"url": "x"}, FILE, []),
        ({"url": "x", "size": 1}, FILE, ["/size"]),
        ([{"url": "x"}, {"hash": "y"}], {"items": FILE}, ["/-/hash"]),
        ({"pdf": {"size": 1}}, {"additionalProperties": FILE}, ["/pdf/size"]),
        ({"a": {"b": 1}}, {"properties": {"a": {"anyOf": [FILE, {"type": "null"}]}}}, ["/a/b"]),
        (None, {"anyOf": [FILE, {"type": "null"}]}, []),
    ],
)
def test_member_without_a_description_is_named(value: object, schema: JSON, places: list[str]) -> None:
    """Extra members are allowed by every schema of ours, so no validator complains of them."""
    assert list(undescribed(value, schema, SPEC)) == places
