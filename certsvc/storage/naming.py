"""Where an issued file lies follows from its name, in a folder and in a bucket alike."""

from __future__ import annotations

import re
from typing import Final

from certsvc.errors import UnavailableError
from certsvc.storage.pack import folder_of
from certsvc.storage.port import PACK_CHARS

_NAME: Final = re.compile(r"(?P<stem>[A-Za-z0-9_-]{1,100})\.(?:pdf|ofd)", re.ASCII)


def place_of(name: str) -> str:
    """Return the place of the pack in which *name* lives, relative; the files of one chunk share it.

    Raises:
        UnavailableError: it is no name of an issued file. One from outside must not become a path.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise UnavailableError("not a name of an issued file")
    pack = match["stem"][:PACK_CHARS]
    return f"{folder_of(pack)}/{pack}.pack"
