"""The description of the API (OpenAPI 3.1.0): each view says beside its code what it takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from apiflask import APIBlueprint, APIFlask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from certsvc.verification.question import VerificationRequest
from certsvc.web import schemas
from certsvc.web.auth import API_KEY_HEADER, Scope
from certsvc.web.current import services

JSON: TypeAlias = dict[str, object]

VERSION: Final = "3.1.0"
_SCHEME: Final = "APIKey"
_REFERENCE: Final = "#/components/schemas/{model}"
_PROBLEM: Final = "application/problem+json"
_EXTENSION: Final = "x-certsvc-scope"
_REASONS: Final[Mapping[int, str]] = {
    400: "The body or query is not what it says it is (MALFORMED).",
    401: "No API key, or an unknown one (UNAUTHENTICATED).",
    403: "The API key lacks the scope (FORBIDDEN).",
    404: "Nothing is registered or issued under this name.",
    405: "The address does not take this method.",
    409: "A rule of the register says no; `code` tells which.",
    410: "It was there and is not any more; `code` tells why.",
    411: "The body has no stated length (LENGTH_REQUIRED).",
    413: "Over the size limit (TOO_LARGE).",
    415: "Another Content-Type is needed (UNSUPPORTED_TYPE).",
    422: "A field breaks a rule; `errors` names each with its JSON pointer.",
    429: "Too many tries (RATE_LIMITED); see Retry-After.",
    500: "Something unforeseen (INTERNAL).",
    503: "Cannot tell or cannot do it now; see Retry-After.",
}
_VERIFY_FIELDS: Final[JSON] = {
    "as_of": {"type": "string", "format": "date-time"},
    "receipt": {"enum": ["true", "false"], "description": "Answer with a signed receipt as well."},
}
_RETRY: Final = frozenset({409, 429, 503})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query or header parameter."""

    name: str
    place: str = "query"
    required: bool = False
    description: str = ""
    schema: JSON = field(default_factory=lambda: {"type": "string"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One operation as its description tells it."""

    answers: Mapping[int, type[BaseModel] | str]
    """HTTP status -> model of the JSON body, or another media type."""
    also: Sequence[str] = ()
    """Further media types in which 200 may be answered, by Accept."""
    problems: Sequence[int] = ()
    """HTTP statuses of problems beyond those every call may give."""
    request: type[BaseModel] | None = None
    """The JSON body."""
    upload: bool = False
    """The body may also be multipart with a file."""
    upload_fields: JSON = field(default_factory=lambda: dict(_VERIFY_FIELDS))
    """Schemas of the fields beside the file."""
    upload_file: str = "PDF, OFD, PNG or JPEG up to 10 MB"
    """What the file may be."""
    parameters: Sequence[Parameter] = ()
    also_request: Mapping[str, str] = field(default_factory=dict)
    """Further media types of the body -> what it is then."""
    scope: Scope | None = None
    or_scope: Scope | None = None
    """Another scope that is enough."""
    example: JSON | Sequence[JSON] | None = None
    """A JSON body somebody may send as it is; nobody in it exists."""


_View = TypeVar("_View", bound=Callable[..., object])
_calls: Final[dict[str, Call]] = {}

AS_OF: Final = Parameter(
    name="as_of",
    description="The state at this instant; default now. The future is refused.",
    schema={"type": "string", "format": "date-time"},
)


def describe(bp: APIBlueprint, operation_id: str, call: Call) -> Callable[[_View], _View]:
    """Attach *call* to a view under *operation_id*."""
    _calls[operation_id] = call
    return bp.doc(
        operation_id=operation_id,
        security=[{_SCHEME: []}] if call.scope is not None else None,
        extensions={_EXTENSION: _scopes(call)} if call.scope is not None else None,
    )


def _scopes(call: Call) -> str:
    return " or ".join(scope for scope in (call.scope, call.or_scope) if scope is not None)


def configure(app: APIFlask) -> None:
    """Make *app* serve the description at /openapi.json."""
    app.config.update(
        OPENAPI_VERSION=VERSION,
        AUTO_200_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        SECURITY_SCHEMES={
            _SCHEME: {
                "type": "apiKey",
                "in": "header",
                "name": API_KEY_HEADER,
                "description": "Made by `certsvc client add`; scopes: issue, endorse, verify, read.",
            }
        },
    )
    app.servers = [{"url": "/"}]
    app.description = (
        "Issues, endorses and verifies electronic registration certificates. Errors are RFC 9457 problems."
    )
    app.spec_callback = _complete


def _complete(spec: dict[Any, Any] | str) -> dict[Any, Any] | str:
    """Fill in what the views declared: bodies, answers, problems, models."""
    assert isinstance(spec, dict)  # a string only where YAML is served
    models: set[type[BaseModel]] = {schemas.Problem}
    paths = spec["paths"]
    assert isinstance(paths, dict)
    for operations in paths.values():
        for operation in operations.values():
            call = _calls[operation["operationId"]]
            models.update(_models(call))
            operation["parameters"] = [
                *_path_parameters(operation.get("parameters", ())),
                *(_parameter(one) for one in call.parameters),
            ]
            operation["responses"] = _responses(call)
            if (body := _request_body(call)) is not None:
                operation["requestBody"] = body
    ordered = sorted(models, key=lambda model: model.__name__)
    _, definitions = models_json_schema([(model, "validation") for model in ordered], ref_template=_REFERENCE)
    components = spec.setdefault("components", {})
    assert isinstance(components, dict)
    components["schemas"] = definitions["$defs"]
    kinds = services().kinds.values()
    names = list(dict.fromkeys(name for kind in kinds for name in kind.policy.specialty_names))
    asked = definitions["$defs"][VerificationRequest.__name__]["properties"]
    asked["specialty"] = {"anyOf": [_specialty(names), {"type": "null"}], "default": None}
    upload = paths["/api/v1/verifications"]["post"]["requestBody"]["content"]["multipart/form-data"]
    upload["schema"]["properties"]["specialty"] = _specialty(names)
    return spec


def _specialty(names: Sequence[str]) -> JSON:
    """Return the schema of a specialty asked for: which there are is data of the certificate types."""
    return {"type": "string", "enum": list(names), "description": "The one specialty that must be valid."}


def _path_parameters(found: Sequence[JSON]) -> list[JSON]:
    return [{**one, "schema": {"type": "string", "minLength": 1, "maxLength": 64}} for one in found]


def _parameter(one: Parameter) -> JSON:
    return {
        "name": one.name,
        "in": one.place,
        "required": one.required,
        "description": one.description,
        "schema": one.schema,
    }


def _models(call: Call) -> set[type[BaseModel]]:
    found = {answer for answer in call.answers.values() if not isinstance(answer, str)}
    return found | ({call.request} if call.request is not None else set())


def _reference(model: type[BaseModel]) -> JSON:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def _request_body(call: Call) -> JSON | None:
    content: JSON = {}
    if call.request is not None:
        example: JSON = {} if call.example is None else {"example": call.example}
        content["application/json"] = {"schema": _reference(call.request), **example}
    for media_type, told in call.also_request.items():
        content[media_type] = {"schema": {"type": "string", "description": told}}
    if call.upload:
        fields: JSON = {
            "file": {"type": "string", "format": "binary", "description": call.upload_file},
            **call.upload_fields,
        }
        content["multipart/form-data"] = {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": fields,
                "additionalProperties": False,
            }
        }
    return {"required": True, "content": content} if content else None


def _responses(call: Call) -> JSON:
    responses: JSON = {}
    for status, answer in sorted(call.answers.items()):
        if status == 304:
            responses["304"] = {"description": "The caller has these bytes."}
        elif isinstance(answer, str):
            schema: JSON = (
                {"type": "string", "format": "binary"} if answer != "text/html" else {"type": "string"}
            )
            responses[str(status)] = {
                "description": "The file or page.",
                "content": {answer: {"schema": schema}},
            }
        else:
            responses[str(status)] = {
                "description": (answer.__doc__ or "").strip(),
                "content": {"application/json": {"schema": _reference(answer)}},
            }
    for media_type in call.also:
        content = responses["200"]
        assert isinstance(content, dict)
        content["content"][media_type] = {"schema": {"type": "string", "format": "binary"}}
    problems = {*call.problems, 500, 503}
    if call.scope is not None:
        problems |= {400, 401, 403, 411, 422}
    if call.request is not None or call.upload:
        problems |= {413, 415}
    for status in sorted(problems - set(call.answers)):
        told: JSON = {
            "description": _REASONS[status],
            "content": {_PROBLEM: {"schema": _reference(schemas.Problem)}},
        }
        if status in _RETRY:
            told["headers"] = {
                "Retry-After": {
                    "description": "Seconds to wait.",
                    "schema": {"type": "integer", "minimum": 0},
                }
            }
        responses[str(status)] = told
    return responses
