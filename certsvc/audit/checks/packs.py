"""The folder of issued files: every file belongs to a row, and nothing else lies there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePath

from certsvc.audit.checks.copies import GRACE
from certsvc.audit.defect import Defect, Finding, Unchecked, joined, plain
from certsvc.audit.premises import Bench, Scope
from certsvc.domain.endorsement import CopyState
from certsvc.errors import UnavailableError
from certsvc.storage.listing import Kind, Listed


def check_packs(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """Go through the folder. A row is committed before its files are stored, so each must have one by now."""
    try:
        for listed in bench.listing():
            yield from _check(bench, scope, listed)
    except UnavailableError as error:
        yield Unchecked(code="NO_STORE", detail=error.note)


def _check(bench: Bench, scope: Scope, listed: Listed) -> Iterator[Defect]:
    path = plain(listed.path)
    if listed.kind is Kind.TEMPORARY:
        if listed.written_at < scope.now - GRACE:
            yield Defect(code="STRAY_FILE", kind="file", id=path, detail="left by a crash; certsvc recover")
        return
    if listed.kind is Kind.STRAY:
        yield Defect(code="STRAY_FILE", kind="file", id=path)
        return
    if not listed.sound:
        yield Defect(code="PACK_DAMAGED", kind="pack", id=path)
    held: dict[str, list[str]] = defaultdict(list)
    for name in listed.names:
        copy_id, _, form = name.rpartition(".")
        held[copy_id].append(form)
    pack = PurePath(listed.path).stem
    # Ids are hex digits; "~" comes behind every character a name may have.
    copies, unsound = bench.review.copies_between(pack, f"{pack}~")
    known = {copy.copy_id: copy for copy in copies}
    told = {str(one.key[0]) for one in unsound}
    for copy_id, forms in held.items():
        copy = known.get(copy_id)  # type: ignore[call-overload]  # an id is a text
        if copy is None and copy_id not in told:
            yield Defect(code="FILE_WITHOUT_ROW", kind="copy", id=plain(copy_id), detail=joined(forms))
        elif copy is not None and copy.state is CopyState.FAILED and copy.lease_until < scope.now - GRACE:
            yield Defect(code="FAILED_WITH_FILES", kind="copy", id=copy_id, detail=joined(forms))
