"""The client's shapes are those of the service."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any, get_args, get_origin, get_type_hints

import pydantic
import pytest

from certsvc.client import Event, answers, batches, errors, report
from certsvc.domain import report as ours
from certsvc.issuing.schema import EventRequest
from certsvc.web import schemas, schemas_batches
from certsvc.web.api_changes import ChangeItem, ChangePage

PAIRS: list[tuple[type, type[pydantic.BaseModel]]] = [
    (answers.IssuedFile, schemas.FileFacts),
    (answers.Certificate, schemas.CertificateFacts),
    (answers.Warning, schemas.Warning),
    (answers.Specialty, schemas.SpecialtyFacts),
    (answers.Holder, schemas.HolderFacts),
    (answers.Employer, schemas.EmployerFacts),
    (answers.Registration, schemas.Registration),
    (answers.Recorded, schemas.Recorded),
    (answers.HistoryItem, schemas.HistoryItem),
    (answers.History, schemas.History),
    (answers.Original, schemas.Original),
    (answers.Endorsement, schemas.Endorsement),
    (answers.ExpiringItem, schemas.ExpiringItem),
    (answers.Expiring, schemas.Expiring),
    (answers.Change, ChangeItem),
    (answers.Changes, ChangePage),
    (batches.Batch, schemas_batches.Batch),
    (batches.BatchItem, schemas_batches.BatchItem),
    (errors.Fault, schemas.Fault),
    (errors.Existing, schemas.Existing),
    (errors.Problem, schemas.Problem),
    (report.Finding, schemas.ReportFinding),
    (report.ReportSpecialty, schemas.ReportSpecialty),
    (report.ReportCertificate, schemas.ReportCertificate),
    (report.ReportEndorsement, schemas.ReportEndorsement),
    (report.Report, schemas.Report),
]


@pytest.mark.parametrize(("value", "model"), PAIRS, ids=lambda one: one.__name__)
def test_every_field_is_one_the_service_promises(value: type, model: type[pydantic.BaseModel]) -> None:
    """A field that is renamed there is missed here."""
    names = {field.name for field in dataclasses.fields(value)}

    assert names <= set(model.model_fields)


def test_report_and_finding_have_every_field() -> None:
    """A platform decides by them."""
    for value, model in PAIRS[-5:]:
        assert {field.name for field in dataclasses.fields(value)} == set(model.model_fields)


def test_words_are_those_of_the_service() -> None:
    """A word missing here would be compared with nothing."""
    assert [str(word) for word in report.Verdict] == [str(word) for word in ours.Verdict]
    assert [str(word) for word in report.Status] == [str(word) for word in ours.Status]


def test_event_is_the_body_the_service_reads() -> None:
    """A field missing here would be refused by the type checker though the service takes it."""
    assert _typed(Event) == _modelled(EventRequest)


def _typed(kind: type) -> dict[str, Any]:
    """Return the tree of a TypedDict: names, and below them names or words."""
    hints = get_type_hints(kind)
    return {name: _leaf(hint, typing.is_typeddict, _typed) for name, hint in hints.items()}


def _modelled(model: type[pydantic.BaseModel]) -> dict[str, Any]:
    """Return the same tree of a pydantic model."""
    return {
        name: _leaf(
            info.annotation,
            lambda one: isinstance(one, type) and issubclass(one, pydantic.BaseModel),
            _modelled,
        )
        for name, info in model.model_fields.items()
    }


def _leaf(hint: Any, is_group: Any, below: Any) -> Any:
    """Return what a hint holds: a group's tree, a literal's words, or nothing."""
    if is_group(hint):
        return below(hint)
    if get_origin(hint) is typing.Literal:
        return sorted(get_args(hint))
    parts = [one for one in get_args(hint) if isinstance(one, type | types.GenericAlias) or get_origin(one)]
    found = [_leaf(one, is_group, below) for one in parts]
    return next((one for one in found if one is not None), None)
