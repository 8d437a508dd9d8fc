"""Steps 1 and 2 of the issuing cycle for a chunk of orders: one transaction, each order decided alone.

Every check comes before an order's first write, and it writes one row and its key: an order that is refused
leaves nothing behind, and needs no savepoint for that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Final

from certsvc.domain.clock import Clock, beijing_day
from certsvc.domain.endorsement import CopyId, Grant, check_original, grant
from certsvc.domain.identity import canonical_purpose
from certsvc.errors import EndorsedTodayError, EndorsementPendingError, UnavailableError
from certsvc.issuing.key_budget import KeyBudget
from certsvc.issuing.orders import Operation, Order
from certsvc.issuing.press import Press
from certsvc.issuing.reserve import Case, Reserved, read_case, reserve
from certsvc.issuing.sitting import Admitted, Asked, Sitting, Wanted, read_order
from certsvc.issuing.turn import read_clock
from certsvc.page.certificate_type import CertificateType
from certsvc.page.fonts import FontChain
from certsvc.registry.port import IdempotentRequest, Registry

_TRIES: Final = 5
"""How often a chunk is decided; each time again somebody else got what was left."""


class Admission:
    """Decides who gets a copy, and reserves it; any number of these may share a registry."""

    def __init__(
        self,
        *,
        registry: Registry,
        press: Press,
        kinds: Mapping[str, CertificateType],
        fonts: FontChain,
        clock: Clock,
        public_url: str,
        worker: str,
        key_daily_cap: int = 0,
    ) -> None:
        """Take what is asked; rows are reserved in the name of *worker*, a cap of 0 is none."""
        self._registry = registry
        self._press = press
        self._kinds = kinds
        self._fonts = fonts
        self._clock = clock
        self._public_url = public_url
        self._worker = worker
        self._key_daily_cap = key_daily_cap

    def admit(self, orders: Mapping[int, Order], settled: Collection[CopyId]) -> Admitted:
        """Decide a chunk, in one transaction that is committed on return.

        Args:
            orders: originals and endorsements, by place.
            settled: stranded copies that were settled for this chunk already.

        Raises:
            UnavailableError: nothing of the chunk was reserved, or nobody can tell.
        """
        for _ in range(_TRIES):
            with suppress(_OverdrawnError):
                return self._admit(orders, settled)
        raise UnavailableError("others take the last uses of a key as fast as they are counted")

    def _admit(self, orders: Mapping[int, Order], settled: Collection[CopyId]) -> Admitted:
        admitted = Admitted()
        asked: dict[int, Asked] = {}
        for place, order in orders.items():
            with admitted.alone(place):
                asked[place] = read_order(order)
        if asked:
            with self._registry.writing() as session:
                # Names, registrations, holders: each kind at once and in order (docs/decisions/database.md).
                session.hold(set().union(*(one.names for one in asked.values())))
                budget = KeyBudget(session, self._key_daily_cap)
                sitting = Sitting(session, admitted, settled, self._clock.now(), self._public_url, budget)
                self._reserve_all(sitting, sitting.hold(sitting.look(asked)))
                if not budget.settle():
                    raise _OverdrawnError
        return admitted

    def _reserve_all(self, sitting: Sitting, wanted: Mapping[int, Wanted]) -> None:
        session, admitted = sitting.session, sitting.admitted
        cases: dict[int, Case] = {}
        for place, one in wanted.items():
            with admitted.alone(place):
                sitting.now = read_clock(session, self._clock) if not sitting.in_turn else sitting.now
                sitting.in_turn = True
                cases[place] = read_case(session, self._kinds, one.registration_id, sitting.now)
        # The holders' days are taken in one order by everybody; of one holder's orders the first comes first.
        for place in sorted(cases, key=lambda place: (cases[place].holder_id, place)):
            with admitted.alone(place):
                one, case = wanted[place], cases[place]
                if one.order.op is Operation.ORIGINAL:
                    self._original(sitting, place, case)
                else:
                    self._endorsement(sitting, place, one, case)

    def _original(self, sitting: Sitting, place: int, case: Case) -> None:
        existing = sitting.session.find_original(case.version.version_id, case.registration.reissues)
        if existing is not None:
            sitting.meet(place, existing)
            return
        check_original(case.registration, beijing_day(sitting.now))
        reserved = self._reserve(sitting, case)
        if reserved is None:
            raise EndorsementPendingError
        sitting.admitted.reserved[place] = reserved

    def _endorsement(self, sitting: Sitting, place: int, one: Wanted, case: Case) -> None:
        session, now = sitting.session, sitting.now
        purpose = canonical_purpose(one.purpose, pointer="/purpose", limit=case.policy.purpose_max)
        self._fonts.check(purpose, pointer="/purpose")
        allowed = grant(case.registration, beijing_day(now), case.policy)
        # The unique index, not a check before it, stops two requests at once.
        reserved = self._reserve(sitting, case, allowed=allowed, purpose=purpose)
        if reserved is None:
            taken = session.find_endorsement_on(
                case.holder_id, case.registration.certificate_type, beijing_day(now)
            )
            if taken is not None and sitting.is_stranded(taken):
                sitting.admitted.stranded[place] = taken
                return
            raise EndorsedTodayError(taken.copy_id if taken is not None else "")
        claim = IdempotentRequest(body_digest=one.digest, copy_id=reserved.copy.copy_id)
        if not session.put_idempotent(one.order.client_id, one.order.key, claim, now):
            # Its name is held and it was looked up: nobody can have claimed it since. The row may not stay.
            raise _HalfDoneError("an Idempotency-Key was claimed while it was held")
        sitting.admitted.reserved[place] = reserved

    def _reserve(
        self, sitting: Sitting, case: Case, *, allowed: Grant | None = None, purpose: str | None = None
    ) -> Reserved | None:
        """Step 2, with what this worker puts its name to."""
        key_id, seal_key_id = self._press.key_id, self._press.seal_key_id
        code_key_id = self._press.code_key_id(case.registration.certificate_type) if allowed else None
        used = [key_id, seal_key_id, *([code_key_id] if code_key_id is not None else [])]
        sitting.budget.check(used, sitting.now)
        reserved = reserve(
            sitting.session,
            case,
            sitting.now,
            copy_id=sitting.new_id(),
            worker=self._worker,
            key_id=key_id,
            seal_key_id=seal_key_id,
            issuer_name=self._press.issuer_name,
            allowed=allowed,
            purpose=purpose,
        )
        if reserved is not None:
            sitting.budget.use(used)
        return reserved


class _OverdrawnError(Exception):
    """Rivals used a key up meanwhile: the whole transaction has to go, and the chunk is decided again."""


class _HalfDoneError(Exception):
    """Not to be refused alone: the whole transaction has to go."""
