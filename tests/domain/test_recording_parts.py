"""Which parts each type of event takes: the table of the contract from both sides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from certsvc.domain.events import Event, EventType, HolderFields, Reason
from certsvc.domain.recording import check_parts
from certsvc.errors import InvalidFieldError
from tests.factories import (
    OTHER_NUMBER,
    a_grant_of,
    a_holder,
    a_whole_event,
    an_employer,
    an_event,
    an_initial,
)

INITIAL = an_initial()


def pointers(refused: pytest.ExceptionInfo[InvalidFieldError]) -> set[str]:
    """Return the fields a refusal names."""
    return {fault.pointer for fault in refused.value.faults}


@pytest.mark.parametrize("type", list(EventType))
def test_each_type_passes_with_exactly_its_parts(type: EventType) -> None:
    """The table of the contract, from its allowing side."""
    check_parts(a_whole_event(type))


@pytest.mark.parametrize(
    ("type", "field", "pointer"),
    [
        (EventType.INITIAL, "holder", "/holder"),
        (EventType.INITIAL, "employer", "/employer"),
        (EventType.INITIAL, "specialties", "/specialties"),
        (EventType.RE_REGISTER, "holder", "/holder"),
        (EventType.ADD_SPECIALTY, "specialties", "/specialties"),
        (EventType.RENEW, "specialties", "/specialties"),
        (EventType.CHANGE_EMPLOYER, "employer", "/employer"),
        (EventType.AMEND_EMPLOYER, "employer", "/employer"),
        (EventType.AMEND_HOLDER, "holder", "/holder"),
        (EventType.CANCEL, "reason", "/reason"),
        (EventType.REVOKE, "reason", "/reason"),
        (EventType.REVOKE_PENALTY, "reason", "/reason"),
        (EventType.SUSPEND, "reason", "/reason"),
    ],
)
def test_a_needed_part_is_asked_for(type: EventType, field: str, pointer: str) -> None:
    """The answer points at the part, so the caller can mend it at once."""
    absent: dict[str, tuple[()] | None] = {field: () if field == "specialties" else None}

    with pytest.raises(InvalidFieldError) as refused:
        check_parts(replace(a_whole_event(type), **absent))  # type: ignore[arg-type]  # the table above names real fields

    assert pointers(refused) == {pointer}


def test_parts_of_another_type_are_refused_together() -> None:
    """Silently dropping a part would record something else than the caller meant."""
    event = replace(
        a_whole_event(EventType.RESUME),
        holder=HolderFields(name="李示例"),
        employer=an_employer(),
        specialties=(a_grant_of(),),
        qualification_number="示例资格00000001",
        reason=Reason(code="OTHER", text="原因"),
        new_registration_number=OTHER_NUMBER,
        former_numbers=("京111050700001",),
        override_reason="法院裁定",
    )

    with pytest.raises(InvalidFieldError) as refused:
        check_parts(event)

    assert pointers(refused) == {
        "/holder",
        "/employer",
        "/specialties",
        "/qualification",
        "/reason",
        "/new_registration_number",
        "/former_numbers",
        "/override_reason",
    }


def test_amend_holder_must_say_something() -> None:
    """An empty holder object is a mistake of the caller, not a change."""
    with pytest.raises(InvalidFieldError, match="/holder"):
        check_parts(an_event(EventType.AMEND_HOLDER, holder=HolderFields()))


@pytest.mark.parametrize("field", ["name", "sex", "birth_date", "id_type", "id_number"])
def test_a_new_registration_needs_the_whole_holder(field: str) -> None:
    """Photo and signature may come later, these may not."""
    holder = replace(a_holder(photo_sha256=None, signature_sha256=None), **{field: None})

    with pytest.raises(InvalidFieldError) as refused:
        check_parts(replace(INITIAL, holder=holder))

    assert pointers(refused) == {f"/holder/{field}"}
    check_parts(replace(INITIAL, holder=a_holder(photo_sha256=None, signature_sha256=None)))


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        (an_event(EventType.CANCEL, reason=Reason(code="OTHER", text=" ")), "/reason/text"),
        (replace(INITIAL, override_reason=""), "/override_reason"),
    ],
)
def test_a_blank_reason_is_none(event: Event, pointer: str) -> None:
    """A reason of spaces explains nothing to whoever reads the history."""
    with pytest.raises(InvalidFieldError) as refused:
        check_parts(event)

    assert pointers(refused) == {pointer}
