"""Batches over HTTP: submit, follow, list, cancel. Carried out by the server's runner, or by workers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final

from apiflask import APIBlueprint
from flask import Response

from certsvc.batch.results import Result
from certsvc.errors import Fault, InvalidFieldError, UnavailableError
from certsvc.issuing.counter import Operation
from certsvc.registry.port_batches import Batch, Engine
from certsvc.web import examples, schemas_batches
from certsvc.web.answer import json_answer
from certsvc.web.auth import scope
from certsvc.web.body import BATCH_LIMIT, NDJSON, check_query, read_batch
from certsvc.web.current import client, services
from certsvc.web.errors import stored_problem
from certsvc.web.openapi import Call, Parameter, describe

bp = APIBlueprint("batches", __name__, url_prefix="/api/v1/batches", tag="batches")

LINES_LIMIT: Final = 100_000
"""Items of one submission; longer ones go through the command line."""
PAGE: Final = 100
_SCOPE_OF: Final = {
    Operation.ENDORSE: "endorse",
    Operation.ORIGINAL: "issue",
    Operation.EVENT: "issue",
}
_AT_ONCE: Final = 2
"""Submissions one process reads at the same moment: each is held in memory, parsed many times over."""
_WAIT_S: Final = 10
_LAST_LINE: Final = 9

_reading: Final = BoundedSemaphore(_AT_ONCE)


@bp.post("")
@describe(
    bp,
    "submitBatch",
    Call(
        request=schemas_batches.Submission,
        also_request={NDJSON: "The same items, one a line."},
        answers={202: schemas_batches.Batch},
        scope="endorse",
        or_scope="issue",
        example=examples.BATCH,
    ),
)
@scope("endorse", "issue")
def submit_batch() -> Response:
    """Submit up to 100,000 items in 16 MB, as a JSON array or one a line.

    What cannot be read of it fails for itself, with its line. The same submission again is the same batch:
    what is not done of it is tried again. `endorse` needs that scope, `original` and `event` need `issue`.
    """
    check_query(())
    scopes = client().scopes
    with _turn():
        batch = services().batches.plan(
            io.BytesIO(read_batch()),
            client_id=client().client_id,
            engine=Engine.SERVICE,
            operations=[op for op in Operation if _SCOPE_OF[op] in scopes],
            most_bytes=BATCH_LIMIT,
            most_lines=LINES_LIMIT,
        )
    services().announcer.announce(batch)
    answer = json_answer(services().batches.progress(batch.batch_id).body(), 202)
    answer.headers["Location"] = f"/api/v1/batches/{batch.batch_id}"
    return answer


@bp.get("/<number:batch_id>")
@describe(
    bp,
    "getBatch",
    Call(answers={200: schemas_batches.Batch}, problems=(404,), scope="endorse", or_scope="issue"),
)
@scope("endorse", "issue")
def get_batch(batch_id: str) -> Response:
    """Tell how far a batch of this client is."""
    check_query(())
    return json_answer(services().batches.progress(_own(batch_id).batch_id).body())


@bp.get("/<number:batch_id>/items")
@describe(
    bp,
    "listBatchItems",
    Call(
        answers={200: schemas_batches.BatchItems},
        problems=(404,),
        parameters=(
            Parameter(
                name="cursor",
                description="next_cursor of the page before.",
                schema={"type": "string", "minLength": 1, "maxLength": _LAST_LINE},
            ),
        ),
        scope="endorse",
        or_scope="issue",
    ),
)
@scope("endorse", "issue")
def list_batch_items(batch_id: str) -> Response:
    """List the items of a batch of this client, in the order of the submission."""
    after = _line(check_query({"cursor"}).get("cursor"))
    results = services().batches.results(_own(batch_id).batch_id, after, PAGE + 1)
    shown = results[:PAGE]
    return json_answer(
        {
            "items": [_item(result) for result in shown],
            "next_cursor": str(shown[-1].item.line) if len(results) > PAGE else None,
        }
    )


@bp.post("/<number:batch_id>/cancel")
@describe(
    bp,
    "cancelBatch",
    Call(answers={200: schemas_batches.Batch}, problems=(404,), scope="endorse", or_scope="issue"),
)
@scope("endorse", "issue")
def cancel_batch(batch_id: str) -> Response:
    """Cancel what nobody has begun; what was issued stays issued."""
    check_query(())
    return json_answer(services().batches.cancel(_own(batch_id).batch_id).body())


def _own(batch_id: str) -> Batch:
    """Return a batch of this client; NotFoundError for one of another's, as if there were none."""
    return services().batches.get(batch_id, client().client_id)


@contextmanager
def _turn() -> Iterator[None]:
    """Wait until few enough submissions are being read."""
    if not _reading.acquire(timeout=_WAIT_S):
        raise UnavailableError("too many submissions at once")
    try:
        yield
    finally:
        _reading.release()


def _line(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) <= _LAST_LINE):
        raise InvalidFieldError(
            Fault("/cursor", "请使用上一页返回的 next_cursor", "use the next_cursor of the page before")
        )
    return int(text)


def _item(result: Result) -> dict[str, object]:
    item = result.item
    return {
        "item_id": item.item_id,
        "line": item.line,
        "op": item.op,
        "registration_number": item.registration_number,
        "state": result.state,
        "answer": result.answer,
        "problem": None if item.code is None else stored_problem(item.code, item.problem),
    }
