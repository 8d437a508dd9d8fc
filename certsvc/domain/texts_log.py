"""What the check of the transparency log found, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.domain.text import Text

LOG_FINDINGS: Final[Mapping[str, Text]] = {
    "LOGGED": Text(
        "签发记录已载入公开日志，与登记内容一致。", "The issue is in the public log, as the register has it."
    ),
    "LOG_NOT_YET": Text(
        "签发记录尚未排入公开日志，通常几秒内完成；不影响结论。",
        "The issue is not in the public log yet, usually a matter of seconds; the verdict stands without.",
    ),
    "LOG_WITHOUT_ENTRY": Text(
        "公开日志中没有这次签发的记录（可能签发于启用日志之前）；不影响结论。",
        "The public log has no entry of this issue (perhaps it is older); the verdict stands without.",
    ),
    "LOG_CONTRADICTS": Text(
        "登记内容与公开日志不一致，暂时无法给出结论；请联系发证机关核查。",
        "The register and the public log contradict each other; nothing can be told. Please ask the issuer.",
    ),
    "LOG_DAMAGED": Text(
        "公开日志的记录已损坏，无法核对日志；不影响结论。",
        "The entry of the public log is damaged and cannot be compared; the verdict does not depend on it.",
    ),
    "LOG_AWAY": Text(
        "暂时读不到公开日志；不影响结论。",
        "The public log cannot be read at the moment; the verdict does not depend on it.",
    ),
}
