"""The desk's pages once there is a certificate: the holder's, and the platform's."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final

from flask import Flask, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from certsvc.client import Client, ClientError, Endorsement, IssuedFile, ProblemError, Registration, Report
from registration_desk import counter
from registration_desk.book import Book
from registration_desk.office import BEIJING
from registration_desk.people import PEOPLE
from registration_desk.words import Language, Words

_AWAY: Final = Words(
    "证照服务暂时联系不上，请稍后再看；已申请的事项不会丢失。",
    "The certificate service cannot be reached now; nothing that was asked for is lost.",
)
_MEDIA: Final = {"pdf": "application/pdf", "ofd": "application/ofd"}


def add_holder_pages(
    app: Flask, book: Book, desk: Client, platform: Client, language: Callable[[], Language]
) -> None:
    """Add the pages about certificates to the desk."""

    @app.get("/certificates")
    def certificates() -> str:
        held = {person: known for person in PEOPLE if (known := book.holder(person)) is not None}
        return render_template("certificates.html", held=held)

    @app.get("/certificates/<person>")
    def certificate(person: str) -> str:
        """Show a holder's certificate as the service has it now (我的证书)."""
        number = _number(book, person)
        registration: Registration | None = None
        picture, problem = "", ""
        try:
            registration = desk.registration(number)
            if registration.status == "ACTIVE":
                desk.issue_original(number)
                picture = base64.b64encode(desk.original_picture(number)).decode("ascii")
        except ClientError as error:
            problem = _told(error, language())
        return render_template(
            "certificate.html",
            person=person,
            number=number,
            registration=registration,
            picture=picture,
            problem=problem,
            copies=counter.copies(book, number),
        )

    @app.post("/certificates/<person>/endorse")
    def endorse(person: str) -> AnyResponse:
        """Ask for a copy; what became of it stands in the list."""
        number, purpose = _number(book, person), request.form.get("purpose", "").strip()
        if purpose:
            try:
                counter.endorse(book, desk, number, purpose, f"desk-{secrets.token_hex(8)}")
            except ClientError as error:
                # The list shows the refusal; without an answer the order stays open and is asked again.
                app.logger.info("not endorsed: %s", type(error).__name__)
        return redirect(f"/certificates/{person}")

    @app.get("/copies/<copy_id>.<fmt>")
    def download(copy_id: str, fmt: str) -> AnyResponse | tuple[str, int]:
        """Hand a copy's file out, its digest checked."""
        if fmt not in _MEDIA:
            abort(404)
        try:
            copy: Endorsement = desk.endorsement(copy_id)
            file: IssuedFile | None = copy.files.get(fmt)
            if file is None:
                abort(404)
            answer = app.response_class(desk.download(file), mimetype=_MEDIA[fmt])
        except ProblemError as problem:
            return _told(problem, language()), problem.status
        except ClientError as error:
            return _told(error, language()), 503
        answer.headers["Content-Disposition"] = f'attachment; filename="copy-{copy.copy_number}.{fmt}"'
        return answer

    @app.route("/platform", methods=["GET", "POST"])
    def verify() -> str:
        """Verify as a tendering platform does, and show what the change feed told."""
        report: Report | None = None
        problem = ""
        try:
            if request.method == "POST":
                file, text = request.files.get("file"), request.form.get("as_of", "")
                as_of = datetime.fromisoformat(text).replace(tzinfo=BEIJING) if text else None
                if file is None or not (content := file.read()):
                    raise ValueError
                report = platform.verify_file(content, as_of=as_of, upload=True)
            counter.follow(book, platform)
        except ClientError as error:
            problem = _told(error, language())
        except ValueError:
            problem = Words(
                "请选择 PDF 或 OFD 文件；时点写成 2026-12-31T09:30。",
                "Please choose a PDF or OFD file; an instant is like 2026-12-31T09:30.",
            ).spoken(language())
        return render_template("platform.html", report=report, problem=problem, news=counter.news(book))


def _number(book: Book, person: str) -> str:
    known = book.holder(person)
    if known is None:
        abort(404)
    return known[0]


def _told(error: ClientError, language: Language) -> str:
    """Say a failure to the visitor, with its code where it has one."""
    if isinstance(error, ProblemError):
        return f"{error.code}: {error.detail}"
    return _AWAY.spoken(language)
