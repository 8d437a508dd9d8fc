"""Rows written down and read by code that knows each table's columns."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from certsvc.registry import proved
from certsvc.registry.canonical import Layout, canonical, layout_of
from certsvc.registry.tables import CERTIFICATE_VERSION, COPY, EVENT, METADATA

LAYOUTS = [layout_of(table) for table in METADATA.sorted_tables]
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
VALUES = st.one_of(
    *(st.none(), TEXTS, st.integers(), st.binary(max_size=30), st.booleans(), st.floats()),
    st.integers(8190, 8194).map(lambda size: "长" * size),
)


@pytest.mark.parametrize("layout", LAYOUTS, ids=[layout.head[8:].decode() for layout in LAYOUTS])
@given(st.data())
def test_code_of_a_table_writes_what_the_rule_says(layout: Layout, data: st.DataObject) -> None:
    """A MAC over another text would let an edit through, or lock a register out."""
    size = len(layout.names)
    row = data.draw(st.lists(st.one_of(TEXTS, VALUES), min_size=size, max_size=size))

    assert layout.write(row) == canonical(layout.head, layout.columns, row)


def test_rows_of_the_usual_shape_do_not_go_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text in every text column and NULL where it may be: the code of the table does it all."""
    monkeypatch.setattr("certsvc.registry.canonical.canonical", lambda *_: pytest.fail("the long way"))
    dice = random.Random(5)
    for table in METADATA.sorted_tables:
        row = [_usual(column, dice) for column in table.columns]
        assert layout_of(table).write(row)


def _usual(column: sa.Column[object], dice: random.Random) -> object:
    if column.nullable and dice.random() < 0.5:
        return None
    if isinstance(column.type, sa.Text):
        return "".join(dice.choices("示例abc0-", k=dice.randrange(40)))
    # What lies in columns of bytes is written by the rule itself.
    return dice.randrange(10**9) if not isinstance(column.type, sa.LargeBinary) else None


@pytest.mark.parametrize(
    ("reader", "table"),
    [(proved.copy_of, COPY), (proved.version_of, CERTIFICATE_VERSION), (proved.event_of, EVENT)],
)
def test_a_row_is_unpacked_in_its_table_s_order(reader: Callable[..., object], table: sa.Table) -> None:
    """A column added to a table, or moved, must not give its value to another field."""
    first, _, _ = inspect.getsource(reader).partition(") = row\n")
    names = [line.strip(" ,_") for line in first.partition("    (\n")[2].splitlines() if line.strip()]

    other = {"type": "kind", "payload": "parts", "id_number": "sealed_number"} if table is EVENT else {}
    assert names == [other.get(column.name, column.name) for column in table.columns]
