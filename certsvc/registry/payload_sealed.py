"""Texts sealed under a holder's key as a whole: purposes of copies, and the answers events were given."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Final, cast

from certsvc.domain.events import ERASED
from certsvc.errors import RecordDamagedError
from certsvc.registry.crypto import HolderKey
from certsvc.registry.holder_keys import Opener
from certsvc.registry.payload_lines import text_of

_read: Final = json.JSONDecoder().raw_decode
"""Reads one of the texts below: each was written by text_of(), so nothing stands around it."""
_SEALED: Final = "\x01"
"""Begins a sealed purpose; what people type never holds a control character."""


def outcome_text(outcome: Mapping[str, object], key: HolderKey | None, event_id: str) -> str:
    """Return the outcome column of an event, which repeats the holder's data; *key* as for event_text()."""
    text = text_of(dict(outcome))
    if key is None:
        return text
    # Packed: the row is read, and its MAC checked, far more often than somebody wants the answer again.
    packed = zlib.compress(text.encode(), 1)
    return text_of(key.seal_content(packed, _outcome_place(event_id)))


def read_outcome(text: str, opener: Opener, event_id: str) -> Mapping[str, object]:
    """Return the answer an event was given; empty when its holder was erased and it was not rewritten."""
    outcome: dict[str, object] | str = _read(text)[0]
    if isinstance(outcome, str):
        packed = opener.written(outcome, _outcome_place(event_id))
        try:
            outcome = {} if packed is None else _read(zlib.decompress(packed).decode())[0]
        except (zlib.error, ValueError) as error:
            raise RecordDamagedError("the answer an event was given cannot be read") from error
    return cast("dict[str, object]", outcome)


def _outcome_place(event_id: str) -> str:
    return f"event {event_id} outcome"


def purpose_text(purpose: str | None, key: HolderKey, copy_id: str) -> str | None:
    """Return the purpose column of a copy: what was typed may tell a person's affairs."""
    return None if purpose is None else f"{_SEALED}{key.seal_text(purpose, _purpose_place(copy_id))}"


def read_purpose(text: str, opener: Opener, copy_id: str) -> str:
    """Return the purpose a copy was made for; a stand-in once it was erased."""
    if text[:1] != _SEALED:
        return text
    opened = opener.text(text[1:], _purpose_place(copy_id))
    return ERASED if opened is None else opened


def _purpose_place(copy_id: str) -> str:
    return f"copy {copy_id} purpose"
