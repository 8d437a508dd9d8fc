"""Submissions as tests write them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from threading import Event

from certsvc.batch.item import Form
from certsvc.registry.port_batches import Batch, BatchState, Engine
from tests.world import JSON, World

CLIENT = "tests"


def number_of(order: int) -> str:
    """Return the registration number of the *order*-th person."""
    return f"京11120202022{order:05d}"


def endorse(item_id: str, number: str, purpose: str = "投标使用") -> JSON:
    """Ask for an endorsed copy."""
    return {"item_id": item_id, "op": "endorse", "registration_number": number, "purpose": purpose}


def original(item_id: str, number: str) -> JSON:
    """Ask for the original."""
    return {"item_id": item_id, "op": "original", "registration_number": number}


def event(item_id: str, body: JSON) -> JSON:
    """Deliver an event."""
    return {"item_id": item_id, "op": "event", "event": body}


def jsonl(items: Iterable[object]) -> bytes:
    """Write JSON Lines; bytes are taken as they are."""
    return b"".join(
        (one if isinstance(one, bytes) else json.dumps(one, ensure_ascii=False).encode()) + b"\n"
        for one in items
    )


def plan(
    world: World, items: Iterable[object] | bytes, *, form: Form = Form.ITEMS, engine: Engine = Engine.LOCAL
) -> Batch:
    """Plan a batch of these lines."""
    content = items if isinstance(items, bytes) else jsonl(items)
    return world.services.batches.plan(io.BytesIO(content), client_id=CLIENT, engine=engine, form=form)


def run(world: World, batch_id: str, worker: str = "w") -> BatchState:
    """Carry a batch out."""
    return world.services.batches.runner(worker).work(batch_id, Event())


def states(world: World, batch_id: str) -> dict[int, tuple[str, str | None]]:
    """Return state and code of each item by its line."""
    return {
        result.item.line: (result.state, result.item.code)
        for result in world.services.batches.all_results(batch_id)
    }
