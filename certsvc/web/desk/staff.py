"""Operators, for admins; and what everybody did, for auditors."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from certsvc.access.actions import check_reason
from certsvc.access.operators import Actor
from certsvc.errors import Fault, InvalidFieldError, NotFoundError
from certsvc.registry.port_access import Operator
from certsvc.web.body import check_query, form_fields
from certsvc.web.current import services
from certsvc.web.desk import pages
from certsvc.web.desk.door import bp, operator, role

_OPERATORS = "/desk/operators"
_PAGE = 50


@bp.get("/operators")
@role("admin")
def list_operators() -> BaseResponse:
    """List the operators."""
    return pages.answer(_page())


@bp.post("/operators")
@role("admin")
def add_operator() -> BaseResponse:
    """Add an operator; the one-time password is shown in the answer and nowhere else."""
    try:
        fields = _fields()
        made, password = services().doors.operators.add(
            fields.get("name", ""), request.form.getlist("role"), _by(fields)
        )
    except InvalidFieldError as error:
        return pages.answer(_page(faults=error.faults), 422)
    return pages.answer(_page(told=(made.name, password)))


@bp.post("/operators/<number:operator_id>")
@role("admin")
def change_operator(operator_id: str) -> BaseResponse:
    """Change an operator: roles, password, disabled or not, logged in or not."""
    found = _get(operator_id)
    operators = services().doors.operators
    password: str | None = None
    try:
        fields = _fields()
        by, do = _by(fields), fields.get("do")
        if do == "roles":
            operators.set_roles(found.name, request.form.getlist("role"), by)
        elif do == "disable":
            operators.disable(found.name, by)
        elif do == "enable":
            password = operators.enable(found.name, by)
        elif do == "password":
            password = operators.reset_password(found.name, by)
        elif do == "sessions":
            operators.end_sessions(found.name, by)
        else:
            raise InvalidFieldError(Fault("/do", "请选择要办理的事项", "please choose what to do"))
    except InvalidFieldError as error:
        return pages.answer(_page(faults=error.faults), 422)
    if password is not None:
        return pages.answer(_page(told=(found.name, password)))
    answer = redirect(_OPERATORS, 303)
    assert isinstance(answer, Response)
    return answer


@bp.get("/actions")
@role("auditor")
def list_actions() -> BaseResponse:
    """List who did what and why, the latest first."""
    query = check_query({"operator", "number", "before"})
    before = query.get("before", "")
    if before and not (before.isascii() and before.isdecimal() and len(before) <= 18):
        raise InvalidFieldError(Fault("/before", "页码不正确", "this is no place in the list"))
    found = services().doors.actions.latest(
        operator=query.get("operator", "").strip(),
        target_id=query.get("number", "").strip(),
        before=int(before) if before else None,
        limit=_PAGE + 1,
    )
    return pages.answer(pages.actions_page(operator(), found[:_PAGE], query, more=len(found) > _PAGE))


def _page(*, told: tuple[str, str] | None = None, faults: Sequence[Fault] = ()) -> str:
    return pages.operators_page(operator(), services().doors.operators.everybody(), told, faults)


def _get(operator_id: str) -> Operator:
    for one in services().doors.operators.everybody():
        if one.operator_id == operator_id:
            return one
    raise NotFoundError


def _fields() -> dict[str, str]:
    """Return the fields of a form of which ``role`` may come several times."""
    return form_fields(several=frozenset({"role"}))


def _by(fields: dict[str, str]) -> Actor:
    who, reason = operator(), fields.get("reason", "")
    check_reason(reason)
    return Actor(operator_id=who.operator_id, name=who.name, reason=reason.strip())
