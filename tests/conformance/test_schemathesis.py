"""The API held against its own description: schemathesis makes requests of it, right ones and wrong ones.

Its engine is called directly: its pytest plugin reads a private attribute that pytest 9 no longer has.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
import structlog
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema

from tests.conformance.answers import undescribed
from tests.drills import FULL, record
from tests.factories import FixedClock
from tests.web.site import Site, body_of
from tests.world import JSON, NUMBER, World, settings_in

EXAMPLES: Final = 300 if FULL else 20
"""Requests per operation and phase, beside those that sit on the limits of each schema."""
SEED: Final = 20261120

RULES: Final = frozenset(
    {
        "AS_OF_IN_FUTURE",
        "EFFECTIVE_IN_FUTURE",
        "NO_QUALIFICATION",
        "GLYPH_MISSING",
        "PHOTO_OR_SIGNATURE_MISSING",
        "IMAGE_REJECTED",
        "OVER_AGE",
        "VALIDITY_MISMATCH",
    }
)
"""Codes of what no schema can tell: a request may keep to the description and still be refused for them."""
BEYOND_SCHEMA: Final = {
    "POST /api/v1/events": "which parts belong to which type, check characters, images",
    "POST /api/v1/registrations/{number}/endorsements": "which characters a purpose may hold",
}
"""Operations whose INVALID_FIELD may name what a schema cannot tell, with what that is."""
OPAQUE: Final = {"/cursor", "/since"}
"""Fields only we can fill in rightly."""

CHECKS: Final = frozenset(
    {
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "positive_data_acceptance",
        "missing_required_header",
        "unsupported_method",
    }
)
"""Those that must have been made. ``ignored_auth`` cannot be: over WSGI schemathesis 4.32 repeats a request
with an argument only its other transport knows; test_access.py asks instead."""


@dataclass
class Findings:
    """What one run of the engine saw."""

    requests: Counter[str] = field(default_factory=Counter)
    """Operation -> answers."""
    statuses: Counter[int] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    """Check -> how often it was made."""
    faults: dict[tuple[str, str], str] = field(default_factory=dict)
    """Operation and what is wrong -> how to see it again."""


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Site:
    """Make a site."""
    folder = tmp_path_factory.mktemp("described")
    (folder / "var").mkdir()
    (folder / "var" / "cache").symlink_to(font_cache)
    return Site(World(settings_in(folder / "var", dev_keys), FixedClock()))


@pytest.fixture(scope="module")
def findings(described: Site) -> Findings:
    """Run the engine once over a site with one registration, its original and an endorsed copy."""
    copy = described.issued()
    described.world.original()
    # As a running server does each second; before that a proof is not there yet, and 503 says so.
    described.world.services.sequencer.advance()
    with structlog.testing.capture_logs():
        spec = body_of(described.client.get("/openapi.json"))
        schema = schemathesis.openapi.from_wsgi(
            "/openapi.json", described.app, config=_config(described.key, str(copy["endorsement_id"]))
        )
        found = Findings()
        for event in from_schema(schema).execute():
            _note(event, found, spec)
    return found


def test_every_operation_does_what_it_says(findings: Findings) -> None:
    """Callers generate clients from the description; what it leaves out they meet as a crash."""
    record(
        "schemathesis",
        operations=len(findings.requests),
        requests=sum(findings.requests.values()),
        checks=sum(findings.checks.values()),
        faults=len(findings.faults),
    )

    told = "\n\n".join(f"{what}\n{how}" for what, how in findings.faults.items())
    if told:
        pytest.fail(told, pytrace=False)


def test_every_operation_was_asked_and_every_check_was_made(findings: Findings, described: Site) -> None:
    """A run that was refused at the door would find nothing wrong."""
    spec = body_of(described.client.get("/openapi.json"))
    operations = {f"{method.upper()} {path}" for path, methods in spec["paths"].items() for method in methods}

    assert set(findings.requests) == operations
    assert min(findings.requests.values()) >= 6
    assert set(findings.checks) >= CHECKS
    assert {200, 201, 400, 404, 405, 409, 415, 422} <= set(findings.statuses)


def _config(key: str, copy_id: str) -> SchemathesisConfig:
    """Make the engine ask with our key, and about something there is as often as about nothing."""
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "continue-on-failure": True,
            "suppress-health-check": ["all"],
            "headers": {"X-API-Key": key},
            "checks": {"ignored_auth": {"enabled": False}},
            "phases": {"stateful": {"enabled": False}},
            "dictionaries": {"number": {"values": [NUMBER]}, "copy": {"values": [copy_id]}},
            "generation": {
                "max-examples": EXAMPLES,
                "deterministic": True,
                "database": "none",
                # No text may hold NUL, whatever the schema; test_naughty.py sends it everywhere.
                "allow-x00": False,
            },
            "parameters": {
                "path.number": {"dictionary": "number", "probability": 0.5},
                "path.endorsement_id": {"dictionary": "copy", "probability": 0.5},
            },
        }
    )


def _note(event: object, found: Findings, spec: JSON) -> None:
    """Take down what one event of the engine tells."""
    if isinstance(event, events.NonFatalError):
        found.faults[event.label, repr(event.value)] = str(event.phase)
    if isinstance(event, events.FatalError):
        raise event.exception
    if not isinstance(event, events.ScenarioFinished):
        return
    label = event.recorder.label
    for interaction in event.recorder.interactions.values():
        if interaction.response is not None:
            found.requests[label] += 1
            found.statuses[interaction.response.status_code] += 1
            for place in _strangers(label, interaction.response, spec):
                found.faults[label, f"not described: {place}"] = str(interaction.response.status_code)
    for case_id, checks in event.recorder.checks.items():
        for check in checks:
            found.checks[check.name] += 1
            if check.failure_info is None:
                continue
            answer = event.recorder.interactions[case_id].response
            if check.name == "positive_data_acceptance" and answer is not None and _rule(label, answer):
                continue
            failure = check.failure_info.failure
            told = answer.content[:1000].decode("utf-8", "replace") if answer is not None else "no answer"
            found.faults[label, f"{check.name}: {failure.title}"] = (
                f"{check.failure_info.code_sample}\n{told}"
            )


def _strangers(label: str, answer: Response, spec: JSON) -> Iterator[str]:
    """Yield members of a JSON answer that the description does not name."""
    method, path = label.split(" ")
    told = spec["paths"][path][method.lower()]["responses"].get(str(answer.status_code), {})
    for media_type, content in told.get("content", {}).items():
        if "json" in media_type:
            yield from undescribed(_json(answer), content["schema"], spec)


def _rule(label: str, answer: Response) -> bool:
    """Tell whether a refusal names what no schema can tell."""
    problem = _json(answer)
    pointers = {fault["pointer"] for fault in problem.get("errors", ())}
    return (
        problem.get("code") in RULES
        or (problem.get("code") == "INVALID_FIELD" and label in BEYOND_SCHEMA)
        or (bool(pointers) and pointers <= OPAQUE)
    )


def _json(answer: Response) -> Mapping[str, Any]:
    body = json.loads(answer.content or b"{}")
    assert isinstance(body, dict)
    return body
