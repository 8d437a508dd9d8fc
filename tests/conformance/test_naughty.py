"""Strings that broke other systems, typed into every field that takes text."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_from_bytes

import pypdfium2
import pytest
import structlog
from markupsafe import escape
from werkzeug.test import TestResponse

from certsvc.ofd.read_container import read_container
from certsvc.ofd.text import texts_of
from tests.conformance.naughty import NAUGHTY
from tests.drills import record, some
from tests.factories import FixedClock
from tests.web.site import AS_JSON, HTML, Site, body_of, path_of
from tests.web.test_hostile import changed, fields
from tests.world import JSON, World, a_resident_id, settings_in

UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Categories of what nobody sees; not unassigned ones: this Python is older than the newest hanzi."""
_FORM: Final = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Iterator[Site]:
    """Make one site for everything that is typed here."""
    folder = tmp_path_factory.mktemp("naughty")
    (folder / "var").mkdir()
    (folder / "var" / "cache").symlink_to(font_cache)
    with structlog.testing.capture_logs():
        yield Site(World(settings_in(folder / "var", dev_keys), FixedClock()))


def somebody(site: Site, order: int) -> JSON:
    """Return an initial event of a new person with every text it may hold."""
    body = site.world.initial_body(f"京11120202022{order:05}", birth_date=site.world.today.replace(1985))
    born = site.world.today.replace(1985) + timedelta(days=order)
    body["holder"] |= {"birth_date": born.isoformat(), "id_number": a_resident_id(born, 1 + order % 400)}
    body["specialties"][0]["valid_to"] = (site.world.today + timedelta(days=100)).isoformat()
    return body | {"override_reason": "按原证书", "former_numbers": [f"京1110507{order:05}"]}


def judged(answer: TestResponse, text: str, counts: Counter[int]) -> TestResponse:
    """Check what holds for any answer: no server error, no markup of the caller's, no header of theirs."""
    counts[answer.status_code] += 1
    assert answer.status_code < 500, (text, answer.request.path)
    assert "Set-Cookie" not in answer.headers
    if answer.mimetype == "text/html":
        assert not any(mark in text and text in answer.text for mark in "<>\"'"), (text, answer.request.path)
    elif answer.data:
        assert "json" in str(answer.mimetype), answer.request.path
    return answer


def test_no_text_in_an_event_breaks_anything(typed: Site) -> None:
    """Each is refused with its code or kept as text; whoever is recorded can be read."""
    template = somebody(typed, 0)
    ways = [way for way in fields(template) if way[-1] not in {"photo", "signature"}]
    pairs = some([(way, text) for way in ways for text in NAUGHTY], "naughty events", least=400)
    counts: Counter[int] = Counter()
    for order, (way, text) in enumerate(pairs):
        body = changed(somebody(typed, order), way, text)
        if judged(typed.post("/api/v1/events", body), text, counts).status_code == 201:
            assert isinstance(body, dict)
            held = typed.get(path_of(body["registration_number"]))
            assert judged(held, text, Counter()).status_code == 200
            judged(typed.get(path_of(body["registration_number"], "history")), text, Counter())
    for order, text in enumerate(some(NAUGHTY, "naughty reasons", least=40)):
        for part in ({"code": text, "text": "x"}, {"code": "x", "text": text}):
            event = typed.world.event("suspend", f"京11120202022{order:05}", reason=part)
            judged(typed.post("/api/v1/events", event), text, counts)
    record("naughty in events", requests=sum(counts.values()), recorded=counts[201], server_errors=0)

    assert counts[201] > 20 and counts[400] > 5 and counts[422] > 200


def test_no_text_as_purpose_or_key_breaks_a_copy(typed: Site) -> None:
    """What is taken as a purpose is printed letter for letter, shown as text, and seen whole."""
    counts: Counter[int] = Counter()
    for order, text in enumerate(some(NAUGHTY, "naughty purposes", least=60), 5000):
        body = somebody(typed, order)
        del body["specialties"][0]["valid_to"], body["override_reason"]
        assert typed.post("/api/v1/events", body).status_code == 201
        number = body["registration_number"]
        answer = judged(typed.endorse(f"k{order}", number, text), text, counts)
        if answer.status_code == 201:
            _check_copy(typed, body_of(answer), text)
        key = text.encode("utf-8", "surrogatepass").decode("latin-1")
        if not set("\r\n") & set(key):  # the client itself refuses to send those
            judged(typed.endorse(key, number), text, counts)
    record("naughty purposes", requests=sum(counts.values()), printed=counts[201], server_errors=0)

    assert counts[201] > 10 and counts[400] > 0 and counts[422] > 20


