"""Writes samples/requests: events of people who do not exist, ready for ``certsvc record``.

    python samples/build_requests.py [--out FOLDER]

Every number passes its check and is nobody's: area code 990000, 99 in the registration number. Dates are
absolute; samples/README.md says what each file shows. Running it again writes the same requests.
"""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path
from typing import Final

from made_up import JSON, Person, company

HERE: Final = Path(__file__).resolve().parent
SPECIALTIES: Final = (
    "建筑工程",
    "公路工程",
    "铁路工程",
    "民航机场工程",
    "港口与航道工程",
    "水利水电工程",
    "矿业工程",
    "市政公用工程",
    "通信与广电工程",
    "机电工程",
)
LONG_EMPLOYER: Final = (
    "示例省跨区域基础设施投资建设运营管理与工程咨询服务一体化发展集团（测试）股份有限公司"
    "第一百二十八工程局分公司直属项目部门"
)
"""60 characters."""
LONG_NAME: Final = "阿卜杜热西提江·买买提艾力·示例样本之长名字测试用"
"""25 characters."""


def granted(*lines: tuple[str, str], **ends: str) -> list[JSON]:
    """Return the specialties of an event from (name, first day) pairs; *ends* states a last day by name."""
    stated = ({"valid_to": ends[name]} if name in ends else {} for name, _ in lines)
    return [{"name": name, "granted_on": day, **end} for (name, day), end in zip(lines, stated, strict=True)]


def why(code: str, text: str) -> JSON:
    """Return a reason part."""
    return {"reason": {"code": code, "text": text}}


class Requests:
    """Collects the files in the order in which they are to be recorded."""

    def __init__(self) -> None:
        self.files: dict[str, JSON] = {}

    def add(self, title: str, kind: str, number: str, day: str, **parts: object) -> None:
        """Add one event, in force from 09:00 of *day* in Beijing."""
        name = f"{len(self.files) + 1:02}-{kind.replace('_', '-')}-{title}.json"
        head: JSON = {
            "source_id": f"sample-{name.removesuffix('.json')}",
            "type": kind,
            "effective_at": f"{day}T09:00:00+08:00",
            "registration_number": number,
        }
        self.files[name] = head | parts

    def initial(
        self,
        title: str,
        person: Person,
        day: str,
        *,
        specialties: list[JSON],
        pictures: bool = True,
        **more: object,
    ) -> None:
        """Add somebody's initial registration."""
        parts = more | self.beginning(person, pictures=pictures)
        self.add(title, "initial", person.number, day, **parts, specialties=specialties)

    def beginning(self, person: Person, *, pictures: bool = True) -> JSON:
        """Return the parts every beginning has but the specialties."""
        return {
            "holder": person.holder | (person.pictures if pictures else {}),
            "employer": company(person.order, person.employer),
            "qualification": {"number": f"JZ99{person.qualified}{person.order:06}"},
        }


