"""A process that is killed in the midst of erasing: ``python -m tests.privacy.killed DATA KEYS NOW STEP``."""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

from certsvc.registry.sql import SQLWriteSession
from certsvc.storage.local import LocalStorage
from certsvc.wiring import build
from tests.factories import FixedClock
from tests.world import NUMBER, settings_in

STEPS: Final = {
    "rows": (SQLWriteSession, "erase_holder"),
    "files": (LocalStorage, "remove"),
    "files gone": (SQLWriteSession, "set_files_gone"),
}
"""What the process does not come to do any more."""


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(data: str, keys: str, now: str, step: str) -> None:
    """Erase the holder up to *step*."""
    owner, name = STEPS[step]
    setattr(owner, name, _die)
    clock = FixedClock()
    clock.advance(datetime.fromisoformat(now) - clock.now())
    build(settings_in(Path(data), Path(keys)), clock).eraser.erase(NUMBER, "法院", override=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
