"""The transaction in which a chunk is admitted: who repeats an earlier request, and what is in whose way."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from certsvc.domain.bodies import parse_body
from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import Copy, CopyId, CopyState
from certsvc.domain.events import RegistrationId
from certsvc.errors import (
    CertsvcError,
    DefectError,
    EndorsementPendingError,
    Fault,
    IdempotencyConflictError,
    InvalidFieldError,
    NotFoundError,
)
from certsvc.issuing.answers import Answer, copy_body
from certsvc.issuing.discretion import check_label, digest_of
from certsvc.issuing.key_budget import KeyBudget
from certsvc.issuing.orders import Operation, Order, Outcome
from certsvc.issuing.reserve import Reserved
from certsvc.issuing.schema import EndorsementRequest
from certsvc.registry.lookup import registration_at
from certsvc.registry.port import WriteSession
from certsvc.storage.port import PACK_CHARS


@dataclass(slots=True)
class Admitted:
    """What became of a chunk in steps 1 and 2, by each order's place in it."""

    reserved: dict[int, Reserved] = field(default_factory=dict)
    """Rows that are ours to fill."""
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    """Refused, or answered with a copy that was there already."""
    stranded: dict[int, Copy] = field(default_factory=dict)
    """A copy whose worker died is in the way: settle it and ask again."""
    later: list[int] = field(default_factory=list)
    """It depends on another order of this chunk: ask again when that is done."""

    @contextmanager
    def alone(self, place: int) -> Iterator[None]:
        """Let an order be refused without the others."""
        try:
            yield
        except CertsvcError as error:
            self.outcomes[place] = Outcome(error=error)


@dataclass(frozen=True, slots=True)
class Asked:
    """One order as far as it can be read without the register."""

    order: Order
    purpose: str
    """As it was sent; empty for an original."""

    @property
    def names(self) -> set[str]:
        """What is held while the order is decided: repetitions of it, and the number it goes by."""
        order = self.order
        own = (
            f"original {order.registration_number}"
            if order.op is Operation.ORIGINAL
            else f"key {order.client_id} {order.key}"
        )
        return {own, f"number {order.registration_number}"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One order that wants a copy of its own."""

    order: Order
    purpose: str
    registration_id: RegistrationId
    digest: str
    """Hex sha256 of what is asked for, of whom."""


@dataclass(slots=True)
class Sitting:
    """One transaction in which a chunk is decided."""

    session: WriteSession
    admitted: Admitted
    settled: Collection[CopyId]
    """Stranded copies that were settled for this chunk already."""
    now: datetime
    public_url: str
    budget: KeyBudget
    in_turn: bool = False
    """Whether *now* was read after the wait, and is believed."""
    chunk: str = field(default_factory=lambda: secrets.token_hex(PACK_CHARS // 2))
    """What the ids of the chunk begin with: its files lie in one pack."""

    def new_id(self) -> CopyId:
        """Return an id for a copy: half of it is the chunk's, and 64 bits nobody can guess are its own."""
        return CopyId(self.chunk + secrets.token_hex(8))

    def look(self, asked: Mapping[int, Asked]) -> dict[int, Wanted]:
        """Answer repetitions; returns the orders that want a copy of their own."""
        wanted: dict[int, Wanted] = {}
        keys: set[tuple[str, str]] = set()
        orders = [one.order for one in asked.values()]
        self.session.foresee_requests(
            {order.registration_number for order in orders},
            {(order.client_id, order.key) for order in orders if order.op is Operation.ENDORSE},
        )
        for place, one in asked.items():
            with self.admitted.alone(place):
                order = one.order
                registration_id = registration_at(self.session, order.registration_number, self.now)
                if registration_id is None:
                    raise NotFoundError
                # The registration, not the number: a retry after a move comes under another number.
                digest = digest_of({"registration": registration_id, "body": order.body})
                if order.op is Operation.ENDORSE:
                    key = (order.client_id, order.key)
                    if key in keys:
                        self.admitted.later.append(place)
                        continue
                    if self._repeats(place, key, digest):
                        continue
                    keys.add(key)
                wanted[place] = Wanted(order, one.purpose, registration_id, digest)
        return wanted

    def _repeats(self, place: int, key: tuple[str, str], digest: str) -> bool:
        """Deal with an order whose key was used before; False when a new attempt may be made under it."""
        earlier = self.session.find_idempotent(*key)
        if earlier is None:
            return False
        if earlier.body_digest != digest:
            raise IdempotencyConflictError
        attempt = self.session.get_copy(earlier.copy_id)
        if attempt.state is CopyState.FAILED:
            return False
        self.meet(place, attempt)
        return True

    def hold(self, wanted: Mapping[int, Wanted]) -> dict[int, Wanted]:
        """Hold the registrations of all orders, by id; returns the orders whose registration is held."""
        held: dict[int, Wanted] = {}
        self.session.foresee_cases({one.registration_id for one in wanted.values()}, beijing_day(self.now))
        for place in sorted(wanted, key=lambda place: wanted[place].registration_id):
            with self.admitted.alone(place):
                self.session.lock_registration(wanted[place].registration_id)
                held[place] = wanted[place]
        return held

    def meet(self, place: int, copy: Copy) -> None:
        """Deal with an order whose copy is there already.

        Raises:
            EndorsementPendingError: somebody else is still making it.
        """
        if copy.state is CopyState.DONE:
            body = copy_body(copy, self.session.get_version(copy.version_id), self.public_url)
            self.admitted.outcomes[place] = Outcome(answer=Answer(body, created=False))
        elif any(copy.copy_id == own.copy.copy_id for own in self.admitted.reserved.values()):
            self.admitted.later.append(place)
        elif self.is_stranded(copy):
            self.admitted.stranded[place] = copy
        else:
            raise EndorsementPendingError

    def is_stranded(self, copy: Copy) -> bool:
        """Tell whether the worker of a copy is dead, so that it may be settled; once for each chunk."""
        over = copy.state is CopyState.PENDING and copy.lease_until < self.now
        return over and copy.copy_id not in self.settled


def read_order(order: Order) -> Asked:
    """Check an order as far as that goes without the register.

    Raises:
        InputError: its key or body breaks a rule.
    """
    if order.op is Operation.ORIGINAL:
        return Asked(order, "")
    if order.op is not Operation.ENDORSE:
        raise DefectError("an event is recorded, not issued")
    _check_key(order.key)
    return Asked(order, parse_body(EndorsementRequest, order.body).purpose)


def _check_key(key: str) -> None:
    check_label(key, pointer="/Idempotency-Key")
    if not 1 <= len(key) <= 200 or not (key.isascii() and key.isprintable()):
        raise InvalidFieldError(
            Fault(
                "",
                "请在请求头 Idempotency-Key 中提供1至200个可见ASCII字符",
                "send the header Idempotency-Key with 1 to 200 printable ASCII characters",
            )
        )
