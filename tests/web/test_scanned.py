"""The short way to a scanned token's page says, byte for byte, what the long ways say."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from werkzeug.test import Client, TestResponse

from certsvc.cli.logs import AnsweredLines, configure_logs
from certsvc.domain.report import Report, Status
from certsvc.registry.sql import SQLRegistry
from certsvc.verification.question import Question
from certsvc.verification.resolve import Resolution, resolve, resolve_each
from certsvc.verification.scan import scan
from certsvc.web.prepared import ReportPages
from certsvc.web.record_page import RecordPages
from certsvc.web.report_page import Unmasking, report_context
from certsvc.web.scanned import Scanned
from tests.factories import FixedClock
from tests.verification.history import History
from tests.web.site import AS_JSON, HTML, Site
from tests.world import World, settings_in

SEEDS = (3, 7)
STEPS = 220
FRESH = ("X-Request-Id", "Content-Security-Policy")


@pytest.fixture(scope="module", params=SEEDS)
def lived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, dev_keys: Path) -> Lived:
    """Let a register live for a while: copies in every state, registrations changed, suspended and ended."""
    folder = tmp_path_factory.mktemp("lived")
    site = Site(World(settings_in(folder / "var", dev_keys), FixedClock()))
    history = History(site.world, request.param)
    while len(history.tokens) < 25 or history.refused < 5:
        for _ in range(STEPS // 4):
            history.step()
    return Lived(site, history.tokens)


class Lived:
    """A site with tokens that were handed out."""

    def __init__(self, site: Site, tokens: list[str]) -> None:
        self.site = site
        self.tokens = tokens
        short = site.app.wsgi_app
        assert isinstance(short, Scanned)
        self.short = Client(short)
        self.long = Client(short.application)

    def both(self, path: str, headers: Mapping[str, str]) -> tuple[TestResponse, TestResponse]:
        """Ask both ways."""
        return self.short.get(path, headers=headers), self.long.get(path, headers=headers)

    def reports(self) -> Iterator[Report]:
        """Judge every copy."""
        for token in self.tokens:
            yield self.site.world.verify(token=token)


def _plain(answer: TestResponse) -> tuple[int, dict[str, str], bytes]:
    """Return an answer without what is drawn afresh for each."""
    headers = {name: value for name, value in answer.headers.items() if name not in FRESH}
    nonce = re.search(r"'nonce-([\w-]+)'", answer.headers["Content-Security-Policy"])
    return answer.status_code, headers, answer.data.replace(nonce[1].encode() if nonce else b"\0", b"NONCE")


@pytest.mark.parametrize("accept", [HTML, AS_JSON, {}], ids=["html", "json", "any"])
@pytest.mark.parametrize("query", ["", "?lang=en"])
def test_answers_are_the_framework_s_own(lived: Lived, accept: Mapping[str, str], query: str) -> None:
    """Two ways to one page must not come to differ in a header or a word."""
    for token in lived.tokens:
        for path in (f"/v/{token}{query}", f"/c/{token.lower()}{query}"):
            short, long = lived.both(path, accept)
            assert _plain(short) == _plain(long)
            policies = [answer.headers["Content-Security-Policy"] for answer in (short, long)]
            assert len({re.sub(r"'nonce-[\w-]+'", "", policy) for policy in policies}) == 1


def test_statuses_of_a_lived_register_are_all_there(lived: Lived) -> None:
    """A comparison over valid certificates alone would compare little."""
    statuses = {report.status for report in lived.reports()}

    assert statuses >= {Status.VALID, Status.SUPERSEDED} and len(statuses) >= 4


def test_one_statement_finds_what_many_look_ups_find(lived: Lived) -> None:
    """Report and entry are equal, fact by fact, also while the newest copy is being made or has failed."""
    services = lived.site.world.services
    now = services.clock.now()
    for token in (*lived.tokens, "0" * 26):
        scanned = scan(Question(token=token), services.settings.public_url)
        short = resolve(scanned, services.registry, services.kinds, as_of=now, now=now)
        (long,) = resolve_each([(scanned, now)], services.registry, services.kinds, now=now)
        assert _unopened(short) == _unopened(long)


def _unopened(found: Resolution) -> Resolution:
    """Return what was found without ID numbers: no page needs one, so the short way opens none."""
    if found.entry is None:
        return found
    events = [
        replace(event, holder=event.holder and replace(event.holder, id_number=None))
        for event in found.entry.events
    ]
    return replace(found, entry=replace(found.entry, events=tuple(events)))


def test_prepared_pages_are_what_the_template_makes(lived: Lived) -> None:
    """What is put in place of a mark must stand there as the engine would have written it."""
    held = lived.site.app.extensions["certsvc.report_pages"]
    assert isinstance(held, ReportPages)
    issuer_name = lived.site.world.settings.issuer_name
    for report in lived.reports():
        for lang in ("zh", "en"):
            for unmasking in (None, Unmasking(action="/v/<&'\">"), Unmasking(action="/v/x", differs=True)):
                context = report_context(
                    report, full=False, unmasking=unmasking, lang=lang, issuer_name=issuer_name
                )
                whole = held.rendered(context, lang, of_address=True, nonce="n")
                made = held.page(
                    report, full=False, unmasking=unmasking, lang=lang, of_address=True, nonce="n"
                )
                assert made == whole


def test_usual_pages_are_filled_in_without_the_template(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever state a record is in: a page that falls back each time would be as right, and slow."""
    pages = RecordPages(
        lived.site.app.extensions["certsvc.report_pages"], lived.site.app.extensions["certsvc.assets"]
    )
    monkeypatch.setattr(ReportPages, "page", lambda *_, **__: pytest.fail("made from end to end"))
    for report in lived.reports():
        for lang in ("zh", "en"):
            assert pages.page(report, action="/v/x", lang=lang, nonce="n").startswith(b"<!")


