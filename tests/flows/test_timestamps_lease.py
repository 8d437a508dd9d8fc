"""Each copy that is stamped takes seconds: the lease of those behind it is looked at before a key is used."""

from __future__ import annotations

import pytest

from certsvc.issuing import press
from certsvc.issuing.lease import LEASE
from certsvc.issuing.stamping import Stamping
from certsvc.sealing.pdf import seal_draft
from tests.flows.press_room import stored
from tests.flows.stamped_world import Make
from tests.flows.test_chunks import endorsing, number, told

ORDERS = range(2, 5)
"""The first person is there already."""


@pytest.mark.parametrize("taken_over", [False, True])
def test_no_key_is_used_for_what_somebody_took_over_while_the_first_was_stamped(
    make: Make, monkeypatch: pytest.MonkeyPatch, taken_over: bool
) -> None:
    """An authority may take so long over the first that recovery gives the others to somebody else."""
    with make("b-t") as stamped:
        world = stamped.world
        for order in ORDERS:
            world.initial(number(order), order=order)
        keys_used: list[int] = []
        written, seal = Stamping.written, seal_draft

        def slowly(*given: object, **named: object) -> object:
            found = written(*given, **named)  # type: ignore[arg-type]  # handed on as it came
            if len(keys_used) == 1:
                world.jump(seconds=int(LEASE.total_seconds()) + 1)
                if taken_over:
                    world.services.desk.recover()
            return found

        def counted(*given: object, **named: object) -> bytes:
            keys_used.append(stamped.desk.asked)
            return seal(*given, **named)  # type: ignore[arg-type]  # handed on as it came

        monkeypatch.setattr(Stamping, "written", slowly)
        monkeypatch.setattr(press, "seal_draft", counted)

        outcomes = told(world.services.desk.take([endorsing(number(order), str(order)) for order in ORDERS]))

        if taken_over:
            assert outcomes == ["UNAVAILABLE"] * len(ORDERS)
            assert (len(keys_used), stored(world)) == (1, [])
        else:
            # Nobody was there: a look renews the lease of them all.
            assert outcomes == ["CREATED"] * len(ORDERS)
            assert len(keys_used) == len(ORDERS)
