"""What the page that works alone says, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.domain.report import Status
from certsvc.domain.text import Text

OFFLINE: Final[Mapping[str, Text]] = {
    "offline_lead": Text(
        "核验证书上标有“离线核验”的二维码。全部在本机完成，不向任何服务器发送内容；状态以名单日期为准。",
        "Checks the QR code captioned 离线核验 (verify offline). All is done on this device, nothing is sent "
        "anywhere; the status is that of the list's date.",
    ),
    "offline_noscript": Text(
        "此页需要浏览器运行脚本。没有脚本时请使用联网核验页面。",
        "This page needs scripts. Without them, please use the page that verifies online.",
    ),
    "offline_unable": Text(
        "此浏览器在当前网址不提供加密功能；请用 https 网址打开，或先保存到本机。",
        "This browser offers no cryptography at this address; open the page by https, or save it first.",
    ),
    "offline_save": Text("保存本页", "Save this page"),
    "offline_save_note": Text(
        "保存的页面带有当时的状态名单；使用前请换用新的名单。",
        "The saved page holds the status list of that moment; bring a newer list before you use it.",
    ),
    "offline_file": Text("离线核验", "verify-offline"),
    "offline_code": Text("离线核验码", "The offline code"),
    "offline_picture": Text("选择或拍摄照片", "Choose or take a photo"),
    "offline_picture_note": Text(
        "标有“离线核验”的二维码要完整、清晰。照片只在本机读取。",
        "Have the code captioned 离线核验 whole and sharp. The photo is read on this device.",
    ),
    "offline_text": Text("或粘贴二维码的内容", "Or paste what the code says"),
    "offline_reading": Text("正在读取照片。", "Reading the photo."),
    "offline_no_symbol": Text(
        "照片中没有读到二维码，请拍得更近、更清晰，或粘贴二维码的内容。",
        "No QR code was read in the photo. Take it closer and sharper, or paste what the code says.",
    ),
    "offline_no_camera": Text(
        "摄像头无法打开。请选择照片，或粘贴二维码的内容。",
        "The camera could not be opened. Choose a photo, or paste what the code says.",
    ),
    "offline_trust": Text("可信材料", "What is trusted"),
    "offline_list_date": Text("状态名单日期", "Date of the status list"),
    "offline_no_list": Text("没有相应的状态名单", "no status list for it"),
    "offline_source": Text("来源", "Taken from"),
    "offline_embedded": Text("随本页提供", "this page"),
    "offline_fingerprint": Text("信任密钥指纹 SHA-256", "Fingerprint of the trust key, SHA-256"),
    "offline_bundle": Text("换用新的可信材料文件", "Use a newer trust bundle"),
    "offline_bundle_note": Text(
        "即 bundle.json。请只采用来源可靠的文件，并核对指纹。",
        "The file bundle.json. Take it only from where you trust it, and compare the fingerprint.",
    ),
    "offline_other_key": Text(
        "注意：这份文件由另一把信任密钥签发。请与颁发机构核对指纹后再采用。",
        "Take care: another trust key signed this file. Compare the fingerprint with the issuer before use.",
    ),
    "offline_bad_bundle": Text(
        "这份文件不完整或签名不符，未采用。",
        "This file is damaged or a signature is wrong; it was not taken.",
    ),
    "offline_no_bundle": Text(
        "本页没有可信材料，请先选择可信材料文件。",
        "This page came without a trust bundle; please choose one first.",
    ),
    "offline_own_clock": Text("（以本机时钟为准）", "(by the clock of this device)"),
    "offline_as_of": Text(
        "名单日期之后的注销、暂停或变更，离线核验不会知道；重要用途请联网核验。",
        "What was cancelled, suspended or changed after the list's date is not known here; for anything that "
        "matters, verify online.",
    ),
    "offline_left_out": Text(
        "内容较长，未写入离线码，请联网核对", "too long for the offline code; please compare it online"
    ),
    "offline_online": Text("联网核验这份证书", "Verify this certificate online"),
    "offline_detail": Text("（{}）", " ({})"),
}
"""By the name the page uses."""

ADVICE: Final[Mapping[Status, Text]] = {
    Status.SUPERSEDED: Text(
        "请持证人按最新信息重新下载；变更了哪些项目，请联网查看。",
        "Please ask the holder for a copy with the present data; which items changed is shown online.",
    ),
    Status.NOT_YET: Text(
        "使用有效期尚未开始；请核对本机日期。",
        "The usage window has not begun; please check the date of this device.",
    ),
    Status.UNKNOWN: Text(
        "请重新扫描标有“离线核验”的二维码，或完整粘贴其内容。",
        "Please scan the code captioned 离线核验 again, or paste the whole of it.",
    ),
    Status.UNAVAILABLE: Text(
        "离线不能得出结论，请换用新的可信材料，或联网核验；这不表示证书有问题。",
        "Nothing can be concluded offline. Please bring a newer trust bundle or verify online; this says "
        "nothing against the certificate.",
    ),
    Status.UNREADABLE: Text(
        "请只对准一份证书上标有“离线核验”的二维码。",
        "Please point at the code captioned 离线核验 of one certificate only.",
    ),
}
"""What to do next where it is not what a page with a connection says."""
HEADINGS: Final[Mapping[Status, Text]] = {
    Status.UNREADABLE: Text("没有读到离线核验码", "No offline code was read"),
    Status.UNAVAILABLE: Text("离线无法核验", "Cannot be checked offline"),
    Status.UNKNOWN: Text("不是完整的离线核验码", "Not a whole offline code"),
    Status.NOT_YET: Text("使用有效期尚未开始", "The usage window has not begun"),
}
"""Headings where no file and no register is spoken of."""
