"""Bodies shown in the description of the API; nobody in them exists."""

from __future__ import annotations

from typing import Final

EVENT: Final[dict[str, object]] = {
    "source_id": "reg-2026-000001",
    "type": "initial",
    "effective_at": "2026-03-02T09:00:00+08:00",
    "registration_number": "京1992026202699999",
    "holder": {
        "name": "张示例",
        "sex": "男",
        "birth_date": "1985-04-12",
        "id_type": "passport",
        "id_number": "EX0000001",
    },
    "employer": {"name": "示例建设有限公司", "uscc": "91990000MA0000015Q"},
    "specialties": [{"name": "建筑工程", "granted_on": "2026-03-02"}],
    "qualification": {"number": "JZ0000001"},
}
"""An initial registration; the pictures may come later by amend_holder."""
ENDORSEMENT: Final[dict[str, object]] = {"purpose": "示例工程项目投标"}
BATCH: Final[list[dict[str, object]]] = [
    {
        "item_id": "1",
        "op": "endorse",
        "registration_number": "京1992026202699999",
        "purpose": "示例工程项目投标",
    },
    {"item_id": "2", "op": "original", "registration_number": "京1992026202699999"},
]
