"""Rows of before there were holders' keys: read as they are, and erased like any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from certsvc.registry import payload, payload_sealed
from certsvc.registry.holder_keys import Opener
from certsvc.registry.proved import copy_of, event_of
from certsvc.registry.reading import image_place
from certsvc.registry.tables import COPY, EVENT
from tests.audit.store import Spoiler
from tests.privacy.erased import BORN, NAME, NEW_NAME, OTHER, OTHER_NAME, Case, traces
from tests.web.site import path_of
from tests.world import NUMBER


def age(case: Case) -> None:
    """Write every row as it was written before: in clear, the number under the registry's secret alone."""
    spoiler = Spoiler(case.world, picking=False)
    by_holder = {str(row["holder_id"]): row for row in spoiler.rows("holder_key")}
    opener = Opener(spoiler.vault, lambda holder_id: tuple(by_holder[holder_id].values()))
    for row in spoiler.rows("event"):
        event_id = str(row["event_id"])
        of_number = f"event {event_id} id_number"

        def number(sealed: bytes, holder_id: str | None, place: str = of_number) -> str:
            assert holder_id is not None
            return spoiler.vault.decrypt(cast(bytes, opener.content(holder_id, sealed, place)), place)

        event = event_of([row[column.name] for column in EVENT.c], opener, number)
        id_number = event.holder.id_number if event.holder is not None else None
        outcome = payload_sealed.read_outcome(str(row["outcome"]), opener, event_id)
        spoiler.edit(
            "event",
            row,
            payload=payload.event_text(event, None),
            outcome=payload_sealed.outcome_text(outcome, None, event_id),
            id_number=None if id_number is None else spoiler.vault.encrypt(id_number, of_number),
        )
    for row in spoiler.rows("certificate_version"):
        version_id = str(row["version_id"])
        face = payload.read_face(str(row["face"]), opener, version_id)
        spoiler.edit("certificate_version", row, face=payload.face_text(face, None, version_id))
    for row in spoiler.rows("copy"):
        spoiler.edit("copy", row, purpose=copy_of([row[column.name] for column in COPY.c], opener).purpose)
    known: set[object] = set()
    for row in spoiler.rows("holder_image"):
        sha256 = str(row["sha256"])
        content = opener.content(str(row["holder_id"]), cast(bytes, row["content"]), image_place(sha256))
        if sha256 not in known:
            spoiler.add("image", {"sha256": sha256, "content": content, "added_at": row["added_at"]})
        known.add(sha256)
        spoiler.remove("holder_image", holder_id=row["holder_id"], sha256=sha256)
    for holder_id in by_holder:
        spoiler.remove("holder_key", holder_id=holder_id)


@pytest.fixture
def case(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Case:
    """Make a holder whose registration was cancelled today, in a register of before."""
    del font_cache
    made = Case(tmp_path, dev_keys)
    age(made)
    return made


def test_old_rows_are_read_and_written_on(case: Case) -> None:
    """The first thing written makes the holder's key; what was there stays as it is."""
    body = case.site.get(path_of(NUMBER)).get_json()
    assert (body["holder"]["name"], body["holder"]["birth_date"]) == (NEW_NAME, BORN.isoformat())
    assert case.world.verify(code=case.copy["code"]).face is not None
    case.world.jump(days=1)
    copy = case.world.endorse(OTHER, key="k9")
    assert case.world.verify(code=copy["code"], number=None).entry is not None
    assert len(Spoiler(case.world, picking=False).rows("holder_key")) == 1
    assert case.world.verify(number=OTHER, name=OTHER_NAME).entry is not None


def test_old_rows_are_erased_like_any_other(case: Case) -> None:
    """Names that stood in clear are nowhere any more, and pictures only as long as somebody else has them."""
    assert (
        NAME.encode() in case.database.read_bytes()
        or NAME.encode() in case.database.with_name("registry.db-wal").read_bytes()
    )

    case.erase(override=True)

    found = [place for place, content in case.left().items() if any(one in content for one in traces()[:-2])]
    assert found == []
    body = case.site.get(path_of(NUMBER)).get_json()
    assert body["holder"]["birth_date"] is None and NAME not in json.dumps(body, ensure_ascii=False)
    assert case.world.verify(code=case.copy["code"]).status == "CANCELLED"
    other = case.site.get(path_of(OTHER)).get_json()
    assert other["holder"]["name"] == OTHER_NAME and other["holder"]["photo"]
    case.world.jump(days=1)
    assert case.world.file(case.world.endorse(OTHER, key="k9")), "the picture they shared is still there"
