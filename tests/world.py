"""A whole certsvc on a temporary database, with a clock that tests move: record, issue, endorse, verify."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from certsvc.config import Settings, load_settings
from certsvc.domain.clock import beijing_day
from certsvc.domain.report import Report
from certsvc.verification.question import Question
from certsvc.wiring import Services, build, initialise
from tests.factories import FixedClock
from tests.images import a_photo, a_signature

JSON = dict[str, Any]
"""A JSON object as tests write it."""

NUMBER = "京1112020202200001"
SECOND_NUMBER = "京2112020202200001"
"""Of a second-class constructor."""
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def a_resident_id(birth_date: date, order: int = 1, *, male: bool = True) -> str:
    """Make a resident ID number of nobody (area 990000) with the right check character."""
    body = f"990000{birth_date:%Y%m%d}{order * 2 + male:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def settings_in(folder: Path, keys: Path, **changes: str) -> Settings:
    """Make settings for one instance under *folder*."""
    environ = {"CERTSVC_DATA_DIR": str(folder), "CERTSVC_KEYS_DIR": str(keys)}
    return load_settings(environ | {f"CERTSVC_{name.upper()}": value for name, value in changes.items()})


class World:
    """One instance and the people in it."""

    def __init__(self, settings: Settings, clock: FixedClock) -> None:
        """Initialise the place and wire the services."""
        initialise(settings, dev=True, clock=clock)
        self.settings = settings
        self.clock = clock
        self.services: Services = build(settings, clock)
        self._ids = itertools.count(1)

    @property
    def today(self) -> date:
        """The day in Beijing."""
        return beijing_day(self.clock.now())

    def jump(self, *, days: int = 0, seconds: int = 0) -> None:
        """Move the clock."""
        self.clock.advance(timedelta(days=days, seconds=seconds))

    def event(
        self, kind: str, number: str = NUMBER, *, effective_at: datetime | None = None, **parts: object
    ) -> JSON:
        """Write the body of one event, effective now unless said otherwise."""
        return {
            "source_id": f"src-{next(self._ids)}-{kind}",
            "type": kind,
            "effective_at": (effective_at or self.clock.now()).isoformat(),
            "registration_number": number,
            **parts,
        }

    def initial_body(self, number: str = NUMBER, *, order: int = 1, **changes: object) -> JSON:
        """Write an initial registration of somebody with one specialty granted today."""
        birth_date = changes.pop("birth_date", date(1985, 3, 7))
        assert isinstance(birth_date, date)
        holder: JSON = {
            "name": changes.pop("name", "样本甲"),
            "sex": "男",
            "birth_date": birth_date.isoformat(),
            "id_type": "resident_id",
            "id_number": a_resident_id(birth_date, order),
            "photo": base64.b64encode(a_photo()).decode(),
            "signature": base64.b64encode(a_signature()).decode(),
        }
        granted = changes.pop("granted_on", self.today)
        assert isinstance(granted, date)
        body = self.event(
            "initial",
            number,
            holder=holder,
            employer={"name": "示例建设有限公司", "uscc": "91990000MA0000015Q"},
            specialties=[{"name": "建筑工程", "granted_on": granted.isoformat()}],
            qualification={"number": "样本ZG0001"},
        )
        return body | changes

    def second(self, number: str = SECOND_NUMBER, **changes: Any) -> JSON:
        """Register somebody as a second-class constructor."""
        return self.initial(number, certificate_type="constructor-2", **changes)

    def record(self, body: Mapping[str, object]) -> JSON:
        """Record one event; returns the answer's body."""
        return dict(self.services.recorder.record(body).body)

    def initial(self, number: str = NUMBER, **changes: Any) -> JSON:
        """Register somebody."""
        return self.record(self.initial_body(number, **changes))

    def endorse(self, number: str = NUMBER, *, purpose: str = "投标使用", key: str | None = None) -> JSON:
        """Grant one endorsed copy; returns the answer's body."""
        key = key or f"key-{next(self._ids)}"
        answer = self.services.desk.endorse(number, {"purpose": purpose}, client_id="tests", key=key)
        return dict(answer.body)

    def original(self, number: str = NUMBER) -> JSON:
        """Issue the original; returns the answer's body."""
        return dict(self.services.desk.original(number).body)

    def file(self, endorsement: Mapping[str, object], fmt: str = "pdf") -> bytes:
        """Return a file of an endorsement."""
        return self.services.enquiry.endorsement_file(str(endorsement["endorsement_id"]), fmt).content

    def verify(self, **question: Any) -> Report:
        """Ask the verifier."""
        return self.services.verifier.verify(Question(**question))
