"""Naughty strings in every field, and personal data where it must not be."""

from __future__ import annotations

import re
from typing import Any

import pytest
import structlog

from tests.web.site import AS_JSON, HTML, Site, path_of
from tests.world import JSON, NUMBER, a_resident_id

NAUGHTY = [
    "",
    " ",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "' OR 1=1 --",
    "%s%n%d",
    "../../etc/passwd",
    "\u202eabc",
    "\u200b",
    "\ufeff",
    "\ufffe",
    "\U0010ffff",
    "\ue000",
    "\x1b[31m",
    "a\r\nSet-Cookie: x=1",
    "Ω≈ç√∫˜µ",
    "田中さん",
    "👩‍👩‍👧",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙",
    "9" * 400,
    "张" * 5000,
    "\x00",
    "\ud800",
    "=cmd|' /C calc'!A0",
]


def fields(body: Any, trail: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """List the way to every text of a body."""
    if isinstance(body, dict):
        return [way for name, value in body.items() for way in fields(value, (*trail, name))]
    if isinstance(body, list):
        return [way for place, value in enumerate(body) for way in fields(value, (*trail, place))]
    return [trail]


def changed(body: Any, way: tuple[str | int, ...], value: object) -> Any:
    """Return a body with one value changed."""
    if not way:
        return value
    copy = dict(body) if isinstance(body, dict) else list(body)
    copy[way[0]] = changed(body[way[0]], way[1:], value)  # type: ignore[index]  # either kind
    return copy


def test_no_text_in_any_field_of_an_event_breaks_the_server(standing_site: Site) -> None:
    """Each refusal has its code; 515 such strings broke a well-known renderer 120 times."""
    body = standing_site.world.initial_body()
    codes = set()
    for way in fields(body):
        if way[-1] in {"photo", "signature"}:
            continue
        for text in NAUGHTY:
            event = changed(body, way, text) | (
                {"source_id": f"{way}{text}"[:200]} if way != ("source_id",) else {}
            )
            answer = standing_site.post("/api/v1/events", event)
            codes.add(answer.status_code)
            assert answer.status_code < 500, (way, text)
            assert "<script" not in answer.text or answer.mimetype != "text/html"

    assert {400, 422} <= codes


@pytest.mark.parametrize("accept", [HTML, AS_JSON], ids=["page", "json"])
def test_no_text_typed_by_the_public_breaks_the_server_or_becomes_markup(
    standing_site: Site, accept: dict[str, str]
) -> None:
    """Every public field and address."""
    for n, text in enumerate(NAUGHTY):
        safe = text.encode("utf-8", "surrogatepass")
        address = {"REMOTE_ADDR": f"192.0.2.{n}"}
        quoted = "".join(f"%{byte:02X}" for byte in safe)
        answers = [
            standing_site.client.get(f"/v/{quoted}", headers=accept),
            standing_site.client.get(f"/v/x?as_of={quoted}&lang={quoted}", headers=accept),
            standing_site.client.get(f"/static/{quoted}", headers=accept),
            standing_site.client.get(path_of(NUMBER) + quoted, headers={"X-API-Key": standing_site.key}),
        ]
        for form in ("code={}", "number={}&name={}", "number=x&name={}", "code=x&as_of={}", "{}={}"):
            answers.append(
                standing_site.client.post(
                    "/verify",
                    data=form.replace("{}", quoted),
                    content_type="application/x-www-form-urlencoded",
                    headers=accept,
                    environ_base=address,
                )
            )
        for answer in answers:
            assert answer.status_code < 500, (text, answer.request.path)
            assert "<script>alert" not in answer.text and "<img src=x" not in answer.text
            assert "Set-Cookie" not in answer.headers


def test_purpose_is_shown_as_text(site: Site) -> None:
    """Markup in a purpose is what the client wrote, not what the page obeys."""
    site.world.initial()
    copy = site.world.endorse(purpose='<b>投标</b> & "一"')

    page = site.client.get(f"/v/{copy['token']}", headers=HTML).text

    assert "&lt;b&gt;投标&lt;/b&gt; &amp; &#34;一&#34;" in page


def test_identity_number_is_in_no_answer_and_no_log_line(site: Site) -> None:
    """A canary in the one field nobody may see, over every call that tells of a holder."""
    body: JSON = site.world.initial_body()
    canary = body["holder"]["id_number"]
    assert canary == a_resident_id(site.world.today.replace(1985, 3, 7))
    with structlog.testing.capture_logs() as lines:
        answers = [site.post("/api/v1/events", body), site.post("/api/v1/events", body)]
        answers.append(site.post("/api/v1/events", changed(body, ("holder", "birth_date"), "1985-03-08")))
        endorsed = site.endorse()
        copy = endorsed.get_json()
        answers += [
            endorsed,
            site.endorse("other"),
            site.get(path_of(NUMBER)),
            site.get(path_of(NUMBER, "history")),
            site.get(path_of(canary)),
            site.get("/api/v1/expiring"),
            site.get(copy["files"]["pdf"]["url"]),
            site.get(f"/v/{canary}", **HTML),
            site.upload("/verify", site.world.file(copy), HTML),
            site.post("/api/v1/verifications", {"registration_number": canary, "name": canary}),
            site.client.post(
                "/verify", data={"number": canary, "name": canary, "as_of": canary}, headers=HTML
            ),
        ]

    for answer in answers:
        assert canary.encode() not in answer.data, answer.request.path
    assert canary not in str(lines)
    assert any(line["event"] == "answered" for line in lines)


def test_rare_characters_bring_their_own_font_inside_the_page(site: Site) -> None:
    """A phone without 𬭎 shows a box; a name in a font's address would end up in logs."""
    copy = site.issued(name="𬭎𫖯样本")
    page = site.client.post(f"/v/{copy['token']}", data={"name": "𬭎𫖯样本"}, headers=HTML)

    nonce = re.search(r"'nonce-([^']+)'", page.headers["Content-Security-Policy"])
    assert nonce is not None
    assert f'<style nonce="{nonce[1]}">@font-face' in page.text
    assert "data:font/woff;base64," in page.text
    assert "%F0%AC" not in page.text
