"""Random histories of a register: events, copies in every state, and a clock that moves, without any file."""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping
from datetime import timedelta

from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import Copy, CopyId, grant
from certsvc.domain.status_list import LIST_SIZE, StatusValue
from certsvc.errors import InvalidFieldError, RuleError, UnavailableError
from certsvc.issuing.reserve import get_case, reserve
from certsvc.issuing.turn import read_clock, wait_turn
from certsvc.verification.status_lists import StatusLists
from tests.registry.shelf import files_of
from tests.world import World

EMPLOYERS = (
    {"name": "示例建设有限公司", "uscc": "91990000MA0000015Q"},
    {"name": "另一家示例建设有限公司", "uscc": "91990000MA0000015Q"},
)
REASON = {"code": "other", "text": "测试"}
PARTS: Mapping[str, Mapping[str, object]] = {
    "cancel": {"reason": REASON},
    "revoke": {"reason": REASON},
    "revoke_penalty": {"reason": REASON},
    "suspend": {"reason": REASON},
    "resume": {},
    "reissue": {},
}


class History:
    """A register to which things happen as the dice fall; the rules of the service decide what is let in."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.dice = random.Random(seed)
        self.numbers: list[str] = []
        self.pending: list[Copy] = []
        self.tokens: list[str] = []
        self.refused = 0

    def step(self) -> None:
        """Let one thing happen."""
        happens = self.dice.choices(
            (self.register, self.event, self.reserve, self.settle, self.wait), weights=(3, 5, 8, 12, 4)
        )[0]
        try:
            happens()
        except (RuleError, InvalidFieldError, UnavailableError):
            self.refused += 1

    def register(self) -> None:
        """Register somebody."""
        order = len(self.numbers) + 1
        number = f"京111202020220{order:04d}"
        self.world.initial(number, order=order)
        self.numbers.append(number)

    def event(self) -> None:
        """Record an event that took effect days ago, now, or within the next minutes."""
        if not self.numbers:
            return
        kind = self.dice.choice((*PARTS, *("change_employer", "suspend", "resume") * 3))
        ahead = self.dice.choice((-86_400 * 3, -3600, -1, 0, 0, 0, 30, 240, 300))
        parts = PARTS.get(kind) or ({"employer": self.dice.choice(EMPLOYERS)} if "employer" in kind else {})
        at = self.world.clock.now() + timedelta(seconds=ahead)
        self.world.record(self.world.event(kind, self.dice.choice(self.numbers), effective_at=at, **parts))

    def reserve(self) -> None:
        """Begin a copy, as the desk does."""
        if not self.numbers:
            return
        number, services = self.dice.choice(self.numbers), self.world.services
        with services.registry.writing() as session:
            wait_turn(session, [f"key {self.dice.random()}"], [number])
            now = read_clock(session, self.world.clock)
            case = get_case(session, services.kinds, number, now)
            reserved = reserve(
                session,
                case,
                now,
                copy_id=CopyId(secrets.token_hex(16)),
                worker="history",
                key_id=services.keystore.signer("p256").key_id,
                seal_key_id=services.keystore.seal_signer(self.world.settings.issuer_name).key_id,
                issuer_name=self.world.settings.issuer_name,
                allowed=grant(case.registration, beijing_day(now), case.policy),
                purpose="投标使用",
            )
        if reserved is not None:
            self.pending.append(reserved.copy)

    def settle(self) -> None:
        """End a copy one way or the other."""
        if not self.pending:
            return
        copy = self.pending.pop(self.dice.randrange(len(self.pending)))
        with self.world.services.registry.writing() as session:
            now = self.world.clock.now()
            if self.dice.random() < 0.3:
                session.fail(copy.copy_id, copy.worker, "DEFECT", now)
            elif session.complete(copy.copy_id, copy.worker, files_of(copy), now):
                self.tokens.append(copy.token)

    def wait(self) -> None:
        """Let time pass: a moment, minutes, a day."""
        self.world.jump(seconds=self.dice.choice((1, 1, 5, 20, 120, 600, 86_400, 86_400)))


def told(lists: StatusLists) -> dict[int, StatusValue]:
    """Return every value a list holds that is not usable, by index."""
    return {
        number * LIST_SIZE + place: value
        for number in lists.numbers()
        for place, value in lists.values(number).items()
    }


def lists_of(world: World) -> StatusLists:
    """Return lists that know nothing yet."""
    return StatusLists(world.services.registry, world.services.kinds)


def all_read_anew(world: World) -> StatusLists:
    """Return the lists of now, read from end to end."""
    lists = lists_of(world)
    lists.refresh(world.clock.now())
    return lists
