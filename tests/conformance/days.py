"""What the service answers around every midnight that matters, as JSON: KEYS CACHE FOLDER.

Run under several time zones by test_timezones.py; nothing in it may depend on the machine's.
"""

from __future__ import annotations

import json
import re
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pypdfium2

from certsvc.errors import CertsvcError
from certsvc.ofd.names import DOCUMENT, OFD, SIGNATURE
from certsvc.ofd.read_container import read_container
from certsvc.ofd.text import texts_of
from tests.factories import FixedClock, at
from tests.world import NUMBER, World, settings_in

INSTANTS: Final = (
    at("2026-11-20T16:00:01Z"),
    *(
        at(text) + timedelta(seconds=seconds)
        for text in (
            "2026-11-20T16:00:00Z",  # midnight in Beijing
            "2026-11-21T00:00:00Z",  # midnight in UTC
            "2026-11-21T05:00:00Z",  # midnight in New York
            "2027-11-07T06:00:00Z",  # New York's clocks go back an hour
            "2028-02-28T16:00:00Z",  # 29 February begins in Beijing
        )
        for seconds in (-1, 0)
    ),
)


def main() -> None:
    """Print one object: instant -> what was answered, and the offset this process lives at."""
    keys, cache, folder = map(Path, sys.argv[1:])
    told: dict[str, object] = {"offset": time.strftime("%z", time.localtime(INSTANTS[0].timestamp()))}
    for instant in INSTANTS:
        place = folder / f"{instant:%Y%m%d%H%M%S}"
        place.mkdir()
        (place / "cache").symlink_to(cache)
        told[instant.isoformat()] = answers(World(settings_in(place, keys), FixedClock(instant)), instant)
    print(json.dumps(told, ensure_ascii=False))


def answers(world: World, instant: datetime) -> dict[str, object]:
    """Register somebody and endorse; tell every day and figure, and none of the random parts."""
    recorded = world.initial()
    copy = world.endorse()
    file = world.file(copy)
    document = pypdfium2.PdfDocument(file)
    printed = document[0].get_textpage().get_text_bounded()
    document.close()
    try:
        world.endorse()
        second = "granted"
    except CertsvcError as error:
        second = error.code
    report = world.verify(file=file)
    state = world.services.enquiry.registration(NUMBER, instant)
    random = {copy["token"], copy["code"], copy["endorsement_id"]}
    return {
        "specialties": state["specialties"],
        "licence": recorded["certificate"]["licence_id"],
        "window": [copy[name] for name in ("day", "use_from", "use_until", "cap_reason", "warnings")],
        "made_at": copy["made_at"],
        "second": second,
        "printed": [line for line in printed.splitlines() if not any(one in line for one in random)],
        "report": [str(report.status), report.as_of.isoformat(), report.checked_at.isoformat()],
        "expiring": world.services.enquiry.expiring(3660, None),
        "signed": _signing_times(file),
        "ofd": _told_by_ofd(world.file(copy, "ofd"), random),
    }


def _signing_times(file: bytes) -> list[str]:
    """Return every date written in the file in clear: information, metadata, signature."""
    found = []
    for mark, length in ((b"/M (D:", 23), (b"/CreationDate (D:", 33), (b"<xmp:CreateDate>", 41)):
        place = file.find(mark)
        if place >= 0:
            found.append(file[place : place + length].decode("latin-1"))
    return found


def _told_by_ofd(file: bytes, random: set[str]) -> dict[str, list[str]]:
    """Return what the OFD prints, and every date its parts tell in clear."""
    files = read_container(file)
    dates = [
        written.decode()
        for name, pattern in (
            (OFD, rb"<ofd:CreationDate>([^<]*)"),
            (DOCUMENT, rb"<ofd:ValidPeriod [^>]*"),
            (SIGNATURE, rb"<ofd:SignatureDateTime>([^<]*)"),
        )
        for written in re.findall(pattern, files[name])
    ]
    printed = [shown.text for shown in texts_of(files)]
    return {"dates": dates, "printed": [text for text in printed if not any(one in text for one in random)]}


if __name__ == "__main__":
    main()
