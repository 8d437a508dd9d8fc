"""Every sentence the service says, by code: the six official ones byte for byte, all others ours.

The official sentences are quoted as they are (ASCII comma and exclamation mark, inner quotes U+2018 and
U+2019). Our own are bilingual and never presented as official. The word 有效 alone is kept for a whole
verified file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

from certsvc.domain.report import Check, Report, Result, Status
from certsvc.domain.text import Text
from certsvc.domain.texts_errors import ERRORS, OFFICIAL_GLOSS
from certsvc.domain.texts_fields import CHECKS, FIELDS
from certsvc.domain.texts_findings import FINDINGS
from certsvc.domain.texts_status import (
    ADVICE,
    CODE_ALTERED_ADVICE,
    CODE_ALTERED_HEADING,
    HEADINGS,
    RECORD_ADVICE,
    RECORD_HEADING,
    SPECIALTY_ADVICE,
    SPECIALTY_HEADING,
)

__all__ = [
    "OFFICIAL",
    "SPECIALTY_HEADING",
    "Text",
    "check_text",
    "day_text",
    "error_text",
    "field_text",
    "finding_text",
    "report_advice",
    "report_heading",
    "status_advice",
    "status_text",
]

OFFICIAL: Final[Mapping[str, str]] = {
    "ENDORSED_TODAY": "今日已申请过加注件,请勿重复加注",
    "SPECIALTY_LT_180D": "部分专业有效期不足180天,请及时办理延续",
    "PHOTO_OR_SIGNATURE_MISSING": (
        "请进入一级建造师任意事项在线办理后\u2018资料补充及信息修改\u2019功能中补充个人照片信息"
    ),
    "NOT_FOUND": "查询不到相关证照",
    "NO_REGISTRATION_FOR_RENEWAL": "您还未取得注册证书,不能进行延续注册!",
    "NO_QUALIFICATION": ("未通过考核认定或考试合格取得中华人民共和国一级建造师执业资格证书,无法申请注册!"),
}
"""The issuer's own sentences. Source: answers of the Jiangsu housing department, 2023-08, docs/sources.md."""

_OF_ONE: Final = frozenset({"SPECIALTY_EXPIRED", "SPECIALTY_NOT_HELD"})
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def error_text(code: str) -> Text:
    """Return the sentence for an error or warning code.

    For an official code ``zh`` is the official sentence and ``en`` its gloss. KeyError for an unknown code.
    """
    if code in OFFICIAL:
        return Text(OFFICIAL[code], OFFICIAL_GLOSS[code])
    return ERRORS[code]


def finding_text(code: str) -> Text:
    """Return the sentence for a finding's reason code. KeyError for an unknown code."""
    return FINDINGS[code]


def check_text(check: Check) -> Text:
    """Return the name of a check."""
    return CHECKS[check]


def status_text(status: Status, subject: Literal["file", "record"] = "file") -> Text:
    """Return the heading of a report.

    Args:
        status: the report's one status.
        subject: a record in force is not called valid: the paper in hand was not seen; nor is a text a file.
    """
    if status is Status.VALID and subject == "record":
        return RECORD_HEADING
    if status is Status.ALTERED and subject == "record":
        return CODE_ALTERED_HEADING
    if status is Status.UNKNOWN:
        return error_text("NOT_FOUND")
    return HEADINGS[status]


def status_advice(status: Status, subject: Literal["file", "record"] = "file") -> Text:
    """Return one sentence on what to do next; arguments as status_text."""
    if status is Status.VALID and subject == "record":
        return RECORD_ADVICE
    if status is Status.ALTERED and subject == "record":
        return CODE_ALTERED_ADVICE
    return ADVICE[status]


def report_heading(report: Report) -> Text:
    """Return the heading of *report*."""
    if _lacks_wanted(report):
        return SPECIALTY_HEADING
    return status_text(report.status, "file" if report.subject == "file" else "record")


def report_advice(report: Report) -> Text:
    """Return one sentence on what to do after *report*."""
    if _lacks_wanted(report):
        return SPECIALTY_ADVICE
    return status_advice(report.status, "file" if report.subject == "file" else "record")


def _lacks_wanted(report: Report) -> bool:
    """Tell whether it is EXPIRED for the specialty asked for alone: others may well be in date."""
    failed = {one.code for one in report.findings if one.result is Result.FAIL}
    return report.status is Status.EXPIRED and bool(failed & _OF_ONE) and "EXPIRED" not in failed


def field_text(field: str) -> Text:
    """Return the name of a field of the API or of changed_fields(). KeyError for an unknown one."""
    return FIELDS[field]


def day_text(day: date) -> Text:
    """Write a day as people read it: 2026年11月20日, 20 November 2026. The machine's locale has no say."""
    return Text(f"{day.year}年{day.month}月{day.day}日", f"{day.day} {_MONTHS[day.month - 1]} {day.year}")
