"""Batches of everybody: how far each is, what failed and why; cancelling one."""

from __future__ import annotations

from typing import Final

from flask import redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from certsvc.batch.progress import Progress
from certsvc.batch.results import Result
from certsvc.domain import wording
from certsvc.registry.port_batches import Batch, BatchState, ItemState
from certsvc.web import rows, texts
from certsvc.web.answer import json_answer
from certsvc.web.body import check_query, form_fields
from certsvc.web.current import language, services
from certsvc.web.desk import pages, texts_overview
from certsvc.web.desk.deeds import new_action_id, telling
from certsvc.web.desk.door import bp, operator, role
from certsvc.web.security import let_poll

FAILED_SHOWN: Final = 100
_LINES_READ: Final = 20_000
"""Items gone through for failed ones; a batch may have a hundred thousand."""


@bp.get("/batches")
@role("reader", "issuer")
def show_batches() -> BaseResponse:
    """List the latest batches."""
    found = [
        (batch, services().batches.progress(batch.batch_id)) for batch in services().doors.overview.batches()
    ]
    return pages.answer(
        pages.render(
            "desk/batches.html",
            operator(),
            texts_overview.OVERVIEW,
            batches=[_facts(batch, progress) for batch, progress in found],
        )
    )


@bp.get("/batches/<number:batch_id>")
@role("reader", "issuer")
def show_batch(batch_id: str) -> BaseResponse:
    """Show one batch; while it runs, its page keeps itself up to date."""
    batch = services().batches.get(batch_id)
    progress = services().batches.progress(batch_id)
    running = batch.state in {BatchState.RUNNING, BatchState.PLANNING}
    failed = _failed(batch_id) if progress.failed else []
    t = texts.words(language(), texts_overview.OVERVIEW)
    page = pages.answer(
        pages.render(
            "desk/batch.html",
            operator(),
            texts_overview.OVERVIEW,
            batch=_facts(batch, progress),
            running=running,
            failed=[_item(result) for result in failed[:FAILED_SHOWN]],
            more=t["failed_more"].format(count=FAILED_SHOWN) if progress.failed > FAILED_SHOWN else None,
            resume=t["resume_note"].format(id=batch.batch_id) if batch.state is BatchState.STOPPED else None,
        )
    )
    return let_poll(page) if running else page


@bp.get("/batches/<number:batch_id>/progress")
@role("reader", "issuer")
def show_progress(batch_id: str) -> BaseResponse:
    """Tell how far a batch is, for the page that shows it."""
    check_query({"lang"})
    batch = services().batches.get(batch_id)
    return json_answer(_facts(batch, services().batches.progress(batch_id)))


@bp.post("/batches/<number:batch_id>/cancel")
@role("issuer")
@telling
def cancel_batch(batch_id: str) -> BaseResponse:
    """Cancel what nobody has begun, after it was asked why."""
    fields, batches = form_fields(), services().batches
    # Nothing is written down about a batch there is not.
    batches.get(batch_id)
    if "reason" not in fields:
        # On a page of its own: that of the batch reads itself anew while somebody types.
        page = pages.render(
            "desk/batch_cancel.html",
            operator(),
            texts_overview.OVERVIEW,
            batch_id=batch_id,
            action_id=new_action_id(),
        )
        return pages.answer(page)
    services().doors.actions.carry_out(
        fields.get("action_id", ""),
        operator(),
        "batch_cancel",
        batch_id,
        fields["reason"],
        lambda _: batches.cancel(batch_id),
        target_kind="batch",
    )
    return redirect(url_for("desk.show_batch", batch_id=batch_id, lang=language()), 303)


def _facts(batch: Batch, progress: Progress) -> dict[str, object]:
    """Return what a page and its script show of a batch."""
    lang = language()
    t = texts.words(lang, texts_overview.OVERVIEW)
    settled = progress.done + progress.failed + progress.cancelled
    return {
        "id": batch.batch_id,
        "state": str(batch.state),
        "words": t[str(batch.state)],
        "begun": rows.instant(batch.created_at, lang),
        "client": batch.client_id,
        "total": progress.total,
        "settled": settled,
        "share": round(100 * settled / progress.total) if progress.total else 0,
        "told": t["of_total"].format(settled=settled, total=progress.total),
        "counts": {
            "done": progress.done,
            "failed": progress.failed,
            "cancelled": progress.cancelled,
            "running": progress.running,
            "pending": progress.pending,
        },
        "rate": t["rate"].format(rate=progress.rate) if progress.rate else "",
        "eta": t["eta"].format(time=_span(progress.eta_s)) if progress.eta_s is not None else "",
        "reason": batch.reason,
        "over": batch.state not in {BatchState.RUNNING, BatchState.PLANNING},
    }


def _failed(batch_id: str) -> list[Result]:
    found: list[Result] = []
    line = 0
    while line < _LINES_READ and len(found) <= FAILED_SHOWN:
        results = services().batches.results(batch_id, line, 200)
        if not results:
            break
        found += [result for result in results if result.item.state is ItemState.FAILED]
        line = results[-1].item.line
    return found


def _item(result: Result) -> dict[str, object]:
    item, lang = result.item, language()
    t = texts.words(lang, texts_overview.OVERVIEW)
    code = item.code or ""
    return {
        "line": t["line"].format(line=item.line),
        "item_id": item.item_id or "—",
        "number": item.registration_number,
        "code": code,
        "why": wording.OFFICIAL.get(code) or texts.said(wording.error_text(code), lang),
    }


def _span(seconds: int) -> str:
    """Write a time as h:mm:ss or m:ss."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
