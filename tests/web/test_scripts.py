"""Pages with a script: what they may do, what they carry, and the form field only the script fills in."""

from __future__ import annotations

import base64
import io
import json
import re

import pytest
from PIL import Image

from tests.web.site import AS_JSON, HTML, Site, body_of
from tests.web.test_public import heading, tone
from tests.world import JSON

NAME = "样本甲"


@pytest.fixture
def copy(site: Site) -> JSON:
    """Issue one endorsed copy."""
    return site.issued(name=NAME)


def policy_of(site: Site, path: str) -> dict[str, str]:
    """Return the policy of a page, by directive."""
    answer = site.client.get(path, headers=HTML)
    parts = answer.headers["Content-Security-Policy"].split("; ")
    return {name: rest for name, _, rest in (part.partition(" ") for part in parts)}


@pytest.mark.parametrize("path", ["/verify", "/offline"])
def test_scripts_run_by_nonce_alone(standing_site: Site, path: str) -> None:
    """Whatever somebody might get into a page, or upload to this host, has no nonce."""
    page = standing_site.client.get(path, headers=HTML)
    policy = page.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'nonce-([\w-]+)'(;|$)", policy)

    assert nonce is not None
    tags = re.findall(r"<script ([^>]*)>", page.text)
    assert tags
    for tag in tags:
        assert f'nonce="{nonce[1]}"' in tag or 'type="application/json"' in tag
    assert "unsafe" not in policy
    assert "camera=(self)" in page.headers["Permissions-Policy"]


def test_only_pages_that_scan_may_use_the_camera(standing_site: Site) -> None:
    """A page that shows somebody's record asks for nothing."""
    for path in (f"/v/{'0' * 26}", "/docs", "/nothing"):
        assert "camera=()" in standing_site.client.get(path, headers=HTML).headers["Permissions-Policy"]


def test_form_that_comes_back_may_scan_again(standing_site: Site) -> None:
    """The page of a wrong entry is the same page."""
    answer = standing_site.client.post("/verify", data={"code": ""}, headers=HTML)

    assert answer.status_code == 422
    assert "script-src 'nonce-" in answer.headers["Content-Security-Policy"]


def test_offline_page_reaches_nothing(standing_site: Site) -> None:
    """No connection, no form, no frame: not even to us. The copy on a disk carries the rule in itself."""
    policy = policy_of(standing_site, "/offline")
    page = standing_site.client.get("/offline", headers=HTML).text

    assert policy["default-src"] == policy["form-action"] == "'none'"
    assert {"connect-src", "frame-src", "worker-src"}.isdisjoint(policy)
    inside = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert inside is not None and inside[1].startswith("default-src 'none'")
    assert "connect-src" not in inside[1]
    assert not re.search(
        r'(?:src|href)="(?!data:|#|/offline|\?lang|http://127\.0\.0\.1:8000/verify)', page.split("<script")[0]
    )
    assert len(re.findall(r"</script", page)) == len(re.findall(r"<script", page)) == 4


def test_offline_page_carries_the_bundle_of_now(site: Site, copy: JSON) -> None:
    """The very document that is published for programs."""
    page = site.client.get("/offline", headers=HTML).text
    found = re.search(r'id="bundle">([^<]*)</script>', page)
    assert found is not None

    assert json.loads(found[1]) == body_of(site.client.get("/.well-known/certsvc/bundle.json"))


def test_qr_field_leads_to_the_record_masked(site: Site, copy: JSON) -> None:
    """A symbol shows a stranger what its address shows, and the name can be typed there."""
    page = site.client.post("/verify", data={"qr": copy["verify_url"]}, headers=HTML).text

    assert tone(page) == "record" and NAME not in page
    assert f'action="/v/{copy["token"]}' in page


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("https://evil.example/v/x", "FOREIGN_DOMAIN"),
        ("http://127.0.0.l:8000/v/" + "0" * 26, "HOMOGLYPH_DOMAIN"),
        ("javascript:alert(1)", "FOREIGN_DOMAIN"),
        ("anything", "MALFORMED_QR"),
    ],
)
def test_qr_field_names_a_strange_symbol(standing_site: Site, text: str, code: str) -> None:
    """The text never comes back as a link, nor at all."""
    report = body_of(standing_site.client.post("/verify", data={"qr": text}, headers=AS_JSON))
    page = standing_site.client.post("/verify", data={"qr": text}, headers=HTML).text

    assert code in {finding["code"] for finding in report["findings"]}
    assert text not in page
    assert tone(page) == "refused"


def test_qr_field_has_the_length_of_a_symbol(standing_site: Site) -> None:
    """The longest symbol there is, and one more."""
    lengths = {
        size: standing_site.client.post("/verify", data={"qr": "x" * size}, headers=HTML).status_code
        for size in (4296, 4297)
    }

    assert lengths == {4296: 200, 4297: 422}


def test_photo_is_shown_small_and_to_nobody_who_lacks_the_name(site: Site, copy: JSON) -> None:
    """The face is what a paper is compared by; a stranger who photographed the symbol has no right to it."""
    address = f"/v/{copy['token']}"
    stranger = site.client.get(address, headers=HTML).text
    guess = site.client.post(address, data={"name": "样本乙"}, headers=HTML).text
    knowing = site.client.post(address, data={"name": NAME}, headers=HTML).text
    holding = site.upload("/verify", site.world.file(copy), HTML).text

    assert "data:image/jpeg" not in stranger + guess
    for page in (knowing, holding):
        found = re.search(r'<img class="photo" src="data:image/jpeg;base64,([^"]+)" alt="[^"]+">', page)
        assert found is not None
        content = base64.b64decode(found[1])
        image = Image.open(io.BytesIO(content))
        assert image.height <= 331 and len(content) < 20_000
    assert heading(holding) == "有效"
