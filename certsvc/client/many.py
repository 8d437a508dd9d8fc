"""Many questions in few requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from certsvc.client.errors import Problem, ProblemError, UnreachableError
from certsvc.client.question import Question, answer_to, json_bytes
from certsvc.client.report import Report, Reports
from certsvc.client.transport import AgainError, Call, reader

PATH: Final = "/api/v1/verifications"
PART_ITEMS: Final = 1_000
"""Questions in one request at most."""
PART_BYTES: Final = 2 * 1024 * 1024
"""JSON bytes of one request, beyond which the next one begins; the service reads 4 MB."""
_PUT_OFF: Final = frozenset({429, 503})
_reports: Final = reader(Reports)


def parts(questions: Iterable[Question]) -> Iterator[list[Question]]:
    """Split *questions*, in their order, into what goes into one request."""
    part: list[Question] = []
    size = 0
    for question in questions:
        more = len(json_bytes(question.body())) + 1
        if part and (len(part) == PART_ITEMS or size + more > PART_BYTES):
            yield part
            part, size = [], 0
        part.append(question)
        size += more
    if part:
        yield part


class Round:
    """One part on its way: each try asks what is still open."""

    def __init__(self, part: Sequence[Question]) -> None:
        """Begin with every question open."""
        self._part = part
        self._answers: list[Report | ProblemError | None] = [None] * len(part)
        self._open = list(range(len(part)))
        """Places in the part."""

    @property
    def is_answered(self) -> bool:
        """Tell whether every question has an answer, be it that it is put off."""
        return None not in self._answers

    def answers(self) -> list[Report | ProblemError]:
        """Return the answers in the order of the questions."""
        return [answer for answer in self._answers if answer is not None]

    def call(self) -> Call:
        """Ask what is open."""
        items = [self._part[place].body() for place in self._open]
        return Call(method="POST", path=f"{PATH}/batch", content=json_bytes({"items": items}))

    def read(self, body: bytes) -> None:
        """Take the answers to what was open; AgainError when the service put some of them off."""
        told = _reports(body).reports
        if len(told) != len(self._open):
            raise ValueError(f"{len(self._open)} questions were sent, {len(told)} reports came")
        answers = [_answer(self._part[place], one) for place, one in zip(self._open, told, strict=True)]
        put_off: list[int] = []
        wait_s = 0.0
        for place, answer in zip(self._open, answers, strict=True):
            self._answers[place] = answer
            if (
                isinstance(answer, ProblemError)
                and answer.status in _PUT_OFF
                and answer.retry_after is not None
            ):
                put_off.append(place)
                wait_s = max(wait_s, answer.retry_after)
        advanced = len(put_off) < len(self._open)
        self._open = put_off
        if put_off:
            error = UnreachableError(f"{len(put_off)} questions are still put off")
            raise AgainError(error, wait_s, advanced=advanced)


def _answer(question: Question, told: Report | Problem) -> Report | ProblemError:
    if isinstance(told, Problem):
        return ProblemError(told, told.retry_after_s)
    return answer_to(question, told)
