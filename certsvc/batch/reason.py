"""Why an item failed, as its row keeps it: a code, and what was wrong with which field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from certsvc.errors import (
    CertsvcError,
    EndorsedTodayError,
    Fault,
    InvalidFieldError,
    MalformedError,
)


def problem_of(error: CertsvcError) -> dict[str, object]:
    """Return what a row keeps of *error* beside its code: nothing about a person, by what faults are."""
    if isinstance(error, InvalidFieldError | MalformedError) and error.faults:
        return {
            "faults": [{"pointer": fault.pointer, "zh": fault.zh, "en": fault.en} for fault in error.faults]
        }
    if isinstance(error, EndorsedTodayError) and error.existing_id:
        return {"existing_id": error.existing_id}
    return {}


def faults_of(problem: Mapping[str, object]) -> Sequence[Fault]:
    """Return the faults a row keeps."""
    kept = problem.get("faults", [])
    assert isinstance(kept, list)
    return [Fault(one["pointer"], one["zh"], one["en"]) for one in kept]
