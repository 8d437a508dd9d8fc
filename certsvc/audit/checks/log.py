"""The log beside the register: an entry for each fact, a fact for each entry, and no entry left waiting."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC

from certsvc.audit.checks.copies import GRACE
from certsvc.audit.checks.logged import is_opened, opens
from certsvc.audit.defect import Defect, Finding, Unchecked, plain
from certsvc.audit.premises import Bench, Scope
from certsvc.registry.rows import Record


def check_log(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """Compare the log with copies, events and the trust list; entries are opened beside their rows."""
    log = bench.review.log
    count, first = log.waiting(scope.now - GRACE)
    if count:
        yield _entry("LOG_STALLED", first, f"{count} without a place")
    for number, kind in log.of_nothing():
        yield _entry("LOG_ENTRY_OF_NOTHING", number, plain(kind))
    if log.newest() is None:
        # Of before there was a log: that it is to be begun is one thing, not one for each fact.
        if next(log.unlogged(), None) is not None:
            yield Unchecked(code="LOG_NOT_BEGUN")
        return
    for table, fact in log.unlogged():
        yield Defect(code="LOG_ENTRY_MISSING", kind=table, id=plain(fact))
    yield from _keys(bench)


def _keys(bench: Bench) -> Iterator[Defect]:
    facts = bench.premises.key_facts
    known = {fact.key_id for fact in facts}
    told: set[str] = set()
    for number, entry in bench.review.log.of_keys():
        if entry is None:
            # That it is damaged is told where rows are checked; what it was about nobody can say.
            continue
        told.add(entry.text("fact"))
        said = _kept(entry)
        if said.get("key_id") not in known:
            yield _entry("LOG_ENTRY_OF_NOTHING", number, "key")
        elif wrong := _wrong(entry, said):
            yield _entry("LOG_FACT_ALTERED", number, wrong)
    for fact in facts:
        if _name(fact.action, fact.key_id, fact.since.astimezone(UTC).isoformat()) not in told:
            yield Defect(code="LOG_KEY_UNTOLD", kind="key", id=fact.key_id, detail=fact.action)


def _kept(entry: Record) -> Mapping[str, str]:
    try:
        found = json.loads(entry.maybe_text("facts") or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _wrong(entry: Record, said: Mapping[str, str]) -> str:
    """Say what is wrong with an entry about a key: names that do not go together, or another commitment."""
    since = str(said.get("since")).replace("Z", "+00:00").replace(".000000", "")
    if entry.text("fact") != _name(str(said.get("action")), str(said.get("key_id")), since):
        return "fact"
    if (said.get("kind"), said.get("at")) != ("key", entry.text("at")):
        return "kind, at"
    return "" if not is_opened(entry) or opens(entry, said) else "commitment"


def _name(action: str, key_id: str, since: str) -> str:
    return hashlib.sha256(f"{action} {key_id} {since}".encode()).hexdigest()[:32]


def _entry(code: str, number: int, detail: str) -> Defect:
    return Defect(code=code, kind="log_entry", id=str(number), detail=detail)
