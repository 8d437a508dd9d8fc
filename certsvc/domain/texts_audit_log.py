"""What an audit found in the transparency log, by code (docs/audit.md)."""

from __future__ import annotations

from typing import Final

from certsvc.domain.audit_remedies import RESTORE_ROW, STOP, Explained
from certsvc.domain.text import Text

OF_LOG: Final[dict[str, Explained]] = {
    "LOG_ENTRY_MISSING": Explained(
        Text("透明日志中没有该件或该事件的条目", "the log has no entry about a copy or an event"), STOP
    ),
    "LOG_ENTRY_OF_NOTHING": Explained(
        Text(
            "透明日志条目所指的件、事件或密钥已不存在",
            "an entry of the log is about a copy, event or key that is not there",
        ),
        RESTORE_ROW,
    ),
    "LOG_FACT_ALTERED": Explained(
        Text(
            "登记内容与当时记入透明日志的不同",
            "the register says something else than was logged",
        ),
        STOP,
    ),
    "LOG_KEY_UNTOLD": Explained(
        Text(
            "信任清单中的密钥变动未记入透明日志",
            "what the trust list says of a key is not in the log",
        ),
        Text(
            "运行 certsvc log advance；若曾记入而现在没有，按条目被删除处理：从备份比对",
            "run: certsvc log advance; if it was there before, somebody removed it: compare a backup",
        ),
    ),
    "LOG_STALLED": Explained(
        Text("透明日志条目久未排入", "entries of the log have been waiting for a place"),
        Text(
            "运行 certsvc log advance，它会说明日志为何停住",
            "run: certsvc log advance; it says what keeps the log from advancing",
        ),
    ),
    "LOG_PLACE_WRONG": Explained(
        Text(
            "透明日志的位次有缺、重复或超出已签发范围",
            "places of the log are missing, given twice, or beyond what was signed",
        ),
        RESTORE_ROW,
    ),
    "LOG_TILE_DIFFERS": Explained(
        Text(
            "已公布的日志分块与条目算出的不同",
            "a tile of the log is not the one its entries make",
        ),
        RESTORE_ROW,
    ),
    "LOG_ROOT_DIFFERS": Explained(
        Text(
            "日志条目算出的根与已签发检查点不同",
            "the entries of the log do not lead to the root that was signed",
        ),
        STOP,
    ),
    "LOG_CHECKPOINT_UNSIGNED": Explained(
        Text(
            "检查点没有我方日志密钥的有效签名，或所签并非该树",
            "a checkpoint is not signed by a key of the log, or is of another tree",
        ),
        STOP,
    ),
    "LOG_CHECKPOINT_ORDER": Explained(
        Text("检查点的时间早于较小的检查点", "a checkpoint names an earlier instant than a smaller one"),
        STOP,
    ),
}
"""Codes of defects of the log, or of the register beside it."""
