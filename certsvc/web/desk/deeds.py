"""What operators do to a registration: issue, endorse, record; always through the flows, never around."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Final, ParamSpec

from flask import redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from certsvc.errors import Fault, InvalidFieldError, RoleMissingError
from certsvc.issuing.orders import Operation, Order
from certsvc.registry.port_access import OperatorAction
from certsvc.web.body import form_fields
from certsvc.web.current import services
from certsvc.web.desk import pages
from certsvc.web.desk.door import bp, operator, role

CLIENT: Final = "desk"
"""Whose the Idempotency-Keys of the desk are."""
RECORDED: Final = ("suspend", "resume", "reissue", "cancel", "revoke", "revoke_penalty")
"""Events that a registrar records at the desk."""
TERMINAL: Final = frozenset({"cancel", "revoke", "revoke_penalty"})
"""Those that nothing undoes; they are asked about once more."""
_WITH_REASON: Final = TERMINAL | {"suspend"}
"""Those whose event holds the reason; of the others it is kept with the action alone."""
_REASON_CODE: Final = "DESK"


_P = ParamSpec("_P")


def telling(view: Callable[_P, BaseResponse]) -> Callable[_P, BaseResponse]:
    """Have *view* tell what is wrong with its form."""

    @wraps(view)
    def told(*args: _P.args, **kwargs: _P.kwargs) -> BaseResponse:
        try:
            return view(*args, **kwargs)
        except InvalidFieldError as error:
            return pages.answer(pages.faults_page(operator(), error.faults), 422)

    return told


def new_action_id() -> str:
    """Return the id of the action a form will be; it is what makes a double click one action."""
    return secrets.token_hex(16)


@bp.post("/registrations/<number:number>/original")
@role("issuer")
@telling
def issue_original(number: str) -> BaseResponse:
    """Issue the original of the version in force."""
    return _carry_out(number, "original", form_fields(), lambda _: _order(number, Operation.ORIGINAL))


@bp.post("/registrations/<number:number>/endorse")
@role("issuer")
@telling
def endorse(number: str) -> BaseResponse:
    """Grant one endorsed copy for a purpose."""
    fields = form_fields()
    purpose = fields.get("purpose", "").strip()
    if not purpose:
        raise InvalidFieldError(Fault("/purpose", "请填写用途", "please give the purpose"))

    def order(action: OperatorAction) -> Order:
        return _order(number, Operation.ENDORSE, {"purpose": purpose}, key=action.action_id)

    return _carry_out(number, "endorse", fields, order)


@bp.post("/registrations/<number:number>/event")
@role("registrar")
@telling
def record_event(number: str) -> BaseResponse:
    """Record an event with its reason; one that nothing undoes after it was asked about once more."""
    fields = form_fields()
    kind = fields.get("type", "")
    if kind not in RECORDED:
        raise InvalidFieldError(Fault("/type", "请选择事项", "please choose what to record"))
    if kind in TERMINAL and fields.get("confirmed") != "yes":
        registration = services().enquiry.registration(number, None)
        return pages.answer(pages.confirm_page(operator(), kind, registration, fields))

    def order(action: OperatorAction) -> Order:
        body: dict[str, object] = {
            "source_id": f"desk-{action.action_id}",
            "type": kind,
            # As it was first sent: a retry must be the same body.
            "effective_at": action.at.isoformat(),
            "registration_number": action.target_id,
        }
        if kind in _WITH_REASON:
            body["reason"] = {"code": _REASON_CODE, "text": action.reason}
        return _order("", Operation.EVENT, body)

    return _carry_out(number, kind, fields, order)


@bp.get("/actions/<number:action_id>")
@role("issuer", "registrar", "auditor")
def show_action(action_id: str) -> BaseResponse:
    """Show what became of an action, to whoever did it and to auditors."""
    who = operator()
    action = services().doors.actions.get(action_id)
    if action.operator_id != who.operator_id and "auditor" not in who.roles:
        raise RoleMissingError
    return pages.answer(pages.action_page(who, action))


def _carry_out(
    number: str, action: str, fields: Mapping[str, str], order: Callable[[OperatorAction], Order]
) -> BaseResponse:
    # Nothing is written down about a number nobody has.
    registration = services().enquiry.registration(number, None)

    def do(begun: OperatorAction) -> None:
        services().counter.take([order(begun)])[0].get()

    done = services().doors.actions.carry_out(
        fields.get("action_id", ""),
        operator(),
        action,
        str(registration["registration_number"]),
        fields.get("reason", ""),
        do,
    )
    return redirect(url_for("desk.show_action", action_id=done.action_id), 303)


def _order(
    number: str, operation: Operation, body: Mapping[str, object] | None = None, key: str = ""
) -> Order:
    return Order(
        op=operation, registration_number=number, body=body or {}, client_id=CLIENT if key else "", key=key
    )
