"""A registration's history and copies, line by line and in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from certsvc.access.dossier import Dossier, Hit, Step
from certsvc.domain.certificate import Face, VersionId
from certsvc.domain.clock import BEIJING, beijing_day
from certsvc.domain.endorsement import Copy, CopyKind, CopyState, warnings_on
from certsvc.domain.events import HolderFields
from certsvc.domain.identity import mask_id_number
from certsvc.domain.registration import RegistrationStatus
from certsvc.domain.report import Status
from certsvc.domain.specialty import days_left, renew_deadline
from certsvc.domain.texts_fields import FIELDS
from certsvc.domain.wording import status_text
from certsvc.qr.token import show_code
from certsvc.registry.port_access import OperatorAction
from certsvc.verification.question import Question
from certsvc.web import rows, texts
from certsvc.web.current import services
from certsvc.web.desk.texts_dossier import DOSSIER, EVENTS, STATUSES
from certsvc.web.report_page import tone_of
from certsvc.web.texts import Lang, said

_TONES: Final[Mapping[RegistrationStatus, str]] = {
    RegistrationStatus.ACTIVE: "record",
    RegistrationStatus.SUSPENDED: "ended",
    RegistrationStatus.EXPIRED: "ended",
    RegistrationStatus.CANCELLED: "ended",
    RegistrationStatus.REVOKED: "refused",
    RegistrationStatus.REVOKED_PENALTY: "refused",
}


class ChangeLine(NamedTuple):
    """One item an event changed in print."""

    label: str
    before: str
    after: str


class StepLine(NamedTuple):
    """One event."""

    event_id: str
    what: str
    effective_on: str
    recorded_at: str
    late: bool
    version: str
    by: str
    why: str
    """The reason the event or the operator gives; empty for none."""
    override: str
    changes: list[ChangeLine]


class CopyLine(NamedTuple):
    """One copy."""

    copy_id: str
    title: str
    made_at: str
    purpose: str
    window: str
    code: str
    token: str
    words: str
    """Its state now, as every verifier is told."""
    tone: str
    done: bool


class SpecialtyLine(NamedTuple):
    """One specialty."""

    name: str
    window: str
    left: str
    """Empty once it has ended."""
    current: bool
    warned: bool
    renewal: str


class HitLine(NamedTuple):
    """One registration that was found."""

    number: str
    name: str
    employer: str
    title: str
    status: str
    tone: str


def hit_lines(hits: Sequence[Hit], lang: Lang) -> list[HitLine]:
    """Tell what a search found."""
    return [
        HitLine(
            number=hit.registration.registration_number,
            name=hit.registration.holder.name or "",
            employer=hit.registration.employer.name,
            title=hit.title,
            status=status_words(hit.status, lang),
            tone=tone(hit.status),
        )
        for hit in hits
    ]


def person_rows(holder: HolderFields, lang: Lang) -> list[tuple[str, str]]:
    """Tell who the holder is, the identity number masked; of whoever was erased nothing but that."""
    known: Mapping[str, str | None] = {
        "name": holder.name,
        "sex": None if holder.sex is None else rows.sex(holder.sex, lang),
        "birth_date": None if holder.birth_date is None else rows.day(holder.birth_date, lang),
        "id_no_masked": None if holder.id_number is None else mask_id_number(holder.id_number),
    }
    return [(said(FIELDS[name], lang), value) for name, value in known.items() if value]


def status_words(status: RegistrationStatus, lang: Lang) -> str:
    """Return a registration's status in words."""
    return said(STATUSES[status], lang)


def tone(status: RegistrationStatus) -> str:
    """Return the tone of a registration's status."""
    return _TONES[status]


def specialty_lines(dossier: Dossier, lang: Lang) -> list[SpecialtyLine]:
    """Tell each specialty with its days."""
    words = texts.words(lang, DOSSIER)
    policy, holder = dossier.policy, dossier.registration.holder
    warned = {one.specialty for one in warnings_on(dossier.registration.specialties, dossier.today, policy)}
    lines = []
    for one in dossier.registration.specialties:
        left = days_left(one.valid_to, dossier.today)
        deadline = None if holder.erased else renew_deadline(one.valid_to, holder.birth_date, policy)
        lines.append(
            SpecialtyLine(
                name=one.name,
                window=_window(one.valid_from, one.valid_to, lang),
                left=words["days_left"].format(days=left) if left >= 0 else "",
                current=one.valid_on(dossier.today),
                warned=one.name in warned,
                renewal=words["deadline"].format(day=rows.day(deadline, lang))
                if deadline is not None and left >= 0
                else "",
            )
        )
    return lines


