"""Sentences for error codes, ours. The official ones stand in wording.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.domain.text import Text

OFFICIAL_GLOSS: Final[Mapping[str, str]] = {
    "ENDORSED_TODAY": "An endorsed copy was already requested today; please do not request another one",
    "SPECIALTY_LT_180D": "Some specialties are valid for less than 180 days; please renew them in time",
    "PHOTO_OR_SIGNATURE_MISSING": (
        "Please add the personal photo and signature under 'supplement and amend data' of any first-class "
        "constructor service first"
    ),
    "NOT_FOUND": "No such certificate was found",
    "NO_REGISTRATION_FOR_RENEWAL": "There is no registration yet, so it cannot be renewed",
    "NO_QUALIFICATION": (
        "Registration needs the qualification certificate of a first-class constructor first"
    ),
}
"""What the official sentences say, in English; not official themselves. Titles, so without a full stop."""

ERRORS: Final[Mapping[str, Text]] = {
    "ORIGINAL_NOT_ISSUED": Text(
        "当前版本的证书原件尚未生成，请先申请生成原件。",
        "The original of the present version has not been issued yet; please request it first.",
    ),
    "ENDORSEMENT_PENDING": Text(
        "这份加注件正在制作，请稍后用同一幂等键再次查询。",
        "This endorsed copy is being made; please ask again shortly with the same Idempotency-Key.",
    ),
    "IDEMPOTENCY_CONFLICT": Text(
        "同一标识先前已用于内容不同的请求；请核对内容，新的请求请使用新的标识。",
        "This key or source_id came before with other content; please use a new one for a new request.",
    ),
    "TIMESTAMP_PENDING": Text(
        "这份文件的可信时间戳正在获取，请稍后再下载；文件本身已签发，不会改变。",
        "The time stamp of this file is being fetched; please come back later. The file is issued and stays.",
    ),
    "NO_TIMESTAMP": Text(
        "这份文件没有单独的时间戳：签发时未要求，或时间戳已在文件之内。",
        "This file has no time stamp beside it: none was asked for when it was issued, or it is inside.",
    ),
    "TIMESTAMP_UNAVAILABLE": Text(
        "时间戳服务暂时不可用，未签发任何文件；请稍后用同一幂等键重试。",
        "The time-stamping authority cannot be used now and nothing was issued; please retry later with the "
        "same Idempotency-Key.",
    ),
    "REGISTRATION_EXISTS": Text(
        "持证人已有在册的同类注册，不需要再次初始注册。",
        "The holder already has a live registration of this type; no other initial registration is needed.",
    ),
    "REGISTRATION_ENDED": Text(
        "该注册已注销、撤销或吊销，不能再办理此项业务；如需执业请重新注册。",
        "This registration has ended and takes no such operation; to practise again, please register anew.",
    ),
    "PERSONAL_DATA_ERASED": Text(
        "该持证人的个人信息已依规删除，不能再为其登记或制证；如需执业请以本人证件重新办理初始注册。",
        "This holder's personal data was erased, so nothing more can be recorded or issued here; to practise "
        "again, please register anew with the identity document.",
    ),
    "FILE_ERASED": Text(
        "该文件已随持证人的个人信息一并删除，不再提供下载；核验结果不受影响。",
        "This file was erased with its holder's personal data and is not handed out; verifying still works.",
    ),
    "RETENTION_NOT_OVER": Text(
        "个人信息的保存期限未满，到期后再删除；有法院或主管部门的要求时，可注明理由提前删除。",
        "Personal data still has to be kept; erase it when that time is over, or name the order of a "
        "court or authority to do it now.",
    ),
    "REGISTRATION_IN_FORCE": Text(
        "持证人仍有未终止的注册，不能删除其个人信息；请先办理注销等手续。",
        "The holder has a registration that has not ended; end it first, then erase the personal data.",
    ),
    "SUSPENDED": Text(
        "该注册处于暂停状态，恢复后即可办理。",
        "This registration is suspended; this becomes possible again once it is resumed.",
    ),
    "EXPIRED": Text(
        "注册专业的有效期均已届满，请办理重新注册；资格证书不受影响。",
        "Every specialty has expired; please register anew. The qualification certificate is not affected.",
    ),
    "MALFORMED": Text(
        "请求内容无法解析，请检查格式后重新提交。",
        "The request cannot be parsed; please check its format and send it again.",
    ),
    "INVALID_FIELD": Text(
        "有字段不符合要求，请按各项说明修改后重新提交。",
        "Some fields need a correction; please see the note on each and send the request again.",
    ),
    "IMAGE_REJECTED": Text(
        "图片不符合要求，请按说明更换后重新提交。",
        "The image does not meet the rules; please see the note and send another one.",
    ),
    "GLYPH_MISSING": Text(
        "有字符在证书字体中没有字形，证书未生成；请核对该字的编码。",
        "A character has no glyph in the certificate's fonts, so nothing was issued; please check its code.",
    ),
    "VALIDITY_MISMATCH": Text(
        "所填有效期截止日与规则不符；请更正，或在 override_reason 中说明理由。",
        "The given last day differs from the rule; please correct it or state why in override_reason.",
    ),
    "OVER_AGE": Text(
        "准予注册之日已超过年龄上限，不能注册；请核对日期。",
        "The day of granting lies after the age limit; please check the dates.",
    ),
    "EFFECTIVE_IN_FUTURE": Text(
        "生效时间晚于当前时间，请在生效后再提交。",
        "The event takes effect in the future; please send it once it is effective.",
    ),
    "AS_OF_IN_FUTURE": Text(
        "查询时点晚于当前时间，请选择现在或过去的时点。",
        "The instant asked for lies in the future; please choose the present or the past.",
    ),
    "TOO_LARGE": Text(
        "提交的内容超过大小限制，请缩小后重新提交。",
        "The request is over the size limit; please make it smaller.",
    ),
    "UNSUPPORTED_TYPE": Text(
        "不支持这种内容类型，请改用接口文档列出的类型。",
        "This content type is not supported; please use one that the API documentation lists.",
    ),
    "METHOD_NOT_ALLOWED": Text(
        "此地址不支持这种请求方法，请查看接口文档。",
        "This address does not take this method; please see the API documentation.",
    ),
    "LENGTH_REQUIRED": Text(
        "请求缺少 Content-Length，请补充后重新提交。",
        "The request has no Content-Length; please send it with one.",
    ),
    "UNAUTHENTICATED": Text(
        "请求中没有可用的 API 密钥，请在 X-API-Key 中提供。",
        "A known API key is needed; please send it in X-API-Key.",
    ),
    "ROLE_MISSING": Text(
        "您的角色不能办理此事项；如确需办理，请联系管理员调整角色。",
        "Your role does not allow this; if you need it, please ask an admin to change your roles.",
    ),
    "FORM_EXPIRED": Text(
        "页面已失效，没有办理任何事项；请返回上一页，刷新后重新提交。",
        "This form is no longer valid and nothing was done; please go back, reload and send it again.",
    ),
    "FORBIDDEN": Text(
        "此 API 密钥没有该操作的权限，请联系管理员开通。",
        "This API key does not cover the operation; please ask the operator for the scope.",
    ),
    "HOLDER_LINK_UNUSABLE": Text(
        "此链接已使用过、已过期，或复制得不完整；每个链接只能使用一次，请重新获取。",
        "This link was used, has expired or was not copied whole. Each works once; please get a new one.",
    ),
    "ASSERTION_REFUSED": Text(
        "未能确认从上级门户带来的身份信息；请回到门户重新进入。",
        "What the portal says of you could not be confirmed; please go back to the portal and enter again.",
    ),
    "ASSERTIONS_OFF": Text(
        "本服务未接入上级门户；请使用一次性链接进入。",
        "This service takes nobody over from a portal; please use a one-time link.",
    ),
    "RATE_LIMITED": Text(
        "请求过于频繁，请稍后再试。",
        "Too many requests for now; please try again later.",
    ),
    "UNAVAILABLE": Text(
        "暂时无法办理，请稍后再试；这不表示证书有问题。",
        "This is not possible right now, please try again later; it says nothing about the certificate.",
    ),
    "RECORD_DAMAGED": Text(
        "登记记录未通过完整性检查，暂时无法答复；这不表示证书有问题。",
        "The record failed its integrity check, so there is no answer now; the certificate is not at fault.",
    ),
    "TIME_UNCERTAIN": Text(
        "服务器时间暂不可信，为避免误判暂停办理，请稍后再试。",
        "The server's clock cannot be relied on at the moment; please try again later.",
    ),
    "STORAGE_FULL": Text(
        "存储空间不足，暂时无法生成证书，请稍后再试。",
        "There is no room to store another certificate; please try again later.",
    ),
    "HSM_UNAVAILABLE": Text(
        "保管签名密钥的密码设备没有应答，证书未生成，也未占用当日次数；请稍后再试。",
        "The device that keeps the signing key does not answer; nothing was issued and the day is not used "
        "up. Please try again later.",
    ),
    "KEY_WITHDRAWN": Text(
        "制作期间签名密钥已停用，证书未生成，也未占用当日次数；请再次提交。",
        "The signing key was withdrawn while the certificate was being made; nothing was issued and the day "
        "is not used up. Please send the request again.",
    ),
    "KEY_CAP_REACHED": Text(
        "签名密钥今日使用次数已达上限，证书未生成，也未占用当日次数；请次日再试，或联系发证机构。",
        "The signing key was used as often today as it may be; nothing was issued and the day is not used "
        "up. Please try again tomorrow, or ask the issuer.",
    ),
    "SETTINGS": Text(
        "服务设置有误，请管理员按提示更正。",
        "A setting is wrong; the operator can correct it as the note says.",
    ),
    "KEY_MATERIAL": Text(
        "密钥或数字证书缺失或不可用，请管理员检查。",
        "A key or certificate is missing or unfit; the operator should check it.",
    ),
    "TEMPLATE": Text(
        "证书模板数据有误，请管理员按提示更正。",
        "The data of a certificate type is wrong; the operator can correct it as the note says.",
    ),
    "BACKUP_DAMAGED": Text(
        "备份不完整或内容已变，未据此恢复；请改用另一份备份。",
        "The backup is cut short or was changed, and nothing was restored from it; please use another one.",
    ),
    "PLACE_NOT_EMPTY": Text(
        "目标位置已有内容，未作任何改动；请选择空的位置。",
        "There is something in this place already, and nothing was touched; please choose an empty one.",
    ),
    "DEFECT": Text(
        "服务内部检查未通过，未签发任何文件；请稍后再试或联系管理员。",
        "An internal check failed and nothing was issued; please try again later or tell the operator.",
    ),
}
