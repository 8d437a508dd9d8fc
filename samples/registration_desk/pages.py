"""The desk's pages: a small Flask program on this machine alone."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from certsvc.client import Client
from registration_desk import counter, office
from registration_desk.book import Application, Book
from registration_desk.business import BUSINESSES, LABELS, ApplicationError, check
from registration_desk.outbox import DELIVERIES, REMEDIES, Letter, deliver_again, deliver_due, letters
from registration_desk.pages_holder import add_holder_pages
from registration_desk.people import EMPLOYERS, PEOPLE, SPECIALTIES
from registration_desk.stages import ACTIONS, ROLES, STATES, Action, Role, StageError, State, actions
from registration_desk.words import Language, Words

PLAYED: Final = (Role.PERSON, Role.ENTERPRISE, Role.PROVINCE, Role.MINISTRY)
WAY: Final = (State.SUBMITTED, State.CONFIRMED, State.ACCEPTED, State.APPROVED)
LARGEST: Final = 11 * 1024 * 1024
"""Bytes of a form; a certificate to verify is 10 MB at most."""
_PAUSE_S: Final = 1.0


def create_desk(book: Book, desk: Client, platform: Client) -> Flask:
    """Return the desk as a Flask program.

    Args:
        book: of the desk.
        desk: client with issue, endorse and read.
        platform: client with verify: another institution, played on the same pages.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST

    app.jinja_env.filters["beijing"] = lambda text: _beijing(text, language())

    @app.before_request
    def refuse_strangers() -> None:
        """Take forms from our own pages alone: any page in the same browser could send one."""
        origin = request.headers.get("Origin")
        if request.method == "POST" and origin is not None and urlsplit(origin).netloc != request.host:
            abort(403)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.context_processor
    def common() -> dict[str, object]:
        lang = language()
        return {
            "zh": lang == "zh",
            "say": lambda words: words.spoken(lang),
            "role": role(),
            "played": PLAYED,
            "ROLES": ROLES,
            "STATES": STATES,
            "ACTIONS": ACTIONS,
            "BUSINESSES": BUSINESSES,
            "LABELS": LABELS,
            "PEOPLE": PEOPLE,
            "EMPLOYERS": EMPLOYERS,
            "SPECIALTIES": SPECIALTIES,
            "path": request.path,
        }

    @app.get("/desk.css")
    def style() -> AnyResponse:
        return app.response_class((app.open_resource("desk.css")).read(), mimetype="text/css")

    @app.post("/switch")
    def switch() -> AnyResponse:
        """Become somebody else, or read another language."""
        answer = redirect("/")
        for name, allowed in (("role", [str(one) for one in PLAYED]), ("lang", ["zh", "en"])):
            if (value := request.form.get(name)) in allowed:
                answer.set_cookie(name, str(value), samesite="Strict", httponly=True)
        return answer

    @app.get("/")
    def home() -> str:
        """Show what is to do for this role, and the progress of everything (进度查询)."""
        all_ = book.applications()
        mine = [one for one in all_ if actions(one.state, role())]
        return render_template("home.html", mine=mine, all=all_, letters=_newest(book), DELIVERIES=DELIVERIES)

    @app.route("/apply/<kind>", methods=["GET", "POST"])
    def apply(kind: str) -> str | tuple[str, int] | AnyResponse:
        """Fill in an application; ``again`` names one that was returned."""
        if kind not in BUSINESSES:
            abort(404)
        again = request.values.get("again", type=int)
        before = _application(book, again) if again is not None else None
        if before is not None and before.kind != kind:
            abort(404)
        said = dict(before.said) if before is not None else {"qualification": "样本资格证书"}
        person = before.person if before is not None else "p1"
        faults: Mapping[str, Words] = {}
        if request.method == "POST":
            said = {name: request.form.get(name, "") for name in BUSINESSES[kind].fields}
            person = before.person if before is not None else request.form.get("person", "")
            try:
                if before is None:
                    number = office.apply(book, kind, person, said)
                else:
                    check(kind, person, said)
                    book.rewrite(before.id, said)
                    office.submit(book, number := before.id)
                return redirect(f"/applications/{number}")
            except ApplicationError as error:
                faults = error.faults
            except StageError:
                abort(409)
        page = render_template(
            "apply.html", business=BUSINESSES[kind], said=said, person=person, faults=faults, again=again
        )
        return (page, 422) if faults else page

    @app.get("/applications/<int:number>")
    def application(number: int) -> str:
        return _application_page(number, {})

    @app.post("/applications/<int:number>/<action>")
    def act(number: int, action: str) -> str | tuple[str, int] | AnyResponse:
        """Do what this role may do with an application."""
        _application(book, number)
        try:
            _act(book, number, role(), action, request.form)
        except ApplicationError as error:
            return _application_page(number, error.faults), 422
        except (StageError, ValueError):
            abort(409)
        return redirect(f"/applications/{number}")

    @app.post("/letters/<int:letter>/again")
    def again(letter: int) -> AnyResponse:
        """Put a held letter back."""
        if letter not in {one.id for one in letters(book)}:
            abort(404)
        deliver_again(book, letter)
        return redirect(f"/applications/{request.form.get('application', type=int)}")

    def _application_page(number: int, faults: Mapping[str, Words]) -> str:
        one = _application(book, number)
        return render_template(
            "application.html",
            one=one,
            faults=faults,
            may=actions(one.state, role()),
            way=WAY,
            track=book.track(number),
            letters=letters(book, number),
            DELIVERIES=DELIVERIES,
            REMEDIES=REMEDIES,
            today=datetime.now(office.BEIJING).date().isoformat(),
        )

    add_holder_pages(app, book, desk, platform, language)
    return app


