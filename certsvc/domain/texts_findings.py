"""Sentences for the findings of a verification, by reason code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.domain.text import Text
from certsvc.domain.texts_log import LOG_FINDINGS
from certsvc.domain.texts_offline import OFFLINE_FINDINGS

_FILE: Final[Mapping[str, Text]] = {
    "OK": Text("检查通过。", "This check passed."),
    "NOT_APPLICABLE": Text("此项检查不适用。", "This check does not apply here."),
    "FILE_KNOWN": Text(
        "这份文件与本服务签发的文件逐字节一致。", "The file is identical to one this service issued."
    ),
    "FILE_NOT_KNOWN": Text(
        "这份文件与本服务签发的任何文件都不完全一致。",
        "The file is not identical to any file this service issued.",
    ),
    "UNREADABLE_FILE": Text(
        "文件无法读取，可能不完整；请重新下载或换一份再试。",
        "The file cannot be read, it may be incomplete; please download it again or try another one.",
    ),
    "ENCRYPTED_FILE": Text(
        "文件已加密，无法检查；请提交未加密的原始文件。",
        "The file is encrypted and cannot be checked; please hand in the original without a password.",
    ),
    "KIND_NOT_READ": Text(
        "不支持这种文件；请提交 PDF、OFD、PNG 或 JPEG 文件。",
        "This kind of file is not supported; please hand in a PDF, OFD, PNG or JPEG file.",
    ),
    "CANNOT_READ_NOW": Text(
        "等待读取的文件较多，现在不能检查这份文件；请稍后再试。",
        "Many files are waiting to be read, so this one cannot be checked now; please try again later.",
    ),
    "FORBIDDEN_CONTENT": Text(
        "文件中有本服务的证书不会包含的内容，如脚本、附件或批注。",
        "The file holds things our certificates never do, such as scripts, attachments or annotations.",
    ),
}

_RECEIPT: Final[Mapping[str, Text]] = {
    "RECEIPT_NOT_CERTIFICATE": Text(
        "这是本服务出具的核验报告，不是证书；请提交证书文件本身。",
        "This is a verification report of this service and no certificate; please hand in the certificate.",
    ),
}

_SIGNATURE: Final[Mapping[str, Text]] = {
    "NO_SIGNATURE": Text(
        "文件没有电子签章；请向持证人索取下载的原始文件。",
        "The file carries no electronic seal; please ask the holder for the original download.",
    ),
    "SIGNATURE_BROKEN": Text(
        "电子签章的数据不完整或无法核实。",
        "The data of the electronic seal is damaged or cannot be confirmed.",
    ),
    "DIGEST_MISMATCH": Text("文件内容在签章之后发生了变化。", "The content changed after it was sealed."),
    "COVERAGE_PARTIAL": Text("电子签章没有覆盖整个文件。", "The seal does not cover the whole file."),
    "LATER_REVISION": Text("签章之后又追加了修改。", "A revision was added after sealing."),
    "TRAILING_BYTES": Text("文件结尾之后有多余的数据。", "There is data after the end of the file."),
    "MANY_SIGNATURES": Text(
        "签名数量不对；本服务的证书只有一个签名。",
        "The number of signatures is wrong; our certificates have exactly one.",
    ),
    "BYTE_RANGE_WRONG": Text(
        "签名范围的记录不正确。", "The range the signature speaks for is written wrongly."
    ),
    "SIGNER_PINNED": Text(
        "签章使用的是本服务公布的密钥。", "The seal was made with a key this service has published."
    ),
    "SIGNER_NOT_OURS": Text(
        "签章不是本服务的密钥所作，文件不是本服务签发。",
        "The seal was not made with a key of this service; the file was not issued by this service.",
    ),
    "SIGNER_LOOKALIKE": Text(
        "签章人的名称与本服务相同，密钥却不是本服务的；文件不是本服务签发。",
        "The signer bears our name but the key is not ours; the file was not issued by this service.",
    ),
    "KEY_COMPROMISED": Text(
        "签章密钥在签章之前已报告失密，不再认可；请持证人重新下载证书。",
        "The key was reported as leaked before this seal was made; please ask for a fresh copy.",
    ),
    "SIGNED_OUTSIDE_VALIDITY": Text(
        "签章时间不在密钥的有效期内。", "The seal was made outside the period in which its key was valid."
    ),
    "NO_TIMESTAMP": Text(
        "文件没有第三方时间戳；签章时间以登记库为准。",
        "The file has no third-party timestamp; the registry keeps the time of sealing.",
    ),
    "TIMESTAMP_VALID": Text(
        "可信时间戳有效：文件在该时刻之前已经存在。",
        "A third party's time stamp holds: the file existed before that instant.",
    ),
    "TIMESTAMP_PENDING": Text(
        "第三方时间戳正在获取；文件是否有效不受影响。",
        "A third party's time stamp is being fetched; whether the file is valid does not depend on it.",
    ),
    "TIMESTAMP_BROKEN": Text(
        "文件中的时间戳不属于这份文件，或已被改动；请向出具单位索取原文件。",
        "The time stamp in the file is not this file's, or was changed; please ask for the original file.",
    ),
    "TSA_NOT_PINNED": Text(
        "文件带有时间戳，但此处未指定信任的时间戳机构，未作判断。",
        "The file has a time stamp, but no authority is trusted here by which it could be judged.",
    ),
}

_CONTAINER: Final[Mapping[str, Text]] = {
    "NOT_AN_OFD": Text(
        "文件不是 OFD，或缺少 OFD 的入口文件；请提交下载的原始文件。",
        "This is not an OFD file, or its entry file is missing; please hand in the original download.",
    ),
    "CONTAINER_BROKEN": Text(
        "OFD 文件的打包结构与签发时不同。", "The package of the OFD file is not built the way it was issued."
    ),
    "LEADING_BYTES": Text("文件开头之前有多余的数据。", "There is data before the beginning of the file."),
    "HIDDEN_ENTRY": Text(
        "OFD 包内有目录中没有列出的内容，或目录列出了并不存在的内容。",
        "The package holds something its directory does not list, or lists something that is not there.",
    ),
    "DUPLICATE_ENTRY": Text(
        "OFD 包内有同名或名称几乎相同的文件，不同软件可能显示不同内容。",
        "The package holds files of the same or nearly the same name; programs may show different ones.",
    ),
    "FILE_TOO_LARGE": Text(
        "文件解压后过大，未予检查；请提交下载的原始文件。",
        "The file unpacks to too much and was not checked; please hand in the original download.",
    ),
    "XML_REFUSED": Text(
        "文件含有文档类型声明，出于安全未予读取。",
        "The file has a document type declaration and was, for safety, not read.",
    ),
    "XML_TOO_COMPLEX": Text(
        "文件的内容层次或数量过多，未予检查。",
        "The content is nested too deeply or too large and was not checked.",
    ),
    "MANY_DOCUMENTS": Text(
        "一个文件中有多个文档；本服务的证书只有一个。",
        "The file holds several documents; our certificates have exactly one.",
    ),
    "PART_CHANGED": Text(
        "文件中有内容在签章之后发生了变化。", "A part of the file changed after it was sealed."
    ),
    "PART_MISSING": Text(
        "文件缺少一部分内容，可能不完整。", "A part of the file is missing; it may be incomplete."
    ),
    "PART_ADDED": Text(
        "文件中有签章没有保护的内容。", "The file holds a part that the seal does not protect."
    ),
    "REFERENCES_WRONG": Text(
        "电子签章的保护清单不正确。", "The list of what the seal protects is written wrongly."
    ),
}

_SEAL: Final[Mapping[str, Text]] = {
    "SEAL_PINNED": Text(
        "电子印章是本服务公布的印章。", "The electronic seal is the one this service has published."
    ),
    "SEAL_NOT_OURS": Text(
        "电子印章不是本服务的印章，文件不是本服务签发。",
        "The electronic seal is not one of ours; the file was not issued by this service.",
    ),
    "SEAL_REPLACED": Text(
        "文件所附的印章与签章中的印章不一致。",
        "The seal that lies in the file is not the one its signature was made with.",
    ),
    "SEAL_EXPIRED": Text(
        "签章时间不在电子印章的有效期内。",
        "The file was sealed outside the period in which the electronic seal was valid.",
    ),
    "MAKER_NOT_OURS": Text(
        "电子印章不是由本服务认可的制章人制作，或制章人的签名无法核实。",
        "The seal's maker is not one this service knows, or the maker's signature cannot be confirmed.",
    ),
    "SIGNER_NOT_IN_SEAL": Text(
        "签章人不在电子印章的签章人名单中。", "The signer is not on the seal's list of those who may use it."
    ),
    "PROPERTY_WRONG": Text(
        "电子签章所指的位置不是它所在的位置。", "The signature names another place than the one it lies in."
    ),
}

_CLUE: Final[Mapping[str, Text]] = {
    "FOREIGN_DOMAIN": Text(
        "二维码指向其他网站，不是本服务签发的；请勿在该网站上核验。",
        "The QR code leads to another website and is not of this service; please do not verify there.",
    ),
    "HOMOGLYPH_DOMAIN": Text(
        "二维码指向的网址与本服务相似但不相同；请勿打开，直接在官方网址核验。",
        "The QR code leads to an address that only looks like ours; please open our site yourself instead.",
    ),
    "MALFORMED_QR": Text(
        "二维码的内容不是本服务的格式，可能没有扫全；请重新扫描。",
        "The QR code is not in our form, perhaps it was not read whole; please scan it again.",
    ),
    "NO_QR_FOUND": Text(
        "图片中没有找到可以读取的二维码；请让二维码完整、清晰、占画面较大部分后重新拍摄，或输入核验码。",
        "No QR code could be read in the picture; please take it again with the code whole, sharp and large, "
        "or type the code.",
    ),
    "MANY_QR": Text(
        "图片中有多个二维码，无法确定以哪一个为准；请只拍摄一份证书的二维码。",
        "The picture holds several QR codes and none can be chosen; please take just one of them.",
    ),
    "MALFORMED_CODE": Text(
        "核验码不正确，可能有一位输错；请对照证书重新输入12位核验码。",
        "The code does not fit, one place may be wrong; please type the 12 characters again.",
    ),
    "COMPARE_FACE": Text(
        "此次只核验了登记信息，没有核验手中的纸面；请与显示的内容逐项核对："
        "姓名、注册编号、聘用企业、注册专业及其有效期、用途、使用有效期和照片。",
        "Only the record was checked, not the paper in hand; please compare it with each item shown: name, "
        "registration number, employer, specialties with their dates, purpose, usage window and photo.",
    ),
    "QR_MISMATCH": Text(
        "二维码对应的是另一份证书，与文件内容不一致。",
        "The QR code belongs to another certificate than the file.",
    ),
}

_REGISTRY: Final[Mapping[str, Text]] = {
    "PERSONAL_DATA_ERASED": Text(
        "持证人的个人信息已依规删除，不再显示姓名；状态和日期仍以登记库为准。",
        "The holder's personal data was erased and no name is shown; status and dates still hold.",
    ),
    "IN_REGISTRY": Text("登记库中有这份证照的记录。", "The registry holds this certificate."),
    "NOT_IN_REGISTRY": Text(
        "登记库中没有对应的记录，请核对输入内容。",
        "The registry holds no such record; please check what was entered.",
    ),
    "REGISTRY_AWAY": Text(
        "登记库暂时无法访问，现在不能得出结论；请稍后再试。",
        "The registry cannot be reached, so nothing can be concluded now; please try again later.",
    ),
    "RECORD_DAMAGED": Text(
        "登记记录未通过完整性检查，现在不能得出结论；这不表示证书有问题。",
        "The record failed its integrity check; nothing can be concluded, the certificate is not at fault.",
    ),
    "TIME_UNCERTAIN": Text(
        "服务器时间暂不可信，现在不能得出结论；请稍后再试。",
        "The server's clock cannot be relied on, so nothing can be concluded now; please try again later.",
    ),
    "STATUS_AS_OF_LIST": Text(
        "离线核验：状态以状态名单的日期为准；需要最新状态请联网核验。",
        "Verified offline: the status is that of the status list's date; go online for the present one.",
    ),
    "REVOKED": Text(
        "注册已被撤销，自始无效。", "The registration was revoked and is void from the beginning."
    ),
    "REVOKED_PENALTY": Text("注册已被吊销。", "The registration was revoked as a penalty."),
    "CANCELLED": Text("注册已注销。", "The registration was cancelled."),
    "SUSPENDED": Text("注册处于暂停状态。", "The registration is suspended."),
    "EXPIRED": Text("注册专业的有效期均已届满。", "Every specialty has expired."),
    "SPECIALTY_OK": Text("注册专业在有效期内。", "The specialty is in date."),
    "SPECIALTY_EXPIRED": Text("该注册专业的有效期已届满。", "This specialty has expired."),
    "SPECIALTY_NOT_HELD": Text(
        "证书上没有所要求的注册专业。", "The certificate does not carry the specialty asked for."
    ),
    "IN_USAGE_WINDOW": Text("在使用有效期内。", "Within the usage window."),
    "USE_EXPIRED": Text(
        "已过使用有效期；请持证人重新加注并下载。",
        "The usage window has ended; please ask the holder for a new endorsed copy.",
    ),
    "USE_NOT_YET": Text("使用有效期尚未开始。", "The usage window has not begun."),
    "ORIGINAL_FOR_VIEWING": Text(
        "这是证书原件，仅供查看，不用于投标等用途；使用时请提交加注件。",
        "This is the original, for viewing only and not for a bid; for use, an endorsed copy is needed.",
    ),
    "NEWEST": Text("这是最新版本的证书。", "This is the newest version of the certificate."),
    "SUPERSEDED": Text(
        "证书信息已变更，此件不是最新版本；请持证人重新下载。",
        "The certificate's data has changed since; please ask the holder for a newer copy.",
    ),
    "NEWER_COPY_EXISTS": Text(
        "持证人此后还申请过新的加注件；此件是否可用以本报告的结论为准。",
        "The holder has had a newer endorsed copy made; whether this one may be used is told by the verdict.",
    ),
    "COPY_NOT_YET": Text(
        "在所查询的时点，此件尚未签发。", "At the instant asked for, this copy did not exist yet."
    ),
}

FINDINGS: Final[Mapping[str, Text]] = {
    **_FILE,
    **_RECEIPT,
    **_SIGNATURE,
    **_CONTAINER,
    **_SEAL,
    **_CLUE,
    **_REGISTRY,
    **OFFLINE_FINDINGS,
    **LOG_FINDINGS,
}
"""Every finding code anybody may emit."""
