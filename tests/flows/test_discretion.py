"""Identity numbers, and what nobody sees, stay out of everything that is kept or said in clear."""

from __future__ import annotations

import base64
import json
from datetime import date
from typing import Final

import pytest

from certsvc.cli.show import safe_text
from certsvc.errors import InvalidFieldError
from certsvc.issuing.discretion import BodyDigest
from tests.world import World, a_resident_id

OTHERS: Final = a_resident_id(date(1979, 8, 17), 462)


def pointers(refused: pytest.ExceptionInfo[InvalidFieldError]) -> list[str]:
    """Return where the faults are; none of them repeats the number."""
    told = json.dumps([[one.pointer, one.zh, one.en] for one in refused.value.faults], ensure_ascii=False)
    assert OTHERS not in told
    return [one.pointer for one in refused.value.faults]


@pytest.mark.parametrize(
    "label", [OTHERS, f"{OTHERS}-2026", OTHERS.lower(), "a\u200bb", "a\u202eb", "a\nb", "\ue000", "\ud800"]
)
def test_source_id_with_an_identity_number_or_hidden_characters_is_refused(world: World, label: str) -> None:
    """It is kept in clear for ever, so that a repetition is known."""
    with pytest.raises(InvalidFieldError) as refused:
        world.record(world.initial_body() | {"source_id": label})

    assert pointers(refused) == ["/source_id"]


@pytest.mark.parametrize("label", ["reg-2026-000001", "990000197908179251", "变更 1", "1" * 40])
def test_source_id_that_only_looks_alike_is_taken(world: World, label: str) -> None:
    """Long figures that are no identity number are what other systems count with."""
    assert world.record(world.initial_body() | {"source_id": label})["certificate"]["version"] == 1


def test_idempotency_key_with_an_identity_number_is_refused(world: World) -> None:
    """It is kept for ever as well."""
    world.initial()

    with pytest.raises(InvalidFieldError) as refused:
        world.endorse(key=f"k-{OTHERS}")

    assert pointers(refused) == ["/Idempotency-Key"]


@pytest.mark.parametrize("part", ["holder", "employer"])
def test_name_with_an_identity_number_is_refused(world: World, part: str) -> None:
    """A name is printed, and shown to whoever scans the copy."""
    body = world.initial_body()
    body[part]["name"] += OTHERS

    with pytest.raises(InvalidFieldError) as refused:
        world.record(body)

    assert pointers(refused) == [f"/{part}/name"]


@pytest.mark.parametrize("number", ["京1112020202200001", "建筑工程", "2026-11-20", "ACTIVE"])
def test_document_number_that_stands_in_another_field_is_refused(world: World, number: str) -> None:
    """The other field is shown; the registry would refuse to keep it, as a defect of ours."""
    body = world.initial_body()
    body["holder"] |= {"id_type": "other", "id_number": number}

    with pytest.raises(InvalidFieldError) as refused:
        world.record(body)

    assert pointers(refused) == ["/holder/id_number"]


def test_field_named_by_an_identity_number_is_not_repeated(world: World) -> None:
    """A pointer goes out with the answer: it ends at the object around the field."""
    body = world.initial_body()
    body["holder"] |= {OTHERS: 1, "nickname": 1, "a" * 65: 1}
    body[OTHERS] = 1

    with pytest.raises(InvalidFieldError) as refused:
        world.record(body)

    assert sorted(pointers(refused)) == ["", "/holder", "/holder", "/holder/nickname"]


def test_digest_of_a_body_tells_nothing_without_the_secret() -> None:
    """A million numbers could be tried against a plain hash in a second."""
    one, other = BodyDigest(b"a" * 32), BodyDigest(b"b" * 32)

    assert one.of({"a": 1, "b": [2]}) == one.of({"b": [2], "a": 1})
    assert one.of({"a": 1}) != one.of({"a": "1"})
    assert one.of({"a": 1}) != other.of({"a": 1})
    assert len(one.of([])) == 64


@pytest.mark.parametrize(
    "told",
    [
        "[" * 290,
        "[" * 5000,
        '["2026-11-20", "\\ud800", "x"]',
        '["2026-11-20", "\\u0000", "x"]',
        '["2026-11-20", {"a": 1}, "x"]',
        '["2026-11-31", "京1112020202200001", "x"]',
        '["2026-11-20", "x"]',
        "7",
    ],
)
def test_cursor_that_is_none_of_ours_is_refused(world: World, told: str) -> None:
    """Nesting would end as an unforeseen error, half a character in the database driver."""
    cursor = base64.urlsafe_b64encode(told.encode()).decode()

    with pytest.raises(InvalidFieldError) as refused:
        world.services.enquiry.expiring(180, cursor)

    assert pointers(refused) == ["/cursor"]


def test_what_others_wrote_cannot_command_a_terminal() -> None:
    """The text of a QR symbol is printed by ``certsvc verify``."""
    assert safe_text(f"红 \x1b]0;x\x07\u202e{OTHERS}") == "红 \\u001b]0;x\\u0007\\u202e[id number]"
