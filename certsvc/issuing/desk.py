"""Issuing originals and endorsed copies: the numbered cycle of docs/issuing-cycle.md, taken for chunks."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import cast

from certsvc.domain.clock import Clock
from certsvc.domain.endorsement import FORMATS, Copy, CopyId, CopyState, IssuedFile
from certsvc.domain.timestamps import FileTimestamp
from certsvc.errors import (
    CertsvcError,
    DefectError,
    UnavailableError,
)
from certsvc.issuing.admission import Admission
from certsvc.issuing.answers import Answer, copy_body
from certsvc.issuing.conveyor import Conveyor
from certsvc.issuing.lease import Lease
from certsvc.issuing.orders import CHUNK, Operation, Order, Outcome, reason, shared
from certsvc.issuing.press import Press
from certsvc.issuing.press_run import run_press
from certsvc.issuing.recover import Recovery
from certsvc.issuing.reserve import Reserved
from certsvc.issuing.stamping import Sealed
from certsvc.issuing.withdrawn import Turns
from certsvc.page.certificate_type import CertificateType
from certsvc.page.fonts import FontChain
from certsvc.registry.port import Registry, WriteSession
from certsvc.storage.port import Storage


class Desk:
    """Issues copies in chunks; any number of desks may share a registry."""

    def __init__(
        self,
        *,
        registry: Registry,
        storage: Storage,
        press: Press,
        recovery: Recovery,
        kinds: Mapping[str, CertificateType],
        fonts: FontChain,
        clock: Clock,
        public_url: str,
        key_daily_cap: int = 0,
    ) -> None:
        """Take everything issuing needs; *kinds* is keyed by certificate type, a cap of 0 is none."""
        self._registry = registry
        self._storage = storage
        self._press = press
        self._recovery = recovery
        self._clock = clock
        self._public_url = public_url
        self._worker = secrets.token_hex(8)
        self._admission = Admission(
            registry=registry,
            press=press,
            kinds=kinds,
            fonts=fonts,
            clock=clock,
            public_url=public_url,
            worker=self._worker,
            key_daily_cap=key_daily_cap,
        )
        self._conveyor: Conveyor[Order, Outcome] = Conveyor(self.take)

    def original(self, number: str) -> Answer:
        """Issue the original of the version in force, or answer with the one there is.

        Raises:
            RuleError: NOT_FOUND, REGISTRATION_ENDED, SUSPENDED, EXPIRED, PHOTO_OR_SIGNATURE_MISSING;
                ENDORSEMENT_PENDING while another request is making it.
        """
        order = Order(op=Operation.ORIGINAL, registration_number=number, body={}, client_id="", key="")
        return self._conveyor.take(order).get()

    def endorse(self, number: str, body: object, *, client_id: str, key: str) -> Answer:
        """Grant one endorsed copy, or answer a retry as the first time.

        Args:
            number: any number the registration has or had.
            body: JSON values of contract's request.
            client_id: whose Idempotency-Key it is.
            key: the Idempotency-Key, 1 to 200 printable ASCII characters.

        Raises:
            RuleError, InputError: coded; the day is not used up.
            EndorsedTodayError: names the endorsement that took the day.
        """
        order = Order(
            op=Operation.ENDORSE,
            registration_number=number,
            # Whether it is an object at all is checked where the order is read.
            body=cast(Mapping[str, object], body),
            client_id=client_id,
            key=key,
        )
        return self._conveyor.take(order).get()

    def take(self, orders: Sequence[Order]) -> list[Outcome]:
        """Carry out originals and endorsements, up to CHUNK together; the outcomes are in their order."""
        starts = range(0, len(orders), CHUNK)
        return [told for start in starts for told in self._chunk(orders[start : start + CHUNK])]

    def recover(self) -> Mapping[str, int]:
        """Finish or fail what a crash left PENDING; counts by outcome."""
        return self._recovery.run(self._clock.now())

    def _chunk(self, orders: Sequence[Order]) -> list[Outcome]:
        """Take one chunk; again what waited for another order of it, or for a dead worker's copy."""
        told: dict[int, Outcome] = {}
        settled: set[CopyId] = set()
        turns = Turns()
        while left := {place: order for place, order in enumerate(orders) if place not in told}:
            before = len(told) + len(settled) + turns.taken
            try:
                admitted = self._admission.admit(left, settled)
            except CertsvcError as error:
                told |= {place: Outcome(error=shared(error)) for place in left}
                break
            told |= admitted.outcomes
            told |= turns.settled(self._make(admitted.reserved))
            for place, copy in admitted.stranded.items():
                settled.add(copy.copy_id)
                try:
                    self._recovery.settle(copy, self._clock.now())
                except CertsvcError as error:
                    told[place] = Outcome(error=error)
            if len(told) + len(settled) + turns.taken == before:
                raise DefectError("a chunk of orders goes round in circles")
        return [told[place] for place in range(len(orders))]

    def _make(self, reserved: Mapping[int, Reserved]) -> dict[int, Outcome]:
        """Steps 3 to 9 for the reserved rows of a chunk."""
        if not reserved:
            return {}
        copies = [row.copy for row in reserved.values()]
        lease = Lease(
            registry=self._registry,
            clock=self._clock,
            worker=self._worker,
            copies=[copy.copy_id for copy in copies],
            until=min(copy.lease_until for copy in copies),
        )
        sealed, failures = run_press(self._press, self._registry, reserved, lease)
        files: dict[int, Mapping[str, IssuedFile]] = {}
        if sealed:
            lease.keep()
            met: list[CertsvcError] = []
            with reason(met.append):
                files = self._store({place: (reserved[place].copy, sealed[place]) for place in sealed})
            failures |= {place: shared(error) for error in met for place in sealed}
        return self._complete(reserved, files, failures, sealed)

    def _store(self, sealed: Mapping[int, tuple[Copy, Sealed]]) -> dict[int, Mapping[str, IssuedFile]]:
        """Step 7: all files of the chunk in one pack; while it is written nothing is promised to anybody."""
        digests = self._storage.put(
            {
                copy.file_name(fmt): content
                for copy, made in sealed.values()
                for fmt, content in made.files.items()
            }
        )
        return {
            place: {
                fmt: IssuedFile(sha256=digests[copy.file_name(fmt)], size=len(content))
                for fmt, content in made.files.items()
            }
            for place, (copy, made) in sealed.items()
        }

    def _complete(
        self,
        reserved: Mapping[int, Reserved],
        files: Mapping[int, Mapping[str, IssuedFile]],
        failures: dict[int, CertsvcError],
        sealed: Mapping[int, Sealed],
    ) -> dict[int, Outcome]:
        """Steps 8 and 9: DONE or FAILED in one transaction, then the answers.

        An error in it leaves the rows PENDING and the files in place: the commit may have happened, and only
        recovery, which reads the rows again, may tell.
        """
        ended: dict[int, Copy] = {}
        try:
            with self._registry.writing() as session:
                session.foresee_ends([row.copy.copy_id for row in reserved.values()])
                for place, row in reserved.items():
                    try:
                        stamps = sealed[place].timestamps if place in sealed else ()
                        ended[place] = self._end(
                            session, row.copy, files.get(place), failures.get(place), stamps
                        )
                    except CertsvcError as error:
                        # A damaged row: found before anything is written, it holds up nobody else.
                        failures.setdefault(place, error)
        except CertsvcError as error:
            ended = {}
            for place in files:
                failures.setdefault(place, shared(error))
        # Who gives a copy up sets FAILED first and removes second: until then another may finish it.
        gone = [copy for copy in ended.values() if copy.state is CopyState.FAILED]
        if gone:
            with suppress(UnavailableError):
                # What cannot go now is removed by recovery.
                self._storage.remove(copy.file_name(fmt) for copy in gone for fmt in FORMATS)
        outcomes: dict[int, Outcome] = {}
        for place, row in reserved.items():
            if place in failures:
                outcomes[place] = Outcome(error=failures[place])
            elif ended[place].state is CopyState.DONE:
                body = copy_body(ended[place], row.version, self._public_url)
                outcomes[place] = Outcome(answer=Answer(body, created=True))
            else:
                late = UnavailableError("the lease ran out before the copy was complete")
                outcomes[place] = Outcome(error=late)
        return outcomes

    def _end(
        self,
        session: WriteSession,
        copy: Copy,
        files: Mapping[str, IssuedFile] | None,
        failure: CertsvcError | None,
        stamps: Sequence[FileTimestamp],
    ) -> Copy:
        """Step 8 for one row; returns the copy as the register has it afterwards."""
        at = self._clock.now()
        if failure is not None or files is None:
            code = failure.code if failure is not None else DefectError.code
            if session.fail(copy.copy_id, self._worker, code, at):
                return replace(copy, state=CopyState.FAILED, failure=code)
        elif session.complete(copy.copy_id, self._worker, files, at):
            for stamp in stamps:
                session.add_timestamp(stamp)
            return replace(copy, state=CopyState.DONE, files=files, done_at=at)
        # Somebody else took it over; what he made of it counts.
        return session.get_copy(copy.copy_id)
