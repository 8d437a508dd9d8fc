"""What rows share and what they name: nothing twice that must be once, nothing named that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from certsvc.audit.checks.rows import shown_key
from certsvc.audit.defect import Defect, joined
from certsvc.audit.premises import Bench, Scope
from certsvc.registry.review import Key
from certsvc.registry.review_queries import UNIQUES, danglings

_OWN_CODES: Final = {
    ("copy", ("holder_id", "certificate_type", "day")): "TWO_ENDORSEMENTS_A_DAY",
    ("copy", ("version_id", "reissue")): "TWO_ORIGINALS",
}


def check_unique(bench: Bench, scope: Scope) -> Iterator[Defect]:
    """Look for values that several rows share; each group of rows is one defect, told at its last row."""
    del scope
    for unique in UNIQUES:
        code = _OWN_CODES.get((unique.table, unique.columns), "NOT_UNIQUE")
        for _, sharing in groupby(bench.review.doubles(unique), key=lambda found: found[0]):
            keys: list[Key] = [key for _, key in sharing]
            *others, last = [shown_key(unique.table, key) for key in keys]
            yield Defect(
                code=code,
                kind=unique.table,
                id=last,
                detail=f"{joined(unique.columns)} as in {joined(others)}",
            )


def check_named(bench: Bench, scope: Scope) -> Iterator[Defect]:
    """Look for rows that name a row which is not there."""
    del scope
    for dangling in danglings():
        for key in bench.review.dangling(dangling):
            yield Defect(
                code="REFERENCE_MISSING",
                kind=dangling.table,
                id=shown_key(dangling.table, key),
                detail=f"{dangling.column}: no such {dangling.other}",
            )
