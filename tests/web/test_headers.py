"""Headers every answer carries, and what pages may load."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from certsvc.web.app import create_app
from certsvc.wiring import build
from tests.web.site import HTML, Site
from tests.world import World

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


def answers(site: Site) -> list[tuple[str, TestResponse]]:
    """Call every route of the application once with every method, as browser and as program."""
    found = []
    for rule in site.app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        for method in sorted(rule.methods or ()):
            for accept in ("text/html", "application/json"):
                headers = {"Accept": accept, "X-API-Key": site.key}
                found.append((f"{method} {path}", site.client.open(path, method=method, headers=headers)))
    return found


def test_every_route_is_hardened(standing_site: Site) -> None:
    """One forgotten route is enough for a page in somebody's frame."""
    called = answers(standing_site)

    assert len(called) > 60
    for name, answer in called:
        # Told no referrer, browsers leave out where a form comes from; forms behind logins are checked by it.
        policy = "same-origin" if " /desk" in name else "strict-origin" if " /my" in name else None
        own = {} if policy is None else {"Referrer-Policy": policy}
        assert {**ALWAYS, **own}.items() <= dict(answer.headers).items(), name
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'"), name
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], name
        assert answer.headers["Permissions-Policy"] and answer.headers["X-Request-Id"], name
        asked = not name.startswith("OPTIONS")
        published = asked and "/.well-known/" in name and answer.status_code == 200
        kept = answer.headers["Cache-Control"]
        lasting = "public, max-age=([236]|[36]0|31536000, immutable)"
        assert re.fullmatch(lasting, kept) if published else kept == "no-store", name
        assert answer.status_code < 500, name


def test_every_error_of_every_route_is_a_problem_or_a_page(standing_site: Site) -> None:
    """problem+json everywhere, except to a browser on a public address."""
    for name, answer in answers(standing_site):
        if answer.status_code >= 400 and not name.startswith("HEAD"):
            expected = {"application/problem+json", "text/html"}
            if any(part in name.lower() for part in ("/v/", "/c/")):
                expected.add("application/json")  # an unknown token: the report
            assert answer.mimetype in expected, name


def test_static_files_are_kept_for_ever_and_named_by_their_hash(standing_site: Site) -> None:
    """A changed style has another address, so no phone shows the old one."""
    page = standing_site.client.get("/verify", headers=HTML).text
    urls = set(re.findall(r"/static/[^\"']+", page))

    assert {url.rpartition(".")[2] for url in urls} == {"css", "js", "svg", "woff"}
    for url in urls:
        answer = standing_site.client.get(url)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert re.search(r"\.[0-9a-f]{16}\.", url)


def test_nonce_is_new_for_every_answer(standing_site: Site) -> None:
    """A nonce used twice is none."""
    policies = {
        standing_site.client.get("/verify", headers=HTML).headers["Content-Security-Policy"] for _ in range(5)
    }

    assert len(policies) == 5


def test_pages_ask_nobody_else_and_only_the_asking_one_has_a_script(site: Site) -> None:
    """They work without JavaScript and tell no third party who verifies what; nothing runs inline."""
    copy = site.issued(name="𬭎𫖯样本")
    pages = [
        site.client.get(path, headers=HTML).text
        for path in ("/verify", f"/v/{copy['token']}", f"/v/{'0' * 26}", "/nothing")
    ]

    assert [page.count("<script") for page in pages] == [1, 0, 0, 0]
    assert re.search(r'<script type="module" nonce="[\w-]+" src="/static/[^"]+"[^>]*></script>', pages[0])
    for page in pages:
        assert "style=" not in page
        assert not re.findall(r"(?:src|href|action)=\"(?:https?:)?//", page)
        assert not re.findall(r"\son\w+=", page)


def test_docs_page_uses_files_of_this_server(standing_site: Site) -> None:
    """No CDN sees who reads the documentation, and none can change it."""
    answer = standing_site.client.get("/docs")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', answer.text)

    assert all(url.startswith(("/static/", "/openapi.json")) for url in loaded)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "<script>" not in answer.text
    assert all(standing_site.client.get(url).status_code == 200 for url in loaded)


@pytest.mark.parametrize(("scheme", "expected"), [("https", True), ("http", False)])
def test_hsts_only_where_the_public_address_is_https(world: World, scheme: str, expected: bool) -> None:
    """On http it is ignored at best."""
    settings = world.settings.model_copy(update={"public_url": f"{scheme}://verify.example.cn"})
    client = create_app(build(settings, world.clock)).test_client()

    assert ("Strict-Transport-Security" in client.get("/healthz").headers) is expected
