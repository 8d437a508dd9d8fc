"""Why a call gave no answer.

    ClientError
    ├── ProblemError       the service refused and said why; act on ``code``
    ├── UnreachableError   no whole answer within the tries and the time allowed
    └── AnswerError        an answer that is not the one agreed: a redirect, another shape, another question
        └── DigestError        a downloaded file is not the one the service named

They stand here and not with the service's own errors, because a platform uses this package alone. None of
them holds the request it came from: its headers carry the API key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from certsvc.client.answers import IssuedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with one field of the request."""

    pointer: str
    """JSON pointer, e.g. ``/holder/name``; empty for the whole body."""
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """The endorsement that took the day."""

    endorsement_id: str
    state: str | None
    """``DONE``: its files can be downloaded; ``PENDING``: still being made."""
    files: Mapping[str, IssuedFile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A refusal as the service words it (RFC 9457)."""

    code: str
    status: int
    detail: str
    title: str = ""
    instance: str = ""
    """Names this one occurrence in the service's log."""
    errors: tuple[Fault, ...] = ()
    existing: Existing | None = None
    """With ENDORSED_TODAY."""
    retry_after_s: float | None = None
    """Of one question among many, which has no header of its own."""


class ClientError(Exception):
    """No answer; one of the kinds drawn above."""

    idempotency_key: str | None = None
    """The key the failed ``endorse`` sent: with it the call can be made again without a second copy."""


class ProblemError(ClientError):
    """The service refused."""

    def __init__(self, problem: Problem, retry_after: float | None = None) -> None:
        """Take the refusal, and the seconds after which to ask again where the service named them."""
        super().__init__(problem, retry_after)
        self.problem = problem
        self.retry_after = retry_after

    @property
    def code(self) -> str:
        """Return the stable reason code, e.g. ``ENDORSED_TODAY``."""
        return self.problem.code

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return self.problem.status

    @property
    def detail(self) -> str:
        """Return the sentence for people; the issuer's own six are Chinese in every language."""
        return self.problem.detail

    @property
    def errors(self) -> tuple[Fault, ...]:
        """Return what is wrong with which field."""
        return self.problem.errors

    def __str__(self) -> str:
        """Name the code first: it is what one searches for."""
        places = "".join(f"; {fault.pointer or '/'}: {fault.detail}" for fault in self.errors)
        return f"{self.status} {self.code}: {self.detail}{places}"


class UnreachableError(ClientError):
    """No whole answer came; whether the service did what was asked is not known."""


class AnswerError(ClientError):
    """The answer breaks the contract and is not used."""


class DigestError(AnswerError):
    """The bytes that came are not those the service issued."""
