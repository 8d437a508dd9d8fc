"""What the parts of the service are called, and what to do when one is ill; for operators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.domain import wording
from certsvc.domain.text import Text
from certsvc.web.texts import Lang

PARTS: Final[Mapping[str, tuple[Text, Text]]] = {
    "registry": (
        Text(
            "数据库没有应答，或数据库结构不是本版本的。",
            "The database does not answer, or its schema is another.",
        ),
        Text(
            "请检查数据库是否运行、磁盘是否已满；升级后请先运行 certsvc init。数据不会丢失。",
            "See whether it runs and its disk has room; after an upgrade run certsvc init. Nothing is lost.",
        ),
    ),
    "storage": (
        Text("存放证照文件的存储无法写入。", "The store of issued files cannot be written."),
        Text(
            "请运行 certsvc doctor 查看原因；若是磁盘错误，请排除后重启服务并运行 certsvc recover。",
            "certsvc doctor says why; after a disk error restart the service and run certsvc recover.",
        ),
    ),
    "keys": (
        Text("现在没有可用的 PDF 签名密钥。", "No key can sign a PDF now."),
        Text(
            "请运行 certsvc keys list；密钥到期或停用时用 certsvc keys rotate 更换，并检查密码设备。",
            "See certsvc keys list; bring the next key by certsvc keys rotate, and look at the hardware.",
        ),
    ),
    "seal": (
        Text("现在没有可用的电子印章密钥。", "No key and seal can sign an OFD now."),
        Text(
            "请核对颁发机构名称与电子印章是否一致，并运行 certsvc keys list 查看印章是否到期。",
            "Compare the issuer's name with the seal's; certsvc keys list shows whether the seal ran out.",
        ),
    ),
    "log": (
        Text("透明日志停止增长。", "The transparency log does not advance."),
        Text(
            "如为 RECORD_DAMAGED，请勿删除文件，见 docs/transparency-log.md；否则请检查日志密钥与数据库。",
            "With RECORD_DAMAGED delete nothing, see docs/transparency-log.md; else see to key and database.",
        ),
    ),
    "clock": (
        Text("系统时钟早于已记录的时间。", "The clock stands before what was recorded already."),
        Text("请校准系统时钟；校准前不会签发。", "Set the clock right; nothing is issued until then."),
    ),
    "decoders": (
        Text("读取文件的子进程无法启动。", "The processes that read strangers' files do not start."),
        Text(
            "请检查内存与进程数限制，然后重启本进程；其他核验方式不受影响。",
            "See to memory and the limit of processes, then restart; other ways of verifying go on.",
        ),
    ),
    "chores": (
        Text(
            "后台任务（日志、查询计数）一分钟没有完成一轮。",
            "A chore (log, look-ups) ended no turn for a minute.",
        ),
        Text(
            "请检查数据库是否缓慢；如数据库正常，请重启本进程。",
            "See whether the database is slow; if it is not, restart this process.",
        ),
    ),
    "workers": (
        Text("批量任务的处理进程中断，且无人接手。", "Workers of a batch are gone and nobody took over."),
        Text(
            "请启动 certsvc worker；单机请运行 certsvc batch resume 批次号。",
            "Start certsvc worker; on a single machine run certsvc batch resume with the batch's id.",
        ),
    ),
}


def told(part: str, code: str, lang: Lang) -> dict[str, str]:
    """Say what is wrong with *part*, and what to do.

    Args:
        part: one of PARTS.
        code: of the error; its own sentence follows where it says more than that the part is away.
        lang: of the words.
    """
    detail, remedy = PARTS[part]
    sentence = "" if code == "UNAVAILABLE" else _in(wording.error_text(code), lang)
    return {
        "part": part,
        "code": code,
        "detail": f"{_in(detail, lang)} {sentence}".strip(),
        "remedy": _in(remedy, lang),
    }


def _in(text: Text, lang: Lang) -> str:
    return text.en if lang == "en" else text.zh
