"""What the desk says about the register as a whole: what runs out, batches, look-ups, keys and health."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.domain.text import Text

OVERVIEW: Final[Mapping[str, Text]] = {
    # running out
    "expiring_title": Text("即将到期的专业", "Specialties running out"),
    "expiring_lead": Text(
        "有效期不足 {days} 天的注册专业，按到期日排列。",
        "Specialties with fewer than {days} days left, by their last day.",
    ),
    "within": Text("不足天数", "Fewer days left than"),
    "chart_title": Text("按月到期数", "How many end in each month"),
    "chart_month": Text("{month}：{count} 项", "{month}: {count}"),
    "month": Text("{year}年{month}月", "{month}/{year}"),
    "expiring_none": Text("没有这样的专业。", "There are none."),
    "expiring_total": Text("共 {count} 项", "{count} in all"),
    "last_day": Text("到期日", "Last day"),
    "days_left_head": Text("剩余天数", "Days left"),
    "specialty_head": Text("注册专业", "Specialty"),
    "renew_head": Text("延续申请截止日", "Apply for renewal by"),
    "next_page": Text("下一页", "Next page"),
    "first_page": Text("回到第一页", "Back to the first page"),
    "csv": Text("下载 CSV", "Download as CSV"),
    "days": Text("天", "days"),
    # batches
    "batches_title": Text("批次", "Batches"),
    "batches_lead": Text("最近的批次在前。", "The latest first."),
    "batches_none": Text("还没有批次。", "There are none yet."),
    "batch": Text("批次 {id}", "Batch {id}"),
    "planning": Text("正在读取", "being read"),
    "running": Text("进行中", "running"),
    "stopped": Text("已停止", "stopped"),
    "done": Text("已完成", "done"),
    "cancelled": Text("已取消", "cancelled"),
    "pending": Text("待办", "waiting"),
    "failed": Text("未成功", "failed"),
    "begun": Text("提交时间", "Submitted"),
    "client": Text("提交方", "By"),
    "rate": Text("每秒 {rate} 项", "{rate} a second"),
    "eta": Text("预计还需 {time}", "some {time} left"),
    "of_total": Text("{settled} / {total} 项", "{settled} of {total}"),
    "progress": Text("进度", "Progress"),
    "stopped_by": Text("停止原因", "Stopped by"),
    "resume_note": Text(
        "排除原因后运行 certsvc batch resume {id}。", "When that is mended: certsvc batch resume {id}"
    ),
    "cancel": Text("取消其余各项", "Cancel what has not begun"),
    "cancel_note": Text("已生成的证书不受影响。", "What was issued stays issued."),
    "failed_items": Text("未成功的各项", "What failed"),
    "line": Text("第 {line} 行", "line {line}"),
    "failed_none": Text("没有未成功的项。", "Nothing failed."),
    "failed_more": Text("仅列出前 {count} 项。", "The first {count} only."),
    "live": Text("每 2 秒自动更新", "Brought up to date every 2 seconds"),
    # look-ups
    "lookups_title": Text("查验情况", "Look-ups"),
    "lookups_lead": Text(
        "最近 {days} 天查验最多的注册。只计次数，不记录查验者是谁。",
        "What was looked up most in the last {days} days. Counts only: who looked is not kept.",
    ),
    "lookups_none": Text("这段时间没有查验。", "Nothing was looked up in this time."),
    "times": Text("次数", "Times"),
    "public": Text("公众", "Public"),
    "clients": Text("平台", "Platforms"),
    "ways": Text("方式", "Ways"),
    "way_qr": Text("二维码", "QR"),
    "way_code": Text("核验码", "code"),
    "way_number": Text("编号与姓名", "number and name"),
    "way_file": Text("文件", "file"),
    "busiest": Text("最集中的一小时", "Busiest hour"),
    "days_1": Text("1 天", "1 day"),
    "days_7": Text("7 天", "7 days"),
    "days_30": Text("30 天", "30 days"),
    "lookups_damaged": Text("计数已损坏，见服务日志", "the counts are damaged; see the service's log"),
    "abuse_title": Text("异常迹象", "Signs of abuse"),
    "abuse_note": Text(
        "自各进程启动以来，因尝试过多被拒绝的请求（429）与查无结果的请求（404），按接口合计。"
        "假网站的二维码在核验时提示，但不计数。",
        "Requests refused for too many tries (429) or leading nowhere (404) since the processes started, by "
        "route. Codes of look-alike sites are told to whoever verifies them and are not counted.",
    ),
    "route": Text("接口", "Route"),
    "refused_tries": Text("被限流", "Refused"),
    "leads_nowhere": Text("查无结果", "Nowhere"),
    "abuse_none": Text("目前没有。", "None so far."),
    # keys and health
    "health_title": Text("密钥与健康", "Keys and health"),
    "health_ok": Text("各部分均正常", "Every part works"),
    "health_ill": Text("有部分不能工作", "A part does not work"),
    "parts": Text("各部分", "The parts"),
    "part_ok": Text("正常", "works"),
    "registry": Text("登记数据库", "Register"),
    "storage": Text("文件存储", "Store of files"),
    "keys": Text("PDF 签名密钥", "Key of PDF files"),
    "seal": Text("OFD 印章", "Seal of OFD files"),
    "log": Text("透明日志", "Transparency log"),
    "clock": Text("时钟", "Clock"),
    "decoders": Text("读取文件的子进程", "Readers of files"),
    "chores": Text("后台任务", "Chores"),
    "workers": Text("批次进程", "Batch workers"),
    "keys_title": Text("密钥", "Keys"),
    "key": Text("密钥", "Key"),
    "use": Text("用途", "Use"),
    "state": Text("状态", "State"),
    "ends": Text("证书到期", "Certificate ends"),
    "used_today": Text("今日使用", "Used today"),
    "state_next": Text("待启用", "next"),
    "state_active": Text("使用中", "active"),
    "state_ended": Text("证书已到期", "ended"),
    "state_retired": Text("已停用", "retired"),
    "state_compromised": Text("已泄露", "compromised"),
    "cap": Text("每个密钥每日最多使用 {count} 次。", "Each key may be used {count} times a day."),
    "remedy": Text(
        "处理办法见 docs/operating.md，或在服务器上运行 certsvc doctor。",
        "What to do: docs/operating.md, or certsvc doctor on the server.",
    ),
}
TABLES: Final[tuple[Mapping[str, Text], ...]] = (OVERVIEW,)
