"""Finding a registration, and all there is to see of it: history, versions, copies with their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from certsvc.access.dossier import FOUND_MOST, Dossier, Hit
from certsvc.domain.resident_id import holds_resident_id
from certsvc.domain.texts_fields import FIELDS
from certsvc.errors import Fault, InvalidFieldError, NotFoundError
from certsvc.registry.port_access import OperatorAction
from certsvc.web.answer import file_answer
from certsvc.web.body import form_fields
from certsvc.web.current import language, services
from certsvc.web.desk import dossier_lines, pages, texts, texts_dossier
from certsvc.web.desk.door import bp, operator, role
from certsvc.web.texts import words

COPIES_AT_ONCE: Final = 12
"""Copies on one page, each with its picture."""
_SMALL_DPI: Final = 45
_LARGE_DPI: Final = 150
_TYPED_MAX: Final = 400


@bp.get("/")
@role()
def home() -> BaseResponse:
    """Ask what to look for; who may not search is led to what he may do."""
    return pages.answer(
        pages.render("desk/home.html", operator(), texts_dossier.DOSSIER, typed="", hits=None)
    )


@bp.post("/search")
@role("reader")
def search() -> BaseResponse:
    """Find registrations; what was typed stands in no address and no log."""
    typed = form_fields().get("typed", "").strip()[:_TYPED_MAX]
    hits: Sequence[Hit] = ()
    faults: list[str] = []
    try:
        hits = _found(typed)
    except InvalidFieldError as error:
        faults = pages.told(error.faults)
    if len(hits) == 1:
        number = hits[0].registration.registration_number
        return redirect(url_for("desk.show_registration", number=number, lang=language()), 303)
    return pages.answer(
        pages.render(
            "desk/home.html",
            operator(),
            texts_dossier.DOSSIER,
            typed=typed,
            hits=dossier_lines.hit_lines(hits, language()),
            found_most=FOUND_MOST,
            faults=faults,
        ),
        422 if faults else 200,
    )


def _found(typed: str) -> Sequence[Hit]:
    """Return what *typed* leads to.

    Raises:
        InvalidFieldError: nothing was typed, or an identity number was.
    """
    if not typed:
        raise InvalidFieldError(Fault("/typed", "请输入要查询的内容", "please type what to look for"))
    if holds_resident_id(typed):
        raise InvalidFieldError(
            Fault(
                "/typed",
                "请勿以身份证件号码查询；请改用注册编号、姓名或核验码",
                "please do not search by an identity number; use a registration number, a name or a code",
            )
        )
    return services().doors.dossiers.search(typed)


@bp.get("/registrations/<number:number>")
@role("reader")
def show_registration(number: str) -> BaseResponse:
    """Show one registration."""
    return pages.answer(_registration_page(services().doors.dossiers.of(number), _page()))


@bp.get("/copies/<number:copy_id>.pdf")
@role("reader")
def copy_pdf(copy_id: str) -> BaseResponse:
    """Download a copy or an original: the bytes that were issued."""
    return file_answer(services().enquiry.issued_file(copy_id, "pdf"), "pdf")


@bp.get("/copies/<number:copy_id>.ofd")
@role("reader")
def copy_ofd(copy_id: str) -> BaseResponse:
    """Download the same in the national format."""
    return file_answer(services().enquiry.issued_file(copy_id, "ofd"), "ofd")


@bp.get("/copies/<number:copy_id>.png")
@role("reader")
def copy_png(copy_id: str) -> BaseResponse:
    """Show a picture of a copy, drawn from the bytes that were issued; ``?small=1`` for a list."""
    dpi = _SMALL_DPI if request.args.get("small") == "1" else _LARGE_DPI
    answer = file_answer(services().enquiry.issued_file(copy_id, "png", dpi), "png")
    assert isinstance(answer, Response)
    answer.headers["Content-Disposition"] = "inline"
    return answer


def _registration_page(dossier: Dossier, page: int) -> str:
    lang, registration = language(), dossier.registration
    first = (page - 1) * COPIES_AT_ONCE
    shown = dossier.copies[first : first + COPIES_AT_ONCE]
    versions = {step.version.version_id: step.version.version for step in dossier.steps}
    holder = registration.holder
    return pages.render(
        "desk/registration.html",
        operator(),
        FIELDS,
        texts_dossier.DOSSIER,
        # The forms of actions call some things otherwise.
        texts.DESK,
        number=registration.registration_number,
        others=[one for one in registration.numbers if one != registration.registration_number],
        named=dossier.named,
        title=dossier.policy.title,
        status=dossier_lines.status_words(dossier.status, lang),
        tone=dossier_lines.tone(dossier.status),
        person=dossier_lines.person_rows(holder, lang),
        employer=registration.employer,
        specialties=dossier_lines.specialty_lines(dossier, lang),
        warned=words(lang, texts_dossier.DOSSIER)["warned"].format(days=dossier.policy.warn_below_days),
        version=f"{dossier.version.version:03d}",
        licence_id=dossier.version.licence_id,
        steps=dossier_lines.step_lines(dossier.steps, _deed, lang),
        copies=dossier_lines.copy_lines(shown, versions, lang),
        erased=holder.erased,
        later=page - 1 if page > 1 else None,
        earlier=page + 1 if len(dossier.copies) > first + COPIES_AT_ONCE else None,
        **pages.deeds(),
    )


def _deed(action_id: str) -> OperatorAction | None:
    """Find what an operator did; None where an id only looks like one of the desk's."""
    try:
        return services().doors.actions.get(action_id)
    except NotFoundError:
        return None


def _page() -> int:
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 5 else 1
