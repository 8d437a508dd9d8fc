"""What answers hold that the description does not tell of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.world import JSON

_PREFIX = "#/components/schemas/"


def undescribed(value: object, schema: JSON, spec: JSON, place: str = "") -> Iterator[str]:
    """Yield the JSON pointer of every member of *value* that *schema* does not name.

    Members under ``additionalProperties`` have names of their own and are gone through by that schema.
    """
    schemas = list(_branches(schema, spec))
    if isinstance(value, Mapping):
        named = {name: one for branch in schemas for name, one in branch.get("properties", {}).items()}
        others = [branch["additionalProperties"] for branch in schemas if _free(branch)]
        for name, member in value.items():
            if name in named:
                yield from undescribed(member, named[name], spec, f"{place}/{name}")
            elif others:
                yield from undescribed(member, others[0], spec, f"{place}/{name}")
            else:
                yield f"{place}/{name}"
    elif isinstance(value, list):
        for branch in schemas:
            if "items" in branch:
                for member in value:
                    yield from undescribed(member, branch["items"], spec, f"{place}/-")


def _free(branch: JSON) -> bool:
    """Tell whether members of any name are described; ``true`` alone describes nothing."""
    return isinstance(branch.get("additionalProperties"), Mapping)


def _branches(schema: JSON, spec: JSON) -> Iterator[JSON]:
    """Yield *schema* with every reference and alternative followed."""
    if "$ref" in schema:
        yield from _branches(spec["components"]["schemas"][schema["$ref"].removeprefix(_PREFIX)], spec)
        return
    yield schema
    for one in schema.get("anyOf", ()):
        yield from _branches(one, spec)
