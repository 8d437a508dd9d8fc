"""What may be asked: one thing in hand, the instant it is asked for, the specialty needed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from pydantic import ConfigDict, Field, WithJsonSchema

from certsvc.domain.bodies import Instant, StrictBody, parse_body
from certsvc.errors import Fault, InvalidFieldError

BATCH_ITEMS: Final = 1_000
"""Questions of one request at most."""
_Line = Annotated[str, Field(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Exactly one of file, qr, code, sha256, token, or number with name."""

    file: bytes | None = None
    qr: str | None = None
    """Whole text of a QR symbol."""
    code: str | None = None
    sha256: str | None = None
    """Hex, lower case."""
    token: str | None = None
    """From the path of our own public page."""
    number: str | None = None
    name: str | None = None
    as_of: datetime | None = None
    """Aware; None is now."""
    specialty: str | None = None
    """The one specialty that must be valid."""
    receipt: bool = False
    """Whether a signed receipt is wanted."""
    log: bool = False
    """Whether the copy is looked up in the transparency log as well."""


class VerificationRequest(StrictBody):
    """The JSON forms of a verification: exactly one of qr, code, sha256, or registration_number with name."""

    qr: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    code: _Line | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")] | None = None
    registration_number: _Line | None = None
    name: _Line | None = None
    as_of: Instant | None = None
    specialty: _Line | None = None
    receipt: bool = False
    """Whether to answer with a signed receipt (JWS) as well."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {
                    "required": list(given),
                    "properties": {
                        name: {"type": "string" if name in given else "null"}
                        for name in ("qr", "code", "sha256", "registration_number", "name")
                    },
                }
                for given in (("qr",), ("code",), ("sha256",), ("registration_number", "name"))
            ]
        }
    )


class VerificationBatch(StrictBody):
    """Up to 1,000 JSON forms of a verification; each is answered, or refused, for itself."""

    items: Annotated[
        list[object],
        Field(max_length=BATCH_ITEMS),
        WithJsonSchema(
            {
                "type": "array",
                "maxItems": BATCH_ITEMS,
                # Whatever else stands in a place is answered there, with a problem.
                "items": {"anyOf": [{"$ref": "#/components/schemas/VerificationRequest"}, {}]},
            }
        ),
    ]


def find_specialty(typed: str, names: Iterable[str]) -> str | None:
    """Return the one of *names* that was meant; None when there is no such specialty.

    People type with the input method on and paste blanks along: width and outer blanks make no difference.
    """
    meant = _plain(typed)
    return next((name for name in names if _plain(name) == meant), None)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def parse_question(body: object) -> Question:
    """Read one JSON form.

    Raises:
        InvalidFieldError: a field is unknown or wrong, or not exactly one thing is asked about.
    """
    request = parse_body(VerificationRequest, body)
    things = [
        thing
        for thing in ("qr", "code", "sha256", "registration_number")
        if getattr(request, thing) is not None
    ]
    if len(things) != 1:
        raise InvalidFieldError(
            Fault(
                "",
                "请在 qr、code、sha256、registration_number(与 name)中只提供一种",
                "give exactly one of qr, code, sha256, or registration_number with name",
            )
        )
    if (request.registration_number is None) != (request.name is None):
        raise InvalidFieldError(
            Fault(
                "/name",
                "按注册编号查询时请同时提供姓名",
                "a look-up by number wants the name too, and only it does",
            )
        )
    return Question(
        qr=request.qr,
        code=request.code,
        sha256=request.sha256.lower() if request.sha256 is not None else None,
        number=request.registration_number,
        name=request.name,
        as_of=request.as_of,
        specialty=request.specialty,
        receipt=request.receipt,
    )
