"""What to do about the defects an audit finds; most share one of a few remedies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from certsvc.domain.text import Text


@dataclass(frozen=True, slots=True)
class Explained:
    """A defect in words."""

    says: Text
    remedy: Text


RESTORE_ROW: Final = Text(
    "从备份恢复该行，并查明谁直接改动了数据库",
    "restore the row from a backup, and find out who changed the database by hand",
)
RESTORE_FILE: Final = Text(
    "从备份恢复该文件（同名、同 sha256）；无备份时为持证人重新签发，并查明原因",
    "restore the file from a backup (same name, same sha256); without one issue anew, and find the cause",
)
STOP: Final = Text(
    "可能有人动用了登记库的密钥：停止签发，按密钥泄露处置，再从备份比对",
    "somebody may have used the register's secret: stop issuing, act as for a leaked key, compare a backup",
)
PROGRAM: Final = Text(
    "核对该件应有内容；若系程序缺陷请报告，为持证人重新签发",
    "compare with what it should say; report it if the program is at fault, and issue anew",
)
