"""The sheet of a verification report: everything on one page, nothing under the seal, nothing cut."""

from __future__ import annotations

from dataclasses import replace

import pytest

from certsvc.errors import TemplateError
from certsvc.page.fonts import MM_PER_PT
from certsvc.page.model import Page, TextRun
from certsvc.page.receipt_sheet import HEIGHT_MM, WIDTH_MM, CheckRow, Sheet, Tone, compose_receipt
from tests.page.sample import sample_fonts

SHEET = Sheet(
    issuer="示例省住房和城乡建设厅（测试）",
    title="核验报告",
    not_a_certificate=("不是证书", "not a certificate"),
    tone="pass",
    heading="有效",
    status="VALID",
    advice="请核对。",
    asked_title="核验对象",
    asked=(("提交内容", "PDF 文件"), ("摘要", "0123456789abcdef" * 4)),
    record_title="登记记录",
    record=(("姓名", "样**"),),
    record_note="姓名只显示部分。",
    checks_title="逐项检查",
    checks=(CheckRow(tone="pass", name="电子签章", outcome="通过", sentence="检查通过。"),),
    idle="",
    receipt_title="电子回执",
    receipt=(("回执摘要", "0123456789abcdef" * 4), ("签发密钥", "receipt-0123456789ab")),
    how="核对方法：运行 certsvc verify-receipt。" * 4,
    seal_line="核验报告",
)


def runs_of(page: Page) -> list[tuple[TextRun, float]]:
    """Return each run of text with its right end in mm."""
    fonts = sample_fonts()
    runs = [item for item in page.variable if isinstance(item, TextRun)]
    weights = {"serif-bold": "bold"}
    return [
        (
            run,
            run.x_mm
            + fonts.width_em(run.text, "bold" if weights.get(run.font) else "regular")
            * run.size_pt
            * MM_PER_PT,
        )
        for run in runs
    ]


def many(count: int) -> Sheet:
    """Return a sheet with so many checks of two lines."""
    row = CheckRow(tone="fail", name="签章覆盖整个文件", outcome="无法判断", sentence="一句较长的说明，" * 7)
    return replace(SHEET, checks=(row,) * count)


@pytest.mark.parametrize("count", [0, 1, 12, 18])
def test_everything_stands_on_the_page_and_nothing_under_the_seal(count: int) -> None:
    """A seal over a digest would make it unreadable."""
    page = compose_receipt(many(count), sample_fonts())
    stamp = page.stamp

    assert stamp.y_mm + stamp.height_mm < HEIGHT_MM - 10
    for run, right in runs_of(page):
        assert run.x_mm > 15 and right < WIDTH_MM - 15 and 10 < run.y_mm < HEIGHT_MM - 12, run.text
        beside = run.y_mm < stamp.y_mm or run.y_mm - run.size_pt * MM_PER_PT > stamp.y_mm + stamp.height_mm
        assert beside or right < stamp.x_mm, run.text


def test_long_answer_is_set_smaller_and_never_cut() -> None:
    """Each check stands there, whole."""
    small, large = (compose_receipt(many(count), sample_fonts()) for count in (18, 4))

    texts = "".join(run.text for run, _ in runs_of(small))
    assert texts.count("签章覆盖整个文件") == 18
    assert texts.count("一句较长的说明，") == 18 * 7
    sizes = [max(run.size_pt for run, _ in runs_of(page)) for page in (small, large)]
    assert sizes[0] < sizes[1]


def test_what_cannot_fit_is_refused() -> None:
    """Half a report would be a false one."""
    with pytest.raises(TemplateError, match="one page"):
        compose_receipt(many(60), sample_fonts())


@pytest.mark.parametrize("tone", ["pass", "record", "fail", "unsure"])
def test_each_tone_has_a_colour_and_a_mark_of_its_own(tone: Tone) -> None:
    """Colour alone is nothing to who cannot see it, or prints in black."""
    pages = {one: compose_receipt(replace(SHEET, tone=one), sample_fonts()) for one in ("pass", tone)}

    drawn = [[item for item in page.variable if not isinstance(item, TextRun)] for page in pages.values()]
    outlines = [[path.segments for path in paths if path.stroke == "#FFFFFF"] for paths in drawn]  # type: ignore[union-attr]
    fills = [{path.fill for path in paths} for paths in drawn]  # type: ignore[union-attr]
    assert tone == "pass" or (outlines[0][0] != outlines[1][0] and fills[0] != fills[1])
