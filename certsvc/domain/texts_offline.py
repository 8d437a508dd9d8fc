"""Sentences for the findings of a check without a connection, by reason code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.domain.text import Text

OFFLINE_FINDINGS: Final[Mapping[str, Text]] = {
    "FILE_SIGNED": Text(
        "文件带有本服务的电子签章，签章之后没有改动；离线时没有与登记库比对。",
        "The file carries this service's seal and was not changed since; offline it was not compared "
        "with the registry.",
    ),
    "STATUS_LIST_MISSING": Text(
        "手中的信任包里没有这份证书的状态名单，离线不能得出结论；请更新信任包或联网核验。",
        "The trust bundle at hand has no status list for this certificate, so nothing can be concluded "
        "offline; please get a newer bundle or go online.",
    ),
    "STATUS_LIST_OLD": Text(
        "状态名单已超过24小时，离线不能得出结论；请更新信任包或联网核验。",
        "The status list is more than 24 hours old, so nothing can be concluded offline; please get a newer "
        "bundle or go online.",
    ),
    "ENDED_ON_LIST": Text(
        "状态名单记载该注册已注销、撤销或吊销；名单不区分是哪一种。",
        "The status list says that the registration was cancelled or revoked; it does not tell which.",
    ),
    "NOT_IN_CODE": Text(
        "二维码容纳不下这些项目的全文，没有核验；请联网核验，或输入全文比对。",
        "The code had no room for these items in full, so they were not checked; please go online, or type "
        "them to compare.",
    ),
    "NO_OFFLINE_CODE": Text(
        "这是联网核验用的二维码，离线不能得出结论；请改扫标有“离线核验”的二维码，或联网核验。",
        "This is the code for checking online and tells nothing offline; please scan the one captioned "
        "离线核验, or go online.",
    ),
    "KEYS_OLDER": Text(
        "签名密钥比手中的信任包新，离线不能得出结论；请更新信任包或联网核验。",
        "The key that signed is newer than the trust bundle at hand, so nothing can be concluded; please get "
        "a newer bundle or go online.",
    ),
}
"""Codes that only a check without a connection emits."""
