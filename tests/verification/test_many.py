"""Many questions in one view of the register: what stops it stops no answer that needs none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from certsvc.domain.report import Status
from certsvc.errors import AsOfInFutureError, InvalidFieldError, RecordDamagedError, UnavailableError
from certsvc.registry.port import ReadSession, Registry
from certsvc.verification.question import Question
from certsvc.verification.verify import Verifier
from tests.verification.conftest import Issued
from tests.verification.receipts import checked


class FailingRegistry:
    """A register that fails: at its door, or at one look-up by hash."""

    def __init__(self, registry: Registry, error: Exception, *, at: int | None) -> None:
        """Fail with *error*: at the look-up of that number, or at once."""
        self._registry = registry
        self._error = error
        self._at = at

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Open a session that fails as it was told."""
        if self._at is None:
            raise self._error
        with self._registry.reading() as session:
            yield _FailingSession(session, self._error, self._at)


class _FailingSession:
    def __init__(self, session: ReadSession, error: Exception, at: int) -> None:
        self._session, self._error, self._at = session, error, at

    def find_copy_by_sha256(self, sha256: str) -> object:
        """Fail once."""
        self._at -= 1
        if self._at < 0:
            self._at = 1_000
            raise self._error
        return self._session.find_copy_by_sha256(sha256)

    def __getattr__(self, name: str) -> object:
        return getattr(self._session, name)


def statuses(issued: Issued, error: Exception, *, at: int | None) -> list[Status]:
    """Ask five times for a known file, and twice what needs no register, over a failing one."""
    services = issued.world.services
    registry: Any = FailingRegistry(services.registry, error, at=at)
    verifier = Verifier(
        registry=registry,
        kinds=services.kinds,
        pinned=services.keystore.pinned,
        pinned_seals=services.keystore.pinned_seals,
        readers=services.verifier._readers,
        clock=services.clock,
        public_url=services.settings.public_url,
    )
    known = Question(sha256=issued.first["files"]["pdf"]["sha256"])
    foreign = Question(qr="https://evil.example/v/x")
    reports = verifier.verify_each([foreign, known, known, known, known, known, foreign])
    assert not any(isinstance(report, InvalidFieldError) for report in reports)
    return [report.status for report in reports if not isinstance(report, InvalidFieldError)]


V, A, N = Status.VALID, Status.UNAVAILABLE, Status.NOT_OURS


@pytest.mark.parametrize(
    ("error", "at", "expected"),
    [
        (UnavailableError(), None, [N, A, A, A, A, A, N]),
        (UnavailableError(), 0, [N, A, A, A, A, A, N]),
        (UnavailableError(), 3, [N, V, V, V, A, A, N]),
        (RecordDamagedError(), None, [N, A, A, A, A, A, N]),
        (RecordDamagedError(), 2, [N, V, V, A, V, V, N]),
    ],
    ids=["away", "lost at once", "lost on the way", "newest row damaged", "one row damaged"],
)
def test_what_stops_the_register_stops_what_was_not_reached(
    issued: Issued, error: Exception, at: int | None, expected: list[Status]
) -> None:
    """Nothing is called unknown; a damaged row is one answer, a lost connection the rest of them."""
    assert statuses(issued, error, at=at) == expected


def test_clock_behind_the_record_leaves_all_open(issued: Issued) -> None:
    """As for one question: a clock that went back says nothing about revocations."""
    issued.world.jump(seconds=-60)
    try:
        reports = issued.world.services.verifier.verify_each(
            [Question(sha256=issued.first["files"]["pdf"]["sha256"]), Question(sha256="0" * 64)]
        )
    finally:
        issued.world.jump(seconds=60)

    assert [not isinstance(one, InvalidFieldError) and one.status for one in reports] == [A, A]


def test_receipt_of_an_answer_without_the_register(issued: Issued) -> None:
    """That it could not be checked at 10:00 is what a platform has to show when it comes later."""
    services = issued.world.services
    registry: Any = FailingRegistry(services.registry, UnavailableError(), at=None)
    verifier = Verifier(
        registry=registry,
        kinds=services.kinds,
        pinned=services.keystore.pinned,
        pinned_seals=services.keystore.pinned_seals,
        readers=services.verifier._readers,
        clock=services.clock,
        public_url=services.settings.public_url,
    )
    asked = Question(file=issued.first_pdf, receipt=True)

    found = checked(issued.world, services.receipts.give(verifier.verify(asked), asked), given=asked.file)

    assert (found.code, found.input) == ("RECEIPT_GENUINE", "same")
    assert found.claims is not None
    assert (found.claims["verdict"], found.claims["status"]) == ("INDETERMINATE", "UNAVAILABLE")
    assert not {"token", "licence_id"} & set(found.claims)


def test_instant_that_has_not_come_is_refused_in_its_place(issued: Issued) -> None:
    """The others are answered."""
    known = Question(sha256=issued.first["files"]["pdf"]["sha256"])
    early = Question(sha256=known.sha256, as_of=issued.world.clock.now().replace(year=2099))

    reports = issued.world.services.verifier.verify_each([known, early, known])

    assert [isinstance(one, AsOfInFutureError) for one in reports] == [False, True, False]


def test_misspelt_specialty_is_refused_in_its_place_and_a_wide_or_blank_one_is_read(issued: Issued) -> None:
    """A slip of the keyboard says nothing about the certificate; answered INVALID it would cost a tender."""
    verifier = issued.world.services.verifier
    sha256 = issued.first["files"]["pdf"]["sha256"]
    names = ("建筑工程", "建筑工成", "", "\u3000建筑工程 ", "公路工程")
    asked = [Question(sha256=sha256, specialty=name) for name in names]

    reports = verifier.verify_each(asked)

    told = [one.code if isinstance(one, InvalidFieldError) else one.status for one in reports]
    assert told == [Status.VALID, "INVALID_FIELD", "INVALID_FIELD", Status.VALID, Status.EXPIRED]
    with pytest.raises(InvalidFieldError, match="/specialty"):
        verifier.verify(asked[1])
    assert verifier.verify(asked[3]).status is Status.VALID
