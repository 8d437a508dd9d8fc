"""The page that works alone: served, with the network gone, and saved to a disk."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser

from certsvc.sealing.jws import flattened, sign_jws
from tests.browser.conftest import Visit
from tests.browser.instance import Held, Instance
from tests.browser.symbols import hold_before_camera, photograph
from tests.browser.visitor import LOCALES, PHONE, Lang, Visitor
from tests.offline import SampleSigner
from tests.qr.test_offline import certificate

IN_FORCE: Final[dict[Lang, str]] = {
    "zh": "登记有效，请与纸面逐项核对",
    "en": "The record is in force; please compare it with the paper item by item",
}
DATE: Final[dict[Lang, str]] = {"zh": "状态名单日期", "en": "Date of the status list"}


@dataclass(frozen=True)
class Stranger(SampleSigner):
    """Somebody with keys of his own."""

    chain: tuple[bytes, ...] = ()
    key_id: str = "trust-of-a-stranger"
    algorithm: Literal["p256"] = "p256"

    @property
    def certificate(self) -> bytes:
        """DER."""
        return certificate(self)


LANGS: Final = pytest.mark.parametrize("lang", ["zh", "en"])


def open_page(visitor: Visitor, instance: Instance) -> None:
    """Open the page and give it the bundle of a minute ago; the served one lacks the list, see Instance."""
    visitor.go("/offline")
    give_bundle(visitor, instance.bundle)


def give_bundle(visitor: Visitor, bundle: bytes) -> None:
    """Choose a trust bundle."""
    visitor.page.set_input_files(
        "#file", {"name": "bundle.json", "mimeType": "application/json", "buffer": bundle}
    )
    visitor.page.wait_for_selector("#trust:has-text('bundle.json')")


def strangers_bundle(instance: Instance) -> bytes:
    """Write a bundle in our shape, of our address, by somebody else's keys."""
    signer = Stranger()
    made = signer.certificate
    line = {
        "key_id": signer.key_id,
        "use": "trust",
        "algorithm": "p256",
        "certificate": b64encode(made).decode(),
        "seal": None,
        "valid_from": "2026-01-01T00:00:00+00:00",
        "valid_to": "2036-01-01T00:00:00+00:00",
        "retired_at": None,
        "compromised_since": None,
        "development": True,
    }
    said = {
        "format": 1,
        "issued_at": datetime.now(UTC).isoformat(),
        "issuer": "TEST ONLY",
        "public_url": instance.public_url,
        "keys": [line],
    }
    trust = flattened(sign_jws(said, signer, typ="certsvc-trust+jws"))
    return json.dumps({"format": 1, "trust": trust, "status": []}).encode()


def paste(visitor: Visitor, text: str) -> None:
    """Paste a text and ask."""
    visitor.page.fill("#text", text)
    visitor.page.click("#ask button")
    visitor.page.wait_for_selector("#result h1")


@LANGS
def test_page_verifies_with_the_network_gone(visit: Visit, instance: Instance, lang: Lang) -> None:
    """In a cellar: nothing is asked of anybody after the page has come; the list's date is always said."""
    visitor: Visitor = visit(lang)
    open_page(visitor, instance)
    visitor.context.set_offline(True)
    before = len(visitor.requests)
    paste(visitor, instance.valid.offline)

    assert visitor.verdict == IN_FORCE[lang]
    assert visitor.page.locator("#result .verdict.record").is_visible()
    assert all(part in visitor.words for part in (instance.valid.name, instance.valid.number, "建筑工程"))
    assert DATE[lang] in visitor.page.inner_text("#result .list")
    assert re.search(r"20\d\d", visitor.page.inner_text("#result .list"))
    assert visitor.requests[before:] == []
    bad, drawn = visitor.boxes()
    assert bad == [] and drawn > 90
    assert visitor.strange_fonts() == set()
    assert visitor.ask_axe() == []
    assert visitor.overflow == 0


@LANGS
def test_saved_page_works_from_a_disk(
    visit: Visit, browser: Browser, instance: Instance, tmp_path: Path, lang: Lang
) -> None:
    """Opened by a double click on a machine that has no network at all, with the list it was saved with."""
    visitor: Visitor = visit(lang)
    visitor.go("/offline")
    with visitor.page.expect_download() as download:
        visitor.page.click("#keep a")
    saved = tmp_path / "offline.html"
    download.value.save_as(saved)
    page = saved.read_text(encoding="utf-8")
    bundle = instance.bundle.decode().replace("<", "\\u003c")
    # As if it had been saved a minute before the row was damaged.
    saved.write_text(re.sub(r'(id="bundle">)[^<]*', lambda found: found[1] + bundle, page), encoding="utf-8")

    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, locale=LOCALES[lang], offline=True
    )
    alone = Visitor(context=context, url=saved.as_uri().rpartition("/")[0], lang=lang)
    alone.go("/offline.html")
    paste(alone, instance.valid.offline)

    assert alone.verdict == IN_FORCE[lang]
    assert DATE[lang] in alone.page.inner_text("#result .list")
    assert not alone.page.locator("#keep").is_visible() and not alone.page.locator(".tongue").is_visible()
    assert alone.boxes()[0] == [] and alone.strange_fonts() == set()
    assert alone.overflow == 0
    alone.check_peace()
    context.close()


