"""Every kind of page a person can meet, and how one gets there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.browser.instance import Instance
from tests.browser.visitor import Visitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of page."""

    name: str
    open: Callable[[Visitor, Instance], None]
    zh: str
    """Its heading."""
    en: str
    tone: str | None = None
    """The verdict's tone; None for a page without verdict."""


def _at(path: str) -> Callable[[Visitor, Instance], None]:
    def opened(visitor: Visitor, _: Instance) -> None:
        visitor.go(path)

    return opened


def _upload(choose: Callable[[Instance], bytes]) -> Callable[[Visitor, Instance], None]:
    def opened(visitor: Visitor, instance: Instance) -> None:
        visitor.go("/verify")
        visitor.upload(choose(instance))

    return opened


def _scan(choose: Callable[[Instance], str], **query: str) -> Callable[[Visitor, Instance], None]:
    def opened(visitor: Visitor, instance: Instance) -> None:
        visitor.go(f"/v/{choose(instance)}", **query)

    return opened


def _typed(name: str) -> Callable[[Visitor, Instance], None]:
    def opened(visitor: Visitor, instance: Instance) -> None:
        visitor.go(f"/v/{instance.valid.token}")
        visitor.page.fill("#name", name)
        visitor.send("#name")

    return opened


def _code_at(moment: str) -> Callable[[Visitor, Instance], None]:
    def opened(visitor: Visitor, instance: Instance) -> None:
        visitor.go("/verify")
        visitor.page.fill("#code", instance.valid.code)
        visitor.page.click("form:has(#code) summary")
        visitor.page.fill("#as-of-code", moment)
        visitor.send("#code")

    return opened


def _offline(choose: Callable[[Instance], str]) -> Callable[[Visitor, Instance], None]:
    def opened(visitor: Visitor, instance: Instance) -> None:
        visitor.go("/offline")
        visitor.page.set_input_files(
            "#file", {"name": "bundle.json", "mimeType": "application/json", "buffer": instance.bundle}
        )
        visitor.page.wait_for_selector("#trust:has-text('bundle.json')")
        visitor.page.fill("#text", choose(instance))
        visitor.page.click("#ask button")
        visitor.page.wait_for_selector("#result h1")

    return opened


_IN_FORCE: Final = (
    "登记有效，请与纸面逐项核对",
    "The record is in force; please compare it with the paper item by item",
)

KINDS: Final = (
    Kind(
        name="ask",
        open=_at("/verify"),
        zh="核验电子证书",
        en="Verify a certificate",
    ),
    Kind(name="offline", open=_at("/offline"), zh="离线核验", en="Verify offline"),
    Kind(
        name="offline-answer",
        open=_offline(lambda it: it.superseded.offline),
        zh="证书信息已变更，此件不是最新版本",
        en="A newer version of the certificate exists",
        tone="ended",
    ),
    Kind(name="ask-again", open=_code_at("2199-01-01T09:30"), zh="核验电子证书", en="Verify a certificate"),
    Kind(
        name="no-such-page",
        open=_at("/nothing"),
        zh="未找到",
        en="Not found",
        tone="unsure",
    ),
    Kind(name="file", open=_upload(lambda it: it.valid.file), zh="有效", en="Valid", tone="verified"),
    Kind(
        name="file-altered",
        open=_upload(lambda it: it.valid.file + b"\n"),
        zh="文件已被改动",
        en="The file has been changed",
        tone="refused",
    ),
    Kind(
        name="file-unsigned",
        open=_upload(lambda it: it.unsigned),
        zh="文件没有电子签章",
        en="The file carries no electronic seal",
        tone="refused",
    ),
    Kind(
        name="file-unreadable",
        open=_upload(lambda it: it.valid.file[:2000]),
        zh="文件无法读取",
        en="The file cannot be read",
        tone="unsure",
    ),
    Kind(
        name="record", open=_scan(lambda it: it.valid.token), zh=_IN_FORCE[0], en=_IN_FORCE[1], tone="record"
    ),
    Kind(name="record-whole", open=_typed("样本甲"), zh=_IN_FORCE[0], en=_IN_FORCE[1], tone="record"),
    Kind(name="record-other-name", open=_typed("样本"), zh=_IN_FORCE[0], en=_IN_FORCE[1], tone="record"),
    Kind(
        name="original", open=_scan(lambda it: it.original), zh=_IN_FORCE[0], en=_IN_FORCE[1], tone="record"
    ),
    Kind(
        name="record-early",
        open=_code_at("2020-01-01T09:30"),
        zh="在所查询的时点尚未签发",
        en="Not yet issued at that time",
        tone="ended",
    ),
    Kind(
        name="superseded",
        open=_scan(lambda it: it.superseded.token),
        zh="证书信息已变更，此件不是最新版本",
        en="A newer version of the certificate exists",
        tone="ended",
    ),
    Kind(
        name="use-expired",
        open=_scan(lambda it: it.use_expired.token),
        zh="已过使用有效期",
        en="The usage window has ended",
        tone="ended",
    ),
    Kind(
        name="suspended",
        open=_scan(lambda it: it.suspended.token),
        zh="注册处于暂停状态",
        en="Registration suspended",
        tone="ended",
    ),
    Kind(
        name="cancelled",
        open=_scan(lambda it: it.cancelled.token),
        zh="注册已注销",
        en="Registration cancelled",
        tone="refused",
    ),
    Kind(
        name="revoked",
        open=_scan(lambda it: it.revoked.token),
        zh="注册已被撤销或吊销",
        en="Registration revoked",
        tone="refused",
    ),
    Kind(
        name="expired",
        open=_scan(lambda it: it.expired.token),
        zh="注册专业有效期均已届满",
        en="Every specialty has expired",
        tone="ended",
    ),
    Kind(
        name="unknown",
        open=_scan(lambda _: "0" * 26),
        zh="查询不到相关证照",
        en="No such certificate was found",
        tone="refused",
    ),
    Kind(
        name="damaged",
        open=_scan(lambda it: it.damaged.token),
        zh="暂时无法核验",
        en="Cannot check right now",
        tone="unsure",
    ),
)
