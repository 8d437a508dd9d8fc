"""What the desk says: its frame, doors and actions, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.domain.text import Text
from certsvc.domain.texts_fields import FIELDS
from certsvc.web.desk import texts_dossier, texts_overview

DESK: Final[Mapping[str, Text]] = {
    # frame
    "desk": Text("业务工作台", "Desk"),
    "logout": Text("退出", "Log out"),
    "navigation": Text("工作台导航", "Desk navigation"),
    "nav_search": Text("查询", "Search"),
    "nav_batches": Text("批次", "Batches"),
    "nav_expiring": Text("到期", "Running out"),
    "nav_lookups": Text("查验", "Look-ups"),
    "nav_health": Text("密钥与健康", "Keys and health"),
    "nav_actions": Text("操作记录", "Actions"),
    "nav_operators": Text("操作员", "Operators"),
    # login
    "login_title": Text("登录业务工作台", "Log in to the desk"),
    "login_lead": Text(
        "仅限获授权的工作人员使用；所有操作均留有记录。",
        "For authorised staff only. Everything done here is recorded.",
    ),
    "login_name": Text("登录名", "Name"),
    "password": Text("密码", "Password"),
    "login": Text("登录", "Log in"),
    # password
    "password_title": Text("修改密码", "Change your password"),
    "password_first": Text(
        "您正在使用一次性密码，请先设置自己的密码。",
        "You came in with a one-time password. Please set your own first.",
    ),
    "password_old": Text("原密码", "Present password"),
    "password_new": Text("新密码", "New password"),
    "password_again": Text("再次输入新密码", "New password again"),
    "password_note": Text(
        "至少 12 个字符，可用一句话。修改后，其他设备上的登录随即失效。",
        "At least 12 characters; a sentence will do. Logins on other devices end at once.",
    ),
    "password_set": Text("保存新密码", "Save the new password"),
    # first page
    "home_title": Text("业务工作台", "Desk"),
    "home_lead": Text("请选择要办理的事项。", "Please choose what to do."),
    "home_empty": Text(
        "您的角色目前没有可用的页面，请联系管理员。", "Your roles open no page yet; please ask an admin."
    ),
    # actions on a registration
    "reason": Text("事由", "Reason"),
    "reason_note": Text(
        "将与您的登录名一并长期保存；请勿填写身份证件号码。",
        "Kept for good with your name; please leave identity numbers out.",
    ),
    "purpose": Text("用途", "Purpose"),
    "issue_title": Text("生成证书原件", "Issue the original"),
    "issue_do": Text("生成原件", "Issue"),
    "endorse_title": Text("代办加注", "Endorse for the holder"),
    "endorse_do": Text("加注", "Endorse"),
    "record_title": Text("登记事项", "Record an event"),
    "record_do": Text("登记", "Record"),
    "choose": Text("请选择", "Please choose"),
    "confirm_title": Text("请再次确认", "Please confirm"),
    "confirm_lead": Text(
        "此事项一经登记即告终止该注册，不能撤回；如需再次执业，须重新注册。",
        "This ends the registration and cannot be taken back; to practise again, the holder registers anew.",
    ),
    "confirm_do": Text("确认办理", "Yes, record it"),
    # what became of it
    "action_title": Text("办理结果", "What became of it"),
    "action_done": Text("已办理", "Done"),
    "action_refused": Text("未办理", "Not done"),
    "faults_note": Text(
        "请返回上一页更正后重新提交；已填写的内容仍在。",
        "Please go back and correct it; what you typed is still there.",
    ),
    "action_unknown": Text("结果未知", "Outcome unknown"),
    "action_unknown_note": Text(
        "尚不能确认是否已办理。请返回上一页再次提交同一表单：不会重复办理；或在登记记录中核对。",
        "Nobody can say yet whether it was done. Go back and send the same form again: nothing happens twice."
        " Or look at the registration's history.",
    ),
    "who": Text("操作员", "Operator"),
    "what": Text("事项", "What"),
    "target": Text("对象", "To"),
    "number": Text("注册编号", "Registration number"),
    "holder": Text("持证人", "Holder"),
    "employer": Text("聘用企业", "Employer"),
    "time": Text("时间", "Time"),
    "outcome": Text("结果", "Outcome"),
    "back_to_registration": Text("查看该注册", "Show the registration"),
    "action_id": Text("操作编号", "Action"),
    # who did what
    "actions_title": Text("操作记录", "Who did what"),
    "actions_lead": Text(
        "按时间由近及远；不可修改、不可删除。", "The latest first. Nothing here can be changed."
    ),
    "filter": Text("筛选", "Show"),
    "filter_target": Text("注册编号、批次或操作员", "Registration number, batch or operator acted on"),
    "actions_none": Text("没有符合条件的记录。", "There is nothing of this kind."),
    "older": Text("更早的记录", "Earlier ones"),
    # operators
    "operators_title": Text("操作员", "Operators"),
    "operator_new": Text("新增操作员", "Add an operator"),
    "operator_new_do": Text("新增", "Add"),
    "roles": Text("角色", "Roles"),
    "change": Text("变更", "Change"),
    "do": Text("办理事项", "What to do"),
    "do_roles": Text("改为以下角色", "Give these roles"),
    "do_password": Text("重置密码", "Reset the password"),
    "do_sessions": Text("结束其所有登录", "End all logins"),
    "do_disable": Text("停用", "Disable"),
    "do_enable": Text("恢复使用", "Enable again"),
    "apply": Text("办理", "Do it"),
    "disabled": Text("已停用", "disabled"),
    "first_login": Text("尚未首次登录", "has not logged in yet"),
    "told_title": Text("一次性密码", "One-time password"),
    "told_note": Text(
        "仅显示这一次。请当面告知本人；首次登录后须立即修改。",
        "Shown this once. Tell it in person; it has to be changed at the first login.",
    ),
}
"""Texts of desk pages, by the name templates use."""

LOGIN_REFUSED: Final = Text(
    "登录名或密码不正确，或账号已停用。请核对后重试；忘记密码请联系管理员重置。",
    "The name or password is not right, or the account is disabled. Please try again; an admin can reset a "
    "forgotten password.",
)
TOO_MANY: Final = Text(
    "尝试次数过多，请稍后再试；如非本人操作，请告知管理员。",
    "Too many tries; please wait a little. If it was not you, please tell an admin.",
)
ROLES: Final[Mapping[str, Text]] = {
    "reader": Text("查询（查看登记与证书）", "Reader: search and look"),
    "issuer": Text("制证（原件、加注、批次）", "Issuer: originals, endorsements, batches"),
    "registrar": Text("登记（暂停、恢复、注销等）", "Registrar: suspend, resume, cancel, revoke"),
    "auditor": Text("审计（查验、异常、操作记录）", "Auditor: look-ups, abuse, who did what"),
    "admin": Text("管理（操作员、登录、密钥与健康）", "Admin: operators, logins, keys and health"),
}
"""What each role is for."""

ACTIONS: Final[Mapping[str, Text]] = {
    "original": Text("生成证书原件", "issue the original"),
    "endorse": Text("代办加注", "endorse for the holder"),
    "suspend": Text("暂停", "suspend"),
    "resume": Text("恢复", "resume"),
    "reissue": Text("证书更换", "reissue"),
    "cancel": Text("注销", "cancel"),
    "revoke": Text("撤销", "revoke"),
    "revoke_penalty": Text("吊销", "revoke as a penalty"),
    "batch_cancel": Text("取消批次", "cancel a batch"),
    "operator_add": Text("新增操作员", "add an operator"),
    "operator_roles": Text("变更角色", "change roles"),
    "operator_password": Text("重置密码", "reset a password"),
    "operator_sessions": Text("结束登录", "end logins"),
    "operator_disable": Text("停用操作员", "disable an operator"),
    "operator_enable": Text("恢复操作员", "enable an operator"),
    "password_change": Text("修改本人密码", "change the own password"),
}
"""What operators do, by the name the history keeps."""

NOT_TWICE: Final = Text("两次输入的新密码不一致", "the new password was not typed the same twice")

TABLES: Final[tuple[Mapping[str, Text], ...]] = (
    DESK,
    ROLES,
    ACTIONS,
    *texts_dossier.TABLES,
    *texts_overview.TABLES,
    FIELDS,
)
"""Every table of texts that pages behind a login show; the font of the desk is cut for them."""


def everything() -> str:
    """Return all that pages behind a login say by themselves."""
    tables = (text for table in TABLES for text in table.values())
    return "".join(text.zh + text.en for text in (*tables, LOGIN_REFUSED, TOO_MANY, NOT_TWICE))
