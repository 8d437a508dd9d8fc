"""What the page of the photo tool says, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certsvc.domain.text import Text

PHOTO: Final[Mapping[str, Text]] = {
    "photo_lead": Text(
        "检查一寸照片或签名图片是否符合登记要求，能修正的当场修正。",
        "Checks a one-inch photo or a signature image by the rules of the register, and fixes what it can.",
    ),
    "photo_nothing_kept": Text(
        "图片只在处理时使用，不保存，也不用于识别身份。",
        "The picture is used for this answer only: it is not kept, and nobody is recognised by it.",
    ),
    "photo_kind": Text("图片种类", "Kind of picture"),
    "photo_kind_photo": Text("一寸照片", "One-inch photo"),
    "photo_kind_signature": Text("签名图片", "Signature image"),
    "photo_file": Text("选择图片", "Choose the picture"),
    "photo_file_note": Text(
        "JPEG 或 PNG，不超过 10 MB；手机拍摄的原图也可以。",
        "JPEG or PNG, up to 10 MB; a picture straight from a phone will do.",
    ),
    "photo_submit": Text("检查并修正", "Check and fix"),
    "photo_made": Text("修正后的图片", "The fixed picture"),
    "photo_before": Text("原图", "As it came"),
    "photo_after": Text("修正后", "Fixed"),
    "photo_download": Text("下载修正后的图片", "Download the fixed picture"),
    "photo_changes": Text("所做的修改", "What was changed"),
    "photo_untouched": Text("面部没有任何修饰。", "The face was not retouched in any way."),
    "photo_not_fixed": Text("无法修正", "What could not be fixed"),
    "photo_none_needed": Text(
        "不需要修正，请直接使用原文件。", "Nothing had to be changed; use the file as it is."
    ),
    "photo_impossible": Text(
        "无法修正成可以提交的图片，请按下列提示重新提供。",
        "No picture that would be taken can be made of it. Please follow the advice below.",
    ),
    "photo_none_possible": Text(
        "没有可以修正之处；下列项目请按提示重新提供。",
        "There is nothing this tool can fix; for the rest please follow the advice below.",
    ),
    "photo_rules": Text("逐项检查原图", "Each rule, as it came"),
    "photo_measured": Text("实测", "measured"),
    "photo_wanted": Text("要求", "wanted"),
    "photo_required": Text("必须", "required"),
    "photo_advice": Text("建议", "advice"),
    "photo_passed": Text("符合", "passed"),
    "photo_failed": Text("不符合", "failed"),
    "photo_cannot_tell": Text("无法判断", "cannot tell"),
    "photo_limits": Text(
        "“人像大小”“清晰度”等建议项按轮廓与灰度测量，不是人脸识别，仅供参考；是否接受由登记时的检查决定。",
        "Advice such as the size of the head and sharpness is measured on outlines and grey levels, not by "
        "face recognition. What is taken is decided when it is recorded.",
    ),
    "photo_colon": Text("：", ": "),
    "photo_again": Text("再检查一张", "Check another picture"),
}
"""By the name the template uses."""

NOTHING_GIVEN: Final = Text("请选择一张图片", "choose one picture")
