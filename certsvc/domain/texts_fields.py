"""Names of fields and checks, as pages and messages show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.domain.text import Text

_FACE: Final[Mapping[str, Text]] = {
    "certificate_type": Text("证书类型", "Certificate type"),
    "registration_number": Text("注册编号", "Registration number"),
    "name": Text("姓名", "Name"),
    "sex": Text("性别", "Sex"),
    "birth_date": Text("出生日期", "Date of birth"),
    "employer": Text("聘用企业", "Employer"),
    "employer_uscc": Text("统一社会信用代码", "Unified social credit code"),
    "specialties": Text("注册专业", "Specialties"),
    "specialty": Text("注册专业", "Specialty"),
    "valid_from": Text("有效期起", "Valid from"),
    "valid_to": Text("有效期至", "Valid to"),
    "validity": Text("有效期", "Validity"),
    "qualification": Text("资格证书编号", "Qualification certificate number"),
    "photo": Text("照片", "Photo"),
    "signature": Text("个人签名", "Holder's signature"),
    "signing_date": Text("签名日期", "Date of hand signature"),
}

_DOCUMENT: Final[Mapping[str, Text]] = {
    "certificate": Text("证书", "Certificate"),
    "licence_id": Text("证照标识", "Licence identifier"),
    "previous_licence_id": Text("原证照标识", "Previous licence identifier"),
    "serial": Text("流水号", "Serial"),
    "version": Text("证书版本", "Certificate version"),
    "issuer": Text("颁发机构", "Issuer"),
    "issued_at": Text("签发日期", "Date of issue"),
    "endorsement": Text("加注件", "Endorsed copy"),
    "endorsement_id": Text("加注件编号", "Endorsement identifier"),
    "original": Text("原件", "Original"),
    "copy_number": Text("加注件序号", "Copy number"),
    "purpose": Text("用途", "Purpose"),
    "use_from": Text("使用有效期起", "May be used from"),
    "use_until": Text("使用有效期至", "May be used until"),
    "usage_period": Text("使用有效期", "Usage window"),
    "code": Text("核验码", "Verification code"),
    "verify_url": Text("核验网址", "Verification address"),
}

_ANSWER: Final[Mapping[str, Text]] = {
    "verdict": Text("结论", "Verdict"),
    "status": Text("状态", "Status"),
    "as_of": Text("查询时点", "As of"),
    "checked_at": Text("核验时间", "Checked at"),
    "state_at_as_of": Text("查询时点的状态", "State at that time"),
    "state_now": Text("当前状态", "State now"),
    "changed_fields": Text("已变更的项目", "Changed items"),
    "days_left": Text("剩余天数", "Days left"),
    "renewable": Text("可否延续", "Renewable"),
    "renew_deadline": Text("延续申请截止日", "Apply for renewal by"),
    "holder": Text("持证人", "Holder"),
    "id_no_masked": Text("证件号码", "Identity number"),
    "reason": Text("原因", "Reason"),
    "file": Text("文件", "File"),
    "sha256": Text("文件摘要 SHA-256", "File digest SHA-256"),
}

_CHECKS: Final[Mapping[str, Text]] = {
    "file_is_ours": Text("文件由本服务签发", "Issued by this service"),
    "signature": Text("电子签章", "Electronic seal"),
    "coverage": Text("签章覆盖整个文件", "Seal covers the whole file"),
    "signer_pinned": Text("签章密钥", "Sealing key"),
    "seal_pinned": Text("印章", "Seal image"),
    "timestamp": Text("时间戳", "Timestamp"),
    "qr_matches": Text("二维码一致", "QR code matches"),
    "text_matches": Text("文字一致", "Text matches"),
    "registry": Text("登记状态", "Registry"),
    "usage_window": Text("使用有效期", "Usage window"),
    "specialty": Text("注册专业", "Specialty"),
    "superseded": Text("是否最新版本", "Newest version"),
    "log": Text("公开日志", "Public log"),
}

FIELDS: Final[Mapping[str, Text]] = {**_FACE, **_DOCUMENT, **_ANSWER}
"""By field name of the API and of changed_fields()."""

CHECKS: Final[Mapping[str, Text]] = _CHECKS
"""By value of report.Check."""
