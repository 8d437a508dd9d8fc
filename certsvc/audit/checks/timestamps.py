"""Time stamps: each row, and a token beside a file, is about the file that its copy names."""

from __future__ import annotations

from collections.abc import Iterator

from certsvc.audit.defect import Defect
from certsvc.audit.judges import openssl
from certsvc.audit.judges.broken import JudgeError
from certsvc.audit.judges.token import read_token
from certsvc.audit.lots import lot
from certsvc.audit.premises import Bench, Scope
from certsvc.domain.endorsement import CopyState
from certsvc.registry.rows import Record


def check_timestamps(bench: Bench, scope: Scope) -> Iterator[Defect]:
    """Go through the rows of time stamps. One that is still wanted is no defect: tokens follow."""
    for row in bench.review.rows("file_timestamp"):
        if row.record is None:
            # That it is damaged is told where rows are checked.
            continue
        record = row.record
        copy_id, form = record.text("copy_id"), record.text("format")
        copies, _ = bench.review.copies_between(copy_id, copy_id)
        # Without a copy that can be read nothing tells of which file it should be: told already.
        for copy in copies[:1]:
            file = copy.files.get(form)
            due = file.sha256 if file is not None and copy.state is CopyState.DONE else ""
            if wrong := _wrong(record, due):
                yield _of(copy_id, form, "TIMESTAMP_WRONG", wrong)
            elif _is_beside(record) and _is_refused(bench, scope, record):
                yield _of(copy_id, form, "JUDGE_REFUSES", "openssl ts -verify")


def _wrong(record: Record, due: str) -> str:
    if record.text("sha256") != due:
        return "of another file than the copy's"
    token, at = record.maybe_content("token"), record.maybe_instant("stamped_at")
    if record.text("level") != "detached":
        return "" if token is None and at is not None else "inside the file, and not"
    if (token is None) is not (at is None):
        return "a token without an instant, or the other way round"
    if token is None:
        return ""
    try:
        told = read_token(token)
    except JudgeError as error:
        return error.why
    if told.sha256 != due:
        return "the token is of another file"
    return "" if told.at == at else "the token names another instant"


def _is_beside(record: Record) -> bool:
    return record.maybe_content("token") is not None


def _is_refused(bench: Bench, scope: Scope, record: Record) -> bool:
    roots, at = bench.premises.tsa_roots, record.maybe_instant("stamped_at")
    asked = lot(scope.seed, "programs", record.text("copy_id")) < scope.programs_below
    if roots is None or at is None or not asked:
        return False
    return not openssl.accepts_token(record.content("token"), record.text("sha256"), roots, at)


def _of(copy_id: str, form: str, code: str, detail: str) -> Defect:
    return Defect(code=code, kind="copy", id=copy_id, form=form, detail=detail)
