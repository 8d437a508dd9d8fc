"""The transparency log for whoever checks it: checkpoint, tiles, entries (C2SP tlog-tiles), proofs."""

from __future__ import annotations

import re
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request

from certsvc.errors import NotFoundError
from certsvc.qr.token import canonical_token
from certsvc.translog.checkpoint import PATH
from certsvc.translog.proof_file import MEDIA_TYPE, ProofFile
from certsvc.translog.tiles import LEVELS, read_place
from certsvc.web.auth import scope
from certsvc.web.body import check_query
from certsvc.web.current import services
from certsvc.web.openapi import Call, describe

bp = APIBlueprint("log", __name__, tag="log")

_TEXT: Final = "text/plain"
_BYTES: Final = "application/octet-stream"
_CHECKPOINT_KEPT_S: Final = 2
_FOR_EVER: Final = "public, max-age=31536000, immutable"
"""A tile of a certain width never changes."""
_LEVEL: Final = re.compile(f"[0-{LEVELS - 1}]", re.ASCII)


@bp.get(f"{PATH}/checkpoint")
@describe(bp, "getLogCheckpoint", Call(answers={200: _TEXT}, problems=(404,)))
def checkpoint() -> Response:
    """Publish the newest checkpoint: the log's name, its size, its root, signed."""
    answer = Response(services().log_book.checkpoint().note, content_type=MEDIA_TYPE)
    answer.headers["Cache-Control"] = f"public, max-age={_CHECKPOINT_KEPT_S}"
    return answer


@bp.get(f"{PATH}/tile/<number:level>/<path:place>")
@describe(bp, "getLogTile", Call(answers={200: _BYTES, 304: ""}, problems=(404,)))
def tile(level: str, place: str) -> Response:
    """Publish a tile of the tree: up to 256 hashes; a narrower one has its width behind it."""
    found = read_place(place) if _LEVEL.fullmatch(level) else None
    if found is None:
        raise NotFoundError
    return _lasting(services().log_book.tile(int(level), *found))


@bp.get(f"{PATH}/tile/entries/<path:place>")
@describe(bp, "getLogEntries", Call(answers={200: _BYTES, 304: ""}, problems=(404,)))
def entries(place: str) -> Response:
    """Publish entries, up to 256 at a time: each its length in two bytes, then the salted commitment."""
    found = read_place(place)
    if found is None:
        raise NotFoundError
    return _lasting(services().log_book.entries(*found))


@bp.get(f"{PATH}/proof/<number:token>")
@describe(bp, "getLogProof", Call(answers={200: _TEXT}, problems=(404,)))
def proof(token: str) -> Response:
    """Hand out the proof that a copy was logged to whoever has its token; nobody is named in it."""
    canonical = canonical_token(token)
    if canonical is None:
        raise NotFoundError
    return _proof(services().log_book.proof_of_token(canonical), canonical)


@bp.get("/api/v1/endorsements/<number:endorsement_id>.proof")
@describe(bp, "getEndorsementProof", Call(answers={200: _TEXT}, problems=(404,), scope="read"))
@scope("read")
def endorsement_proof(endorsement_id: str) -> Response:
    """Download the proof that an endorsed copy was logged."""
    check_query(())
    services().enquiry.endorsement(endorsement_id)
    return _proof(services().log_book.proof(endorsement_id), endorsement_id)


@bp.get("/api/v1/registrations/<number:number>/original.proof")
@describe(bp, "getOriginalProof", Call(answers={200: _TEXT}, problems=(404,), scope="read"))
@scope("read")
def original_proof(number: str) -> Response:
    """Download the proof that the original of the version in force was logged."""
    check_query(())
    copy_id = services().enquiry.original_id(number)
    return _proof(services().log_book.proof(copy_id), copy_id)


def _proof(found: ProofFile, name: str) -> Response:
    answer = Response(str(found), content_type=MEDIA_TYPE)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.tlog-proof"'
    return answer


def _lasting(content: bytes) -> Response:
    answer = Response(content, mimetype=_BYTES)
    answer.headers["Cache-Control"] = _FOR_EVER
    answer.add_etag()
    answer.make_conditional(request.environ)
    return answer
