"""Erasures: what is missing of a person was erased on record, and of whom was erased nothing is left."""

from __future__ import annotations

from collections.abc import Iterator

from certsvc.audit.case import Case
from certsvc.audit.checks.copies import GRACE
from certsvc.audit.checks.logged import is_opened
from certsvc.audit.defect import Defect
from certsvc.audit.premises import Bench, Scope, Shelf
from certsvc.domain.endorsement import FORMATS, Copy
from certsvc.domain.events import ERASED, HolderFields


def check_erased(case: Case) -> Iterator[Defect]:
    """Compare each row of a registration with whether its holder was erased."""
    gone = case.erased_at is not None
    code = "PERSONAL_DATA_LEFT" if gone else "ERASED_WITHOUT_RECORD"
    for item in case.history:
        holder = item.event.holder
        if holder is not None and _is_bare(holder) is not gone:
            yield Defect(code=code, kind="event", id=item.event.event_id)
    for _, version in case.versions:
        if version.face.erased is not gone:
            yield Defect(code=code, kind="certificate_version", id=version.version_id)
    for copy in case.copies:
        # Somebody may have typed just what stands there afterwards.
        if gone and copy.purpose not in (None, ERASED):
            yield Defect(code=code, kind="copy", id=copy.copy_id)
    for entry in case.entries:
        if is_opened(entry) is gone:
            yield Defect(code=code, kind="log_entry", id=str(entry.whole("entry")))


def _is_bare(holder: HolderFields) -> bool:
    """Tell whether an event says of its holder nothing but a stand-in."""
    known = (holder.name_raw, holder.sex, holder.birth_date, holder.id_type, holder.id_number)
    return known == (None,) * len(known) and holder.name is not None and holder.name.startswith(ERASED)


def check_gone(case: Case, copy: Copy, shelf: Shelf, scope: Scope) -> Iterator[Defect]:
    """Look whether a file of an erased holder is still there."""
    if case.erased_at is None or case.erased_at > scope.now - GRACE:
        return
    for form in FORMATS:
        if shelf.exists(copy.file_name(form)):
            yield Defect(code="ERASED_FILE_LEFT", kind="copy", id=copy.copy_id, form=form)


def check_list(bench: Bench, scope: Scope) -> Iterator[Defect]:
    """Compare the register with the list of erasures that is kept beside its secret."""
    listed = bench.premises.erasures
    undone = {holder_id for holder_id, at in listed.items() if at <= scope.now - GRACE}
    for row in bench.review.rows("holder_key"):
        if row.record is None or row.record.maybe_text("erased_at") is None:
            continue
        holder_id = row.record.text("holder_id")
        undone.discard(holder_id)
        if holder_id not in listed:
            yield Defect(code="ERASURE_UNLISTED", kind="holder_key", id=holder_id)
    if undone:
        # A register of before the holder came has nothing to erase.
        known = {
            row.record.text("holder_id") for row in bench.review.rows("holder") if row.record is not None
        }
        for holder_id in sorted(undone & known):
            yield Defect(code="ERASURE_UNDONE", kind="holder", id=holder_id)
