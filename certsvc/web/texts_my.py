"""What the holder's own page 我的证书 says, in Chinese and English; official ones are domain.wording's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.domain.text import Text

MY: Final[Mapping[str, Text]] = {
    "my_title": Text("我的证书", "My certificate"),
    "my_close": Text(
        "不是您本人？请勿查看或下载，立即退出并关闭本页。",
        "Not you? Please look at nothing and download nothing: leave, and close this page.",
    ),
    "my_leave": Text("退出", "Leave"),
    "my_session": Text(
        "{minutes} 分钟不操作，或进入后满 {hours} 小时，即自动退出。在他人的设备上请用完即退出。",
        "You are let out after {minutes} minutes without use, and {hours} hours after entering. On a device "
        "that is not yours, leave when you are done.",
    ),
    # the way in
    "my_enter": Text("进入我的证书", "Enter my certificate"),
    "my_enter_note": Text(
        "此链接只能使用一次，请在收到后 15 分钟内点击下方按钮进入。",
        "This link works once. Press the button within 15 minutes after you were given it.",
    ),
    "my_enter_warning": Text(
        "链接等同于您的钥匙，请勿转发给他人。",
        "The link is a key to your certificate: do not pass it on to anybody.",
    ),
    "my_door": Text(
        "请从发证机关或注册系统发给您的一次性链接进入，或从统一门户登录后进入。",
        "Please enter by the one-time link that the authority or the registration system gave you, or from "
        "the portal.",
    ),
    "my_door_ended": Text(
        "您尚未进入，或上次进入已结束：长时间未操作、已退出，或期限已到。",
        "You have not entered, or your last visit is over: it was not used, you left, or its time had come.",
    ),
    "my_left": Text("您已安全退出", "You have left"),
    "my_left_note": Text(
        "可以关闭本页。再次进入需要新的一次性链接。",
        "You may close this page. To enter again you need a new link.",
    ),
    "my_from_elsewhere": Text(
        "请打开您收到的链接，再点击其中的按钮。", "Please open the link you were given and press its button."
    ),
    "my_erased": Text("个人信息已依规删除", "Your personal data were erased"),
    "my_erased_note": Text(
        "保存期满或依有权机关要求，您的个人信息和证书文件已从本服务删除，无法再查看或下载。"
        "此前发出的证书仍可核验其状态。",
        "The time for which they had to be kept is over, or an authority ordered it: your personal data and "
        "your files are no more in this service. Certificates given out before can still be verified.",
    ),
    "my_none": Text("名下没有可显示的证书", "There is no certificate to show"),
    "my_none_note": Text(
        "注册尚未生效；生效后即可在此查看。", "The registration has not begun; it will show here once it has."
    ),
    "my_back": Text("返回我的证书", "Back to my certificate"),
    # the certificate
    "my_number": Text("注册编号", "Registration number"),
    "my_employer": Text("聘用企业", "Employer"),
    "my_photo": Text("证书照片", "Photo on the certificate"),
    "my_next": Text("下一步", "What to do next"),
    "my_specialties": Text("注册专业", "Specialties"),
    "my_days_left": Text("剩余 {days} 天", "{days} days left"),
    "my_last_day": Text("今天是最后一天", "today is the last day"),
    "my_renew_by": Text(
        "延续注册须于 {day} 前提出（含当日）", "Apply for renewal by {day}, that day included"
    ),
    "my_renew_late": Text(
        "延续注册的申请期限 {day} 已过，请尽快联系注册机关",
        "The last day to apply for renewal was {day}; please contact the registration authority soon",
    ),
    "my_not_renewable": Text("已到年龄上限，不能再延续", "Cannot be renewed: the age limit is reached"),
    "my_official": Text("官方提示", "Official notice"),
    "my_original": Text("证书原件", "The original"),
    "my_original_note": Text(
        "原件仅供本人查看留存；投标等用途请申请加注件。",
        "The original is for your own keeping. For a bid or another use, make an endorsed copy.",
    ),
    "my_preview": Text("证书原件预览", "Preview of the original"),
    "my_download_pdf": Text("下载 PDF", "Download PDF"),
    "my_download_ofd": Text("下载 OFD", "Download OFD"),
    "my_not_issued": Text(
        "当前版本的原件尚未生成，生成后可随时下载。",
        "The original of the present version was not issued yet; once it is, you can download it any time.",
    ),
    "my_issue": Text("生成原件", "Issue the original"),
    # endorsing
    "my_endorse": Text("申请加注件", "Make an endorsed copy"),
    "my_endorse_note": Text(
        "加注件印有用途和使用有效期，每天限一份。",
        "An endorsed copy shows its purpose and until when it may be used. One a day.",
    ),
    "my_purpose": Text("用途", "Purpose"),
    "my_purpose_note": Text(
        "将印在证书上，最多 200 个字，如“××工程项目投标”。请勿填写无关的个人信息。",
        "Printed on the copy, up to 200 characters, such as the bid it is for. Nothing personal, please.",
    ),
    "my_window": Text("使用有效期", "May be used"),
    "my_both": Text("含首尾两日", "both days included"),
    "my_cap_none": Text("自今日起 180 天。", "180 days from today."),
    "my_cap_specialty": Text(
        "不足 180 天：不超过注册专业有效期的最后一天。",
        "Fewer than 180 days: never past the last day of your specialties.",
    ),
    "my_cap_age65": Text(
        "不足 180 天：不超过年满 65 周岁之日。", "Fewer than 180 days: never past your 65th birthday."
    ),
    "my_cap_specialties": Text("证书将列出的专业", "Specialties it will show"),
    "my_confirm": Text("确认申请", "Confirm"),
    "my_confirm_note": Text(
        "确认后不能撤回或修改，今天不能再申请另一份。",
        "It cannot be taken back or changed, and no other can be made today.",
    ),
    "my_conflict": Text(
        "这一页先前已提交过别的用途。请核对后重新确认。",
        "This page was sent before with another purpose. Please check it and confirm again.",
    ),
    "my_pending": Text(
        "正在制作，请稍候再按一次确认；不会重复申请。",
        "It is being made. Wait a moment and press confirm again; no second one will be made.",
    ),
    "my_todays": Text("今天已申请的加注件", "The copy you made today"),
    "my_done": Text("加注件已生成", "Your endorsed copy is ready"),
    "my_copy_nr": Text("第 {number} 份加注件", "Endorsed copy {number}"),
    "my_copy_original": Text("原件（版本 {version}）", "Original, version {version}"),
    "my_files_stay": Text(
        "PDF 和 OFD 内容相同、同等有效；随时可再次下载，文件永远不变。",
        "PDF and OFD show the same and count the same. Download them again whenever you like: they never "
        "change.",
    ),
    "my_check": Text("查看他人核验时看到的页面", "See the page others see when they verify it"),
    "my_code": Text("核验码", "Code"),
    "my_made_on": Text("申请日期", "Made on"),
    # copies
    "my_copies": Text("已生成的证书文件", "Files made so far"),
    "my_no_copies": Text("还没有。", "None yet."),
    "my_state": Text("目前状态", "State now"),
    "my_open": Text("打开", "Open"),
    "my_newer": Text("较新的", "Newer"),
    "my_older": Text("较早的", "Older"),
    "my_usable": Text("有效，可以使用", "In force and usable"),
    "my_original_valid": Text("有效（仅供查看）", "In force (for viewing only)"),
    "my_being_made": Text("正在制作", "Being made"),
    # look-ups
    "my_lookups": Text("谁查验过我的证书", "Who looked my certificate up"),
    "my_lookups_total": Text("最近 30 天被查验 {count} 次", "Looked up {count} times in the last 30 days"),
    "my_lookups_known": Text(
        "我们只记录次数、所在的小时、查验方式，以及查验者是公众还是接入平台；不记录是谁、从哪里、为了什么，"
        "因此这里也无法显示。您在本页的操作不计入。",
        "We count how often, in which hour, in what way, and whether it was the public or a connected "
        "platform. Who it was, from where and what for is not kept, and so cannot be shown. What you do here "
        "is not counted.",
    ),
    "my_lookups_late": Text("新的查验通常在数秒内出现。", "A new one shows within seconds."),
    "my_day": Text("日期", "Day"),
    "my_public": Text("公众", "Public"),
    "my_client": Text("接入平台", "Platforms"),
    "my_record_itself": Text("登记信息", "the record"),
    "my_hours": Text("更早的日期与逐小时明细", "Earlier days, and hour by hour"),
    "my_chart": Text("最近 30 天每日查验次数柱状图", "Bars: look-ups on each of the last 30 days"),
    "my_way_qr": Text("扫描二维码", "QR code"),
    "my_way_code": Text("输入核验码", "typed code"),
    "my_way_number": Text("注册编号与姓名", "number and name"),
    "my_way_file": Text("上传文件", "file"),
    "my_others": Text("名下其他注册", "Your other registrations"),
    # states and steps
    "my_status_ACTIVE": Text("注册有效", "Registration in force"),
    "my_status_EXPIRED": Text("注册专业均已过期", "Every specialty has expired"),
    "my_status_SUSPENDED": Text("注册已暂停", "Registration suspended"),
    "my_status_CANCELLED": Text("注册已注销", "Registration cancelled"),
    "my_status_REVOKED": Text("注册已撤销", "Registration revoked"),
    "my_status_REVOKED_PENALTY": Text("注册已吊销", "Registration revoked as a penalty"),
    "my_step_ENDED": Text(
        "此注册已结束，不能再生成证书文件；如需执业请办理重新注册。",
        "This registration has ended and takes no more copies. To practise again, please register anew.",
    ),
    "my_step_SUSPENDED": Text(
        "注册暂停期间不能申请证书文件；请联系注册机关了解原因，恢复后即可办理。",
        "While it is suspended no copy can be made. Please ask the registration authority why; afterwards "
        "everything goes on.",
    ),
    "my_step_PICTURES": Text(
        "请先补充个人照片和签名图像，之后即可生成证书。",
        "Please have your photo and signature image added first; then the certificate can be issued.",
    ),
    "my_step_EXPIRED": Text(
        "注册专业均已过期，请办理重新注册；资格证书不受影响。",
        "Every specialty has expired: please register anew. Your qualification is not affected.",
    ),
    "my_step_RENEW": Text(
        "请在下方所示期限前申请延续注册。", "Please apply for renewal by the day shown below."
    ),
    "my_step_RENEW_LATE": Text(
        "延续注册的申请期限已过，请尽快联系注册机关。",
        "The last day to apply for renewal has passed; please contact the registration authority soon.",
    ),
    "my_step_AGE": Text(
        "即将到期的专业已到年龄上限，不能再延续；到期前证书照常使用。",
        "What is about to end cannot be renewed because of the age limit; until then all stays as it is.",
    ),
    "my_step_ORIGINAL": Text(
        "您的证书已可生成：请在下方生成原件。",
        "Your certificate can be issued now: issue the original below.",
    ),
    "my_step_TODAY": Text(
        "今天的加注件已生成，可在下方下载。", "Today's endorsed copy is ready; you can download it below."
    ),
    "my_step_ENDORSE": Text(
        "一切就绪。需要使用证书时，请按用途申请加注件。",
        "All is well. When you need the certificate, make an endorsed copy for that purpose.",
    ),
}
"""Texts of the pages, by the name templates use."""
