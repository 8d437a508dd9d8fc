"""People and companies who do not exist, with numbers that pass every check and are nobody's."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date

from drawing import as_jpeg, as_png, portrait, signature

JSON = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody made up."""

    order: int
    """Place in the list; every number of theirs follows from it."""
    name: str
    sex: str
    born: date
    province: str = "京"
    qualified: int = 2015
    registered: int = 2025
    area: str = "990000"
    id_type: str = "resident_id"
    id_number: str = ""
    employer: str = ""
    grade: int = 1
    """Class of the constructor, 1 or 2."""

    @property
    def number(self) -> str:
        """Registration number."""
        return self.numbered(self.province, self.registered)

    def numbered(self, province: str, year: int) -> str:
        """Return a registration number of theirs in another province or year."""
        return f"{province}{self.grade}99{self.qualified}{year}{self.order:05}"

    @property
    def holder(self) -> JSON:
        """The holder part of an event, without pictures."""
        return {
            "name": self.name,
            "sex": self.sex,
            "birth_date": self.born.isoformat(),
            "id_type": self.id_type,
            "id_number": self.id_number or resident_id(self.area, self.born, self.order, self.sex),
        }

    @property
    def pictures(self) -> JSON:
        """Photo and signature as base64."""
        seed = str(self.order)
        photo = as_jpeg(portrait(seed, long_hair=self.sex == "女"))
        return {"photo": encoded(photo), "signature": encoded(as_png(signature(seed, len(self.name)), 8))}


def resident_id(area: str, born: date, order: int, sex: str) -> str:
    """Return an 18-digit ID number with the right check character. Source: GB 11643."""
    body = f"{area}{born:%Y%m%d}{order * 2 + (sex == '男'):03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
    return body + "10X98765432"[total % 11]


def credit_code(order: int) -> str:
    """Return a unified social credit code of no company. Sources: GB 11714 for the inner check, GB 32100."""
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    body = f"MA{order:06}"
    inner = -sum(letters.index(c) * w for c, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    code = f"91990000{body}{'X' if inner == 10 else inner}"
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    return code + alphabet[-sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(code)) % 31]


def company(order: int, name: str = "") -> JSON:
    """Return an employer part."""
    return {"name": name or f"示例建设工程第{order}有限公司", "uscc": credit_code(order)}


def encoded(content: bytes) -> str:
    """Return base64 text."""
    return base64.b64encode(content).decode("ascii")
