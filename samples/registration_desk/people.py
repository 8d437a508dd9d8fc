"""Who appears in the play. Nobody else can: a visitor chooses from these and types nobody's number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from made_up import Person, company

PEOPLE: Final[Mapping[str, Person]] = {
    "p1": Person(order=401, name="样本甲", sex="男", born=date(1988, 5, 12)),
    "p2": Person(order=402, name="样本乙", sex="女", born=date(1991, 9, 3)),
    "p3": Person(order=403, name="样本丙", sex="男", born=date(1985, 1, 28)),
    "p4": Person(order=404, name="样本丁", sex="女", born=date(1979, 11, 20)),
    "p5": Person(order=405, name="样本戊", sex="男", born=date(1956, 3, 1)),
}
"""By the name the desk has for them; all made up, with ID numbers of the area 990000, which is nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Employer:
    """A company nobody runs."""

    name: str
    uscc: str


def _employer(order: int, name: str) -> Employer:
    made = company(order, name)
    return Employer(name=str(made["name"]), uscc=str(made["uscc"]))


EMPLOYERS: Final[Mapping[str, Employer]] = {
    "e1": _employer(9001, "样本第一建设有限公司"),
    "e2": _employer(9002, "样本第二建设有限公司"),
    "e3": _employer(9003, "样本第三市政工程有限公司"),
}
SPECIALTIES: Final = (
    *("建筑工程", "公路工程", "铁路工程", "民航机场工程", "港口与航道工程"),
    *("水利水电工程", "矿业工程", "市政公用工程", "通信与广电工程", "机电工程"),
)
SAMPLE: Final = "样本"
"""What every name must contain that is typed at the desk."""
