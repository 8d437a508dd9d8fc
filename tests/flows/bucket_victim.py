"""A process that endorses once and may be killed meanwhile: ``python -m tests.flows.bucket_victim JSON``."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

from certsvc.wiring import build
from tests.factories import FixedClock
from tests.world import NUMBER, settings_in


def main(order: str) -> None:
    """Endorse under the settings and at the instant of *order*; the answer goes to stdout."""
    told = json.loads(order)
    clock = FixedClock(datetime.fromisoformat(told["now"]))
    services = build(settings_in(Path(told["data"]), Path(told["keys"]), **told["settings"]), clock)
    answer = services.desk.endorse(NUMBER, {"purpose": "投标使用"}, client_id="tests", key="k1")
    sys.stdout.write(json.dumps(dict(answer.body)))


if __name__ == "__main__":
    main(sys.argv[1])