def build() -> dict[str, JSON]:
    """Return file name -> request, in the order of recording."""
    out = Requests()
    plain = Person(order=1, name="李样本", sex="男", born=date(1985, 3, 7))
    out.initial(
        "two-specialties",
        plain,
        "2025-09-01",
        specialties=granted(("建筑工程", "2025-09-01"), ("市政公用工程", "2025-09-01")),
    )

    rare = (
        ("龙𬭎", "女", "𬭎-ext-e"),
        ("张𫖯", "男", "𫖯-ext-c"),
        ("刘䶮", "女", "䶮-ext-a"),
        ("陈𠅤", "男", "𠅤-ext-b"),
    )
    for order, (name, sex, title) in enumerate(rare, start=2):
        person = Person(order=order, name=name, sex=sex, born=date(1979 + order, 11, order), province="粤")
        block = title.split("-", 1)[1]
        out.initial(
            f"rare-name-{block}", person, "2025-10-09", specialties=granted(("机电工程", "2025-10-09"))
        )

    dotted = Person(order=6, name="买买提·艾力", sex="男", born=date(1988, 5, 1), province="新")
    out.initial("name-with-interpunct", dotted, "2025-10-20", specialties=granted(("公路工程", "2025-10-20")))
    ten = Person(order=7, name="赵十全", sex="男", born=date(1975, 12, 31), province="沪")
    days = [f"2025-{month:02}-15" for month in range(2, 12)]
    out.initial(
        "ten-specialties", ten, "2025-11-17", specialties=granted(*zip(SPECIALTIES, days, strict=True))
    )
    long = Person(
        order=8, name=LONG_NAME, sex="男", born=date(1990, 8, 8), province="新", employer=LONG_EMPLOYER
    )
    out.initial(
        "longest-names",
        long,
        "2025-11-18",
        specialties=granted(("水利水电工程", "2025-11-18"), ("矿业工程", "2025-11-18")),
    )
    old = Person(order=9, name="孙六五", sex="男", born=date(1962, 1, 15), registered=2024, qualified=2004)
    out.initial("turns-65-soon", old, "2024-06-01", specialties=granted(("建筑工程", "2024-06-01")))
    ending = Person(order=10, name="钱将满", sex="女", born=date(1983, 6, 18), registered=2024)
    out.initial(
        "specialty-under-180-days",
        ending,
        "2026-05-14",
        specialties=granted(("机电工程", "2024-03-01"), ("建筑工程", "2026-05-14")),
    )
    leap = Person(order=11, name="周闰日", sex="女", born=date(1984, 2, 29), registered=2024)
    out.initial(
        "granted-on-leap-day",
        leap,
        "2024-02-29",
        specialties=granted(("铁路工程", "2024-02-29"), 铁路工程="2027-02-28"),
    )
    gone = Person(order=12, name="吴到期", sex="男", born=date(1980, 4, 4), registered=2022)
    out.initial("all-expired", gone, "2022-05-01", specialties=granted(("通信与广电工程", "2022-05-01")))
    permit = Person(
        order=13, name="郑居住", sex="女", born=date(1986, 9, 9), area="830000", id_type="residence_permit"
    )
    out.initial(
        "residence-permit", permit, "2025-12-01", specialties=granted(("港口与航道工程", "2025-12-01"))
    )
    guest = Person(
        order=14,
        name="ANNA SAMPLE",
        sex="女",
        born=date(1987, 7, 20),
        id_type="passport",
        id_number="X99000014",
    )
    out.initial("passport", guest, "2025-12-02", specialties=granted(("民航机场工程", "2025-12-02")))

    later = Person(order=15, name="王后补", sex="男", born=date(1991, 1, 1))
    out.initial(
        "without-pictures",
        later,
        "2025-12-03",
        pictures=False,
        specialties=granted(("市政公用工程", "2025-12-03")),
    )
    out.add("brings-pictures", "amend_holder", later.number, "2025-12-10", holder=later.pictures)

    busy = Person(order=16, name="冯周全", sex="女", born=date(1982, 10, 10), registered=2023)
    number = busy.number
    out.initial("then-everything", busy, "2023-10-10", specialties=granted(("建筑工程", "2023-10-10")))
    out.add(
        "second-specialty",
        "add_specialty",
        number,
        "2024-07-01",
        specialties=granted(("机电工程", "2024-07-01")),
    )
    out.add("before-the-end", "renew", number, "2026-08-20", specialties=granted(("建筑工程", "2026-08-20")))
    moved = busy.numbered("浙", 2023)
    out.add(
        "other-province",
        "change_employer",
        number,
        "2026-09-01",
        employer=company(116),
        new_registration_number=moved,
    )
    out.add(
        "employer-renamed",
        "amend_employer",
        moved,
        "2026-09-10",
        employer=company(116, "示例建设集团有限公司"),
    )
    out.add("name-corrected", "amend_holder", moved, "2026-09-15", holder={"name": "冯周荃"})
    out.add("for-an-inquiry", "suspend", moved, "2026-09-20", **why("INQUIRY", "核查期间暂停"))
    out.add("after-the-inquiry", "resume", moved, "2026-09-28")
    out.add("new-template", "reissue", moved, "2026-10-08")

    ended = Person(order=17, name="褚注销", sex="男", born=date(1978, 2, 3), province="苏", registered=2024)
    out.initial("then-cancelled", ended, "2024-12-01", specialties=granted(("公路工程", "2024-12-01")))
    out.add("on-request", "cancel", ended.number, "2026-03-01", **why("ON_REQUEST", "本人申请注销"))
    again = ended.numbered("苏", 2026)
    out.add(
        "after-the-end",
        "re_register",
        ended.number,
        "2026-06-01",
        **out.beginning(ended),
        specialties=granted(("公路工程", "2026-06-01")),
        new_registration_number=again,
    )
    ends = (
        ("卫暂停", "suspend", "still-suspended", why("INQUIRY", "核查期间暂停")),
        ("蒋撤销", "revoke", "void-from-the-beginning", why("FALSE_MATERIAL", "以不正当手段取得注册")),
        ("沈吊销", "revoke_penalty", "by-penalty", why("PENALTY", "依行政处罚决定吊销")),
    )
    for order, (name, kind, title, reason) in enumerate(ends, start=18):
        person = Person(order=order, name=name, sex="男", born=date(1976, 3, order), province="鲁")
        out.initial(
            f"then-{kind.replace('_', '-')}",
            person,
            "2025-08-15",
            specialties=granted(("矿业工程", "2025-08-15")),
        )
        out.add(title, kind, person.number, "2026-04-15", **reason)

    second = Person(order=21, name="韩二级", sex="女", born=date(1989, 6, 5), province="浙", grade=2)
    out.initial(
        "second-class",
        second,
        "2026-03-02",
        specialties=granted(("建筑工程", "2026-03-02"), ("市政公用工程", "2026-03-02")),
        certificate_type="constructor-2",
    )
    return out.files


def main() -> None:
    """Write every request, and remove those no longer made."""
    parser = argparse.ArgumentParser(description="Write the sample requests.")
    parser.add_argument("--out", type=Path, default=HERE / "requests")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    files = build()
    for stale in {path.name for path in folder.glob("*.json")} - files.keys():
        (folder / stale).unlink()
    for name, request in files.items():
        text = json.dumps(request, ensure_ascii=False, indent=2) + "\n"
        (folder / name).write_text(text, encoding="utf-8")
    print(f"{len(files)} requests in {folder}")


if __name__ == "__main__":
    main()