def _check_copy(site: Site, copy: JSON, text: str) -> None:
    """Look at a copy's files and page."""
    pdf, ofd = (site.get(copy["files"][fmt]["url"]).data for fmt in ("pdf", "ofd"))
    document = pypdfium2.PdfDocument(pdf)
    by_format = [document[0].get_textpage().get_text_bounded()]
    document.close()
    by_format.append("".join(shown.text for shown in texts_of(read_container(ofd))))
    purpose = copy["purpose"]
    assert [char for char in purpose if unicodedata.category(char) in UNSEEN] == []
    for printed in by_format:
        assert _dense(purpose) in _dense(printed), text
        assert [char for char in printed if unicodedata.category(char) in UNSEEN - {"Cc"}] == []
    page = judged(site.client.get(f"/v/{copy['token']}", headers=HTML), text, Counter()).text
    assert str(escape(purpose)) in page


def _dense(text: str) -> str:
    """Return *text* without the blanks, which a line break may take the place of."""
    return "".join(text.split())


def test_no_text_in_a_question_breaks_the_verifier(typed: Site) -> None:
    """Platforms pass on what people typed."""
    names = ("qr", "code", "sha256", "specialty", "as_of", "registration_number", "name", "receipt")
    counts: Counter[int] = Counter()
    for name, text in some([(name, text) for name in names for text in NAUGHTY], "questions", least=300):
        questions: list[dict[str, Any]] = [{name: text}]
        if name in {"registration_number", "name"}:
            questions = [{"registration_number": "京1112020202200000", "name": "某"} | {name: text}]
        elif name in {"specialty", "as_of", "receipt"}:
            questions = [{"qr": "x", name: text}, {"code": "0000-0000-0000", name: text}]
        elif name == "qr":
            questions.append({"qr": f"http://127.0.0.1:8000/V/{text}"})
        for question in questions:
            judged(typed.post("/api/v1/verifications", question), text, counts)
    for text in some(NAUGHTY, "uploads", least=20):
        if "\r" not in text and "\n" not in text and '"' not in text and text.isprintable():
            for small in ({"specialty": text}, {"as_of": text}, {text: "x"}, {"receipt": text}):
                judged(typed.upload("/api/v1/verifications", b"%PDF-1.7", None, **small), text, counts)
    record("naughty questions", requests=sum(counts.values()), server_errors=0)

    assert counts[200] > 100 and counts[422] > 50


def test_no_text_of_the_public_breaks_a_page(typed: Site) -> None:
    """Addresses and forms, as page and as JSON; nothing typed comes back as markup."""
    counts: Counter[int] = Counter()
    forms = ("code={}", "number={}&name=x", "number=x&name={}", "code=x&as_of={}", "{}={}", "file={}")
    addresses = ("/v/{}", "/V/{}", "/v/x?as_of={}&lang={}", "/verify?{}={}", "/static/{}", "/{}")
    for order, text in enumerate(some(NAUGHTY, "public", least=30)):
        typed_text = quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="")
        for accepted in (HTML, AS_JSON):
            for form in forms:
                judged(
                    typed.client.post(
                        "/verify",
                        data=form.replace("{}", typed_text),
                        content_type=_FORM,
                        headers=accepted,
                        environ_base={"REMOTE_ADDR": f"198.51.100.{order % 250}"},
                    ),
                    text,
                    counts,
                )
            for address in addresses:
                path = address.replace("{}", typed_text)
                judged(typed.client.get(path, headers=accepted), text, counts)
            name = f"name={typed_text}"
            where = {"REMOTE_ADDR": f"203.0.113.{order % 250}"}
            answer = typed.client.post(
                "/v/x", data=name, content_type=_FORM, headers=accepted, environ_base=where
            )
            judged(answer, text, counts)
    for text in some(NAUGHTY, "numbers", least=60):
        typed_text = quote(text.encode("utf-8", "surrogatepass"), safe="")
        for rest in ("", "/history", "/original.pdf", "?as_of=x"):
            judged(typed.get(f"/api/v1/registrations/{typed_text}{rest}"), text, counts)
        judged(typed.get(f"/api/v1/endorsements/{typed_text}"), text, counts)
        judged(typed.get(f"/api/v1/expiring?cursor={typed_text}&within_days={typed_text}"), text, counts)
    record("naughty addresses and forms", requests=sum(counts.values()), server_errors=0)

    assert counts[200] > 100 and counts[404] > 100 and counts[422] > 50


def test_register_holds_nothing_nobody_sees(typed: Site) -> None:
    """After all of the above: every text in every column, JSON inside texts unfolded."""
    texts = 0
    with closing(sqlite3.connect(Path(typed.world.settings.data_dir) / "registry.db")) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    for text in _texts(value):
                        texts += 1
                        unseen = [hex(ord(char)) for char in text if unicodedata.category(char) in UNSEEN]
                        assert unseen == [], (table, text)
    record("naughty texts stored", texts=texts)

    assert texts > 1000


def _texts(value: object) -> Iterator[str]:
    """Yield the texts in a value; a text that is JSON is unfolded, as escapes would hide what it holds."""
    if isinstance(value, str):
        # A sealed text begins with a character that no text in it can have; what follows is to be seen.
        value = value.removeprefix("\x01")
        try:
            inner = json.loads(value)
        except ValueError:
            yield value
            return
        if isinstance(inner, dict | list):
            yield from _texts(inner)
        else:
            yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)