@pytest.mark.parametrize(
    ("choose", "heading", "tone"),
    [
        (lambda it: it.superseded.offline, "证书信息已变更，此件不是最新版本", "ended"),
        (lambda it: it.suspended.offline, "注册处于暂停状态", "ended"),
        (lambda it: it.cancelled.offline, "注册已注销", "refused"),
        (lambda it: it.use_expired.offline, "已过使用有效期", "ended"),
        (lambda it: it.valid.offline[:-1] + "0", "离线核验码已被改动", "refused"),
        (lambda it: it.valid.offline.replace("127.0.0.1", "127.0.0.2"), "不是本服务签发", "refused"),
        (lambda it: f"{it.public_url}/v/{it.valid.token}", "离线无法核验", "unsure"),
        (lambda it: "hello", "不是完整的离线核验码", "refused"),
    ],
    ids=["superseded", "suspended", "cancelled", "use-expired", "altered", "foreign", "online", "no-code"],
)
def test_each_answer_has_its_words_and_its_tone(
    visit: Visit, instance: Instance, choose: Callable[[Instance], str], heading: str, tone: str
) -> None:
    """As on the pages with a connection: five tones, a next step, and nothing undefined."""
    visitor: Visitor = visit()
    open_page(visitor, instance)
    text = choose(instance)
    if text == instance.valid.offline:
        text = instance.valid.offline[:-1] + "1"
    paste(visitor, text)

    assert visitor.verdict == heading
    assert visitor.page.locator(f"#result .verdict.{tone} .mark").is_visible()
    assert DATE["zh"] in visitor.page.inner_text("#result .list")
    assert "undefined" not in visitor.words
    believed = tone == "ended" or heading == "注册已注销"
    assert (instance.valid.name in visitor.page.inner_text("#result")) is believed


def test_photo_and_camera_are_read_on_the_device(visit: Visit, instance: Instance, film: Path) -> None:
    """The kept reader reads the dense symbol from a photo, and from the camera's picture."""
    hold_before_camera(instance.valid.offline, film)
    visitor: Visitor = visit()
    open_page(visitor, instance)
    photo = photograph(instance.valid.offline, (1500, 2000), turned=True)
    visitor.page.set_input_files("#picture", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo})
    visitor.page.wait_for_selector("#result h1")
    assert visitor.verdict == IN_FORCE["zh"]

    open_page(visitor, instance)
    visitor.page.click("#scan-start")
    visitor.page.wait_for_selector("#result h1")
    assert visitor.verdict == IN_FORCE["zh"]
    assert {request.method for request in visitor.requests} == {"GET"}


def test_bundle_of_another_key_is_taken_with_a_warning(visit: Visit, instance: Instance) -> None:
    """The fingerprint is shown to be compared; what is damaged is not taken at all."""
    visitor: Visitor = visit()
    visitor.go("/offline")
    shown = visitor.page.inner_text("#trust")
    assert re.search(r"(?:[0-9a-f]{4}\s+){15}[0-9a-f]{4}", shown)

    broken = instance.bundle.replace(b'"format":1', b'"format":2', 1)
    visitor.page.set_input_files(
        "#file", {"name": "broken.json", "mimeType": "application/json", "buffer": broken}
    )
    visitor.page.wait_for_selector("#trust-said:has-text('未采用')")
    assert visitor.page.inner_text("#trust") == shown

    give_bundle(visitor, strangers_bundle(instance))
    assert "另一把信任密钥" in visitor.page.inner_text("#trust-said")
    paste(visitor, instance.valid.offline)
    assert visitor.page.locator("#result .verdict.refused").is_visible()
    assert "另一把信任密钥" in visitor.page.inner_text("#result .other-key")

    give_bundle(visitor, instance.bundle)
    paste(visitor, instance.valid.offline)
    assert visitor.page.locator("#result .other-key").count() == 0


def test_page_without_scripts_says_so(visit: Visit, instance: Instance) -> None:
    """And leads to the page that needs none."""
    visitor: Visitor = visit(scripts=False)
    visitor.go("/offline")

    assert "需要浏览器运行脚本" in visitor.words
    assert not visitor.page.locator("#scan").is_visible()


def test_served_page_can_reach_nobody(visit: Visit, instance: Instance) -> None:
    """Neither another host nor this one: the policy holds even if a script were changed."""
    visitor: Visitor = visit()
    open_page(visitor, instance)
    tried = visitor.page.evaluate("fetch('/healthz').then(() => 'reached', () => 'refused')")

    assert tried == "refused"
    assert any("Content Security Policy" in one for one in visitor.complaints)
    visitor.complaints.clear()


def test_holders_of_the_samples_have_codes(instance: Instance) -> None:
    """The tests above ask about real codes, each of another copy."""
    held: list[Held] = [instance.valid, instance.superseded, instance.cancelled, instance.use_expired]

    assert len({one.offline for one in held}) == len(held)
    assert all(re.search(r"/c/[0-9A-Z]{26}#[1-9][0-9]{600,}$", one.offline) for one in held)
    assert json.loads(instance.bundle)["status"] != []
