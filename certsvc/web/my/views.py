"""我的证书 itself: what is there, endorsing with a purpose, downloading."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Final

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from certsvc.access.own_certificates import OwnCertificate, is_endorsed
from certsvc.domain.events import HolderId
from certsvc.domain.text import Text
from certsvc.errors import (
    CertsvcError,
    EndorsementPendingError,
    FileErasedError,
    IdempotencyConflictError,
    InvalidFieldError,
    NotFoundError,
)
from certsvc.web import texts_my
from certsvc.web.answer import file_answer
from certsvc.web.current import services
from certsvc.web.errors import STATUS
from certsvc.web.my import pages
from certsvc.web.my.door import bp, form, holder, inside, to

_FORM_KEY: Final = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_PURPOSE_MAX: Final = 1000
"""Characters handed to the rules, which say that 200 are the most."""


@bp.get("")
def home() -> BaseResponse:
    """Show the certificate in force; to a stranger, the ways in."""
    found = holder()
    if found is None:
        return pages.answer(pages.door_page())
    holding = services().holders.own.of(found)
    if holding.erased:
        return pages.answer(pages.word_page("my_erased"))
    if not holding.certificates:
        return pages.answer(pages.word_page("my_none"))
    return _show(holding.certificates[0], holding.certificates)


@bp.get("/r/<number:registration_id>")
@inside
def other(found: HolderId, registration_id: str) -> BaseResponse:
    """Show another registration of the holder."""
    holding = services().holders.own.of(found)
    return _show(_own(found, registration_id), holding.certificates)


@bp.post("/r/<number:registration_id>/original")
@inside
def issue(found: HolderId, registration_id: str) -> BaseResponse:
    """Have the original issued; a second time leads to the one there is."""
    form()
    services().desk.original(_own(found, registration_id, named=True).number)
    return to(f"/my/r/{registration_id}")


@bp.get("/r/<number:registration_id>/original.pdf")
@inside
def original_pdf(found: HolderId, registration_id: str) -> BaseResponse:
    """Download the original."""
    return _original(found, registration_id, "pdf")


@bp.get("/r/<number:registration_id>/original.ofd")
@inside
def original_ofd(found: HolderId, registration_id: str) -> BaseResponse:
    """Download the original in the national format."""
    return _original(found, registration_id, "ofd")


@bp.get("/r/<number:registration_id>/original.png")
@inside
def original_png(found: HolderId, registration_id: str) -> BaseResponse:
    """Show a picture of the original."""
    answer = _original(found, registration_id, "png")
    answer.headers["Content-Disposition"] = "inline"
    return answer


@bp.get("/r/<number:registration_id>/endorse")
@inside
def ask_endorse(found: HolderId, registration_id: str) -> BaseResponse:
    """Ask for the purpose, and show the window before anything is confirmed."""
    own = _own(found, registration_id, named=True)
    if own.refused is not None:
        raise own.refused
    return pages.answer(pages.endorse_page(own, _new_key()))


@bp.post("/r/<number:registration_id>/endorse")
@inside
def endorse(found: HolderId, registration_id: str) -> BaseResponse:
    """Grant one endorsed copy; the same form sent again finds it again."""
    fields = form()
    own = _own(found, registration_id, named=True)
    purpose, key = fields.get("purpose", "")[:_PURPOSE_MAX], fields.get("key", "")
    if not _FORM_KEY.fullmatch(key):
        key = _new_key()
    try:
        answer = services().desk.endorse(
            own.number, {"purpose": purpose}, client_id=f"holder:{found}", key=key
        )
    except InvalidFieldError as error:
        return _again(own, error, purpose, _new_key(), [Text(fault.zh, fault.en) for fault in error.faults])
    except EndorsementPendingError as error:
        # The same key: pressing the button again asks for the same copy.
        return _again(own, error, purpose, key, [texts_my.MY["my_pending"]])
    except IdempotencyConflictError as error:
        if own.todays is not None:
            return pages.answer(pages.endorse_page(own, key), 409)
        return _again(own, error, purpose, _new_key(), [texts_my.MY["my_conflict"]])
    return to(f"/my/copies/{answer.body['endorsement_id']}")


@bp.get("/copies/<number:copy_id>")
@inside
def copy(found: HolderId, copy_id: str) -> BaseResponse:
    """Show one endorsed copy with its files."""
    held = services().holders.own.copy(found, copy_id)
    if not is_endorsed(held):
        raise NotFoundError
    return pages.answer(pages.copy_page(held))


@bp.get("/copies/<number:copy_id>.pdf")
@inside
def copy_pdf(found: HolderId, copy_id: str) -> BaseResponse:
    """Download one endorsed copy: identical bytes for ever."""
    return _copy_file(found, copy_id, "pdf")


@bp.get("/copies/<number:copy_id>.ofd")
@inside
def copy_ofd(found: HolderId, copy_id: str) -> BaseResponse:
    """Download one endorsed copy in the national format: identical bytes for ever."""
    return _copy_file(found, copy_id, "ofd")


def _own(found: HolderId, registration_id: str, *, named: bool = False) -> OwnCertificate:
    """Return one registration of the holder's.

    Args:
        found: the holder.
        registration_id: from the address.
        named: its number must mean this registration, for what is done by number.

    Raises:
        NotFoundError: there is none, or it is somebody else's: which, is not told.
        FileErasedError: the holder was erased.
    """
    holding = services().holders.own.of(found)
    if holding.erased:
        raise FileErasedError
    for own in holding.certificates:
        if own.registration_id == registration_id and (own.named or not named):
            return own
    raise NotFoundError


def _show(own: OwnCertificate, certificates: Sequence[OwnCertificate]) -> Response:
    page = request.args.get("page", "1")
    place = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    return pages.answer(pages.certificate_page(own, certificates, max(1, place)))


def _original(found: HolderId, registration_id: str, fmt: str) -> Response:
    number = _own(found, registration_id, named=True).number
    return file_answer(services().enquiry.original_file(number, fmt), fmt)


def _copy_file(found: HolderId, copy_id: str, fmt: str) -> Response:
    held = services().holders.own.copy(found, copy_id)
    return file_answer(services().enquiry.endorsement_file(held.copy_id, fmt), fmt)


def _again(own: OwnCertificate, error: CertsvcError, purpose: str, key: str, faults: list[Text]) -> Response:
    page = pages.endorse_page(own, key, purpose=purpose, faults=faults)
    return pages.answer(page, STATUS[type(error)])


def _new_key() -> str:
    """Return the Idempotency-Key of one form: whoever sends the form twice asks once."""
    return secrets.token_urlsafe(16)
