"""Certificates that are hard to draw, each as PDF and OFD, with what the register says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from tests.page.sample import TEN
from tests.world import World

_NUMBER: Final = "京111202020220000{}"
_EMPLOYER: Final = "示例建设有限公司"
_LONG: Final = "示例第一建设工程施工总承包"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What is recorded of one holder."""

    name: str = "样本甲"
    employer: str = _EMPLOYER
    specialties: tuple[str, ...] = ("建筑工程",)
    purpose: str | None = "投标使用"
    """None asks for the original instead of an endorsed copy."""


HOLDINGS: Final = {
    "endorsed": Holding(),
    "original": Holding(purpose=None),
    "rare": Holding(
        name="买买提·𬭎䶮𫖯𠅤𠀀𪜀",
        employer="示例䶮𬭎工程有限公司（𠀁）",
        purpose="𠀁𠀂𠀃A𠀄及𬭎项目",
    ),
    "longest": Holding(
        name="买买提·艾力𬭎𫖯䶮𠅤" * 5,
        employer=(_LONG * 8)[:96] + "有限公司",
        specialties=TEN,
        purpose=("用于《示例大桥 A&B <3> 标段》投标，" * 10)[:200],
    ),
    "ten specialties": Holding(specialties=TEN, purpose="SD-2026-001 https://example.org/a-b?c=d&e=f"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One issued copy in both formats."""

    pdf: Path
    ofd: Path
    rows: tuple[tuple[str, str], ...]
    """From 姓名 to 用途: each label with its value, without white space."""
    marks: tuple[str, ...]
    """What else the register says, each piece as it is printed, without white space."""


def issued(world: World, folder: Path) -> dict[str, Certificate]:
    """Record every holding and issue its copy; the files go to *folder*."""
    return {
        case: _issued(world, _NUMBER.format(order), order, holding, folder / case.replace(" ", "-"))
        for order, (case, holding) in enumerate(HOLDINGS.items(), start=1)
    }


def _issued(world: World, number: str, order: int, holding: Holding, stem: Path) -> Certificate:
    today = world.today
    world.initial(
        number,
        order=order,
        name=holding.name,
        employer={"name": holding.employer, "uscc": "91990000MA0000015Q"},
        specialties=[{"name": name, "granted_on": today.isoformat()} for name in holding.specialties],
    )
    if holding.purpose is None:
        copy = world.original(number)
        files = {fmt: world.services.enquiry.original_file(number, fmt).content for fmt in ("pdf", "ofd")}
        window = []
    else:
        copy = world.endorse(number, purpose=holding.purpose)
        files = {fmt: world.file(copy, fmt) for fmt in ("pdf", "ofd")}
        window = ["使用有效期" + _period(copy["use_from"], copy["use_until"])]
    for fmt, content in files.items():
        stem.with_suffix(f".{fmt}").write_bytes(content)
    registration = world.services.enquiry.registration(number, None)
    return Certificate(
        pdf=stem.with_suffix(".pdf"),
        ofd=stem.with_suffix(".ofd"),
        rows=_rows(registration, holding.purpose),
        marks=(
            "一级建造师电子注册证书",
            *window,
            copy["code"],
            "127.0.0.1:8000",
            "示例省住房和城乡建设厅（测试）",
            "签发日期" + _day(today.isoformat()),
            "证照标识" + copy["certificate"]["licence_id"],
        ),
    )


def _rows(registration: Mapping[str, Any], purpose: str | None) -> tuple[tuple[str, str], ...]:
    holder = registration["holder"]
    rows = [
        ("姓名", holder["name"]),
        ("性别", holder["sex"]),
        ("出生日期", _day(holder["birth_date"])),
        ("注册编号", registration["registration_number"]),
        ("聘用企业", registration["employer"]["name"]),
    ]
    for order, line in enumerate(registration["specialties"]):
        rows.append(("" if order else "注册专业", line["name"]))
        rows.append(("有效期", _period(line["valid_from"], line["valid_to"])))
    if purpose is not None:
        rows.append(("用途", purpose))
    return tuple((label, "".join(value.split())) for label, value in rows)


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.year}年{day.month:02d}月{day.day:02d}日"


def _period(first: str, last: str) -> str:
    return f"{_day(first)}-{_day(last)}"
