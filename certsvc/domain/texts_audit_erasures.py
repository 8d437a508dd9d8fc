"""What an audit found of erasures, by code (docs/audit.md)."""

from __future__ import annotations

from typing import Final

from certsvc.domain.audit_remedies import STOP, Explained
from certsvc.domain.text import Text

_AGAIN: Final = Text(
    "运行 certsvc recover 完成删除；仍有残留时按登记号再次删除并报告",
    "run certsvc recover, which completes erasures; report it if that leaves anything",
)

OF_ERASURES: Final[dict[str, Explained]] = {
    "ERASED_WITHOUT_RECORD": Explained(
        Text(
            "个人信息或日志的盐值缺失，而该持证人没有删除记录",
            "personal data, or the salt of a log entry, is missing of a holder who was not erased",
        ),
        STOP,
    ),
    "PERSONAL_DATA_LEFT": Explained(
        Text("持证人已删除，登记行中仍有个人信息", "a row still tells of a holder who was erased"), _AGAIN
    ),
    "ERASED_FILE_LEFT": Explained(
        Text("持证人已删除，其文件仍在库中", "a file of a holder who was erased is still there"), _AGAIN
    ),
    "ERASURE_UNDONE": Explained(
        Text(
            "删除清单中的持证人在登记库中尚未删除（多半恢复过旧备份）",
            "somebody in the list of erasures is not erased: most likely an old backup was restored",
        ),
        _AGAIN,
    ),
    "ERASURE_UNLISTED": Explained(
        Text(
            "持证人已删除，但不在删除清单中：清单被换成旧的或有行被删",
            "a holder was erased and is not in the list of erasures: the list is an old one, or lost lines",
        ),
        Text(
            "从密钥备份恢复最长的 erasures.jsonl，见 docs/privacy.md",
            "put back the longest erasures.jsonl from the backups of the keys; see docs/privacy.md",
        ),
    ),
}
