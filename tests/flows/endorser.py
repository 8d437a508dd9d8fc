"""A process that endorses once and may be killed while it does: DATA KEYS INSTANT NUMBER KEY."""

from __future__ import annotations

import sys
from datetime import datetime

from certsvc.config import load_settings
from certsvc.wiring import build
from tests.factories import FixedClock


def main() -> None:
    """Endorse, and say the copy's id: from then on the copy is acknowledged and must never be lost."""
    data, keys, instant, number, key = sys.argv[1:]
    settings = load_settings({"CERTSVC_DATA_DIR": data, "CERTSVC_KEYS_DIR": keys})
    desk = build(settings, FixedClock(datetime.fromisoformat(instant))).desk
    answer = desk.endorse(number, {"purpose": "投标使用"}, client_id="tests", key=key)
    print(answer.body["endorsement_id"], flush=True)


if __name__ == "__main__":
    main()
