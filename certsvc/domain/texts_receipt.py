"""Sentences of receipts and of the verification report for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.domain.report import Kind, Result
from certsvc.domain.text import Text

OUTCOMES: Final[Mapping[str, Text]] = {
    "RECEIPT_GENUINE": Text(
        "回执由本服务签发，未被改动，签发时密钥有效。",
        "This service gave the receipt, nothing in it was changed, and its key was good at that time.",
    ),
    "RECEIPT_NOT_FOUND": Text(
        "其中没有核验回执；请提交回执文本、含回执的查询结果，或 PDF 核验报告原文件。",
        "There is no receipt in it; please give the receipt itself, an answer that holds it, or the original "
        "PDF report.",
    ),
    "RECEIPT_BROKEN": Text(
        "回执的签名不成立：内容被改动，或不是回执。",
        "The receipt's signature does not hold: it was changed, or it is no receipt.",
    ),
    "RECEIPT_PDF_ALTERED": Text(
        "PDF 核验报告在盖章之后被改动；请勿采信其中文字。",
        "The PDF report was changed after it was sealed; please do not rely on what it shows.",
    ),
    "RECEIPT_OTHER_INPUT": Text(
        "回执所述的不是这份文件或文字。", "The receipt is about another file or text than the one given."
    ),
    "RECEIPT_KEY_UNKNOWN": Text(
        "签发回执的密钥不在信任清单中，不是本服务的回执。",
        "The key that signed it is not in the trust bundle: it is not a receipt of this service.",
    ),
    "RECEIPT_KEYS_OLDER": Text(
        "信任清单早于这份回执，无法判断；请下载新的信任清单后再试。",
        "The trust bundle is older than the receipt, so this cannot be told; please fetch a newer bundle.",
    ),
    "RECEIPT_FORMAT_UNKNOWN": Text(
        "回执的格式版本不受支持；请用新版本的程序核对。",
        "The receipt is of a format this version does not read; please use a newer one.",
    ),
    "RECEIPT_KEY_COMPROMISED": Text(
        "签发密钥在回执所载时间之前已报告失密，不予认可。",
        "Its key was reported as leaked before the time it names; it counts for nothing.",
    ),
    "RECEIPT_KEY_COMPROMISED_LATER": Text(
        "签发密钥后来报告失密；回执所载时间无法另行证实，因而无法判断。",
        "Its key was later reported as leaked, and nothing else proves when it was made: it cannot be told.",
    ),
    "RECEIPT_SIGNED_OUTSIDE_VALIDITY": Text(
        "回执所载时间不在签发密钥的有效期内。", "The time it names lies outside the validity of its key."
    ),
}
"""What checking a receipt comes to, by code."""

KINDS: Final[Mapping[Kind, Text]] = {
    Kind.PDF: Text("PDF 文件", "PDF file"),
    Kind.OFD: Text("OFD 文件", "OFD file"),
    Kind.PHOTO: Text("图片（读取其中的二维码）", "Picture (its QR code was read)"),
    Kind.QR: Text("二维码文字", "Text of a QR code"),
    Kind.CODE: Text("核验码", "Verification code"),
    Kind.SHA256: Text("文件摘要 SHA-256", "File digest SHA-256"),
    Kind.NUMBER: Text("注册编号与姓名", "Registration number and name"),
}
"""What was handed in."""

RESULTS: Final[Mapping[Result, Text]] = {
    Result.PASS: Text("通过", "passed"),
    Result.FAIL: Text("未通过", "failed"),
    Result.UNKNOWN: Text("无法判断", "cannot tell"),
    Result.SKIP: Text("不适用", "not applicable"),
}

TITLE: Final = Text("核验报告", "Verification report")
NOT_A_CERTIFICATE: Final = Text(
    "本文件是核验报告，不是注册证书，不能代替证书使用。",
    "This is a verification report and not a certificate; it cannot be used in place of one.",
)
RECORD_ADVICE: Final = Text(
    "只核验了登记状态，没有核验任何文件或纸面；请在官方网址查看登记内容，并与手中的证书逐项核对。",
    "Only the record was checked, no file and no paper; please look at the record on the official site and "
    "compare it with the certificate item by item.",
)
"""Of a record in force: the page itself does not show what is to be compared."""
SPECIMEN: Final = Text("样本", "SPECIMEN")

SHEET: Final[Mapping[str, Text]] = {
    "of_record": Text("（登记状态）", " (state of the record)"),
    "asked": Text("核验对象", "What was checked"),
    "kind": Text("提交内容", "Handed in"),
    "sha256": Text("摘要 SHA-256", "SHA-256"),
    "wanted": Text("要求的注册专业", "Specialty asked for"),
    "record": Text("登记记录", "The record"),
    "record_claimed": Text("其中所指的登记记录（供比对）", "The record it names (to compare)"),
    "version": Text("证书版本", "Version"),
    "newest_copy": Text("最新一份加注件", "Newest copy"),
    "this_is_newest": Text("即本份", "this one"),
    "masked": Text(
        "姓名只显示部分：核验报告会随投标文件转交他人。",
        "The name is shown in part: a report is passed on with the papers of a tender.",
    ),
    "checks": Text("逐项检查", "The checks"),
    "idle": Text("此处不适用", "Not applicable here"),
    "receipt": Text("电子回执", "The signed receipt"),
    "digest": Text("回执摘要 SHA-256", "SHA-256 of the receipt"),
    "key": Text("签发密钥", "Signed by the key"),
    "beijing": Text("（北京时间）", " (Beijing time)"),
    "comma": Text("、", ", "),
    "colon": Text("：", ": "),
}
"""Labels of the report."""

HOW: Final = Text(
    "本页的结论以内嵌的电子回执为准，打印件和截图不能证明任何事。核对方法：从 {site} 的 "
    "/.well-known/certsvc/bundle.json 取得信任清单，运行 certsvc verify-receipt 本文件 --trust 信任清单；"
    "加 --input 可核对回执所述是否为手中的文件。",
    "What counts is the signed receipt inside this file; a print or screenshot proves nothing. To check it, "
    "fetch the trust bundle from {site} (/.well-known/certsvc/bundle.json) and run: "
    "certsvc verify-receipt FILE --trust BUNDLE; with --input it also tells whether it is about the file in "
    "your hands.",
)
"""How anybody checks the report; ``{site}`` is the public URL."""
