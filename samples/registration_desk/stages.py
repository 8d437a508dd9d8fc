"""The way of an application: who may do what with it, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from registration_desk.words import Words


class Role(StrEnum):
    """Who acts. Chosen by a switch: it is a play."""

    PERSON = "person"
    ENTERPRISE = "enterprise"
    PROVINCE = "province"
    MINISTRY = "ministry"
    SERVICE = "service"
    """The certificate service, which may refuse what the ministry approved."""


class State(StrEnum):
    """Where an application stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    APPROVED = "approved"
    RETURNED = "returned"


class Action(StrEnum):
    """What is done to it."""

    SUBMIT = "submit"
    CONFIRM = "confirm"
    ACCEPT = "accept"
    APPROVE = "approve"
    RETURN = "return"


class StageError(Exception):
    """Nobody in this role does this to an application that stands there."""


ROLES: Final[Mapping[Role, Words]] = {
    Role.PERSON: Words("个人", "Applicant"),
    Role.ENTERPRISE: Words("企业", "Enterprise"),
    Role.PROVINCE: Words("省级主管部门", "Province"),
    Role.MINISTRY: Words("部级审批", "Ministry"),
    Role.SERVICE: Words("证照服务", "Certificate service"),
}
STATES: Final[Mapping[State, Words]] = {
    State.DRAFT: Words("草稿", "Draft"),
    State.SUBMITTED: Words("待企业确认", "With the enterprise"),
    State.CONFIRMED: Words("待省级审查", "With the province"),
    State.ACCEPTED: Words("待部级审批", "With the ministry"),
    State.APPROVED: Words("已批准", "Approved"),
    State.RETURNED: Words("已退回", "Returned"),
}
ACTIONS: Final[Mapping[Action, Words]] = {
    Action.SUBMIT: Words("提交", "Submit"),
    Action.CONFIRM: Words("企业确认", "Confirm"),
    Action.ACCEPT: Words("省级审查通过", "Accept"),
    Action.APPROVE: Words("批准", "Approve"),
    Action.RETURN: Words("退回", "Return"),
}
_MOVES: Final[Mapping[tuple[State, Role, Action], State]] = {
    (State.DRAFT, Role.PERSON, Action.SUBMIT): State.SUBMITTED,
    (State.RETURNED, Role.PERSON, Action.SUBMIT): State.SUBMITTED,
    (State.SUBMITTED, Role.ENTERPRISE, Action.CONFIRM): State.CONFIRMED,
    (State.SUBMITTED, Role.ENTERPRISE, Action.RETURN): State.RETURNED,
    (State.CONFIRMED, Role.PROVINCE, Action.ACCEPT): State.ACCEPTED,
    (State.CONFIRMED, Role.PROVINCE, Action.RETURN): State.RETURNED,
    (State.ACCEPTED, Role.MINISTRY, Action.APPROVE): State.APPROVED,
    (State.ACCEPTED, Role.MINISTRY, Action.RETURN): State.RETURNED,
    # What the certificate service refuses goes back to whoever can put it right.
    (State.APPROVED, Role.SERVICE, Action.RETURN): State.RETURNED,
}


def move(state: State, role: Role, action: Action) -> State:
    """Return where *action* leads.

    Raises:
        StageError: it is not *role*'s to do, or not now.
    """
    try:
        return _MOVES[state, role, action]
    except KeyError:
        raise StageError(f"{role} cannot {action} what is {state}") from None


def actions(state: State, role: Role) -> tuple[Action, ...]:
    """Return what *role* may do with an application that stands at *state*."""
    return tuple(action for at, who, action in _MOVES if (at, who) == (state, role))
