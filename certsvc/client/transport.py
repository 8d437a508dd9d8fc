"""Sending one call until it is answered: every request here may be sent twice without doing a thing twice."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, Generic, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from certsvc.client.bounded import bounded, ending_in
from certsvc.client.errors import AnswerError, ClientError, Problem, ProblemError, UnreachableError
from certsvc.client.patience import Patience

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
ANSWER_LIMIT: Final = 64 * 1024 * 1024
"""Bytes: a thousand reports with their receipts many times over."""
_PENDING: Final = "ENDORSEMENT_PENDING"
_BUSY: Final = frozenset({429, 502, 503, 504})
"""Said by a proxy, or by the service when it names a time: come again."""
_problem: Final = TypeAdapter(Problem)

_T = TypeVar("_T")


class AgainError(Exception):
    """A body that another try may better: cut on its way, or not yet all that was asked for."""

    def __init__(
        self, error: ClientError, retry_after_s: float | None = None, *, advanced: bool = False
    ) -> None:
        """Take what to raise when there is no other try, the wait the service stated, and how it went.

        Who *advanced* has used up no try: only the time is bounded.
        """
        super().__init__(error)
        self.error = error
        self.retry_after_s = retry_after_s
        self.advanced = advanced


def reader(kind: type[_T]) -> Callable[[bytes], _T]:
    """Return what reads a JSON answer as *kind*, converting nothing silently."""
    adapter = TypeAdapter(kind)
    return lambda body: adapter.validate_json(body, strict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: all of it may be sent again as it stands."""

    method: str
    path: str
    """Quoted."""
    query: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    """JSON in UTF-8."""
    upload: bytes | None = None
    """A file, sent with *fields* as multipart."""
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = JSON
    """Content-Type of the answer."""
    limit: int = ANSWER_LIMIT
    """Bytes of the answer."""
    public: bool = False
    """Ask without the API key."""


@dataclass(frozen=True, slots=True)
class _Answered(Generic[_T]):
    value: _T


@dataclass(frozen=True, slots=True)
class _Failed:
    error: ClientError
    again: bool
    """Whether another try may do better."""
    retry_after_s: float | None = None
    advanced: bool = False


class _Key(httpx.Auth):
    """Puts the API key on a request, and shows it nowhere else."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["X-API-Key"] = self._api_key
        yield request


class Transport:
    """Connections to one service; safe between threads."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str,
        language: str,
        timeout_s: float,
        verify: ssl.SSLContext | bool,
        patience: Patience,
        sleep: Callable[[float], object],
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        """Open nothing yet; *clock* counts seconds steadily, *chance* is random from 0 up to 1."""
        self._key = _Key(api_key)
        self._timeout_s = timeout_s
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._chance = chance
        client = httpx.Client(
            base_url=base_url,
            verify=verify,
            follow_redirects=False,
            # A proxy named by the environment is for other machines, and sees what is not encrypted.
            trust_env=base_url.startswith("https:"),
            headers={
                "Accept-Language": language,
                "Accept-Encoding": "identity",
                "User-Agent": "certsvc-client",
            },
        )
        self._http = bounded(client)

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def send(self, call: Call | Callable[[], Call], read: Callable[[bytes], _T]) -> _T:
        """Send *call* until an answer comes.

        Args:
            call: what to send, or what tells it before each try.
            read: makes the value of a body; AgainError asks for another try, ValueError gives up.

        Raises:
            ProblemError: the service refused.
            UnreachableError: no whole answer came in time.
            AnswerError: the answer is not the one agreed.
        """
        started = self._clock()
        failures = 0
        while True:
            outcome = self._once(call() if callable(call) else call, read, started + self._patience.total_s)
            if isinstance(outcome, _Answered):
                return outcome.value
            failures = 1 if outcome.advanced else failures + 1
            spent = self._clock() - started
            pause = self._patience.pause_s(failures, spent, self._chance(), outcome.retry_after_s)
            if pause is None or not outcome.again:
                # Outside any handler: a chained error of httpx would hold the request and its key.
                raise outcome.error
            self._sleep(pause)

    def _once(self, call: Call, read: Callable[[bytes], _T], deadline: float) -> _Answered[_T] | _Failed:
        """Send one request; nothing that httpx raises gets out."""
        left = max(deadline - self._clock(), 0.001)
        try:
            with (
                ending_in(left),
                self._http.stream(
                    call.method,
                    call.path,
                    params=call.query,
                    content=call.content,
                    data=call.fields if call.upload is not None else None,
                    files={"file": ("file", call.upload)} if call.upload is not None else None,
                    headers=self._headers(call),
                    auth=None if call.public else self._key,
                    timeout=min(self._timeout_s, left),
                ) as response,
            ):
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > call.limit:
                        return _Failed(AnswerError(f"the answer is over {call.limit} bytes"), again=False)
                    if self._clock() > deadline:
                        return _Failed(UnreachableError("the answer did not end in time"), again=False)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            told = f"{type(error).__name__}: {error}"
            return _Failed(UnreachableError(told), again=_may_pass(error))
        return _judged(call, response, bytes(body), read)

    def _headers(self, call: Call) -> Mapping[str, str]:
        kind = {"Content-Type": JSON} if call.content is not None else {}
        return {"Accept": f"{call.media}, {PROBLEM}", **kind, **call.headers}


def _judged(
    call: Call, response: httpx.Response, body: bytes, read: Callable[[bytes], _T]
) -> _Answered[_T] | _Failed:
    """Tell an answer from a refusal, and whether to ask again."""
    status = response.status_code
    media = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if status in {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED} and media == call.media:
        return _read(read, body)
    retry_after = _retry_after_s(response.headers)
    problem = _as_problem(status, body) if media == PROBLEM else None
    if problem is not None:
        busy = retry_after is not None and (status in {429, 503} or problem.code == _PENDING)
        return _Failed(ProblemError(problem, retry_after), again=busy, retry_after_s=retry_after)
    told = f"status {status} with {media or 'no content type'}"
    if status in _BUSY:
        return _Failed(UnreachableError(told), again=True, retry_after_s=retry_after)
    if response.has_redirect_location:
        told += "; redirects are not followed"
    return _Failed(AnswerError(told), again=False)


def _read(read: Callable[[bytes], _T], body: bytes) -> _Answered[_T] | _Failed:
    try:
        return _Answered(read(body))
    except AgainError as error:
        return _Failed(error.error, again=True, retry_after_s=error.retry_after_s, advanced=error.advanced)
    except ValidationError as error:
        # Only places and rules: the values are about people.
        faults = error.errors(include_input=False, include_url=False)
        if any(fault["type"] == "json_invalid" for fault in faults):
            return _Failed(UnreachableError("the answer is not whole"), again=True)
        told = "; ".join(f"{'/'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:5])
        return _Failed(AnswerError(f"the answer has another shape: {told}"), again=False)
    except ValueError as error:
        return _Failed(AnswerError(str(error)), again=False)


def _as_problem(status: int, body: bytes) -> Problem | None:
    """Read a refusal; None when the service did not write it."""
    try:
        problem = _problem.validate_json(body, strict=True)
    except ValidationError:
        return None
    return problem if problem.status == status else None


def _retry_after_s(headers: httpx.Headers) -> float | None:
    """Read Retry-After in either form; the date counts from the answer's own Date, not from our clock."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return max(wait.total_seconds(), 0.0)


def _may_pass(error: Exception) -> bool:
    """Tell whether another try may do better: not with an address or a certificate that is refused."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, httpx.InvalidURL | ssl.SSLCertVerificationError):
            return False
        cause = cause.__cause__ or cause.__context__
    return True
