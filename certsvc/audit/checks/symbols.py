"""QR symbols: the page is drawn by another program, its symbol read by another, and leads to this copy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from certsvc.audit.defect import Defect, joined
from certsvc.audit.exhibit import Exhibit
from certsvc.audit.judges import ofd, pdf
from certsvc.audit.judges.broken import JudgeError

_ONLINE: Final = re.compile(r"(HTTPS?://[^/?#]+)/V/([0-9A-Z]{26})", re.ASCII)
_OFFLINE: Final = re.compile(r"(https?://[^/?#]+)/c/([0-9A-Z]{26})#[0-9]+", re.ASCII | re.IGNORECASE)


def check_symbol(exhibit: Exhibit) -> Iterator[Defect]:
    """Read the symbols of the page; one must be the address of this copy, all must name its token."""
    try:
        if exhibit.form == "pdf":
            found = pdf.symbols_of(exhibit.content)
        else:
            found = ofd.symbols_of(ofd.unpack(exhibit.content))
    except JudgeError:
        # Told where the file is opened first.
        return
    if not found:
        yield exhibit.defect("QR_UNREADABLE")
        return
    online = [match for text in found if (match := _ONLINE.fullmatch(text))]
    offline = [match for text in found if (match := _OFFLINE.fullmatch(text))]
    hosts = {match[1].upper() for match in (*online, *offline)}
    wrong = {
        "no address of ours": len(online) + len(offline) < len(found),
        "number of symbols": len(online) != 1 or len(offline) > 1,
        "token": {match[2].upper() for match in (*online, *offline)} != {exhibit.copy.token},
        "host": not hosts <= exhibit.premises.origins,
    }
    if any(wrong.values()):
        yield exhibit.defect("QR_DIFFERS", joined([name for name, holds in wrong.items() if holds]))
