"""Every sentence the web part says itself, in Chinese and English; the register's are domain.wording's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Final, Literal, TypeAlias

from certsvc.domain.events import Sex
from certsvc.domain.report import Result
from certsvc.domain.wording import Text

Lang: TypeAlias = Literal["zh", "en"]

PAGE: Final[Mapping[str, Text]] = {
    # frame
    "service": Text("电子证书核验", "Certificate verification"),
    "issued_by": Text("颁发机构", "Issuer"),
    "skip": Text("跳到正文", "Skip to content"),
    "language": Text("English", "中文"),
    "official_site": Text("官方核验地址", "Official verification address"),
    "official_site_note": Text(
        "请核对浏览器地址栏：网址与此不同的页面都不是本服务。",
        "Compare it with the address bar: a page under any other address is not this service.",
    ),
    "again": Text("核验另一份证书", "Verify another certificate"),
    "photo_title": Text("照片处理工具", "Photo tool"),
    "interface": Text("接口文档", "API documentation"),
    # verdict
    "original_note": Text(
        "这是证书原件，仅供查看，不能用于投标等用途；使用时请索取加注件。",
        "This is the original, for viewing only. For a bid or another use, ask for an endorsed copy.",
    ),
    "beijing_time": Text("北京时间", "Beijing time"),
    "scan_yourself": Text(
        "请勿相信他人出示的核验页面或截图，请亲自扫描证书上的二维码，并核对网址。",
        "Do not trust a page or screenshot that somebody else shows you: scan the code on the certificate "
        "yourself and check the address.",
    ),
    "since": Text("生效日期", "Since"),
    # data
    "certificate": Text("证书内容", "The certificate"),
    "valid_until": Text("有效期至", "Valid until"),
    "VALID": Text("有效期内", "in date"),
    "EXPIRED": Text("已过期", "expired"),
    "NOT_YET": Text("尚未生效", "not yet valid"),
    "use": Text("本份用途", "Use of this copy"),
    "usage_window": Text("使用有效期", "May be used"),
    "until": Text("至", "to"),
    "erased": Text("已删除", "erased"),
    "both_included": Text("含首尾两日", "both days included"),
    "newest_copy": Text("最新一份", "Newest copy"),
    "this_is_newest": Text("即本份", "this one"),
    "issuing": Text("签发信息", "How it was issued"),
    "changed": Text("签发后变更的内容", "Changed since it was issued"),
    # signature on paper
    "wet_signature": Text("个人签名", "Signature of the holder"),
    "wet_signature_note": Text(
        "纸质打印件须有持证人手写签名，且与证书上的签名图像一致，否则无效。",
        "A printed copy counts only with the holder's hand signature, matching the signature image.",
    ),
    "photo_on_record": Text("登记的照片，供与纸面比对", "Photo on record, to compare with the paper"),
    "signature_image": Text("登记的签名图像", "Signature image on record"),
    "signature_hidden": Text(
        "输入完整姓名后显示登记的签名图像，供比对。",
        "Enter the full name to see the signature image on record and compare.",
    ),
    # unmasking
    "masked": Text("显示完整信息", "Show the full data"),
    "masked_note": Text(
        "为保护个人信息，姓名已部分隐藏。输入证书上的完整姓名，相符即显示全部内容。",
        "To protect personal data the name is partly hidden. Enter the full name on the certificate; if it "
        "matches, everything is shown.",
    ),
    "full_name": Text("完整姓名", "Full name"),
    "show": Text("显示", "Show"),
    "name_differs": Text(
        "姓名与登记不符，请对照证书核对后重试。",
        "The name is not the registered one. Compare it with the certificate and try again.",
    ),
    # checks
    "idle": Text("此处不适用的检查", "Checks that do not apply here"),
    "comma": Text("、", ", "),
    "checks": Text("逐项检查", "The checks"),
    # asking
    "verify_title": Text("核验电子证书", "Verify a certificate"),
    "verify_lead": Text(
        "扫描证书上的二维码即可核验；也可以用下列任一方式。",
        "Scanning the QR code on the certificate verifies it at once. Or use one of these ways.",
    ),
    "by_symbol": Text("扫描或拍摄二维码", "Scan or photograph the QR code"),
    "scan_note": Text(
        "用摄像头对准证书上的二维码；画面只在本机读取，不上传。",
        "Point the camera at the QR code on the certificate; the picture is read here and not sent.",
    ),
    "scan_start": Text("打开摄像头", "Open the camera"),
    "scan_stop": Text("关闭摄像头", "Close the camera"),
    "scan_picture": Text("摄像头画面", "What the camera sees"),
    "scan_opening": Text("正在打开摄像头，请允许使用。", "Opening the camera; please allow its use."),
    "scan_looking": Text(
        "请让二维码完整、清晰地出现在画面中。", "Hold the code so that it is whole and sharp in the picture."
    ),
    "scan_many": Text(
        "画面中有不止一个二维码，请只对准一份证书的二维码。",
        "There is more than one QR code in the picture; point at the code of one certificate.",
    ),
    "scan_found": Text("已读到二维码，正在核验。", "The code was read; verifying."),
    "scan_refused": Text(
        "未获准使用摄像头。可在浏览器设置中允许，或拍摄照片。",
        "The camera was not allowed. Allow it in the browser's settings, or take a photo.",
    ),
    "scan_failed": Text(
        "摄像头无法打开。请拍摄照片，或输入核验码。",
        "The camera could not be opened. Take a photo, or type the code.",
    ),
    "photo": Text("拍摄照片", "Take a photo"),
    "photo_note": Text(
        "二维码要完整、清晰、占画面较大部分。照片不保存。",
        "Have the code whole, sharp and large in the picture. The photo is not kept.",
    ),
    "sending": Text("正在上传", "Sending"),
    "by_file": Text("上传文件", "Upload the file"),
    "drop_note": Text("也可以把文件拖放到本页。", "Or drop the file anywhere on this page."),
    "by_file_note": Text(
        "持证人下载的电子证书原文件（PDF 或 OFD），或相册中的二维码照片（PNG、JPEG）。不超过 10 MB，不保存。",
        "The electronic certificate as the holder downloaded it (PDF or OFD), or a photo of its QR code "
        "from the album (PNG, JPEG). Up to 10 MB; not kept.",
    ),
    "file": Text("选择文件", "Choose the file"),
    "by_code": Text("输入核验码", "Type the code"),
    "by_code_note": Text("印在二维码旁，共 12 位。", "Twelve characters, printed beside the QR code."),
    "code": Text("核验码", "Code"),
    "by_number": Text("注册编号与姓名", "Number and name"),
    "by_number_note": Text("两项须同时相符。", "Both have to match."),
    "offline_title": Text("离线核验", "Verify offline"),
    "by_offline": Text("没有网络时", "Without a network"),
    "by_offline_note": Text(
        "部分证书另有离线核验码，可在离线页面核验；页面可保存到本机，断网使用。",
        "Some certificates carry an offline code as well. The offline page checks it and, once saved, needs "
        "no network.",
    ),
    "submit": Text("核验", "Verify"),
    "more": Text("查询过去某一时点（如开标时间）", "State at an earlier moment, e.g. a bid opening"),
    "as_of_note": Text("北京时间；留空即现在。", "Beijing time; leave empty for now."),
    "there_is_a_problem": Text("请先更正以下内容", "Please correct this first"),
    "docs_title": Text("接口文档", "API documentation"),
}
"""Texts of the pages, by the name templates use."""

RESULTS: Final[Mapping[Result, Text]] = {
    Result.PASS: Text("通过", "passed"),
    Result.FAIL: Text("未通过", "failed"),
    Result.UNKNOWN: Text("无法判断", "cannot tell"),
    Result.SKIP: Text("不适用", "not applicable"),
}

PROBLEMS: Final[Mapping[str, Text]] = {
    "INTERNAL": Text(
        "服务出现未预料的错误，请稍后重试；持续出现时请告知请求编号。",
        "Something unforeseen happened. Try again later; if it stays, tell us the request id.",
    ),
}
"""Details of what the HTTP layer refuses; every other code has its sentence in domain.wording."""

NO_SUCH_PAGE: Final = Text("没有这个页面，请核对网址。", "There is no such page; check the address.")
BAD_AS_OF: Final = Text(
    "时点格式不正确，请写成 2026-11-20T10:00（北京时间）",
    "write the moment as 2026-11-20T10:00 (Beijing time)",
)
TOO_LONG: Final = Text(
    "填写的内容过长，请对照证书检查", "what was typed is too long; compare it with the certificate"
)
NOTHING_GIVEN: Final = Text(
    "请上传文件或照片，或填写核验码，或同时填写注册编号与姓名",
    "upload a file or photo, or fill in the code, or both number and name",
)
RECEIPT_WORDS: Final = Text("receipt 请写 true 或 false", "write true or false")
PDF_WANTS_RECEIPT: Final = Text(
    "PDF 核验报告须同时要求回执：receipt 请写 true", "a PDF report is a receipt too: say receipt: true"
)

SEXES: Final[Mapping[Sex, Text]] = {Sex.MALE: Text("男", "male"), Sex.FEMALE: Text("女", "female")}

FIELDS_SHOWN: Final = (
    "as_of",
    "checked_at",
    "state_now",
    "specialty",
    "specialties",
    "days_left",
    "registration_number",
)
"""Names of fields that templates ask domain.wording for."""

_TITLES: Final[Mapping[int, Text]] = {
    400: Text("请求格式错误", "Malformed request"),
    401: Text("未提供有效的访问密钥", "No valid API key"),
    403: Text("没有权限", "Not allowed"),
    404: Text("未找到", "Not found"),
    405: Text("不支持的请求方法", "Method not allowed"),
    409: Text("与现有状态冲突", "Conflict with the present state"),
    410: Text("已删除", "Gone for good"),
    411: Text("缺少长度", "Length required"),
    413: Text("内容过大", "Too large"),
    415: Text("不支持的内容类型", "Unsupported content type"),
    422: Text("内容不符合要求", "Content refused"),
    429: Text("请求过于频繁", "Too many requests"),
    500: Text("服务内部错误", "Internal error"),
    503: Text("暂时无法办理", "Cannot be done now"),
}


def problem_title(status: int, lang: Lang) -> str:
    """Return the short title of a problem with this HTTP status."""
    known = _TITLES.get(status)
    if known is None:
        return HTTPStatus(status).phrase
    return said(known, lang)


def said(text: Text, lang: Lang) -> str:
    """Return *text* in one language."""
    return text.en if lang == "en" else text.zh


def words(lang: Lang, *tables: Mapping[str, Text]) -> Mapping[str, str]:
    """Return the texts of the pages in one language, and those of *tables*."""
    if not tables:
        return _page_words(lang)
    more = {name: said(text, lang) for table in tables for name, text in table.items()}
    return {**_page_words(lang), **more}


@cache
def _page_words(lang: Lang) -> Mapping[str, str]:
    return {name: said(text, lang) for name, text in PAGE.items()}


def loose() -> tuple[Text, ...]:
    """Return the texts that stand in no public table, for the font."""
    return (NO_SUCH_PAGE, BAD_AS_OF, TOO_LONG, NOTHING_GIVEN, *SEXES.values(), *_TITLES.values())