def test_judge_says_the_same_check_by_check(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands around a record's own findings is remembered; asking check by check must give no other."""
    quick = list(lived.reports())
    monkeypatch.setattr("certsvc.domain.findings._around", lambda *_: None)

    assert quick == list(lived.reports())


@pytest.mark.usefixtures("logging_as_before")
def test_line_of_a_page_is_the_logger_s_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reads the log must not have to know two forms."""
    configure_logs("INFO")
    structlog.get_logger("certsvc.access").info(
        "answered", endpoint="public.show", method="GET", status=200, ms=1.5, request_id="a-b"
    )
    lines = AnsweredLines()
    lines.answered("public.show", "GET", 200, 1.5, "a-b")
    lines.write()

    logger, page = capsys.readouterr().err.splitlines()
    assert list(json.loads(logger)) == list(json.loads(page))
    moment = re.compile(r'"at": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"')
    assert moment.sub("", logger) == moment.sub("", page) != page


def test_lines_of_pages_come_together_and_none_is_lost_or_torn(capsys: pytest.CaptureFixture[str]) -> None:
    """Workers share one pipe, which keeps pieces of 4,096 bytes whole; and an end leaves nothing behind."""
    lines = AnsweredLines()
    written: list[str] = []
    with ThreadPoolExecutor(4) as pool:
        for number in range(100):
            pool.submit(lines.answered, "public.show", "GET", 200, 12345.6, f"{uuid.UUID(int=number)}")
    held = AnsweredLines()
    for number in range(16):
        written.append(capsys.readouterr().err)
        held.answered("public.show", "GET", 200, 12345.6, f"{uuid.UUID(int=100 + number)}")
    together = capsys.readouterr().err
    lines.stop()
    lines.answered("public.show", "GET", 200, 1.0, f"{uuid.UUID(int=200)}")

    assert not any(written[1:]) and together.count("\n") == 16 and len(together.encode()) <= 4096
    ids = [json.loads(line)["request_id"] for line in (written[0] + capsys.readouterr().err).splitlines()]
    assert sorted(uuid.UUID(one).int for one in ids) == [*range(100), 200]


def test_no_id_and_no_nonce_comes_twice(lived: Lived) -> None:
    """Their octets are drawn for many pages at once, and each is given out once."""
    answers = [lived.short.get(f"/v/{lived.tokens[0]}", headers=HTML) for _ in range(150)]

    ids = {answer.headers["X-Request-Id"] for answer in answers}
    nonces = {answer.headers["Content-Security-Policy"] for answer in answers}
    assert len(ids) == len(nonces) == 150
    assert all(str(uuid.UUID(one)) == one and uuid.UUID(one).version == 4 for one in ids)


def test_names_that_need_escaping_and_a_font_of_their_own(site: Site) -> None:
    """Characters of the template language, and ones no static font has, come out as the engine has them."""
    token = site.issued(name="𬭎样本", employer={"name": "示例<b>&'\"𫖯公司", "uscc": "91990000MA0000015Q"})[
        "token"
    ]
    held = site.app.extensions["certsvc.report_pages"]
    report = site.world.verify(token=token)
    context = report_context(report, full=False, unmasking=None, lang="zh", issuer_name="示例")

    made = held.page(report, full=False, unmasking=None, lang="zh", of_address=True, nonce="n")

    assert made == held.rendered(context, "zh", of_address=True, nonce="n")
    assert "示例&lt;b&gt;&amp;&#39;&#34;𫖯公司" in made and 'font-family:"page-0"' in made


def test_looked_up_is_counted_once_either_way(lived: Lived) -> None:
    """A page that came the short way is a look-up like any other; one that passes on is not two."""
    token, lookups = lived.tokens[0], lived.site.world.services.lookups
    lookups.flush()
    before = _count(lived, token)

    lived.short.get(f"/v/{token}", headers=HTML)
    lived.short.get(f"/v/{token}?as_of=", headers=HTML)
    lookups.flush()

    assert _count(lived, token) == before + 2


def _count(lived: Lived, token: str) -> int:
    with lived.site.world.services.registry.reading() as session:
        copy = session.find_copy_by_token(token)
        assert copy is not None
        return sum(session.lookups_of(copy.registration_id).values())


def test_damage_shows_on_the_short_way(site: Site) -> None:
    """A row edited by hand is found out by the one statement as by many, whichever row it is."""
    token = site.issued()["token"]
    registry = site.world.services.registry
    assert isinstance(registry, SQLRegistry)
    for table, column in (
        ("copy", "purpose"),
        ("certificate_version", "face"),
        ("event", "payload"),
        ("client", "created_at"),
    ):
        assert site.client.get(f"/v/{token}", headers=AS_JSON).status_code == 200
        with registry.database.engine.connect() as connection:
            (old,) = connection.exec_driver_sql(f"SELECT {column} FROM {table}").one()
            connection.exec_driver_sql(f"UPDATE {table} SET {column} = ?", (f"{old[:-2]}1Z",))
            answer = site.client.get(f"/v/{token}", headers=AS_JSON)
            connection.exec_driver_sql(f"UPDATE {table} SET {column} = ?", (old,))

        body = answer.get_json()
        assert (answer.status_code, body["status"]) == (503, "UNAVAILABLE"), table
        assert {one["code"] for one in body["findings"]} >= {"RECORD_DAMAGED"}, table
