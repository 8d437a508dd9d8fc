"""What the photo tool (照片处理工具) says: rules, why they failed, what to do, what was changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from certsvc.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """The sentences of one rule."""

    name: Text
    failed: Text
    """Why, when it failed."""
    untold: Text
    """Why nothing can be said, when it cannot be told."""
    remedy: Text
    untold_remedy: Text | None = None
    """What to do when it cannot be told, where that is something else."""


_NO_FIGURE: Final = Text(
    "背景不是单一颜色，或画面中不止一人，无法分辨人像。",
    "The ground is not of one colour, or there is more than one thing before it: the figure cannot be told.",
)
_PLAIN_WALL: Final = Text(
    "请在纯白背景前独自拍摄，人与背景保持一段距离。",
    "Take the photo alone before a plain white wall, with some distance to it.",
)
_NO_INK: Final = Text("画面中看不到可以辨认的笔迹。", "No stroke can be made out.")
_SIGN_AGAIN: Final = Text(
    "请用深色笔在白纸上重新签名，在均匀光线下拍摄或扫描。",
    "Sign again in dark ink on white paper, and photograph or scan it in even light.",
)
_UNTOLD: Final = Text("无法判断。", "It cannot be told.")

PHOTO_RULES: Final[Mapping[str, RuleText]] = {
    "format": RuleText(
        name=Text("文件格式", "File format"),
        failed=Text("文件格式不符合要求。", "The file is of another format."),
        untold=_UNTOLD,
        remedy=Text(
            "请另存为要求的格式；本工具可将 JPEG、PNG 签名图片转为 PNG。",
            "Save it in the format asked for; this tool makes a PNG of a signature in JPEG.",
        ),
    ),
    "bytes": RuleText(
        name=Text("文件大小", "File size"),
        failed=Text("文件过大。", "The file is too large."),
        untold=_UNTOLD,
        remedy=Text(
            "请用本工具压缩，或以较低的质量另存。", "Let this tool compress it, or save it in lower quality."
        ),
    ),
    "readable": RuleText(
        name=Text("可以打开", "Can be opened"),
        failed=Text("图片无法按要求打开。", "The picture cannot be opened as it has to be."),
        untold=Text(
            "在规定的时间与内存内没有打开这个文件。",
            "The file was not opened within the limits of time and memory.",
        ),
        remedy=Text(
            "请用看图软件打开后另存为普通 JPEG（RGB）再试。",
            "Open it in a picture viewer, save it as a plain JPEG (RGB) and try again.",
        ),
    ),
    "pixels": RuleText(
        name=Text("像素", "Pixels"),
        failed=Text("像素过少或过多。", "It has too few or too many pixels."),
        untold=_UNTOLD,
        remedy=Text(
            "过多可由本工具缩小；过少请用原图重新提供，本工具不放大。",
            "Too many: let this tool make it smaller. Too few: provide the original; nothing is enlarged.",
        ),
    ),
    "aspect": RuleText(
        name=Text("宽高比", "Width to height"),
        failed=Text("宽高比不是一寸照片的 5:7。", "It is not 5:7 wide to high, as a one-inch photo is."),
        untold=_UNTOLD,
        remedy=Text(
            "请用本工具围绕人像裁剪，或自行裁剪。",
            "Let this tool crop it around the figure, or crop it yourself.",
        ),
    ),
    "metadata": RuleText(
        name=Text("附带信息", "Metadata"),
        failed=Text(
            "文件中带有拍摄信息等附加内容，可能包含地点与设备。",
            "The file carries more than its picture, perhaps the place and the device.",
        ),
        untold=_UNTOLD,
        remedy=Text(
            "请用本工具清除；登记时也会清除。", "Let this tool remove it; the register removes it, too."
        ),
    ),
    "orientation": RuleText(
        name=Text("方向", "Orientation"),
        failed=Text(
            "图片须按附带的方向信息旋转后才是正的。", "It is upright only when turned as its metadata says."
        ),
        untold=_UNTOLD,
        remedy=Text("请用本工具转正；登记时也会转正。", "Let this tool turn it; the register turns it, too."),
    ),
    "white_ground": RuleText(
        name=Text("白底", "White ground"),
        failed=Text("背景不是白色。", "The ground is not white."),
        untold=Text(
            "背景不是单一颜色，无法判断是否为白底。",
            "The ground is not of one colour; whether it is white cannot be told.",
        ),
        remedy=_PLAIN_WALL,
    ),
    "head_size": RuleText(
        name=Text("人像大小", "Size of the head"),
        failed=Text(
            "头部（含头发）在照片中过大或过小。", "The head, hair included, is too large or too small."
        ),
        untold=_NO_FIGURE,
        untold_remedy=_PLAIN_WALL,
        remedy=Text(
            "请用本工具裁剪；仍不合适时，请靠近或远离镜头重拍。",
            "Let this tool crop it; where it cannot, take it again from nearer or farther away.",
        ),
    ),
    "head_place": RuleText(
        name=Text(
            "人像位置（头顶距上边 / 偏离中线）", "Place of the head (crown from above / off the middle)"
        ),
        failed=Text(
            "头部不在中间、离上边太远，或头顶被裁去。",
            "The head is not in the middle, too far from the upper edge, or cut off above.",
        ),
        untold=Text(
            "没有分辨出人像与双肩：背景不是单一颜色，衣服与背景颜色相近，或双肩不在画面内。",
            "Figure and shoulders cannot be told: the ground is not of one colour, the clothes are as "
            "light as it, or the shoulders are not in the picture.",
        ),
        untold_remedy=_PLAIN_WALL,
        remedy=Text(
            "请用本工具裁剪；头顶或双肩被裁去的须重拍。",
            "Let this tool crop it; take it again where the crown or the shoulders are cut off.",
        ),
    ),
    "sharpness": RuleText(
        name=Text("清晰度", "Sharpness"),
        failed=Text("照片模糊。", "The photo is blurred."),
        untold=Text(
            "清晰与否介于两可，或没有分辨出人像。", "It is between sharp and blurred, or no figure was told."
        ),
        remedy=Text(
            "请对准面部对焦、拿稳相机重拍；模糊无法修复。",
            "Focus on the face, hold the camera still and take it again; blur cannot be undone.",
        ),
    ),
    "light": RuleText(
        name=Text("明暗", "Light"),
        failed=Text("面部过暗或过亮。", "The face is too dark or too bright."),
        untold=Text("明暗介于两可，或没有分辨出人像。", "It is on the border, or no figure was told."),
        remedy=Text("请在均匀、柔和的光线下重拍。", "Take it again in even, soft light."),
    ),
    "contrast": RuleText(
        name=Text("对比度", "Contrast"),
        failed=Text("画面发灰，看不清细节。", "It is flat: details cannot be made out."),
        untold=Text("对比度介于两可，或没有分辨出人像。", "It is on the border, or no figure was told."),
        remedy=Text(
            "请在均匀、柔和的光线下重拍，勿隔玻璃。", "Take it again in even light and not through glass."
        ),
    ),
}
"""By the rule's name (certsvc.photo.rules)."""

