"""The pages of 我的证书: what is the holder's own, in words and order. Nothing here decides validity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Response, render_template, request

from certsvc.access.own_certificates import OwnCertificate
from certsvc.domain import wording
from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import Copy
from certsvc.domain.text import Text
from certsvc.errors import CertsvcError, EndorsedTodayError
from certsvc.qr.token import show_code
from certsvc.web import cookies, pictures, rows, texts, texts_my
from certsvc.web.current import language, nonce, services
from certsvc.web.my.copies import copy_lines, specialty_lines
from certsvc.web.my.lookups import lookup_table
from certsvc.web.prepared import frame_of

COOKIE: Final = "certsvc-my"
_COPIES_ON_A_PAGE: Final = 10


def answer(html: str, status: int = 200) -> Response:
    """Answer with a page; it is never kept by anything between."""
    made = Response(html, status, mimetype="text/html")
    made.headers["Cache-Control"] = "no-store"
    made.headers["Vary"] = "Accept-Language, Cookie"
    return made


def enter_page(secret: str) -> str:
    """Compose the page with the one button."""
    return _render("my/enter.html", secret=secret)


def door_page() -> str:
    """Compose what a stranger is told, and somebody whose visit is over."""
    return word_page("my_door", ended=bool(cookies.read_cookie(COOKIE)), inside=False)


def left_page() -> str:
    """Compose the word of goodbye."""
    return word_page("my_left", inside=False)


def word_page(name: str, *, ended: bool = False, inside: bool = True) -> str:
    """Compose a page that says one thing: the text *name*, and the note that belongs to it.

    Args:
        name: of the texts.
        ended: say first that a visit is over.
        inside: offer to leave.
    """
    return _render("my/word.html", name=name, ended=ended, inside=inside)


def certificate_page(own: OwnCertificate, certificates: Sequence[OwnCertificate], page: int) -> str:
    """Compose the page of one registration.

    Args:
        own: which.
        certificates: all of the holder's, for links to the others.
        page: of the list of copies, from 1.
    """
    lang = language()
    first = (page - 1) * _COPIES_ON_A_PAGE
    registration = own.registration
    return _render(
        "my/certificate.html",
        own=own,
        base=f"/my/r/{own.registration_id}",
        title=services().kinds[registration.certificate_type].policy.title,
        photo=pictures.photo(registration.holder.photo_sha256),
        tone=_tone(own),
        lines=specialty_lines(own, lang),
        warning=official("SPECIALTY_LT_180D") if own.warned else None,
        step=_step(own),
        endorsing=_refusal(own.refused),
        original_refused=_refusal(own.original_refused),
        todays=own.todays,
        copies=copy_lines(own.copies[first : first + _COPIES_ON_A_PAGE], lang),
        newer=page - 1 if page > 1 else None,
        older=page + 1 if len(own.copies) > first + _COPIES_ON_A_PAGE else None,
        lookups=lookup_table(own, lang),
        others=[(one.registration_id, one.number, one.status) for one in certificates if one is not own],
    )


def endorse_page(
    own: OwnCertificate,
    key: str,
    *,
    purpose: str = "",
    faults: Sequence[Text] = (),
) -> str:
    """Compose the form of an endorsed copy; where the day is taken, the official sentence instead.

    Args:
        own: for which registration.
        key: the form's Idempotency-Key.
        purpose: what was typed before.
        faults: what is wrong with it, as texts in both languages.
    """
    lang = language()
    allowed = own.allowed
    taken = own.todays is not None and not faults
    return _render(
        "my/endorse.html",
        base=f"/my/r/{own.registration_id}",
        number=own.number,
        key=key,
        purpose=purpose,
        faults=[texts.said(fault, lang) for fault in faults],
        taken=official("ENDORSED_TODAY") if taken else None,
        todays=own.todays,
        window=None
        if allowed is None
        else (rows.day(allowed.use_from, lang), rows.day(allowed.use_until, lang)),
        cap=None
        if allowed is None
        else texts.said(texts_my.MY[f"my_cap_{str(allowed.cap_reason).lower()}"], lang),
        specialties=[] if allowed is None else [line.name for line in allowed.specialties],
        warning=official("SPECIALTY_LT_180D") if allowed is not None and allowed.warnings else None,
    )


def copy_page(copy: Copy) -> str:
    """Compose the page of one endorsed copy, with its files."""
    lang = language()
    (line,) = copy_lines([copy], lang)
    grant = copy.grant
    assert grant is not None
    return _render(
        "my/copy.html",
        copy=copy,
        line=line,
        fresh=copy.day == beijing_day(services().clock.now()),
        code=show_code(copy.code),
        made_on=rows.day(copy.day, lang),
        window=(rows.day(grant.use_from, lang), rows.day(grant.use_until, lang)),
        cap=texts.said(texts_my.MY[f"my_cap_{str(grant.cap_reason).lower()}"], lang),
        base=f"/my/r/{copy.registration_id}",
    )


def problem_page(error: CertsvcError, status: int) -> str:
    """Compose the page of a refusal; for the day that is taken, with the copy there is."""
    existing = error.existing_id if isinstance(error, EndorsedTodayError) else ""
    return _render(
        "my/problem.html",
        heading=texts.problem_title(status, language()),
        official=official(error.code) if error.code in wording.OFFICIAL else None,
        sentence=texts.said(wording.error_text(error.code), language()),
        existing=existing,
    )


def official(code: str) -> str:
    """Return the issuer's own sentence, byte for byte, whatever the language."""
    return wording.OFFICIAL[code]


def _step(own: OwnCertificate) -> str:
    step = own.next_step
    return texts.said(texts_my.MY[f"my_step_{step}"], language())


def _refusal(error: CertsvcError | None) -> tuple[str, bool] | None:
    """Return why something may not be done, and whether the sentence is official."""
    if error is None:
        return None
    if error.code in wording.OFFICIAL:
        return official(error.code), True
    return texts.said(wording.error_text(error.code), language()), False


def _tone(own: OwnCertificate) -> str:
    tones = {"ACTIVE": "verified", "EXPIRED": "ended", "SUSPENDED": "ended"}
    return tones.get(str(own.status), "refused")


def _render(template: str, **context: object) -> str:
    """Fill in a template. The switch of languages leads to a page that can be asked for by address."""
    settings, lang = services().settings, language()
    frame = frame_of(settings, lang, of_address=True)
    if request.method == "POST":
        frame["switch"] = f"/my{frame['switch']}"
    words = texts.words(lang, texts_my.MY)
    session = words["my_session"].format(minutes=settings.session_idle_minutes, hours=settings.session_hours)
    return render_template(
        template,
        **{
            **frame,
            "t": words,
            "nonce": nonce(),
            "csrf": cookies.csrf_token(COOKIE),
            "session_note": session,
            "gloss": {code: wording.error_text(code).en for code in wording.OFFICIAL},
            **context,
        },
    )