def step_lines(
    steps: Sequence[Step], deed: Callable[[str], OperatorAction | None], lang: Lang
) -> list[StepLine]:
    """Tell each event, the latest first.

    Args:
        steps: in the order of recording.
        deed: finds what an operator did by its id.
        lang: the reader's language.
    """
    return [_step(step, deed, lang) for step in reversed(steps)]


def _step(step: Step, deed: Callable[[str], OperatorAction | None], lang: Lang) -> StepLine:
    words, event = texts.words(lang, DOSSIER), step.event
    action = deed(event.source_id.removeprefix("desk-")) if event.source_id.startswith("desk-") else None
    by = (
        words["by_operator"].format(name=action.operator)
        if action is not None
        else words["by_system"].format(source=event.source_id)
    )
    why = event.reason.text if event.reason is not None else ""
    return StepLine(
        event_id=event.event_id,
        what=said(EVENTS[event.type], lang),
        effective_on=rows.day(beijing_day(event.effective_at), lang),
        recorded_at=_minute(event.recorded_at, lang),
        late=step.late,
        version=words["version_nr"].format(number=f"{step.version.version:03d}"),
        by=by,
        why=why or (action.reason if action is not None else ""),
        override=event.override_reason or "",
        changes=[_change(name, step, lang) for name in step.changed],
    )


def _change(name: str, step: Step, lang: Lang) -> ChangeLine:
    words = texts.words(lang, DOSSIER)
    if name in {"photo", "signature"}:
        before, after = "", words["new_picture"]
    else:
        before = printed(name, step.before, lang) if step.before is not None else ""
        after = printed(name, step.version.face, lang)
    return ChangeLine(label=said(FIELDS[name], lang), before=before or words["none_before"], after=after)


def printed(name: str, face: Face, lang: Lang) -> str:
    """Write one item of a face, by its name in changed_fields()."""
    if name == "specialties":
        ends = (f"{one.name} {_window(one.valid_from, one.valid_to, lang)}" for one in face.specialties)
        return "；".join(ends) if lang == "zh" else "; ".join(ends)
    values: Mapping[str, str | None] = {
        "registration_number": face.registration_number,
        "name": face.name,
        "sex": None if face.sex is None else rows.sex(face.sex, lang),
        "birth_date": None if face.birth_date is None else rows.day(face.birth_date, lang),
        "employer": face.employer.name,
        "employer_uscc": face.employer.uscc,
        "qualification": face.qualification_number,
    }
    return values[name] or ""


def copy_lines(copies: Sequence[Copy], versions: Mapping[VersionId, int], lang: Lang) -> list[CopyLine]:
    """Tell each copy with its state now, which no look-up is counted for.

    Args:
        copies: in the order they are shown.
        versions: version_id -> version number.
        lang: the reader's language.
    """
    return [_copy(copy, versions[copy.version_id], lang) for copy in copies]


def _copy(copy: Copy, version: int, lang: Lang) -> CopyLine:
    words = texts.words(lang, DOSSIER)
    done = copy.state is CopyState.DONE
    if done:
        status = services().verifier.verify(Question(token=copy.token)).status
        state, shade = said(status_text(status), lang), tone_of(status, "file")
        if status is Status.VALID:
            shade = "record"
    elif copy.state is CopyState.FAILED:
        state, shade = words["copy_failed"].format(code=copy.failure or "—"), "unsure"
    else:
        state, shade = words["copy_pending"], "unsure"
    original = copy.kind is CopyKind.ORIGINAL
    return CopyLine(
        copy_id=copy.copy_id,
        title=words["copy_original"].format(version=f"{version:03d}")
        if original
        else words["copy_endorsed"].format(number=copy.copy_number),
        made_at=_minute(copy.reserved_at, lang),
        purpose=copy.purpose or "",
        window="" if copy.grant is None else _window(copy.grant.use_from, copy.grant.use_until, lang),
        code=show_code(copy.code),
        token=copy.token,
        words=state,
        tone=shade,
        done=done,
    )


def _window(first: date, last: date, lang: Lang) -> str:
    return f"{rows.day(first, lang)} {texts.words(lang)['until']} {rows.day(last, lang)}"


def _minute(at: datetime, lang: Lang) -> str:
    local = at.astimezone(BEIJING)
    return f"{rows.day(local.date(), lang)} {local:%H:%M}"