SIGNATURE_RULES: Final[Mapping[str, RuleText]] = {
    **{
        rule: PHOTO_RULES[rule]
        for rule in ("format", "bytes", "readable", "pixels", "metadata", "orientation")
    },
    "contrast": RuleText(
        name=Text("笔迹对比度", "Contrast of the strokes"),
        failed=Text("看不到清晰的笔迹。", "There is no clear stroke."),
        untold=_UNTOLD,
        remedy=_SIGN_AGAIN,
    ),
    "paper": RuleText(
        name=Text("白纸", "White paper"),
        failed=Text("纸面发灰或有颜色。", "The paper is grey or coloured."),
        untold=_UNTOLD,
        remedy=Text(
            "请用本工具去除纸面，或在均匀光线下重拍。",
            "Let this tool take the paper away, or use even light.",
        ),
    ),
    "ink": RuleText(
        name=Text("笔迹颜色", "Colour of the strokes"),
        failed=Text("笔迹太浅。", "The strokes are too light."),
        untold=_NO_INK,
        remedy=Text("请用本工具加深，或用深色笔重签。", "Let this tool make them dark, or sign in dark ink."),
    ),
    "cropped": RuleText(
        name=Text("裁剪", "Cropping"),
        failed=Text("签名四周空白过多。", "There is too much empty space around the signature."),
        untold=_NO_INK,
        remedy=Text("请用本工具裁剪。", "Let this tool crop it."),
    ),
    "transparent": RuleText(
        name=Text("透明底", "Transparent ground"),
        failed=Text(
            "签名不是透明底；登记时会铺在白底上。",
            "The ground is not transparent; the register lays it on white.",
        ),
        untold=_UNTOLD,
        remedy=Text("请用本工具去除纸面。", "Let this tool take the paper away."),
    ),
    "strokes": RuleText(
        name=Text("笔迹多少", "Amount of ink"),
        failed=Text("笔迹过少或过多，不像签名。", "There is too little or too much ink for a signature."),
        untold=_NO_INK,
        remedy=_SIGN_AGAIN,
    ),
}

CHANGES: Final[Mapping[str, Text]] = {
    "turned": Text("按方向信息转正", "turned upright"),
    "stripped": Text("清除附带信息，画面未改", "metadata removed"),
    "cropped": Text("裁剪", "cropped"),
    "scaled": Text("缩小", "made smaller"),
    "converted": Text("转换格式", "saved in another format"),
    "compressed": Text("压缩", "compressed"),
    "ground_whitened": Text(
        "接近白色的背景改为白色，人像未改", "nearly white ground made white; the figure is untouched"
    ),
    "ink_separated": Text(
        "去除纸面，笔迹加深，底改为透明", "paper taken away, strokes made dark, ground transparent"
    ),
}
CONCLUSIONS: Final[Mapping[str, Text]] = {
    "passed": Text("符合要求", "It meets the rules"),
    "advice": Text("可以提交，但建议改进", "It can be submitted, but could be better"),
    "refused": Text("不符合要求，提交会被退回", "It would be refused"),
    "cannot_tell": Text("部分项目无法判断", "Some rules cannot be told"),
}
OUTCOMES: Final[Mapping[str, Text]] = {
    "passed": Text("符合", "passed"),
    "failed": Text("不符合", "failed"),
    "cannot_tell": Text("无法判断", "cannot tell"),
}
SEVERITIES: Final[Mapping[str, Text]] = {
    "refuses": Text("必须", "required"),
    "advice": Text("建议", "advice"),
}
