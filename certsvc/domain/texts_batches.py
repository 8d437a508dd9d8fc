"""What is wrong with a batch or one of its items, for those who sent it."""

from __future__ import annotations

from typing import Final

from certsvc.domain.text import Text

EMPTY: Final = Text("提交内容中没有任何一项", "there is no item in it")
NOT_TEXT: Final = Text("提交内容不是 UTF-8 文本", "it is not text in UTF-8")
NOT_A_LIST: Final = Text(
    "请提交 JSON 数组；JSON Lines 请以 application/x-ndjson 提交",
    "send a JSON array; JSON Lines are sent as application/x-ndjson",
)
CHANGED: Final = Text(
    "读取过程中文件发生变化，请待其写完后重新提交",
    "the file changed while it was read; send it again once it is whole",
)
NOT_AN_OBJECT: Final = Text("每一项须为 JSON 对象", "each item must be a JSON object")
OPERATIONS: Final = Text("op 须为 endorse、original 或 event", "op must be endorse, original or event")
DUPLICATE: Final = Text(
    "本批次中此前已有相同的 item_id，每项须各用一个",
    "an item before has this item_id; each needs one of its own",
)
OTHER_NUMBER: Final = Text(
    "与事件中的注册编号不一致", "it is another number than the event's own registration_number"
)
