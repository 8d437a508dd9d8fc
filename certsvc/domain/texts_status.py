"""Headings and advice for the status of a report. The heading of UNKNOWN is an official sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.domain.report import Status
from certsvc.domain.text import Text

HEADINGS: Final[Mapping[Status, Text]] = {
    Status.ALTERED: Text("文件已被改动", "The file has been changed"),
    Status.NO_SIGNATURE: Text("文件没有电子签章", "The file carries no electronic seal"),
    Status.NOT_OURS: Text("不是本服务签发", "Not issued by this service"),
    Status.REVOKED: Text("注册已被撤销或吊销", "Registration revoked"),
    Status.CANCELLED: Text("注册已注销", "Registration cancelled"),
    Status.SUSPENDED: Text("注册处于暂停状态", "Registration suspended"),
    Status.EXPIRED: Text("注册专业有效期均已届满", "Every specialty has expired"),
    Status.USE_EXPIRED: Text("已过使用有效期", "The usage window has ended"),
    Status.SUPERSEDED: Text("证书信息已变更，此件不是最新版本", "A newer version of the certificate exists"),
    Status.NOT_YET: Text("在所查询的时点尚未签发", "Not yet issued at that time"),
    Status.VALID: Text("有效", "Valid"),
    Status.UNREADABLE: Text("文件无法读取", "The file cannot be read"),
    Status.UNAVAILABLE: Text("暂时无法核验", "Cannot check right now"),
}

RECORD_HEADING: Final = Text(
    "登记有效，请与纸面逐项核对", "The record is in force; please compare it with the paper item by item"
)
"""Heading of a record without a file: the paper in hand was not seen."""

SPECIALTY_HEADING: Final = Text("所要求的注册专业无效", "The specialty asked for is not in force")
"""Heading of EXPIRED when other specialties may be in date."""

CODE_ALTERED_HEADING: Final = Text("离线核验码已被改动", "The offline code has been changed")
"""Heading of ALTERED where no file is in hand: of all texts the offline code alone bears a signature."""

ADVICE: Final[Mapping[Status, Text]] = {
    Status.ALTERED: Text(
        "请不要采用这份文件；向持证人索取下载的原始文件后再核验。",
        "Please do not rely on this file; ask the holder for the original download and verify that.",
    ),
    Status.NO_SIGNATURE: Text(
        "扫描件、截图和另存的文件都不带签章；请向持证人索取下载的原始文件。",
        "Scans, screenshots and re-saved files lose the seal; please ask for the original download.",
    ),
    Status.NOT_OURS: Text(
        "请核对文件或二维码的来源，并在官方网址输入证书上的核验码查询。",
        "Please check where it came from, and type the code printed on the certificate on the official site.",
    ),
    Status.UNKNOWN: Text(
        "请核对输入内容；如确认无误，请联系持证人或颁发机构。",
        "Please check what was entered; if it is right, please contact the holder or the issuer.",
    ),
    Status.REVOKED: Text(
        "请不要采用这份证书；如有疑问请联系颁发机构。",
        "Please do not rely on this certificate; the issuer can answer questions.",
    ),
    Status.CANCELLED: Text(
        "请不要采用这份证书；持证人重新注册后可提供新的证书。",
        "Please do not rely on this certificate; after registering anew the holder can provide a new one.",
    ),
    Status.SUSPENDED: Text(
        "暂停期间请不要采用；恢复后可再次核验。",
        "Please do not rely on it while suspended; verify again once it is resumed.",
    ),
    Status.EXPIRED: Text(
        "请持证人办理重新注册；资格证书不受影响。",
        "The holder can register anew; the qualification certificate is not affected.",
    ),
    Status.USE_EXPIRED: Text(
        "请持证人重新加注，下载新的加注件。",
        "Please ask the holder for a new endorsed copy.",
    ),
    Status.SUPERSEDED: Text(
        "请持证人按最新信息重新下载；已变更的项目列在下方。",
        "Please ask the holder for a copy with the present data; the changed items are listed below.",
    ),
    Status.NOT_YET: Text(
        "请核对查询时点，或查看当前状态。",
        "Please check the time asked for, or look at the state now.",
    ),
    Status.VALID: Text(
        "文件由本服务签发，未被改动，登记有效；打印使用时还须有持证人手写签名，并与签名图像一致。",
        "This service issued the file, nothing in it was changed and the registration is in force; "
        "a printed copy also needs the holder's hand signature, matching the signature image.",
    ),
    Status.UNREADABLE: Text(
        "文件可能不完整；请重新下载或换一份文件再试。",
        "The file may be incomplete; please download it again or try another one.",
    ),
    Status.UNAVAILABLE: Text(
        "请稍后再试；这不表示证书有问题。",
        "Please try again later; this says nothing against the certificate.",
    ),
}

RECORD_ADVICE: Final = Text(
    "请将姓名、聘用企业、注册专业和有效期与纸面逐项核对；要核验文件是否被改动，请上传原始文件。",
    "Please compare name, employer, specialties and dates with the paper; "
    "to learn whether a file was changed, hand in the original file.",
)
"""What to do with a record that is in force."""

SPECIALTY_ADVICE: Final = Text(
    "证书上没有所要求的注册专业，或该专业有效期已届满；请持证人办理后另行提供。",
    "The certificate does not show that specialty, or it has ended; please ask the holder for one that does.",
)
"""What to do when it is the specialty asked for that is missing."""

CODE_ALTERED_ADVICE: Final = Text(
    "请不要采用这份证书；在官方网址输入证书上的核验码查询。",
    "Please do not rely on this certificate; type the code printed on it on the official site.",
)