def language() -> Language:
    """Return the visitor's language."""
    return "en" if request.cookies.get("lang") == "en" else "zh"


def role() -> Role:
    """Return whom the visitor plays."""
    chosen = request.cookies.get("role", "")
    return Role(chosen) if chosen in PLAYED else Role.PERSON


def serve_desk(book: Book, desk: Client, platform: Client, port: int) -> None:
    """Serve on this machine alone, with an outbox worker beside it, until interrupted."""

    def work() -> None:
        while not ended.wait(_PAUSE_S):
            deliver_due(book, desk)
            counter.finish_orders(book, desk)

    ended = threading.Event()
    worker = threading.Thread(target=work, name="outbox", daemon=True)
    worker.start()
    try:
        create_desk(book, desk, platform).run("127.0.0.1", port, threaded=True)
    finally:
        ended.set()
        worker.join(timeout=30)


def _beijing(text: str, language: Language) -> str:
    """Write an instant as people here read it."""
    instant = datetime.fromisoformat(text).astimezone(office.BEIJING)
    return f"{instant:%Y-%m-%d %H:%M:%S} {'北京时间' if language == 'zh' else 'Beijing'}"


def _application(book: Book, number: int) -> Application:
    try:
        return book.application(number)
    except (KeyError, OverflowError):
        # A number that SQLite cannot hold is as unknown as any other.
        abort(404)


def _newest(book: Book) -> dict[int, Letter]:
    """Return the newest letter of each application."""
    return {letter.application: letter for letter in letters(book)}


def _act(book: Book, number: int, who: Role, action: str, form: Mapping[str, str]) -> None:
    """Do it, when the role may."""
    wanted = Action(action)
    if wanted is Action.RETURN:
        office.send_back(book, number, who, form.get("note", ""))
    elif (who, wanted) == (Role.ENTERPRISE, Action.CONFIRM):
        office.confirm(book, number)
    elif (who, wanted) == (Role.PROVINCE, Action.ACCEPT):
        office.accept(book, number)
    elif (who, wanted) == (Role.MINISTRY, Action.APPROVE):
        given = form.get("granted_on", "")
        office.approve(book, number, granted_on=date.fromisoformat(given) if given else None)
    else:
        raise StageError(f"{who} does not {action}")
