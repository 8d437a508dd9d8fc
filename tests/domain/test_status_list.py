"""Status lists: which value a copy has, and how a list is written down."""

from __future__ import annotations

import zlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.domain.events import EventType
from certsvc.domain.record_state import state_of
from certsvc.domain.report import Status
from certsvc.domain.status_list import LIST_SIZE, StatusValue, pack, place_of, unpack, value_at, value_of
from tests.factories import NOW, a_copy, a_policy, a_reason, an_employer, an_entry, an_event, an_initial

DAY = timedelta(days=1)
U, E, S, P = StatusValue.USABLE, StatusValue.ENDED, StatusValue.SUSPENDED, StatusValue.SUPERSEDED


def value_after(*kinds: EventType, days: int = 10) -> tuple[StatusValue, Status]:
    """Return what a copy of NOW is worth after events on the days that follow, and its status."""
    events = [an_initial()]
    for order, kind in enumerate(kinds, start=1):
        events.append(
            an_event(
                kind,
                seq=order + 1,
                effective_at=NOW + order * DAY,
                employer=an_employer("另一家示例建设有限公司") if kind is EventType.CHANGE_EMPLOYER else None,
                reason=a_reason() if kind not in (EventType.CHANGE_EMPLOYER, EventType.RESUME) else None,
            )
        )
    state = state_of(an_entry(events, copy=a_copy()), NOW + days * DAY, a_policy())
    return value_of(state), state.status


T = EventType


@pytest.mark.parametrize(
    ("kinds", "value"),
    [
        ((), U),
        ((T.CANCEL,), E),
        ((T.REVOKE,), E),
        ((T.REVOKE_PENALTY,), E),
        ((T.SUSPEND,), S),
        ((T.SUSPEND, T.RESUME), U),
        ((T.CHANGE_EMPLOYER,), P),
        ((T.CHANGE_EMPLOYER, T.SUSPEND), S),
        ((T.CHANGE_EMPLOYER, T.SUSPEND, T.RESUME), P),
        ((T.CHANGE_EMPLOYER, T.CANCEL), E),
        ((T.SUSPEND, T.CANCEL), E),
        ((T.CANCEL, T.REVOKE), E),
    ],
)
def test_each_state_has_its_value_and_the_most_severe_stands(
    kinds: tuple[EventType, ...], value: StatusValue
) -> None:
    """A bidder who is suspended and printed wrongly is suspended first."""
    assert value_after(*kinds)[0] is value


def test_days_are_for_the_reader_of_the_paper_and_hide_nothing() -> None:
    """Ended specialties and times of use stand on the copy; a change in print is told all the same."""
    value, status = value_after(days=3000)
    assert (value, status) == (U, Status.EXPIRED)
    value, status = value_after(T.CHANGE_EMPLOYER, days=3000)
    assert (value, status) == (P, Status.EXPIRED)


@given(st.data())
def test_a_list_reads_back(data: st.DataObject) -> None:
    """Every place of every list, of any length."""
    count = data.draw(st.integers(0, 3000))
    values = data.draw(
        st.dictionaries(st.integers(0, count - 1), st.sampled_from(StatusValue), max_size=60)
        if count
        else st.just({})
    )
    packed = unpack(pack(values, count), count)

    assert [value_at(packed, place) for place in range(count)] == [values.get(n, U) for n in range(count)]


def test_the_first_place_is_the_lowest_bits_of_the_first_byte() -> None:
    """Readers in other languages are written from this sentence."""
    assert unpack(pack({0: E, 1: S, 2: P, 5: E}, 8), 8) == bytes([0b00_11_10_01, 0b00_00_01_00])
    assert place_of(0) == (0, 0)
    assert place_of(LIST_SIZE - 1) == (0, LIST_SIZE - 1)
    assert place_of(LIST_SIZE) == (1, 0)


def test_a_value_beyond_the_end_is_refused() -> None:
    """A list that says less than it holds would lose it."""
    with pytest.raises(ValueError, match="beyond"):
        pack({4: E}, 4)


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (pack({}, 8), 12),
        (pack({}, 8), 4),
        (pack({}, 8)[:-1], 8),
        (pack({}, 8) + b"x", 8),
        (b"", 8),
        (b"no zlib", 8),
        (pack({}, 8), -1),
        (pack({}, 8), LIST_SIZE + 1),
        (zlib.compress(bytes(100_000_000)), LIST_SIZE),
    ],
)
def test_a_list_that_is_not_whole_is_refused(data: bytes, count: int) -> None:
    """A bomb is unpacked no further than a list is long."""
    with pytest.raises(ValueError, match="list"):
        unpack(data, count)
