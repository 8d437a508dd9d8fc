"""What the desk says about a registration: how it is found, its history, its copies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.access.dossier import FOUND_MOST
from certsvc.domain.events import EventType
from certsvc.domain.registration import RegistrationStatus
from certsvc.domain.text import Text

DOSSIER: Final[Mapping[str, Text]] = {
    # search
    "search_title": Text("查询登记", "Find a registration"),
    "search_label": Text("注册编号、姓名、核验码或证书链接", "Number, name, code or link of a certificate"),
    "search_note": Text(
        "原用编号同样可查；姓名须完整。请勿输入身份证件号码。",
        "Former numbers count too; a name has to be whole. Please type no identity number.",
    ),
    "search_do": Text("查询", "Search"),
    "search_none": Text("没有查到。请核对后重试。", "Nothing was found. Please check what you typed."),
    "search_many": Text("查到多项，请选择", "More than one was found; please choose"),
    "search_more": Text(
        f"最多列出 {FOUND_MOST} 项，可能还有更多；请改用注册编号或核验码查询。",
        f"{FOUND_MOST} are listed at most, and there may be more; please search by a number or a code.",
    ),
    # the registration
    "former_numbers": Text("原用编号", "Former numbers"),
    "another_now": Text(
        "此编号现指另一项注册；以下为其现状，不能在此办理。",
        "This number means another registration now; nothing can be done to this one here.",
    ),
    "days_left": Text("剩 {days} 天", "{days} days left"),
    "deadline": Text("请于 {day} 前申请延续", "apply for renewal by {day}"),
    "warned": Text("不足 {days} 天", "fewer than {days} days"),
    "version_now": Text("现行版本", "Version in force"),
    # history
    "history_title": Text("操作轨迹", "History"),
    "history_lead": Text(
        "按登记先后排列；登记后不可修改。", "In the order of recording. Nothing here can be changed."
    ),
    "effective": Text("生效", "in effect"),
    "recorded": Text("登记", "recorded"),
    "late": Text("补记", "recorded late"),
    "version_nr": Text("第 {number} 版", "version {number}"),
    "by_operator": Text("操作员 {name}", "by operator {name}"),
    "by_system": Text("业务系统 {source}", "by the registration system, {source}"),
    "event_reason": Text("原因", "Reason"),
    "override": Text("有效期与规则不同的理由", "Why the validity differs from the rule"),
    "none_before": Text("（无）", "(none)"),
    "new_picture": Text("已更换", "replaced"),
    "nothing_printed": Text("照面内容未变", "nothing printed changed"),
    # copies
    "copies_title": Text("原件与加注件", "Originals and copies"),
    "copies_none": Text("尚未生成任何文件。", "Nothing was issued yet."),
    "copy_original": Text("原件 第 {version} 版", "Original, version {version}"),
    "copy_endorsed": Text("加注件 {number}", "Copy {number}"),
    "copy_failed": Text("未能生成（{code}）", "was not made ({code})"),
    "copy_pending": Text("正在生成", "is being made"),
    "copy_code": Text("核验码", "Code"),
    "preview": Text("预览", "Preview"),
    "preview_of": Text("{title} 的预览", "Preview of {title}"),
    "earlier_copies": Text("更早的文件", "Earlier ones"),
    "later_copies": Text("较新的文件", "Later ones"),
    "public_page": Text("公开核验页", "Public page"),
    "erased_files": Text("个人信息已删除，文件不再保存", "personal data was erased; the files are gone"),
}

EVENTS: Final[Mapping[EventType, Text]] = {
    EventType.INITIAL: Text("初始注册", "Initial registration"),
    EventType.ADD_SPECIALTY: Text("增项注册", "Specialty added"),
    EventType.RENEW: Text("延续注册", "Renewal"),
    EventType.CHANGE_EMPLOYER: Text("变更注册", "Change of employer"),
    EventType.AMEND_EMPLOYER: Text("企业信息修改", "Employer's data amended"),
    EventType.AMEND_HOLDER: Text("个人信息修改", "Holder's data amended"),
    EventType.RE_REGISTER: Text("重新注册", "Registered anew"),
    EventType.CANCEL: Text("注销", "Cancelled"),
    EventType.REVOKE: Text("撤销", "Revoked"),
    EventType.REVOKE_PENALTY: Text("吊销", "Revoked as a penalty"),
    EventType.SUSPEND: Text("暂停", "Suspended"),
    EventType.RESUME: Text("恢复", "Resumed"),
    EventType.REISSUE: Text("证书更换", "Certificate reissued"),
}

STATUSES: Final[Mapping[RegistrationStatus, Text]] = {
    RegistrationStatus.ACTIVE: Text("注册有效", "In force"),
    RegistrationStatus.SUSPENDED: Text("已暂停", "Suspended"),
    RegistrationStatus.EXPIRED: Text("有效期届满", "Expired"),
    RegistrationStatus.CANCELLED: Text("已注销", "Cancelled"),
    RegistrationStatus.REVOKED: Text("已撤销", "Revoked"),
    RegistrationStatus.REVOKED_PENALTY: Text("已吊销", "Revoked as a penalty"),
}

_KEYED: Final = {
    **{str(kind): text for kind, text in EVENTS.items()},
    **{str(status): text for status, text in STATUSES.items()},
}
TABLES: Final[tuple[Mapping[str, Text], ...]] = (DOSSIER, _KEYED)
