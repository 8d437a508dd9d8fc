"""What the desk says: its frame, doors and actions, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.domain.text import Text

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
    "signed_in_as": Text("当前登录", "Logged in as"),
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
NOT_TWICE: Final = Text("两次输入的新密码不一致", "the new password was not typed the same twice")
